"""The embedded store on disk: LevelDB below one directory.

LevelDB brings the lock (one process per directory), the recovery of a torn tail and atomic batches. With its
paranoid checks on, damage that is no torn tail is refused instead of skipped; a `Witness` tells a torn tail from writes
that were synced and are gone.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.errors import CannotOpen, StoreDamaged, StoreLocked, StoreUnavailable
from kobune.apiserver.storage.formats import read
from kobune.apiserver.storage.mvcc import MvccStore, running
from kobune.apiserver.storage.rows import RECORDS, Loaded, Row
from kobune.apiserver.storage.store import Store
from kobune.apiserver.storage.witness import Witness

if TYPE_CHECKING:
    import plyvel

BLOCK_CACHE: Final = 8 << 20
"""Bytes; few, because what is read often is kept by `Records`."""
WRITTEN_ROW: Final = b"mwritten"
UNFINISHED: Final = 256
"""Bytes that logs have at most before the first write is acknowledged."""
RESTORE: Final = "; move it away and bring back a snapshot with `kobune snapshot restore`"


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
        way_out = RESTORE if isinstance(error, StoreDamaged) else ""
        raise type(error)(f"the store in {directory} cannot be opened: {error}{way_out}") from error
    except OSError as error:
        disk.close()
        raise StoreUnavailable(f"the store in {directory} cannot be opened: {error}") from error
    except BaseException:
        disk.close()
        raise


class LevelDisk:
    """A LevelDB database as a `Disk`."""

    def __init__(
        self, db: "plyvel.DB", directory: Path, witness: Witness, written: int, failure: type[Exception], *, sync: bool
    ) -> None:
        self._db = db
        self._directory = directory
        self._witness = witness
        self._written = written
        self._failure = failure
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
            db, witness, written = _whole(directory)
        except (plyvel.CorruptionError, StoreDamaged) as error:
            raise StoreDamaged(f"the store in {directory} is damaged: {_words(error)}{RESTORE}") from error
        except (OSError, plyvel.Error) as error:
            if "/LOCK" in str(error):
                raise StoreLocked(f"the store in {directory} is in use by another process") from error
            raise StoreUnavailable(f"the store in {directory} cannot be opened: {_words(error)}") from error
        return cls(db, directory, witness, written, plyvel.Error, sync=sync)

    def get(self, key: bytes) -> bytes | None:
        try:
            value: bytes | None = self._db.get(key, verify_checksums=True)
        except self._failure as error:
            raise _damaged(error) from error
        return value

    def scan(self, start: bytes, stop: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        try:
            yield from self._db.iterator(start=start, stop=stop, verify_checksums=True, fill_cache=False)
        except self._failure as error:
            raise _damaged(error) from error

    def keys(self, start: bytes, stop: bytes | None) -> Iterator[bytes]:
        # LevelDB checks blocks, not rows: no value is looked at here, and none goes unchecked.
        try:
            yield from self._db.iterator(
                start=start, stop=stop, include_value=False, verify_checksums=True, fill_cache=False
            )
        except self._failure as error:
            raise _damaged(error) from error

    def write(self, rows: Iterable[Row], *, sync: bool) -> None:
        synced = sync and self._sync
        batch = self._db.write_batch(sync=synced)
        put, delete = batch.put, batch.delete
        for key, value in rows:
            if value is None:
                delete(key)
            else:
                put(key, value)
        if synced:
            self._written += 1
            put(WRITTEN_ROW, b"%d" % self._written)
        try:
            batch.write()
        except self._failure as error:
            raise OSError(_words(error)) from error
        if synced:
            self._witness.note(self._written)

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
        self._witness.close()


def _whole(directory: Path) -> tuple["plyvel.DB", Witness, int]:
    """Return the open database of a directory, its witness, and how many synced writes it has: all there were."""
    import plyvel

    with ExitStack() as undo:
        witness = Witness.of(directory)
        if witness is not None:
            undo.callback(witness.close)
        if not (directory / "CURRENT").exists() and (witness is not None or not _unfinished(directory)):
            raise StoreDamaged("the file CURRENT is gone")  # LevelDB would begin anew, and delete the rest
        db = _database(directory, fresh=witness is None)
        undo.callback(db.close)
        try:
            written = int(db.get(WRITTEN_ROW, b"0", verify_checksums=True))
        except plyvel.Error as error:
            raise StoreDamaged(_words(error)) from error
        if witness is None:
            witness = Witness.begin(directory, written)
        elif written < witness.number:
            raise StoreDamaged(f"of its {witness.number} acknowledged groups of writes only {written} are there")
        undo.pop_all()
        return db, witness, written


def _database(directory: Path, *, fresh: bool) -> "plyvel.DB":
    """Return the open database of a directory. One that was not finished when the power went is made again."""
    import plyvel

    def opened() -> plyvel.DB:
        return plyvel.DB(str(directory), create_if_missing=True, paranoid_checks=True, lru_cache_size=BLOCK_CACHE)

    try:
        return opened()
    except plyvel.Error as error:
        damaged = isinstance(error, plyvel.CorruptionError)
        if "/LOCK" not in str(error) and not damaged and _points_nowhere(directory / "CURRENT"):
            raise StoreDamaged("the file CURRENT names no manifest") from error
        if not damaged or not fresh or not _unfinished(directory):
            raise
    for file in directory.iterdir():
        if file.name != "LOCK":
            file.unlink()
    return opened()


def _points_nowhere(current: Path) -> bool:
    """Tell whether the file that names LevelDB's manifest is there, but names none."""
    if not current.exists():
        return False
    named = current.read_bytes().rstrip(b"\n")
    return b"\0" in named or not (current.parent / os.fsdecode(named)).is_file()


def _unfinished(directory: Path) -> bool:
    """Tell whether what is in a directory without a witness cannot be more than the beginning of a new store."""
    logs = sum(log.stat().st_size for log in directory.glob("*.log"))
    return logs <= UNFINISHED and not any(directory.glob("*.ldb"))


def _damaged(error: Exception) -> StoreDamaged:
    return StoreDamaged(f"it is damaged: {_words(error)}")


def _words(error: Exception) -> str:
    """Return what LevelDB said, which plyvel hands on as bytes."""
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(error)
