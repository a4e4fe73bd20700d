"""A number beside a database that says how many synced writes it must have.

LevelDB takes a log that ends early for the torn tail of a write that was never synced, and a log that is gone for one
that never was: after a power cut both are right, after damage both lose acknowledged writes in silence. So every
synced batch carries its number, and once it is durable the number is noted here, without a sync of its own. A process
that is killed leaves the exact number behind, a power cut an older one, and nothing leaves one that is too high: a
database that has less has lost something.

Two places take turns, each with a checksum, so that a write that is cut short costs one of them.
"""

import os
from pathlib import Path
from struct import Struct
from typing import Final
from zlib import crc32

from kobune.apiserver.storage.errors import StoreDamaged

FILE: Final = "WITNESS"
_PLACE: Final = 512
"""Bytes from one place to the other: disks write sectors."""
_NUMBER: Final = Struct(">Q")
_CHECKED: Final = Struct(">QI")


class Witness:
    """The witness of one database, for as long as that is open."""

    def __init__(self, descriptor: int, number: int) -> None:
        self._descriptor = descriptor
        self.number = number
        """The last synced write that is known of."""

    @classmethod
    def of(cls, directory: Path) -> "Witness | None":
        """Return the witness in a directory, None if there is none; `StoreDamaged` if it cannot be read."""
        try:
            descriptor = os.open(directory / FILE, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        numbers = [_checked(os.pread(descriptor, _CHECKED.size, place)) for place in (0, _PLACE)]
        known = [number for number in numbers if number is not None]
        if not known:
            os.close(descriptor)
            raise StoreDamaged(f"the file {FILE} says nothing")
        return cls(descriptor, max(known))

    @classmethod
    def begin(cls, directory: Path, number: int) -> "Witness":
        """Put a witness into a directory, there to stay once this returns."""
        new = directory / f"{FILE}.new"
        descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        place = _entry(number).ljust(_PLACE, b"\0")
        os.pwrite(descriptor, place + place, 0)
        os.fsync(descriptor)
        new.rename(directory / FILE)
        parent = os.open(directory, os.O_RDONLY)
        os.fsync(parent)
        os.close(parent)
        return cls(descriptor, number)

    def note(self, number: int) -> None:
        """Note that a write is durable."""
        self.number = number
        os.pwrite(self._descriptor, _entry(number), _PLACE * (number % 2))

    def close(self) -> None:
        os.close(self._descriptor)


def _entry(number: int) -> bytes:
    return _CHECKED.pack(number, crc32(_NUMBER.pack(number)))


def _checked(entry: bytes) -> int | None:
    """Return the number of a place, or None if it was damaged."""
    if len(entry) != _CHECKED.size:
        return None
    number: int = _NUMBER.unpack_from(entry)[0]
    return number if _entry(number) == entry else None
