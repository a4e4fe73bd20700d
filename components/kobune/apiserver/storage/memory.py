"""A store that lives and dies with its process: for tests, and where LevelDB is not to be had."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from random import Random

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.commit import CommitNow
from kobune.apiserver.storage.mvcc import MvccStore, running
from kobune.apiserver.storage.rows import Loaded, Row
from kobune.apiserver.storage.store import Store


@asynccontextmanager
async def open_store(*, clock: Clock, random: Random) -> AsyncIterator[Store]:
    """Serve an empty store for the length of the `with`. Its writes are acknowledged, and visible, a turn later."""
    store = MvccStore(clock=clock, random=random, disk=MemoryDisk(), committer=CommitNow, loaded=Loaded())
    async with running(store):
        yield store


class MemoryDisk:
    """Rows in a dictionary, as a `Disk` that begins empty and keeps nothing."""

    def __init__(self) -> None:
        self._rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self._rows.get(key)

    def keys(self, start: bytes, stop: bytes | None) -> Iterator[bytes]:
        return iter(sorted(key for key in self._rows if key >= start and (stop is None or key < stop)))

    def scan(self, start: bytes, stop: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        return ((key, self._rows[key]) for key in self.keys(start, stop))

    def write(self, rows: Iterable[Row], *, sync: bool) -> None:
        for key, value in rows:
            if value is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = value

    def reclaim(self, stop: bytes) -> None:
        """Nothing is held back."""

    def size(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing to let go of."""
