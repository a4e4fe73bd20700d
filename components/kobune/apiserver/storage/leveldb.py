"""The embedded store on disk: LevelDB below one directory.

LevelDB brings the lock (one process per directory), the recovery of a torn tail and atomic batches. With its
paranoid checks on, damage that is no torn tail is refused instead of skipped.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.errors import CannotOpen, StoreDamaged, StoreLocked, StoreUnavailable
from kobune.apiserver.storage.formats import read
from kobune.apiserver.storage.mvcc import MvccStore, running
from kobune.apiserver.storage.rows import RECORDS, Loaded, Row
from kobune.apiserver.storage.store import Store

if TYPE_CHECKING:
    import plyvel

BLOCK_CACHE: Final = 8 << 20
"""Bytes; few, because what is read often is kept by `Records`."""


@asynccontextmanager
async def open_store(directory: Path, *, clock: Clock, random: Random, sync: bool = True) -> AsyncIterator[Store]:
    """Serve the store in `directory`, made if missing, for the length of the `with`; `CannotOpen` says why not.

    Without `sync`, a power cut may take acknowledged writes: only for measuring what syncing costs.
    """
    disk, loaded = await asyncio.to_thread(_open, directory, sync)
    store = MvccStore(clock=clock, random=random, disk=disk, loaded=loaded)
    async with running(store):
        yield store


def _open(directory: Path, sync: bool) -> tuple["LevelDisk", Loaded]:
    disk = LevelDisk.open(directory, sync=sync)
    try:
        return disk, read(disk)
    except CannotOpen as error:
        disk.close()
        raise type(error)(f"the store in {directory} cannot be opened: {error}") from error
    except BaseException:
        disk.close()
        raise


class LevelDisk:
    """A LevelDB database as a `Disk`."""

    def __init__(self, db: "plyvel.DB", directory: Path, corruption: type[Exception], *, sync: bool) -> None:
        self._db = db
        self._corruption = corruption
        self._directory = directory
        self._sync = sync

    @classmethod
    def open(cls, directory: Path, *, sync: bool = True) -> "LevelDisk":
        """Open or create the database of a directory, or raise `CannotOpen`."""
        try:
            import plyvel  # here, so that the memory store works without it
        except ImportError as error:
            raise StoreUnavailable(
                "LevelDB is not available on this Python: install plyvel, or use --store memory, which keeps nothing "
                f"after it stops ({error})"
            ) from error
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            db = plyvel.DB(str(directory), create_if_missing=True, paranoid_checks=True, lru_cache_size=BLOCK_CACHE)
        except plyvel.CorruptionError as error:
            raise StoreDamaged(f"the store in {directory} is damaged: {_words(error)}") from error
        except (OSError, plyvel.Error) as error:
            if "/LOCK" in str(error):
                raise StoreLocked(f"the store in {directory} is in use by another process") from error
            raise StoreUnavailable(f"the store in {directory} cannot be opened: {_words(error)}") from error
        return cls(db, directory, plyvel.CorruptionError, sync=sync)

    def get(self, key: bytes) -> bytes | None:
        try:
            value: bytes | None = self._db.get(key, verify_checksums=True)
        except self._corruption as error:
            raise _damaged(error) from error
        return value

    def scan(self, start: bytes, stop: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        try:
            yield from self._db.iterator(start=start, stop=stop, verify_checksums=True, fill_cache=False)
        except self._corruption as error:
            raise _damaged(error) from error

    def keys(self, start: bytes, stop: bytes | None) -> Iterator[bytes]:
        # LevelDB checks blocks, not rows: no value is looked at here, and none goes unchecked.
        try:
            yield from self._db.iterator(
                start=start, stop=stop, include_value=False, verify_checksums=True, fill_cache=False
            )
        except self._corruption as error:
            raise _damaged(error) from error

    def write(self, rows: Iterable[Row], *, sync: bool) -> None:
        batch = self._db.write_batch(sync=sync and self._sync)
        put, delete = batch.put, batch.delete
        for key, value in rows:
            if value is None:
                delete(key)
            else:
                put(key, value)
        batch.write()

    def reclaim(self, stop: bytes) -> None:
        self._db.compact_range(start=RECORDS, stop=stop)

    def size(self) -> int:
        total = 0
        for file in self._directory.iterdir():
            with suppress(FileNotFoundError):  # LevelDB drops files when it pleases
                total += file.stat().st_size
        return total

    def close(self) -> None:
        self._db.close()


def _damaged(error: Exception) -> StoreDamaged:
    return StoreDamaged(f"it is damaged: {_words(error)}")


def _words(error: Exception) -> str:
    """Return what LevelDB said, which plyvel hands on as bytes."""
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(error)
