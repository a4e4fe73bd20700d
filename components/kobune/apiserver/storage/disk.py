"""What a store needs of a disk."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from kobune.apiserver.storage.rows import Row


class Disk(Protocol):
    """Sorted rows of bytes that survive."""

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a row."""

    def scan(self, start: bytes, stop: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        """Yield the rows from `start` to before `stop`, sorted; `StoreDamaged` where one cannot be trusted."""

    def keys(self, start: bytes, stop: bytes | None) -> Iterator[bytes]:
        """Yield the keys of these rows, whose values are checked, too."""

    def write(self, rows: Iterable[Row], *, sync: bool) -> None:
        """Write all rows or none, in the order of the calls; with `sync`, return only when a power cut keeps them."""

    def reclaim(self, stop: bytes) -> None:
        """Give back the space of deleted records before `stop`; may take long, and others may write meanwhile."""

    def size(self) -> int:
        """Return the bytes taken, about."""

    def close(self) -> None:
        """Let go of the files."""
