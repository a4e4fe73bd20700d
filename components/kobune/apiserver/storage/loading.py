"""Reading a disk when a store is opened: its keys, not its values, and whether they agree with each other."""

from kobune.apiserver.storage.disk import Disk
from kobune.apiserver.storage.errors import StoreDamaged
from kobune.apiserver.storage.rows import (
    COMPACTED_ROW,
    HEADER,
    LEASED,
    NUMBER,
    RECORDS,
    Change,
    Loaded,
    record_row,
)
from kobune.apiserver.storage.store import DELETE, PUT


def load(disk: Disk) -> Loaded:
    """Return what a disk holds, or raise `StoreDamaged` if its rows contradict each other."""
    loaded = Loaded()
    for key, value in disk.scan(b"", RECORDS):
        match key[:1]:
            case b"k" if len(value) == NUMBER.size:
                loaded.index[key[1:]] = NUMBER.unpack(value)[0]
            case b"k":
                loaded.index[key[1:]], loaded.leased[key[1:]] = LEASED.unpack(value)
            case b"l":
                loaded.leases[NUMBER.unpack_from(key, 1)[0]] = NUMBER.unpack(value)[0]
            case b"m" if key == COMPACTED_ROW:
                loaded.compacted = loaded.revision = NUMBER.unpack(value)[0]
            case b"m":
                pass
            case _:
                raise StoreDamaged(f"unknown row {key[:40]!r}")
    history = _History(disk, loaded)
    border = record_row(loaded.compacted, b"")
    for row in disk.keys(RECORDS, border):
        history.add_old(NUMBER.unpack_from(row, 1)[0], row[9:])
    for row, record in disk.scan(border, None):
        if row[:1] != RECORDS:
            raise StoreDamaged(f"unknown row {row[:40]!r}")
        history.add(NUMBER.unpack_from(row, 1)[0], row[9:], record)
    history.finish()
    return loaded


class _History:
    """Takes in the `r` rows, oldest first, and compares them with the index."""

    def __init__(self, disk: Disk, loaded: Loaded) -> None:
        self._disk = disk
        self._loaded = loaded
        self._superseded: dict[bytes, int] = {}
        """By key, the latest record so far that is not the newest of its key."""
        self._log: list[list[tuple[int, Change]]] = []
        self._found = 0
        """How many entries of the index have their record."""

    def add_old(self, revision: int, key: bytes) -> None:
        """Take in a record from before the compacted revision."""
        before = self._superseded.pop(key, 0)
        if before:
            self._loaded.obsolete.append(record_row(before, key))
        self._place(key, revision)

    def add(self, revision: int, key: bytes, record: bytes) -> None:
        """Take in a record that can still be read."""
        type, place, _, version, _ = HEADER.unpack_from(record)
        before = self._superseded.pop(key, 0)
        compacted = self._loaded.compacted
        gone = type != DELETE and version == 1  # then what is before it is the mark of a deletion
        if not before and not gone and revision > compacted:
            raise StoreDamaged(f"what revision {revision} has changed of {key.decode(errors='replace')} is gone")
        if before and (revision <= compacted or (gone and before < compacted)):
            self._loaded.obsolete.append(record_row(before, key))
        change = Change(DELETE if type == DELETE else PUT, key, 0 if gone or revision == compacted else before)
        self._remember(revision, place, change)
        if type != DELETE:
            self._place(key, revision)

    def finish(self) -> None:
        """Put the changes of each revision in the order in which its transaction made them."""
        for changes in self._log:
            changes.sort(key=lambda placed: placed[0])
        self._loaded.log = [tuple(change for _, change in changes) for changes in self._log]
        if self._found != len(self._loaded.index):
            missing = len(self._loaded.index) - self._found
            raise StoreDamaged(f"{missing} of {len(self._loaded.index)} keys have lost their values")
        for key, revision in self._superseded.items():
            row = record_row(revision, key)
            if revision < self._loaded.compacted:
                # Deletions are not synced: a power cut may keep later ones, in another log, and lose earlier ones.
                self._loaded.obsolete.append(row)
                continue
            record = self._disk.get(row)
            if record is None or record[0] != DELETE:
                raise StoreDamaged(f"index and history differ about {key.decode(errors='replace')}")

    def _place(self, key: bytes, revision: int) -> None:
        if self._loaded.index.get(key) == revision:
            self._found += 1
        else:
            self._superseded[key] = revision

    def _remember(self, revision: int, place: int, change: Change) -> None:
        newest = self._loaded.revision
        if revision == newest + 1 or (revision == newest and not self._log):
            self._log.append([])
            self._loaded.revision = revision
        elif revision != newest:
            raise StoreDamaged(f"revision {newest + 1} is missing, found {revision}")
        self._log[-1].append((place, change))
