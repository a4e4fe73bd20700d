"""A plain model of the store: every revision is a whole copy of the keys, and there is a list of all that happened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kobune.apiserver.storage.errors import (
    Compacted,
    DuplicateKey,
    FutureRevision,
    KeyNotFound,
    LeaseNotFound,
    StoreError,
)
from kobune.apiserver.storage.store import (
    DELETE,
    PUT,
    Compare,
    Comparison,
    Delete,
    DeleteResult,
    Entry,
    Event,
    Operation,
    Put,
    PutResult,
    Range,
    RangeResult,
    Result,
    Target,
    Txn,
    TxnResult,
)

VERDICTS: dict[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.EQUAL: lambda a, b: a == b,
    Comparison.NOT_EQUAL: lambda a, b: a != b,
    Comparison.GREATER: lambda a, b: a > b,
    Comparison.LESS: lambda a, b: a < b,
}
FACTS = {
    Target.VERSION: "version",
    Target.CREATE: "create_revision",
    Target.MOD: "mod_revision",
    Target.VALUE: "value",
    Target.LEASE: "lease",
}


@dataclass
class Lease:
    ttl: int
    ends: float


@dataclass
class Model:
    """What a store has to know."""

    past: list[dict[bytes, Entry]] = field(default_factory=lambda: [{}, {}])
    """The keys at each revision; there is no revision 0."""
    events: list[Event] = field(default_factory=list)
    compacted: int = 0
    leases: dict[int, Lease] = field(default_factory=dict)

    @property
    def revision(self) -> int:
        return len(self.past) - 1

    @property
    def now(self) -> dict[bytes, Entry]:
        return self.past[-1]

    def readable(self, revision: int) -> type[StoreError] | None:
        """Return how reading at a revision is refused."""
        if revision < self.compacted:
            return Compacted
        return FutureRevision if revision > self.revision else None

    def range(self, operation: Range, now: dict[bytes, Entry], revision: int) -> RangeResult:
        """Return what a range of `now` answers."""
        found = [now[key] for key in sorted(now) if covers(key, operation.key, operation.range_end)]
        limit = operation.limit or len(found)
        shown = [] if operation.count_only else found[:limit]
        return RangeResult(shown, len(found) > limit, len(found), revision)

    def run(self, txn: Txn) -> TxnResult | type[StoreError]:
        """Do a transaction, and return what it answers, or the error that refuses all of it."""
        try:
            return _Transaction(self).run(txn)
        except StoreError as error:
            return type(error)

    def do(self, *operations: Operation) -> Sequence[Result] | type[StoreError]:
        """Do operations at one revision."""
        done = self.run(Txn(then=operations))
        return done if isinstance(done, type) else done.responses

    def attached(self, id: int) -> list[bytes]:
        """Return the keys of a lease."""
        return [key for key in sorted(self.now) if self.now[key].lease == id]

    def end(self, id: int) -> None:
        """Let a lease end."""
        self.do(*map(Delete, self.attached(id)))
        del self.leases[id]

    def expire(self, now: float) -> None:
        """Let leases end that have run out, the first one first."""
        for ends, id in sorted((lease.ends, id) for id, lease in self.leases.items()):
            if ends <= now:
                self.end(id)

    def since(self, revision: int, start: bytes, end: bytes) -> list[Event]:
        """Return what a watch past a revision sees: at the compacted one, nobody knows what was before."""
        return [
            Event(event.type, event.entry, None) if event.entry.mod_revision <= self.compacted else event
            for event in self.events
            if event.entry.mod_revision > revision and covers(event.entry.key, start, end)
        ]


class _Transaction:
    """One transaction on its way."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._now = dict(model.now)
        self._events: list[Event] = []
        self._touched: set[bytes] = set()
        self._cleared: list[Delete] = []

    def run(self, txn: Txn) -> TxnResult:
        done = self._run(self._decide(txn))
        if self._events:
            self._model.past.append(self._now)
            self._model.events += self._events
        return done

    @property
    def _revision(self) -> int:
        return self._model.revision + bool(self._events)

    def _decide(self, txn: Txn) -> tuple[bool, list[Any]]:
        """Choose the branches of a transaction and all in it, by what was there before the first operation."""
        succeeded = all(self._holds(compare) for compare in txn.compares)
        branch = txn.then if succeeded else txn.otherwise
        return succeeded, [self._decide(step) if isinstance(step, Txn) else step for step in branch]

    def _holds(self, compare: Compare) -> bool:
        now = self._model.now
        found = [now[key] for key in now if covers(key, compare.key, compare.range_end)]
        if not found:
            if compare.target is Target.VALUE:
                return False
            found = [Entry(compare.key, b"", 0, 0, 0)]
        verdict = VERDICTS[compare.comparison]
        return all(verdict(getattr(entry, FACTS[compare.target]), compare.operand) for entry in found)

    def _run(self, decided: tuple[bool, list[Any]]) -> TxnResult:
        succeeded, steps = decided
        answers = [self._run(step) if isinstance(step, tuple) else self._do(step) for step in steps]
        return TxnResult(succeeded, self._revision, answers)

    def _do(self, step: Operation) -> Result:
        match step:
            case Put():
                return self._put(step)
            case Delete(start, end):
                gone = [self._now[key] for key in sorted(self._now) if covers(key, start, end)]
                if any(entry.key in self._touched for entry in gone):
                    raise DuplicateKey(start)
                for entry in gone:
                    del self._now[entry.key]
                    self._touched.add(entry.key)
                    revision = self._model.revision + 1
                    self._events.append(Event(DELETE, Entry(entry.key, b"", 0, revision, 0), entry))
                self._cleared.append(step)
                return DeleteResult(gone)
            case Range(revision=0):
                return self._model.range(step, self._now, self._revision)
            case Range(revision=revision):
                refused = self._model.readable(revision)
                if refused is not None:
                    raise refused(revision, 0)  # type: ignore[call-arg]
                return self._model.range(step, self._model.past[revision], revision)
        raise TypeError(step)

    def _put(self, put: Put) -> PutResult:
        if put.key in self._touched or any(covers(put.key, gone.key, gone.range_end) for gone in self._cleared):
            raise DuplicateKey(put.key)
        old = self._now.get(put.key)
        if old is None and None in (put.value, put.lease):
            raise KeyNotFound(put.key)
        value = put.value if put.value is not None else old.value if old else b""
        lease = put.lease if put.lease is not None else old.lease if old else 0
        if lease and lease not in self._model.leases:
            raise LeaseNotFound(lease)
        revision = self._model.revision + 1
        created, version = (old.create_revision, old.version + 1) if old else (revision, 1)
        entry = self._now[put.key] = Entry(put.key, value, created, revision, version, lease)
        self._touched.add(put.key)
        self._events.append(Event(PUT, entry, old))
        return PutResult(entry, old)


def covers(key: bytes, start: bytes, end: bytes) -> bool:
    match end:
        case b"":
            return key == start
        case b"\0":
            return key >= start
        case _:
            return start <= key < end
