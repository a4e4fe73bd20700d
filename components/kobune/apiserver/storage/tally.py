"""A sum over the index of a store, written with every group: whether all of it is still there.

LevelDB knows from its manifest which tables and logs it has. With the end of the manifest lost, it goes on with an
older set and the newest log, and everything between the two is gone without a word. Every row alone is sound then;
but the index no longer adds up to what was written last. Records need no sum: revisions are counted, and every key of
the index has to find its own.
"""

from collections.abc import Iterable
from struct import Struct
from typing import TYPE_CHECKING, Final
from zlib import crc32

from kobune.apiserver.storage.rows import COMPACTED_ROW, NUMBER, Loaded, Row
from kobune.apiserver.storage.store import DELETE

if TYPE_CHECKING:
    from kobune.apiserver.storage.commit import Commit

TALLY_ROW: Final = b"mtally"
_SUMS: Final = Struct(">QQq")
_MODULUS: Final = 1 << 64


class Tally:
    """The sums of the index and of the leases, and the compacted revision."""

    def __init__(self, index: int = 0, leases: int = 0, compacted: int = 0) -> None:
        self._index = index
        self._leases = leases
        self._compacted = compacted

    @classmethod
    def of(cls, loaded: Loaded) -> "Tally":
        """Count what was found."""
        index = sum((crc32(key) + 1) * revision for key, revision in loaded.index.items())
        return cls(index % _MODULUS, sum(loaded.leases) % _MODULUS, loaded.compacted)

    @classmethod
    def read(cls, value: bytes | None) -> "Tally":
        """Return what was written; nothing was in a store without a row."""
        return cls(*_SUMS.unpack(value)) if value is not None else cls()

    def take(self, commits: Iterable["Commit"]) -> None:
        """Add what commits change."""
        for commit in commits:
            for event in commit.events:
                before = event.previous.mod_revision if event.previous is not None else 0
                after = 0 if event.type is DELETE else event.entry.mod_revision
                self._index = (self._index + (crc32(event.entry.key) + 1) * (after - before)) % _MODULUS
            for row, value in commit.rows:
                if row == COMPACTED_ROW and value is not None:
                    self._compacted = NUMBER.unpack(value)[0]
                elif row[:1] == b"l":
                    id = NUMBER.unpack_from(row, 1)[0]
                    self._leases = (self._leases + (id if value is not None else -id)) % _MODULUS

    def row(self) -> Row:
        return TALLY_ROW, _SUMS.pack(self._index, self._leases, self._compacted)
