"""A disk to test stores with: it holds writes up, fails, tears, and loses what was not synced."""

import threading
from collections.abc import Iterable, Iterator

from kobune.apiserver.storage.rows import Row


class FaultyDisk:
    """Rows in memory, as a `Disk`. Unsynced writes become durable with the next synced one, or are lost by `crash`."""

    def __init__(self, rows: dict[bytes, bytes] | None = None) -> None:
        self._durable = dict(rows or {})
        self._unsynced: list[list[Row]] = []
        self.open = threading.Event()
        """Cleared, every write waits."""
        self.open.set()
        self.fails: Exception | None = None
        """What every synced write raises from now on."""
        self.tears = False
        """Whether a failing write reaches the disk all the same: only the answer is lost."""
        self.writes = 0
        """How many synced writes came."""

    def get(self, key: bytes) -> bytes | None:
        return self._current().get(key)

    def scan(self, start: bytes, stop: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        rows = sorted(self._current().items())
        return ((key, value) for key, value in rows if key >= start and (stop is None or key < stop))

    def keys(self, start: bytes, stop: bytes | None) -> Iterator[bytes]:
        return (key for key, _ in self.scan(start, stop))

    def write(self, rows: Iterable[Row], *, sync: bool) -> None:
        rows = list(rows)
        self.open.wait()
        failing = sync and self.fails is not None
        if not failing or self.tears:
            self._unsynced.append(rows)
            if sync:
                self.writes += 1
                self._durable = self._current()
                self._unsynced.clear()
        if failing and self.fails is not None:
            raise self.fails

    def reclaim(self, stop: bytes) -> None:
        """Nothing is held back."""

    def size(self) -> int:
        return sum(len(key) + len(value) for key, value in self._current().items())

    def close(self) -> None:
        """Nothing to let go of."""

    def crash(self, surviving: int = 0) -> "FaultyDisk":
        """Return the disk after a power cut: what was synced, and the first `surviving` of the unsynced writes."""
        return FaultyDisk(_applied(self._durable, self._unsynced[:surviving]))

    def _current(self) -> dict[bytes, bytes]:
        return _applied(self._durable, self._unsynced) if self._unsynced else self._durable


def _applied(rows: dict[bytes, bytes], writes: Iterable[Iterable[Row]]) -> dict[bytes, bytes]:
    """Return rows with writes done to them."""
    rows = dict(rows)
    for write in writes:
        for key, value in write:
            if value is None:
                rows.pop(key, None)
            else:
                rows[key] = value
    return rows
