"""What only a store on real files can get wrong: locks, torn tails, damage, a library that is missing."""

import sys
from pathlib import Path
from random import Random

import pytest

from kobune.apimachinery.clock import ManualClock
from kobune.apiserver.storage import leveldb
from kobune.apiserver.storage.errors import StoreDamaged, StoreLocked, StoreTooNew, StoreUnavailable
from kobune.apiserver.storage.leveldb import LevelDisk
from kobune.apiserver.storage.store import TO_THE_END

ALL = (b"\0", TO_THE_END)


def open_store(directory: Path, *, sync: bool = True):
    return leveldb.open_store(directory, clock=ManualClock(), random=Random(1), sync=sync)


async def filled(directory: Path, count: int, *, sync: bool = True) -> None:
    async with open_store(directory, sync=sync) as store:
        for number in range(count):
            await store.put(b"k%03d" % number, b"value %d " % number * 20)


def newest_log(directory: Path) -> Path:
    return max(directory.glob("*.log"))


async def test_a_store_comes_back_as_it_was(tmp_path: Path) -> None:
    async with open_store(tmp_path / "deep" / "down") as store:
        for number in range(50):
            await store.put(b"k%d" % (number % 20), b"%d" % number)
        await store.compact(30)
        await store.delete(b"k3")
        was = [store.range(*ALL, revision=revision) for revision in range(30, 53)]
        assert store.size > 1000
    async with open_store(tmp_path / "deep" / "down") as store:
        assert [store.range(*ALL, revision=revision) for revision in range(30, 53)] == was
        assert (store.revision, store.compacted) == (52, 30)


async def test_the_directory_is_for_its_owner_only(tmp_path: Path) -> None:
    async with open_store(tmp_path / "store"):
        assert (tmp_path / "store").stat().st_mode & 0o077 == 0


async def test_a_second_opener_is_told_that_the_store_is_in_use(tmp_path: Path) -> None:
    async with open_store(tmp_path):
        with pytest.raises(StoreLocked, match="in use"):
            async with open_store(tmp_path):
                pass
    async with open_store(tmp_path):
        pass


async def test_a_store_of_a_later_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    disk = LevelDisk.open(tmp_path)
    disk.write([(b"mformat", b"99"), (b"?", b"something new")], sync=True)
    disk.close()
    for _ in range(2):
        with pytest.raises(StoreTooNew, match="format 99"):
            async with open_store(tmp_path):
                pass


async def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="file"):
        async with open_store(tmp_path / "file"):
            pass


async def test_without_plyvel_the_memory_store_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plyvel", None)
    with pytest.raises(StoreUnavailable, match="--store memory"):
        async with open_store(tmp_path):
            pass


@pytest.mark.parametrize("torn", [1, 7, 100, 5000])
async def test_a_torn_tail_costs_the_torn_writes_only(tmp_path: Path, torn: int) -> None:
    await filled(tmp_path, 100, sync=False)
    log = newest_log(tmp_path)
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size - torn)
    async with open_store(tmp_path) as store:
        there = store.range(*ALL).entries
        assert 60 < len(there) < 100
        assert [entry.mod_revision for entry in there] == list(range(2, 2 + len(there)))
        assert store.revision == 1 + len(there)
        await store.put(b"again", b"")


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
async def test_damage_in_the_middle_is_refused_and_nothing_is_thrown_away(tmp_path: Path, place: float) -> None:
    await filled(tmp_path, 300)
    log = newest_log(tmp_path)
    damaged = bytearray(log.read_bytes())
    damaged[int(len(damaged) * place)] ^= 0xFF
    log.write_bytes(damaged)
    for _ in range(2):
        with pytest.raises(StoreDamaged, match=str(tmp_path)):
            async with open_store(tmp_path):
                pass
    assert newest_log(tmp_path).read_bytes() == damaged
