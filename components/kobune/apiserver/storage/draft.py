"""Deciding a transaction: what it answers and which events it makes, as a function of what is there.

Pure. A `Draft` lies over the durable state and the writes in flight, and is thrown away if the transaction is refused.
"""

from collections.abc import Container, Mapping, Sequence

from kobune.apiserver.storage.errors import DuplicateKey, KeyNotFound, LeaseNotFound
from kobune.apiserver.storage.state import State
from kobune.apiserver.storage.store import (
    DELETE,
    ONE_KEY,
    PUT,
    Compare,
    Comparison,
    Delete,
    DeleteResult,
    Entry,
    Event,
    Put,
    PutResult,
    Range,
    RangeResult,
    Result,
    Target,
    Txn,
    TxnResult,
    tombstone,
    within,
)


def successor(current: Entry | None, key: bytes, value: bytes, revision: int, lease: int) -> Entry:
    """Return the entry that a put makes of `current`."""
    if current is None:
        return Entry(key, value, revision, revision, 1, lease)
    return Entry(current.key, value, current.create_revision, revision, current.version + 1, lease)


class Draft:
    """One transaction at work at `revision`, over a state and the tombstones and entries in flight above it."""

    def __init__(self, state: State, pending: Mapping[bytes, Entry], leases: Container[int], revision: int) -> None:
        self._state = state
        self._pending = pending
        self._leases = leases
        self._revision = revision
        self._written: dict[bytes, Entry] = {}
        self._deleted: list[Delete] = []
        self.events: list[Event] = []

    def run(self, txn: Txn) -> TxnResult:
        """Return the answer; `events` then holds what it changes. Every compare looks at the state before it."""
        return self._run(self._choose(txn))

    def get(self, key: bytes) -> Entry | None:
        for layer in (self._written, self._pending):
            entry = layer.get(key)
            if entry is not None:
                return entry if entry.version else None
        return self._state.newest(key)

    def range(self, operation: Range) -> RangeResult:
        if operation.revision > 0:
            return self._state.range(
                operation.key, operation.range_end, operation.revision, operation.limit, operation.count_only
            )
        changed = {
            key: entry if entry.version else None
            for layer in (self._pending, self._written)
            for key, entry in layer.items()
            if within(key, operation.key, operation.range_end)
        }
        limit = operation.limit
        count, keys = self._state.overlaid(changed, operation.key, operation.range_end, limit, operation.count_only)
        entries = [entry for key in keys if (entry := changed.get(key) or self._state.newest(key)) is not None]
        revision = self._revision if self.events else self._revision - 1
        return RangeResult(entries, 0 < limit < count, count, revision)

    def delete(self, operation: Delete) -> DeleteResult:
        doomed = self.range(Range(operation.key, operation.range_end)).entries
        for entry in doomed:
            if entry.key in self._written:
                raise DuplicateKey(entry.key)
            self._write(Event(DELETE, tombstone(entry.key, self._revision), entry))
        self._deleted.append(operation)
        return DeleteResult(doomed)

    def put(self, operation: Put) -> PutResult:
        key = operation.key
        if key in self._written or any(within(key, gone.key, gone.range_end) for gone in self._deleted):
            raise DuplicateKey(key)
        previous = self.get(key)
        value, lease = operation.value, operation.lease
        if value is None or lease is None:
            if previous is None:
                raise KeyNotFound(key)
            value = previous.value if value is None else value
            lease = previous.lease if lease is None else lease
        if lease and lease not in self._leases:
            raise LeaseNotFound(lease)
        entry = successor(previous, key, value, self._revision, lease)
        self._write(Event(PUT, entry, previous))
        return PutResult(entry, previous)

    def _choose(self, txn: Txn) -> "_Chosen":
        succeeded = all(self._holds(compare) for compare in txn.compares)
        branch = txn.then if succeeded else txn.otherwise
        return _Chosen(succeeded, [self._choose(step) if isinstance(step, Txn) else step for step in branch])

    def _run(self, chosen: "_Chosen") -> TxnResult:
        responses = [self._perform(step) for step in chosen.steps]
        revision = self._revision if self.events else self._revision - 1
        return TxnResult(chosen.succeeded, revision, responses)

    def _perform(self, step: "Put | Delete | Range | _Chosen") -> Result:
        match step:
            case Put():
                return self.put(step)
            case Delete():
                return self.delete(step)
            case Range():
                return self.range(step)
            case _Chosen():
                return self._run(step)

    def _write(self, event: Event) -> None:
        self._written[event.entry.key] = event.entry
        self.events.append(event)

    def _holds(self, compare: Compare) -> bool:
        if compare.range_end == ONE_KEY:
            entry = self.get(compare.key)
            entries: Sequence[Entry] = [] if entry is None else [entry]
        else:
            entries = self.range(Range(compare.key, compare.range_end)).entries
        if not entries:
            return compare.target is not Target.VALUE and _satisfies(tombstone(compare.key, 0), compare)
        return all(_satisfies(entry, compare) for entry in entries)


class _Chosen:
    """A transaction whose compares were decided, nested ones as well."""

    def __init__(self, succeeded: bool, steps: "Sequence[Put | Delete | Range | _Chosen]") -> None:
        self.succeeded = succeeded
        self.steps = steps


def _satisfies(entry: Entry, compare: Compare) -> bool:
    match compare.target:
        case Target.VALUE:
            fact: int | bytes = entry.value
        case Target.VERSION:
            fact = entry.version
        case Target.CREATE:
            fact = entry.create_revision
        case Target.MOD:
            fact = entry.mod_revision
        case Target.LEASE:
            fact = entry.lease
    operand = compare.operand
    match compare.comparison:
        case Comparison.EQUAL:
            return fact == operand
        case Comparison.NOT_EQUAL:
            return fact != operand
        case Comparison.GREATER:
            return fact > operand  # type: ignore[operator]  # both are ints, or both bytes, by the target
        case Comparison.LESS:
            return fact < operand  # type: ignore[operator]
