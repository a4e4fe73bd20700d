"""What the apiserver asks of its memory: the `Store` promise and the values in it.

The semantics are etcd v3's: one counter of revisions for the whole store, which starts at 1; every transaction that
writes takes the next one; an entry knows the revisions of its creation and of its last change, and how often it was
written since its creation. Ranges are named as etcd names them, by `key` and `range_end`:

    range_end        means
    ONE_KEY          just `key`
    TO_THE_END       every key from `key` on
    anything else    every key in [key, range_end); `prefix_end(p)` makes that "starts with p"
"""

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple, Protocol

from kobune.apiserver.storage.errors import StoreError

ANY: Final = -1
"""As `expect`: whatever is there."""
ABSENT: Final = 0
"""As `expect`: nothing may be there."""
ONE_KEY: Final = b""
TO_THE_END: Final = b"\0"
FIRST_REVISION: Final = 1
"""The revision of a store that was never written to."""


class Entry(NamedTuple):
    """A key's value at a revision. `version` 0 is a tombstone: only `key` and `mod_revision` say something."""

    key: bytes
    value: bytes
    create_revision: int
    mod_revision: int
    version: int
    lease: int = 0


def tombstone(key: bytes, revision: int) -> Entry:
    """Return the entry of a `DELETE`."""
    return Entry(key, b"", 0, revision, 0)


class EventType(IntEnum):
    PUT = 0
    DELETE = 1


PUT: Final = EventType.PUT
DELETE: Final = EventType.DELETE


class Event(NamedTuple):
    """One change of one key. `previous` is the entry before it: None for a creation, and at the compacted revision."""

    type: EventType
    entry: Entry
    previous: Entry | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a watch hands out: its events, in order, and the revision up to which nothing is missing.

    `events` is empty when what happened up to `revision` does not concern the watch.
    """

    revision: int
    events: Sequence[Event]


class Target(IntEnum):
    """Which fact of an entry a `Compare` looks at."""

    VERSION = 0
    CREATE = 1
    MOD = 2
    VALUE = 3
    LEASE = 4


class Comparison(IntEnum):
    EQUAL = 0
    GREATER = 1
    LESS = 2
    NOT_EQUAL = 3


@dataclass(frozen=True, slots=True)
class Compare:
    """A condition of a transaction. A missing entry counts as all zeros, and never satisfies one about its value.

    With a `range_end`, every entry of the range has to satisfy it.
    """

    key: bytes
    target: Target
    operand: int | bytes
    comparison: Comparison = Comparison.EQUAL
    range_end: bytes = ONE_KEY


@dataclass(frozen=True, slots=True)
class Put:
    """Write an entry; a `value` or `lease` of None keeps what the entry has (`KeyNotFound` if there is none)."""

    key: bytes
    value: bytes | None
    lease: int | None = 0


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the entries of a range."""

    key: bytes
    range_end: bytes = ONE_KEY


@dataclass(frozen=True, slots=True)
class Range:
    """Read a range, as it is after the operations before this one in the same transaction."""

    key: bytes
    range_end: bytes = ONE_KEY
    revision: int = 0
    limit: int = 0
    count_only: bool = False


@dataclass(frozen=True, slots=True)
class Txn:
    """If all compares hold, the operations of `then`, otherwise the others: at one revision, all or none."""

    compares: Sequence[Compare] = ()
    then: "Sequence[Operation]" = ()
    otherwise: "Sequence[Operation]" = ()


Operation = Put | Delete | Range | Txn


class PutResult(NamedTuple):
    entry: Entry
    previous: Entry | None


@dataclass(frozen=True, slots=True)
class DeleteResult:
    """The entries that were deleted, in key order."""

    previous: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class RangeResult:
    """Entries in key order; `count` is how many the range has, `more` whether the limit cut some off."""

    entries: Sequence[Entry]
    more: bool
    count: int
    revision: int
    """The revision that the answer is of: to read on consistently, ask for this one."""


@dataclass(frozen=True, slots=True)
class TxnResult:
    """`responses` has one result for each operation of the branch that ran."""

    succeeded: bool
    revision: int
    responses: "Sequence[Result]"


Result = PutResult | DeleteResult | RangeResult | TxnResult


@dataclass(frozen=True, slots=True)
class LeaseStatus:
    """A lease: granted for `ttl` seconds, running out in `remaining`, with `keys` attached (sorted)."""

    id: int
    ttl: int
    remaining: float
    keys: Sequence[bytes] = ()


class Store(Protocol):
    """A key-value store where every write gets the next revision, and that never loses an acknowledged write.

    **What readers see.** `get`, `range`, `watch`, subscribers and the answers to writes only ever show what is
    durable. A write in flight is invisible until it is on disk; then it becomes visible, its events are delivered and
    its writer is answered, in this order and in one turn of the event loop. So whoever was answered reads its own
    write, and nobody can act on a value that a power cut takes back.

    **What writers see.** A write is decided at once, on the event loop, against everything decided before it, in
    flight or not; in a store on other machines, later, but after all writes before it that concern the same keys. An
    answer that rests on a write in flight (a conflict with it, a read inside a transaction) waits until that is
    durable. Cancelling a writer never undoes its write.
    """

    @property
    def revision(self) -> int:
        """The newest durable revision."""

    @property
    def compacted(self) -> int:
        """The oldest revision that can be read; 0 if nothing was ever compacted."""

    @property
    def failed(self) -> StoreError | None:
        """Why no write is taken any more, or None while all is well."""

    @property
    def size(self) -> int:
        """Bytes on disk, about; 0 for a store without one."""

    def get(self, key: bytes, *, revision: int = 0) -> Entry | None:
        """Return the entry, or None; as of `revision` if given (`Compacted`, `FutureRevision`)."""

    def range(
        self, key: bytes, range_end: bytes = ONE_KEY, *, revision: int = 0, limit: int = 0, count_only: bool = False
    ) -> RangeResult:
        """Return the entries of a range; as of `revision` if given (`Compacted`, `FutureRevision`)."""

    def index(self, key: bytes, range_end: bytes) -> Iterator[tuple[bytes, int]]:
        """Yield the keys of a range, in order, each with the revision of its entry; no value is read for it."""

    async def txn(
        self, compares: Sequence[Compare], then: Sequence[Operation], otherwise: Sequence[Operation] = ()
    ) -> TxnResult:
        """Run one of the branches, all of it or nothing, and return once it is durable.

        Raises `DuplicateKey`, `LeaseNotFound`, `KeyNotFound`, or what its ranges raise; nothing is written then.
        """

    async def put(self, key: bytes, value: bytes, *, expect: int = ANY, lease: int = 0) -> Entry:
        """Write, and return the entry once it is durable; `RevisionConflict` if it is not at `expect` now."""

    async def delete(self, key: bytes, *, expect: int = ANY) -> Entry | None:
        """Delete, and return what was there once that is durable, None for nothing (which takes no revision)."""

    def subscribe(self, callback: Callable[[Sequence[Event]], None]) -> Callable[[], None]:
        """Call back with every batch of events from now on, in order, before their writers are answered.

        The call is synchronous, on the event loop, once per committed group. Returns the way to unsubscribe. A
        callback must not raise: then it has a hole in its history, and the store fails rather than go on like that.
        """

    def watch(self, key: bytes, range_end: bytes = ONE_KEY, *, after: int) -> AsyncGenerator[Changes, None]:
        """Yield every change of the range past revision `after`: old ones first, then as they happen, none twice.

        The events of one revision come together. `Compacted` if `after` + 1 is no longer there, at the start or
        because the reader fell behind compaction; `StoreClosed` after the last change of a store that was closed.
        """

    async def compact(self, revision: int, *, physical: bool = False) -> None:
        """Give up everything that only revisions before `revision` can see; `physical` waits for the disk, too."""

    async def grant(self, ttl: int, *, id: int = 0) -> LeaseStatus:
        """Make a lease of `ttl` seconds (at least 1); an `id` of 0 lets the store choose."""

    async def revoke(self, id: int) -> int:
        """End a lease and delete its keys, at one revision, which is returned (the current one without keys)."""

    async def keep_alive(self, id: int) -> LeaseStatus:
        """Let a lease run its full time again."""

    def time_to_live(self, id: int) -> LeaseStatus:
        """Return how long a lease still runs, and its keys."""

    def leases(self) -> Sequence[int]:
        """Return the ids of all leases, sorted."""

    async def close(self) -> None:
        """Answer what is in flight, take nothing new, and let go of the disk. Twice is once."""


class SharedStore(Store, Protocol):
    """A store that other processes write to as well: what they wrote is seen a moment later."""

    async def fresh(self) -> None:
        """Return when readers see everything that was acknowledged to anybody before the call."""

    def forget(self, revision: int) -> None:
        """Give up, in this process, what `compact` gives up for all."""


def prefix_end(prefix: bytes) -> bytes:
    """Return the `range_end` that makes a range of all keys that start with `prefix`."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else TO_THE_END


def within(key: bytes, start: bytes, range_end: bytes) -> bool:
    """Tell whether a key is in the range of `start` and `range_end`."""
    if range_end == ONE_KEY:
        return key == start
    return key >= start and (range_end == TO_THE_END or key < range_end)
