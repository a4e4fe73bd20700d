"""Acknowledged means durable: the store over a disk that can be held up, fail, tear and lose its power."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from random import Random

import pytest

from kobune.apimachinery.clock import ManualClock
from kobune.apiserver.storage.errors import RevisionConflict, StoreDamaged, StoreFailed, StoreTooNew
from kobune.apiserver.storage.formats import read
from kobune.apiserver.storage.mvcc import MvccStore, running
from kobune.apiserver.storage.rows import record_row
from kobune.apiserver.storage.store import DELETE, TO_THE_END, Delete, Event, Put, Range, Store
from kobune.testing.store_disk import FaultyDisk

ALL = (b"\0", TO_THE_END)


@asynccontextmanager
async def on(disk: FaultyDisk) -> AsyncIterator[Store]:
    store = MvccStore(clock=ManualClock(), random=Random(1), disk=disk, loaded=read(disk))
    async with running(store):
        try:
            yield store
        finally:
            disk.open.set()  # a test that failed must not hang


async def a_while() -> None:
    for _ in range(20):
        await asyncio.sleep(0.001)


async def test_readers_see_nothing_of_a_write_in_flight() -> None:
    disk = FaultyDisk()
    async with on(disk) as store:
        before = await store.put(b"a", b"1")
        disk.open.clear()
        events: list[Event] = []
        store.subscribe(events.extend)
        write = asyncio.ensure_future(store.put(b"a", b"2"))
        creation = asyncio.ensure_future(store.put(b"b", b"2"))
        await a_while()
        assert not write.done()
        assert store.get(b"a") == before
        assert store.range(*ALL).entries == [before]
        assert store.revision == 2
        assert events == []
        disk.open.set()
        assert store.get(b"a") != await write
        await creation
        assert store.range(*ALL).count == 2


async def test_an_answer_that_rests_on_a_write_in_flight_waits_for_it() -> None:
    disk = FaultyDisk()
    async with on(disk) as store:
        first = await store.put(b"a", b"1")
        disk.open.clear()
        write = asyncio.ensure_future(store.put(b"a", b"2", expect=first.mod_revision))
        conflict = asyncio.ensure_future(store.put(b"a", b"3", expect=first.mod_revision))
        look = asyncio.ensure_future(store.txn([], [Range(*ALL)]))
        absent = asyncio.ensure_future(store.delete(b"nothing"))
        await a_while()
        assert not any(answer.done() for answer in (write, conflict, look, absent))
        disk.open.set()
        with pytest.raises(RevisionConflict) as raised:
            await conflict
        assert raised.value.current == await write
        assert (await look).revision == 3


async def test_writes_that_wait_share_one_sync() -> None:
    disk = FaultyDisk()
    async with on(disk) as store:
        disk.open.clear()
        writes = [asyncio.ensure_future(store.put(b"%d" % number, b"")) for number in range(5)]
        await a_while()
        writes += [asyncio.ensure_future(store.put(b"%d" % number, b"")) for number in range(50)]
        await a_while()
        before = disk.writes
        disk.open.set()
        await asyncio.gather(*writes)
        assert disk.writes - before == 2


@pytest.mark.parametrize("tears", [False, True])
async def test_a_failing_disk_stops_acknowledgements_but_not_reads(tears: bool) -> None:
    disk = FaultyDisk()
    async with on(disk) as store:
        before = await store.put(b"a", b"1")
        disk.fails, disk.tears = OSError(28, "No space left on device"), tears
        writes = [store.put(b"a", b"2"), store.put(b"b", b"2"), store.txn([], [Delete(b"a")]), store.grant(10)]
        answers = await asyncio.gather(*writes, return_exceptions=True)
        assert all(isinstance(answer, StoreFailed) for answer in answers)
        disk.fails = None  # not even if it recovers: nobody knows what it kept
        with pytest.raises(StoreFailed, match="No space left"):
            await store.put(b"c", b"")
        assert store.failed is not None
        assert store.get(b"a") == before
        assert store.range(*ALL).entries == [before]
    async with on(disk.crash()) as store:
        assert store.range(*ALL).count == 1
        assert store.get(b"a") == before or tears


async def test_what_cannot_be_read_is_told_and_stops_the_writes() -> None:
    disk = FaultyDisk()
    async with on(disk) as store:
        await store.put(b"a", b"1")
        kept = await store.put(b"b", b"2")
    disk = disk.crash()
    async with on(disk) as store:
        assert store.get(b"b") == kept
        lost = next(row for row in disk.keys(b"r", None) if row.endswith(b"a"))
        disk.write([(lost, None)], sync=True)
        for read in (lambda: store.get(b"a"), lambda: store.range(*ALL)):
            with pytest.raises(StoreFailed, match="revision 2 of a is missing"):
                read()
        assert "cannot read" in str(store.failed)
        with pytest.raises(StoreFailed):
            await store.put(b"c", b"")
        assert store.get(b"b") == kept


async def test_a_subscriber_that_raises_stops_the_writes_but_loses_none() -> None:
    def broken(events: Sequence[Event]) -> None:
        raise ValueError("no")

    disk = FaultyDisk()
    heard: list[Event] = []
    async with on(disk) as store:
        store.subscribe(broken)
        store.subscribe(heard.extend)
        entry = await store.put(b"a", b"1")
        assert store.get(b"a") == entry == heard[0].entry
        with pytest.raises(StoreFailed, match="subscriber"):
            await store.put(b"a", b"2")
    async with on(disk.crash()) as store:
        assert store.get(b"a") == entry


async def test_everything_is_as_before_after_a_power_cut() -> None:
    disk = FaultyDisk()
    async with on(disk) as store:
        lease = await store.grant(60)
        await store.put(b"a", b"1", lease=lease.id)
        await store.txn([], [Put(b"z", b"1"), Put(b"b", b"2"), Put(b"c", b"3")])
        await store.delete(b"b")
        await store.compact(3)
        await store.put(b"c", b"4")
        await store.delete(b"z")
        revisions = range(3, store.revision + 1)
        was = [store.range(*ALL, revision=revision) for revision in revisions]
        events = await history(store, after=2)
        disk = disk.crash()
    async with on(disk) as store:
        assert (store.revision, store.compacted) == (6, 3)
        assert [store.range(*ALL, revision=revision) for revision in revisions] == was
        assert await history(store, after=2) == events
        assert [event.entry.key for event in events] == [b"z", b"b", b"c", b"b", b"c", b"z"]
        assert store.leases() == [lease.id]
        assert store.time_to_live(lease.id).keys == [b"a"]
        assert (await store.put(b"b", b"")).mod_revision == 7


async def test_a_revision_is_not_given_twice_after_everything_was_deleted_and_compacted() -> None:
    disk = FaultyDisk()
    async with on(disk) as store:
        await store.put(b"a", b"1")
        await store.delete(b"a")
        await store.compact(3, physical=True)
    async with on(disk.crash(surviving=9)) as store:
        assert store.revision == 3
        assert [(event.type, event.entry.mod_revision) for event in await history(store, after=2)] == [(DELETE, 3)]
        assert (await store.put(b"a", b"1")).mod_revision == 4


@pytest.mark.parametrize("surviving", range(5))
async def test_a_compaction_that_a_power_cut_interrupts_is_finished_later(surviving: int) -> None:
    disk = FaultyDisk()
    async with on(disk) as store:
        for number in range(1500):  # more than compaction does at once
            key = b"k%d" % (number % 3)
            await (store.delete(key) if number % 7 == 6 else store.put(key, b"%d" % number))
        last = store.revision
        await store.compact(last - 1, physical=True)
        now = [store.range(*ALL, revision=revision).entries for revision in (last - 1, last)]
    disk = disk.crash(surviving)
    async with on(disk) as store:
        assert [store.range(*ALL, revision=revision).entries for revision in (last - 1, last)] == now
        last_write = await store.put(b"k0", b"")
        await store.compact(last_write.mod_revision, physical=True)
        left = [key for key, _ in disk.scan(b"", None) if key.startswith(b"r")]
        assert len(left) == store.range(*ALL).count


async def test_a_record_that_compaction_deleted_may_come_back() -> None:
    """Deletions are not synced: LevelDB may lose the end of one log, and keep the next."""
    disk = FaultyDisk()
    async with on(disk) as store:
        for value in (b"1", b"2"):
            await store.put(b"a", value)
        await store.delete(b"a")
        await store.put(b"b", b"")
        before = dict(disk.scan(b"r", None))
        await store.compact(5, physical=True)
        gone = sorted(before.keys() - dict(disk.scan(b"r", None)).keys())
        assert len(gone) == 3
    for row in gone:
        disk.write([(row, before[row])], sync=True)
        async with on(disk) as store:
            assert [entry.key for entry in store.range(*ALL).entries] == [b"b"]


async def test_what_a_later_version_wrote_is_refused() -> None:
    with pytest.raises(StoreTooNew, match="format 9"):
        read(FaultyDisk({b"mformat": b"9"}))


async def test_an_older_format_is_brought_forward_step_by_step() -> None:
    def add(row: bytes, value: bytes) -> object:
        return lambda disk: disk.write([(row, value)], sync=True)

    disk = FaultyDisk({b"mformat": b"1"})
    read(disk, format=3, migrations={1: add(b"mone", b"1"), 2: add(b"mtwo", b"2")})
    rows = dict(disk.scan(b"", None))
    assert {row: rows[row] for row in rows if row != b"mtally"} == {b"mformat": b"3", b"mone": b"1", b"mtwo": b"2"}


async def test_a_store_of_format_1_keeps_its_keys_and_leases() -> None:
    disk = FaultyDisk()
    async with on(disk) as store:
        lease = await store.grant(60)
        await store.put(b"a", b"1", lease=lease.id)
        await store.put(b"b", b"2")
    rows = {key: value[:8] if key[:1] == b"k" else value for key, value in disk.scan(b"", None)}
    disk = FaultyDisk({**rows, b"mformat": b"1"})
    async with on(disk) as store:
        assert disk.get(b"mformat") == b"2"
        assert [entry.value for entry in store.range(*ALL).entries] == [b"1", b"2"]
        assert await store.revoke(lease.id) == 4
        assert [entry.key for entry in store.range(*ALL).entries] == [b"b"]


@pytest.mark.parametrize("lost", [b"a", b"b", b"lease", b"old"])
async def test_a_write_that_is_missing_in_the_middle_of_old_history_is_noticed(lost: bytes) -> None:
    """Each row that is left is sound, and newer writes are there: LevelDB with the end of its manifest lost."""
    disk = FaultyDisk()
    async with on(disk) as store:
        await store.grant(60, id=7)
        for key in (b"a", b"b", b"b", b"c"):
            await store.put(key, b"1")
        await store.put(b"d", b"1")
        await store.compact(6, physical=True)
        await store.put(b"c", b"2")
    rows = dict(disk.scan(b"", None))
    if lost == b"lease":
        rows = {row: value for row, value in rows.items() if row[:1] != b"l"}
    elif lost == b"old":
        rows.pop(record_row(5, b"c"))
    else:
        rows = {row: value for row, value in rows.items() if row != b"k" + lost and row[9:] != lost}
    with pytest.raises(StoreDamaged, match="gone"):
        read(FaultyDisk(rows))


@pytest.mark.parametrize("lost", ["k", "r", "mformat"])
async def test_rows_that_contradict_each_other_are_refused(lost: str) -> None:
    disk = FaultyDisk()
    async with on(disk) as store:
        await store.put(b"a", b"1")
        await store.put(b"b", b"1")
    rows = dict(disk.scan(b"", None))
    rows.pop(next(key for key in rows if key.startswith(lost.encode())))
    with pytest.raises(StoreDamaged):
        read(FaultyDisk(rows))


async def history(store: Store, *, after: int) -> list[Event]:
    events: list[Event] = []
    async with asyncio.timeout(10), aclosing(store.watch(*ALL, after=after)) as watch:
        async for changes in watch:
            events += changes.events
            if changes.revision == store.revision:
                break
    return events
