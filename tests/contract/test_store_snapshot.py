"""A whole store in one file, taken while it is written to, and made into a store again."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from kobune.apimachinery.clock import SystemClock
from kobune.apiserver.storage import leveldb, memory
from kobune.apiserver.storage.etcd import snapshot
from kobune.apiserver.storage.etcd.snapshot import BadSnapshot, Snapshot
from kobune.apiserver.storage.restore import restore
from kobune.apiserver.storage.store import Store

pytest.importorskip("plyvel")
CLOCK = SystemClock()


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with memory.open_store(clock=CLOCK, random=Random(1)) as store:
        lease = await store.grant(77, id=5)
        for number in range(500):
            await store.put(b"/k/%03d" % number, b"%d" % number * 1000, lease=lease.id if number % 50 == 0 else 0)
        await store.put(b"/k/000", b"newer")
        await store.delete(b"/k/001")
        yield store


async def saved(store: Store, file: Path) -> Path:
    with file.open("wb") as to:
        async for piece in snapshot.stream(store, CLOCK):
            to.write(piece)
            await store.put(b"/k/002", b"written meanwhile")
            await store.put(b"/k/new%d" % store.revision, b"")
    return file


async def test_a_snapshot_is_of_one_revision_while_writes_go_on(store: Store, tmp_path: Path) -> None:
    before = list(store.range(b"\0", b"\0").entries)
    revision = store.revision
    file = await saved(store, tmp_path / "file")
    assert store.revision > revision + 4
    opened = Snapshot.open(file)
    assert list(opened.entries()) == before
    assert (opened.summary.revision, opened.summary.entries, opened.leases) == (revision, 499, [(5, 77)])
    assert file.stat().st_size % 512 == 32
    opened.close()


async def test_a_restored_store_has_everything_at_revisions_that_never_were(store: Store, tmp_path: Path) -> None:
    before = {entry.key: (entry.value, entry.lease) for entry in store.range(b"\0", b"\0").entries}
    opened = Snapshot.open(await saved(store, tmp_path / "file"))
    revision = await restore(opened, tmp_path / "store", clock=CLOCK, random=Random(2), bump=1000)
    opened.close()
    async with leveldb.open_store(tmp_path / "store", clock=CLOCK, random=Random(3)) as again:
        found = again.range(b"\0", b"\0").entries
        assert {entry.key: (entry.value, entry.lease) for entry in found} == before
        assert min(entry.mod_revision for entry in found) > opened.summary.revision + 1000
        assert (again.revision, again.compacted) == (revision, opened.summary.revision + 1000)
        assert again.time_to_live(5).ttl == 77
        assert (await again.put(b"a", b"")).mod_revision == revision + 1


async def test_what_is_no_whole_snapshot_is_refused_with_the_reason(store: Store, tmp_path: Path) -> None:
    file = await saved(store, tmp_path / "file")
    good = file.read_bytes()
    newer = good.replace(b'"format": 1', b'"format": 2')
    for bad, why in (
        (b"", "no snapshot of Kobune"),
        (b"\0" * 4096, "perhaps one of etcd"),
        (good[:40], "cut short"),
        (good[:-33], "cut short"),
        (good[: -512 * 10], "damaged"),
        (good[:9000] + b"!" + good[9001:], "damaged"),
        (good[:-1] + b"!", "damaged"),
        (newer, "it has format 2, this version of Kobune reads up to 1"),
    ):
        file.write_bytes(bad)
        with pytest.raises(BadSnapshot, match=why) as refused:
            Snapshot.open(file)
        assert str(file) in str(refused.value)
    with pytest.raises(BadSnapshot, match="No such file"):
        Snapshot.open(tmp_path / "missing")


async def test_any_changed_byte_is_found(store: Store, tmp_path: Path) -> None:
    file = await saved(store, tmp_path / "file")
    good = file.read_bytes()
    random = Random(7)
    for _ in range(200):
        at = random.randrange(len(good))
        file.write_bytes(good[:at] + bytes([good[at] ^ 1 << random.randrange(8)]) + good[at + 1 :])
        with pytest.raises(BadSnapshot):
            Snapshot.open(file)
