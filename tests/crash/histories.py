"""Whether what clients of a store saw can have happened: linearizability of every key, and completeness of watches.

A key is a register. Its history is linearizable if every operation can be given a moment between its invocation and
its return at which it happened, all at once, so that the answers come out as they were. What was never answered may
have happened at any moment after its invocation, or not at all. The search is Wing and Gong's, which remembers, as
Lowe's does, which sets of operations with which outcome were tried. What was not answered is tried only right before
something that saw it: if nothing saw it, it need not have happened, and nothing can tell if it happened earlier.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf

Value = bytes | None
"""Of a register; None if the key is not there."""


class Kind(Enum):
    READ = "read"
    WRITE = "write"
    SWAP = "swap"
    """Write if the register has the value `expected`."""
    DELETE = "delete"


@dataclass
class Operation:
    """What one client did with one key, and when. A write that was not answered has returned at `inf`."""

    kind: Kind
    key: bytes
    invoked: float
    value: Value = None
    """What is written."""
    expected: Value = None
    returned: float = inf
    found: Value = None
    """What was there before, as a read, deletion or swap was told; a swap that found `expected` has succeeded."""
    revision: int = 0
    """The revision that the answer named for a change; 0 for none."""

    @property
    def answered(self) -> bool:
        return self.returned < inf


def is_linearizable(history: Sequence[Operation], first: Value = None) -> bool:
    """Tell whether a register that held `first` can have given these answers."""
    operations = sorted(_telling(history), key=lambda operation: operation.invoked)
    answered = sum(1 << place for place, operation in enumerate(operations) if operation.answered)
    tried: set[tuple[int, Value]] = set()
    stack: list[tuple[int, Value]] = [(0, first)]
    while stack:
        done, held = stack.pop()
        if done & answered == answered:
            return True
        if (done, held) in tried:
            continue
        tried.add((done, held))
        places = _next(operations, done)
        unanswered: set[tuple[Kind, Value]] = set()
        for place in places:
            operation = operations[place]
            possible, then = _happen(operation, held)
            if possible and not operation.answered:
                alike = (operation.kind, then)  # any of those with the same effect is as good as the others
                possible = then != held and alike not in unanswered
                possible = possible and any(_sees(operations[other], then) for other in places)
                unanswered.add(alike)
            if possible:
                stack.append((done | 1 << place, then))
    return False


def _telling(history: Sequence[Operation]) -> Iterator[Operation]:
    """Yield the operations that were answered, and those others whose value somebody has seen."""
    seen = {operation.found for operation in history if operation.answered and operation.kind is not Kind.WRITE}
    seen |= {operation.expected for operation in history if operation.kind is Kind.SWAP}
    for operation in history:
        if operation.answered or (operation.kind is not Kind.READ and operation.value in seen):
            yield operation


def _next(operations: Sequence[Operation], done: int) -> list[int]:
    """Return which operations can come next: all that were invoked before any of the others had returned."""
    place = (~done & (done + 1)).bit_length() - 1  # the first that is not done
    earliest, candidates = inf, []
    while place < len(operations) and operations[place].invoked <= earliest:
        if not done >> place & 1:
            candidates.append(place)
            earliest = min(earliest, operations[place].returned)
        place += 1
    # The last on the stack is tried first: what was answered early has most likely happened early.
    return sorted(candidates, key=lambda place: -operations[place].returned)


def _happen(operation: Operation, held: Value) -> tuple[bool, Value]:
    """Return whether an operation can have happened to a register, and what is in it then."""
    known = operation.answered
    match operation.kind:
        case Kind.READ:
            return held == operation.found, held
        case Kind.WRITE:
            return True, operation.value
        case Kind.DELETE:
            return not known or held == operation.found, None
        case Kind.SWAP:
            swaps = held == operation.expected
            return (held == operation.found if known else swaps), operation.value if swaps else held


def _sees(operation: Operation, held: Value) -> bool:
    """Tell whether an operation looks at the register, and may have found this."""
    if not operation.answered:
        return operation.kind is Kind.SWAP and operation.expected == held
    return operation.kind is not Kind.WRITE and operation.found == held


@dataclass(frozen=True)
class Change:
    """One event of a watch; a value of None is a deletion."""

    revision: int
    key: bytes
    value: Value


def watch_problem(seen: Sequence[Change], history: Sequence[Change], after: int, until: int) -> str:
    """Return what a watch of all keys, past one revision and up to another, got wrong; nothing if it was complete."""
    revisions = [change.revision for change in seen]
    if revisions != sorted(revisions):
        return "out of order"
    if len(set(seen)) != len(seen):
        return f"twice: {next(change for change in seen if seen.count(change) > 1)}"
    expected = [change for change in history if after < change.revision <= until]
    missing = [change for change in expected if change not in set(seen)]
    if missing:
        return f"missing: {missing[0]}"
    made_up = [change for change in seen if change not in set(expected)]
    if made_up:
        return f"never happened: {made_up[0]}"
    return "" if list(seen) == expected else "in another order within a revision"


def history_problem(operations: Sequence[Operation], history: Sequence[Change]) -> str:
    """Return how the changes of a store contradict what its clients were told; nothing if they do not.

    Values are written once at most, so that a change tells who made it.
    """
    writers = {operation.value: operation for operation in operations if operation.value is not None}
    at = {(change.revision, change.key): change for change in history}
    for operation in operations:
        if operation.revision:
            change = at.get((operation.revision, operation.key))
            if change is None or change.value != operation.value:
                return f"{operation} was acknowledged, but what happened is {change}"
    written = [change.value for change in history if change.value is not None]
    if len(set(written)) != len(written):
        return "one write happened twice"
    for change in history:
        if change.value is not None:
            writer = writers.get(change.value)
            if writer is None or writer.key != change.key:
                return f"nobody wrote {change}"
            if writer.answered and writer.revision != change.revision:
                return f"{writer} was refused or is elsewhere, but {change} happened"
    return ""
