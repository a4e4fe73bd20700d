"""What a store needs of a disk, and how it begins on one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Protocol

from kobune.apiserver.storage.errors import StoreDamaged, StoreTooNew
from kobune.apiserver.storage.rows import FORMAT_ROW, Loaded, Row, load

FORMAT: Final = 1
"""The version of the layout that `rows` describes."""


class Disk(Protocol):
    """Sorted rows of bytes that survive."""

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a row."""

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every row, sorted by its key; `StoreDamaged` where one cannot be trusted."""

    def write(self, rows: Iterable[Row], *, sync: bool) -> None:
        """Write all rows or none, in the order of the calls; with `sync`, return only when a power cut keeps them."""

    def size(self) -> int:
        """Return the bytes taken, about."""

    def close(self) -> None:
        """Let go of the files."""


Migration = Callable[[Disk], None]
MIGRATIONS: Final[Mapping[int, Migration]] = {}
"""How to get from each older format to the one after it. Each must be safe to run again after a crash."""


def read(disk: Disk, *, format: int = FORMAT, migrations: Mapping[int, Migration] = MIGRATIONS) -> Loaded:
    """Return what a disk holds, brought to `format` first.

    Raises `StoreTooNew` when a later version wrote it, and `StoreDamaged` when it contradicts itself.
    """
    written = disk.get(FORMAT_ROW)
    if written is None:
        if next(disk.rows(), None) is not None:
            raise StoreDamaged("it holds rows, but not the version of their format")
        disk.write([(FORMAT_ROW, b"%d" % format)], sync=True)
        return Loaded()
    if int(written) > format:
        raise StoreTooNew(f"it has format {int(written)}, this version of Kobune reads up to {format}")
    for older in range(int(written), format):
        migrations[older](disk)
        disk.write([(FORMAT_ROW, b"%d" % (older + 1))], sync=True)
    return load(disk.rows())
