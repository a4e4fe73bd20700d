"""The objects of one resource, in order of their keys, and the changes that led there.

Watchers do not subscribe: each remembers how far it has read, and waits until there is more. So a watcher costs nothing
until something happens, and one that has fallen off the ring gets `Expired`, never a gap.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sortedcontainers import SortedDict

from kobune.apimachinery.errors import Expired
from kobune.apiserver.cache.stored import Stored

if TYPE_CHECKING:
    from kobune.apiserver.registry.resource import Resource

ADDED: Final = "ADDED"
MODIFIED: Final = "MODIFIED"
DELETED: Final = "DELETED"
CAPACITY: Final = 20_000
"""How many changes a slow watcher may be behind…"""
WEIGHT: Final = 8 * 1024 * 1024
"""…unless their objects have more bytes than this in the store; but so many always:"""
FEWEST: Final = 1_000
WARM: Final = 500
"""For how many changes the encodings of what is no longer there are kept: most watchers are not further behind."""
CROWD: Final = 50
"""From so many waiting watchers on, changes that follow each other closely are gathered…"""
PAUSE: Final = 0.0001
"""…for so many seconds per watcher since they were last woken, about twice what it takes to write to one…"""
LONGEST_PAUSE: Final = 0.1
"""…and no longer than this."""


class Change:
    """One event: `previous` is the object before it, None for a new one."""

    __slots__ = ("encoded", "key", "object", "previous", "type")

    def __init__(self, type: str, object: Stored, previous: Stored | None, key: bytes = b"") -> None:
        self.type = type
        self.key = key
        self.object = object
        self.previous = previous
        self.encoded: dict[Any, bytes] = {}
        """What watchers were sent of it, by encoding: made once."""

    @property
    def revision(self) -> int:
        return self.object.revision


class Ring:
    """What a resource holds now, and its latest changes."""

    def __init__(self, resource: "Resource", revision: int) -> None:
        self.resource = resource
        self.objects: SortedDict = SortedDict()
        """`Stored` by key in the store."""
        self.revision = revision
        """Everything up to here is in `objects`."""
        self.start = revision
        """Changes after this revision are still in the ring."""
        self._changes: list[Change] = []
        self._weight = 0
        self._dropped = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._woken = 0.0
        """When those who waited were last woken, by the event loop's clock."""
        self._alarm: asyncio.TimerHandle | None = None
        self.is_closed = False
        """Whether nothing more will happen: the kind is served no longer, or in another way."""

    def close(self) -> None:
        """End: whoever waits is woken for the last time."""
        self.is_closed = True
        self._wake()

    def load(self, objects: Mapping[bytes, Stored]) -> None:
        """Take over the objects that were there before any change was seen."""
        self.objects.update(objects)

    def put(self, key: bytes, stored: Stored) -> None:
        """Note that an object was written."""
        previous = self.objects.get(key)
        self.objects[key] = stored
        self._append(Change(MODIFIED if previous else ADDED, stored, previous, key))

    def delete(self, key: bytes, revision: int) -> None:
        """Note that an object was deleted."""
        previous = self.objects.pop(key, None)
        if previous is not None:
            self._append(Change(DELETED, Stored(self.resource, previous.raw, revision), previous, key))

    def forget(self, revision: int) -> None:
        """Drop the changes up to a revision: the store no longer knows them either."""
        low = self.position_after(max(revision, self.start)) - self._dropped
        self._drop(low)

    def advance(self, revision: int) -> None:
        """Wake whoever waits: everything up to `revision` is known now.

        A crowd is not woken for each of many changes: it gets them together, in one message each.
        """
        self.revision = revision
        if len(self._waiting) < CROWD:
            self._wake()
        elif self._alarm is None:
            loop = asyncio.get_running_loop()
            pause = min(PAUSE * len(self._waiting), LONGEST_PAUSE)
            self._alarm = loop.call_at(max(self._woken + pause, loop.time()), self._wake)

    def _wake(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        waiting, self._waiting = self._waiting, []
        if len(waiting) >= CROWD:
            self._woken = asyncio.get_running_loop().time()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def select(self, prefix: bytes, start: bytes = b"") -> Iterator[Stored]:
        """Yield the objects whose keys start with `prefix` and are not before `start`, in order."""
        objects = self.objects
        for key in objects.irange(max(prefix, start), prefix + b"\xff"):
            stored = objects[key]
            if type(stored) is Stored or stored.is_sound():
                yield stored

    def count(self, prefix: bytes, start: bytes = b"") -> int:
        """Return how many objects `select` would yield."""
        keys = self.objects
        end: int = keys.bisect_right(prefix + b"\xff")
        first: int = keys.bisect_left(max(prefix, start))
        return max(end - first, 0)

    @property
    def position(self) -> int:
        """Where a watcher stands that has seen everything."""
        return self._dropped + len(self._changes)

    def position_after(self, revision: int) -> int:
        """Return where a watcher stands that has seen everything up to `revision`; `Expired` if that is too old."""
        if revision < self.start:
            raise Expired(f"too old resource version: {revision} ({self.start})")
        low, high = 0, len(self._changes)
        while low < high:
            middle = (low + high) // 2
            if self._changes[middle].revision <= revision:
                low = middle + 1
            else:
                high = middle
        return self._dropped + low

    def read(self, position: int, limit: int) -> Sequence[Change]:
        """Return at most so much of what happened since; `Expired` if part of that is gone."""
        at = position - self._dropped
        if at < 0:
            raise Expired("too old resource version: the watcher fell behind")
        return self._changes[at : at + limit]

    async def changed(self) -> None:
        """Return when something has happened since the call."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            raise

    def _append(self, change: Change) -> None:
        changes = self._changes
        changes.append(change)
        self._weight += len(change.object.raw)
        if len(changes) > WARM:
            self._cool(changes[-WARM - 1])
        if len(changes) > 2 * CAPACITY:
            self._drop(len(changes) - CAPACITY)
        elif self._weight > 2 * WEIGHT and len(changes) > 2 * FEWEST:
            self._drop(self._excess())

    def _cool(self, change: Change) -> None:
        change.encoded.clear()
        if self.objects.get(change.key) is not change.object:
            change.object.forget_encodings()
        if change.previous is not None:
            change.previous.forget_encodings()

    def _excess(self) -> int:
        """Return how many changes are too many for their weight."""
        weight, count = self._weight, 0
        for change in self._changes[:-FEWEST]:
            if weight <= WEIGHT:
                break
            weight -= len(change.object.raw)
            count += 1
        return count

    def _drop(self, count: int) -> None:
        if not count:
            return
        gone = self._changes[:count]
        self.start = gone[-1].revision
        self._dropped += count
        self._weight -= sum(len(change.object.raw) for change in gone)
        del self._changes[:count]
