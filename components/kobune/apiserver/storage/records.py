"""Entries by key and revision: read from the disk when they are asked for, kept in memory up to a bound."""

from collections.abc import Callable
from typing import Final, Protocol

from kobune.apiserver.storage.errors import StoreDamaged
from kobune.apiserver.storage.rows import entry_of, record_row
from kobune.apiserver.storage.store import Entry

BOUND: Final = 64 * 1024 * 1024
"""How many bytes of keys and values stay in memory."""
OVERHEAD: Final = 200
"""What an entry takes besides, about."""


class Rows(Protocol):
    """Where entries are kept."""

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a row."""


class Records:
    """The newest entries that anybody asked for, by two generations.

    What is used moves to the young one; when that has grown to half of the bound it becomes the old one, and what was
    old is forgotten. So an entry is kept as long as its use lies less than half the bound back, at two look-ups a read.
    """

    def __init__(
        self, rows: Rows, bound: int = BOUND, *, damaged: Callable[[StoreDamaged], Exception] = lambda error: error
    ) -> None:
        """`damaged` is told what cannot be read, and returns what readers are told."""
        self._rows = rows
        self._damaged = damaged
        self._half = bound // 2
        self._young: dict[bytes, Entry] = {}
        self._old: dict[bytes, Entry] = {}
        self._weight = 0

    def get(self, key: bytes, revision: int) -> Entry:
        """Return what a revision wrote to a key; what `damaged` returns is raised if the disk does not have it."""
        entry = self._young.get(key)
        if entry is not None and entry.mod_revision == revision:
            return entry
        older = self._old.get(key)
        if older is None or older.mod_revision != revision:
            older = self._read(key, revision)
        if entry is None or entry.mod_revision < revision:
            self.add(older)
        return older

    def add(self, entry: Entry) -> None:
        """Keep an entry that was written; it is on the disk."""
        self._young[entry.key] = entry
        self._weight += len(entry.key) + len(entry.value) + OVERHEAD
        if self._weight > self._half:
            self._old, self._young, self._weight = self._young, {}, 0

    def drop(self, key: bytes) -> None:
        """Keep the entry of a key no longer: it was deleted."""
        self._young.pop(key, None)
        self._old.pop(key, None)

    def _read(self, key: bytes, revision: int) -> Entry:
        try:
            value = self._rows.get(record_row(revision, key))
            if value is None:
                raise StoreDamaged(f"revision {revision} of {key.decode(errors='replace')} is missing")
        except StoreDamaged as error:
            raise self._damaged(error) from error
        return entry_of(key, revision, value)
