"""The versions of the layout on disk, and how an older one is brought forward."""

from collections.abc import Callable, Mapping
from typing import Final

from kobune.apiserver.storage.disk import Disk
from kobune.apiserver.storage.errors import StoreDamaged, StoreTooNew
from kobune.apiserver.storage.loading import load
from kobune.apiserver.storage.rows import FORMAT_ROW, HEADER, NUMBER, Loaded, index_value, record_row
from kobune.apiserver.storage.tally import TALLY_ROW, Tally

FORMAT: Final = 2
"""The version of the layout that `rows` describes."""
STEP: Final = 1000
"""How many rows a migration writes at once."""

Migration = Callable[[Disk], None]


def read(disk: Disk, *, format: int = FORMAT, migrations: Mapping[int, Migration] | None = None) -> Loaded:
    """Return what a disk holds, brought to `format` first; a disk without anything begins with it.

    Raises `StoreTooNew` when a later version wrote it, and `StoreDamaged` when it contradicts itself.
    """
    written = disk.get(FORMAT_ROW)
    if written is None:
        if next(disk.keys(b"", None), None) is not None:
            raise StoreDamaged("it holds rows, but not the version of their format")
        disk.write([(FORMAT_ROW, b"%d" % format)], sync=True)
        return Loaded()
    if int(written) > format:
        raise StoreTooNew(f"it has format {int(written)}, this version of Kobune reads up to {format}")
    for older in range(int(written), format):
        (MIGRATIONS if migrations is None else migrations)[older](disk)
        disk.write([(FORMAT_ROW, b"%d" % (older + 1))], sync=True)
    return _tallied(disk, load(disk))


def _tallied(disk: Disk, loaded: Loaded) -> Loaded:
    """Return what was loaded if it is all that was written."""
    found, written = Tally.of(loaded).row(), disk.get(TALLY_ROW)
    if written is None:
        disk.write([found], sync=True)
    elif written != found[1]:
        raise StoreDamaged("writes in the middle of its history are gone")
    return loaded


def _index_leases(disk: Disk) -> None:
    """Format 1 said only with the value which lease a key has."""
    rows = []
    for row, value in disk.scan(b"k", b"l"):
        revision = NUMBER.unpack_from(value)[0]
        record = disk.get(record_row(revision, row[1:]))
        lease = HEADER.unpack_from(record)[4] if record is not None else 0
        if lease:
            rows.append((row, index_value(revision, lease)))
    for at in range(0, len(rows), STEP):
        disk.write(rows[at : at + STEP], sync=True)


MIGRATIONS: Final[Mapping[int, Migration]] = {1: _index_leases}
"""How to get from each older format to the one after it. Each must be safe to run again after a crash."""
