"""What every `Store` has to do, as checks that an implementer runs with pytest.

    class TestMyStore(StoreContract):
        @pytest.fixture
        async def store(self, clock):
            async with my_store(clock=clock) as store:
                yield store

        @pytest.fixture
        def clock(self):
            return ManualClock()

Each check gets an empty store. The clock is the store's; checks of leases move it, by seconds: for a store that keeps
time itself, to advance the clock is to wait.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TypeVar

from kobune.apimachinery.clock import ManualClock
from kobune.apiserver.storage.errors import (
    Compacted,
    DuplicateKey,
    FutureRevision,
    KeyNotFound,
    LeaseExists,
    LeaseNotFound,
    RevisionConflict,
    StoreClosed,
    StoreError,
)
from kobune.apiserver.storage.store import (
    ABSENT,
    DELETE,
    ONE_KEY,
    PUT,
    TO_THE_END,
    Compare,
    Comparison,
    Delete,
    DeleteResult,
    Entry,
    Event,
    Put,
    PutResult,
    Range,
    RangeResult,
    Store,
    Target,
    Txn,
    TxnResult,
    prefix_end,
)

ALL = (b"\0", TO_THE_END)
E = TypeVar("E", bound=StoreError)


class StoreContract:
    """Revisions, transactions, ranges, history, watches and leases."""

    # Writes.

    async def test_an_empty_store_is_at_revision_one(self, store: Store) -> None:
        assert store.revision == 1
        assert store.range(*ALL).entries == []

    async def test_every_write_takes_the_next_revision(self, store: Store) -> None:
        first = await store.put(b"a", b"1")
        second = await store.put(b"b", b"2")
        again = await store.put(b"a", b"3")
        assert first == Entry(b"a", b"1", 2, 2, 1)
        assert second == Entry(b"b", b"2", 3, 3, 1)
        assert again == Entry(b"a", b"3", 2, 4, 2)
        assert store.revision == 4
        assert store.get(b"a") == again

    async def test_an_entry_that_was_deleted_starts_anew(self, store: Store) -> None:
        before = await store.put(b"a", b"1")
        assert await store.delete(b"a") == before
        assert store.get(b"a") is None
        assert await store.put(b"a", b"2") == Entry(b"a", b"2", 4, 4, 1)

    async def test_deleting_nothing_takes_no_revision(self, store: Store) -> None:
        assert await store.delete(b"a") is None
        assert store.revision == 1

    async def test_a_stale_write_conflicts_and_learns_what_is_there(self, store: Store) -> None:
        old = await store.put(b"a", b"1")
        new = await store.put(b"a", b"2", expect=old.mod_revision)
        conflict = await _raised(RevisionConflict, store.put(b"a", b"3", expect=old.mod_revision))
        assert conflict.current == new
        conflict = await _raised(RevisionConflict, store.delete(b"a", expect=old.mod_revision))
        assert conflict.current == new
        assert await store.delete(b"a", expect=new.mod_revision) == new

    async def test_a_creation_conflicts_with_what_exists(self, store: Store) -> None:
        await store.put(b"a", b"1", expect=ABSENT)
        await _raised(RevisionConflict, store.put(b"a", b"2", expect=ABSENT))
        conflict = await _raised(RevisionConflict, store.put(b"b", b"2", expect=2))
        assert conflict.current is None

    async def test_of_creations_at_once_exactly_one_wins(self, store: Store) -> None:
        attempts = [store.put(b"a", b"%d" % number, expect=ABSENT) for number in range(20)]
        answers = await asyncio.gather(*attempts, return_exceptions=True)
        winners = [answer for answer in answers if isinstance(answer, Entry)]
        assert winners == [store.get(b"a")]
        assert all(isinstance(answer, Entry | RevisionConflict) for answer in answers)
        assert store.revision == 2

    async def test_writes_in_flight_build_on_each_other(self, store: Store) -> None:
        entries = await asyncio.gather(*[store.put(b"a", b"%d" % number) for number in range(20)])
        assert [entry.version for entry in entries] == list(range(1, 21))
        assert [entry.mod_revision for entry in entries] == list(range(2, 22))
        assert store.get(b"a") == entries[-1]

    async def test_a_cancelled_writer_does_not_undo_its_write(self, store: Store) -> None:
        events = _record(store)
        writer = asyncio.ensure_future(store.put(b"a", b"1"))
        follower = asyncio.ensure_future(store.put(b"a", b"2"))
        await _turn()
        writer.cancel()
        assert (await follower).version == 2
        assert [event.entry.value for event in events] == [b"1", b"2"]

    # Transactions.

    async def test_a_transaction_runs_the_branch_that_its_compares_choose(self, store: Store) -> None:
        await store.put(b"a", b"1")
        then, otherwise = [Put(b"b", b"then")], [Put(b"b", b"otherwise")]
        done = await store.txn([Compare(b"a", Target.VALUE, b"1")], then, otherwise)
        assert (done.succeeded, done.revision) == (True, 3)
        done = await store.txn([Compare(b"a", Target.VERSION, 1, Comparison.GREATER)], then, otherwise)
        assert (done.succeeded, done.revision) == (False, 4)
        assert _there(store.get(b"b")).value == b"otherwise"

    async def test_all_operations_of_a_transaction_share_a_revision(self, store: Store) -> None:
        await store.put(b"a", b"1")
        done = await store.txn([], [Put(b"b", b"2"), Delete(b"a"), Put(b"c", b"3")])
        assert store.revision == done.revision == 3
        assert [entry.mod_revision for entry in store.range(*ALL).entries] == [3, 3]

    async def test_a_transaction_that_is_refused_changes_nothing(self, store: Store) -> None:
        await store.put(b"a", b"1")
        refused: list[tuple[type[StoreError], Sequence[Put | Delete | Range | Txn]]] = [
            (DuplicateKey, [Put(b"b", b"1"), Put(b"b", b"2")]),
            (DuplicateKey, [Put(b"a", b"2"), Delete(b"a", b"c")]),
            (DuplicateKey, [Delete(b"a", b"c"), Put(b"b", b"2")]),
            (DuplicateKey, [Put(b"b", b"1"), Txn((), [Put(b"b", b"2")])]),
            (LeaseNotFound, [Put(b"b", b"1"), Put(b"c", b"1", lease=77)]),
            (KeyNotFound, [Put(b"b", b"1"), Put(b"c", None)]),
            (FutureRevision, [Put(b"b", b"1"), Range(b"a", revision=99)]),
        ]
        for error, operations in refused:
            await _raised(error, store.txn([], operations))
        assert store.revision == 2
        assert [entry.key for entry in store.range(*ALL).entries] == [b"a"]

    async def test_a_transaction_reads_its_own_writes(self, store: Store) -> None:
        await store.put(b"a", b"1")
        done = await store.txn([], [Range(*ALL), Put(b"b", b"2"), Range(*ALL), Delete(b"a"), Range(*ALL)])
        reads = [answer for answer in done.responses if isinstance(answer, RangeResult)]
        assert [[entry.key for entry in read.entries] for read in reads] == [[b"a"], [b"a", b"b"], [b"b"]]

    async def test_a_transaction_sees_writes_in_flight(self, store: Store) -> None:
        writes = [store.put(b"a", b"1"), store.put(b"b", b"1"), store.delete(b"a")]
        read = store.txn([Compare(b"b", Target.VERSION, 1)], [Range(*ALL)])
        *_, done = await asyncio.gather(*writes, read)
        assert isinstance(done, TxnResult)
        assert done.succeeded
        answer = done.responses[0]
        assert isinstance(answer, RangeResult)
        assert [entry.key for entry in answer.entries] == [b"b"]

    async def test_a_transaction_that_only_reads_takes_no_revision(self, store: Store) -> None:
        await store.put(b"a", b"1")
        done = await store.txn([], [Range(b"a"), Delete(b"nothing")])
        assert done.revision == store.revision == 2

    async def test_nested_transactions_are_decided_by_the_state_before(self, store: Store) -> None:
        inner = Txn([Compare(b"a", Target.VERSION, 0)], [Put(b"b", b"absent")], [Put(b"b", b"present")])
        await store.txn([], [Put(b"a", b"1"), inner])
        assert _there(store.get(b"b")).value == b"absent"

    async def test_a_compare_can_be_about_a_range(self, store: Store) -> None:
        await store.put(b"p/a", b"1")
        await store.put(b"p/b", b"1")
        prefix = (b"p/", prefix_end(b"p/"))

        async def holds(target: Target, operand: int | bytes, comparison: Comparison = Comparison.EQUAL) -> bool:
            return (await store.txn([Compare(prefix[0], target, operand, comparison, prefix[1])], [])).succeeded

        assert await holds(Target.VALUE, b"1")
        assert await holds(Target.MOD, 1, Comparison.GREATER)
        assert not await holds(Target.MOD, 2)
        assert not await holds(Target.LEASE, 0, Comparison.NOT_EQUAL)

    async def test_nothing_satisfies_a_compare_of_a_missing_value(self, store: Store) -> None:
        for comparison in Comparison:
            done = await store.txn([Compare(b"a", Target.VALUE, b"", comparison)], [])
            assert not done.succeeded
        assert (await store.txn([Compare(b"a", Target.VERSION, 0)], [])).succeeded

    async def test_a_put_tells_what_was_there_and_can_keep_it(self, store: Store) -> None:
        lease = await store.grant(60)
        before = await store.put(b"a", b"1", lease=lease.id)
        done = await store.txn([], [Put(b"a", b"2", lease=None)])
        answer = done.responses[0]
        assert isinstance(answer, PutResult)
        assert answer.previous == before
        assert answer.entry == Entry(b"a", b"2", 2, 3, 2, lease.id)
        done = await store.txn([], [Put(b"a", None, lease=0)])
        assert store.get(b"a") == Entry(b"a", b"2", 2, 4, 3)

    async def test_a_range_is_deleted_at_one_revision(self, store: Store) -> None:
        entries = [await store.put(b"p/%d" % number, b"") for number in range(5)]
        await store.put(b"q", b"")
        done = await store.txn([], [Delete(b"p/1", b"p/4")])
        answer = done.responses[0]
        assert isinstance(answer, DeleteResult)
        assert answer.previous == entries[1:4]
        assert [entry.key for entry in store.range(*ALL).entries] == [b"p/0", b"p/4", b"q"]

    # Reads.

    async def test_a_range_is_sorted_and_can_be_cut(self, store: Store) -> None:
        for key in (b"p/b", b"q", b"p/a", b"o", b"p/c", b"p"):
            await store.put(key, b"")

        def keys(result: RangeResult) -> list[bytes]:
            return [entry.key for entry in result.entries]

        prefix = (b"p/", prefix_end(b"p/"))
        assert keys(store.range(*prefix)) == [b"p/a", b"p/b", b"p/c"]
        page = store.range(*prefix, limit=2)
        assert (keys(page), page.more, page.count) == ([b"p/a", b"p/b"], True, 3)
        page = store.range(*prefix, limit=3)
        assert (len(page.entries), page.more, page.count) == (3, False, 3)
        assert store.range(*prefix, count_only=True) == RangeResult([], False, 3, 7)
        assert keys(store.range(b"p/b", TO_THE_END)) == [b"p/b", b"p/c", b"q"]
        assert keys(store.range(b"p/c", b"p/a")) == []
        assert keys(store.range(b"q")) == [b"q"]
        assert keys(store.range(b"nothing")) == []

    async def test_every_revision_can_be_read_as_it_was(self, store: Store) -> None:
        was: dict[int, Sequence[Entry]] = {1: []}
        for number in range(30):
            if number % 7 == 3:
                await store.txn([], [Delete(b"k0", b"k2"), Put(b"k4", b"")])
            elif number % 3 == 2:
                await store.delete(b"k%d" % (number % 5))
            else:
                await store.put(b"k%d" % (number % 5), b"%d" % number)
            was[store.revision] = store.range(*ALL).entries
        for revision, entries in was.items():
            assert store.range(*ALL, revision=revision).entries == entries
            assert store.range(*ALL, revision=revision, limit=2).entries == entries[:2]
            there = {entry.key: entry for entry in entries}
            assert all(store.get(b"k%d" % n, revision=revision) == there.get(b"k%d" % n) for n in range(5))

    async def test_the_future_cannot_be_read(self, store: Store) -> None:
        for read in (store.get, store.range):
            assert _refused(FutureRevision, read, b"a", revision=2).current == 1

    # Watches.

    async def test_a_watch_replays_and_goes_on_without_a_gap_or_a_repeat(self, store: Store) -> None:
        expected = _record(store)
        for number in range(5):
            await store.put(b"k%d" % (number % 2), b"%d" % number)
        async with aclosing(_events(store, *ALL, after=1)) as watch:
            seen = [await anext(watch) for _ in range(3)]
            await store.delete(b"k0")
            await asyncio.gather(*[store.put(b"k%d" % number, b"") for number in range(10)])
            seen += [await anext(watch) for _ in range(13)]
        assert seen == expected
        assert expected[5].type is DELETE
        assert expected[5].entry.mod_revision == 7
        assert _there(expected[5].previous).value == b"4"

    async def test_a_watch_starts_after_the_revision_it_was_given(self, store: Store) -> None:
        for _ in range(5):
            await store.put(b"a", b"")
        async with aclosing(_events(store, b"a", after=4)) as watch:
            assert (await anext(watch)).entry.mod_revision == 5
        async with aclosing(_events(store, b"a", after=8)) as watch:  # a revision to come
            for _ in range(5):
                await store.put(b"a", b"")
            assert (await anext(watch)).entry.mod_revision == 9

    async def test_a_watch_sees_its_range_only_but_all_progress(self, store: Store) -> None:
        await store.put(b"a", b"")
        await store.txn([], [Put(b"p/a", b""), Put(b"b", b""), Put(b"p/b", b"")])
        await store.put(b"c", b"")
        seen: list[Event] = []
        async with aclosing(store.watch(b"p/", prefix_end(b"p/"), after=1)) as watch:
            async for changes in watch:
                seen += changes.events
                if changes.revision == store.revision:
                    break
        assert [event.entry.key for event in seen] == [b"p/a", b"p/b"]

    async def test_the_events_of_a_revision_come_together(self, store: Store) -> None:
        await store.put(b"d", b"")
        await store.txn([], [Put(b"b", b""), Delete(b"d"), Put(b"a", b"")])
        async with aclosing(store.watch(*ALL, after=2)) as watch:
            changes = await anext(watch)
        assert [(event.type, event.entry.key) for event in changes.events] == [(PUT, b"b"), (DELETE, b"d"), (PUT, b"a")]

    async def test_a_subscriber_hears_of_a_write_before_its_writer(self, store: Store) -> None:
        heard: list[tuple[int, Entry | None]] = []
        written = asyncio.ensure_future(store.put(b"a", b"1"))

        def hear(events: Sequence[Event]) -> None:
            assert not written.done()
            heard.append((len(events), store.get(b"a")))

        unsubscribe = store.subscribe(hear)
        entry = await written
        assert heard == [(1, entry)]
        unsubscribe()
        await store.put(b"a", b"2")
        assert len(heard) == 1

    # Compaction.

    async def test_compaction_refuses_older_revisions_and_keeps_the_rest(self, store: Store) -> None:
        for number in range(6):
            await store.put(b"a", b"%d" % number)
        await store.delete(b"a")
        await store.put(b"b", b"")
        kept = {revision: store.range(*ALL, revision=revision) for revision in (5, 6, 7, 8, 9)}
        await store.compact(5, physical=True)
        assert store.compacted == 5
        assert {revision: store.range(*ALL, revision=revision) for revision in kept} == kept
        assert _refused(Compacted, store.range, *ALL, revision=4).compacted == 5
        assert _refused(Compacted, store.get, b"a", revision=1).compacted == 5
        assert store.revision == 9

    async def test_compaction_goes_forward_only(self, store: Store) -> None:
        for _ in range(5):
            await store.put(b"a", b"")
        await store.compact(4)
        await _raised(Compacted, store.compact(4))
        await _raised(Compacted, store.compact(3))
        await _raised(FutureRevision, store.compact(7))
        await store.compact(6, physical=True)
        assert store.range(b"a").count == 1

    async def test_a_watch_cannot_start_in_what_is_compacted(self, store: Store) -> None:
        for _ in range(5):
            await store.put(b"a", b"")
        await store.compact(4)
        error = await _raised(Compacted, anext(_events(store, b"a", after=2)))
        assert error.compacted == 4
        async with aclosing(_events(store, b"a", after=3)) as watch:
            assert [(await anext(watch)).entry.mod_revision for _ in range(3)] == [4, 5, 6]

    async def test_a_watch_that_falls_behind_compaction_is_told(self, store: Store) -> None:
        await store.put(b"a", b"")
        async with aclosing(store.watch(b"a", after=1)) as watch:
            await anext(watch)
            for _ in range(5):
                await store.put(b"a", b"")
            await store.compact(6)
            await _raised(Compacted, anext(watch))

    # Leases.

    async def test_the_keys_of_a_lease_go_when_it_runs_out(self, store: Store, clock: ManualClock) -> None:
        lease = await store.grant(3)
        for key in (b"a", b"b"):
            await store.put(key, b"", lease=lease.id)
        await store.put(b"c", b"")
        status = store.time_to_live(lease.id)
        assert (status.ttl, status.keys) == (3, [b"a", b"b"])
        await clock.advance(2)
        assert store.range(*ALL).count == 3
        await clock.advance(2)
        await _until(store, 5)
        assert [entry.key for entry in store.range(*ALL).entries] == [b"c"]
        assert store.revision == 5
        assert store.leases() == []

    async def test_a_lease_that_is_kept_alive_stays(self, store: Store, clock: ManualClock) -> None:
        lease = await store.grant(3)
        await store.put(b"a", b"", lease=lease.id)
        for _ in range(3):
            await clock.advance(2)
            assert (await store.keep_alive(lease.id)).remaining == 3
        assert store.get(b"a") is not None
        assert store.leases() == [lease.id]

    async def test_revoking_a_lease_deletes_its_keys_at_one_revision(self, store: Store) -> None:
        lease = await store.grant(10, id=7)
        assert lease.id == 7
        for key in (b"a", b"b"):
            await store.put(key, b"", lease=7)
        assert await store.revoke(7) == store.revision == 4
        assert store.range(*ALL).count == 0
        for gone in (store.revoke(7), store.keep_alive(7), store.put(b"a", b"", lease=7)):
            await _raised(LeaseNotFound, gone)

    async def test_a_key_follows_the_lease_it_was_last_written_with(self, store: Store) -> None:
        first, second = await store.grant(10), await store.grant(10)
        for key, lease in ((b"a", first.id), (b"b", first.id), (b"c", first.id), (b"a", second.id), (b"b", 0)):
            await store.put(key, b"", lease=lease)
        await store.delete(b"c")
        await store.put(b"c", b"")
        await store.revoke(first.id)
        assert [entry.key for entry in store.range(*ALL).entries] == [b"a", b"b", b"c"]
        assert store.time_to_live(second.id).keys == [b"a"]

    async def test_a_lease_id_is_given_once(self, store: Store) -> None:
        await store.grant(10, id=7)
        await _raised(LeaseExists, store.grant(10, id=7))
        chosen = {(await store.grant(10)).id for _ in range(5)}
        assert store.leases() == sorted(chosen | {7})

    # The end.

    async def test_a_closed_store_has_answered_everything_and_takes_nothing_new(self, store: Store) -> None:
        watch = _events(store, *ALL, after=1)
        writes = [asyncio.ensure_future(store.put(b"%d" % number, b"")) for number in range(10)]
        await _turn()
        await store.close()
        assert all(isinstance(write.result(), Entry) for write in writes)
        await _raised(StoreClosed, store.put(b"a", b""))
        assert [(await anext(watch)).entry.mod_revision for _ in range(10)] == list(range(2, 12))
        await _raised(StoreClosed, anext(watch))
        await store.close()


async def _raised(error: type[E], doing: Awaitable[object]) -> E:
    """Return the error that something raises, which is to be a certain one."""
    try:
        await doing
    except error as raised:
        return raised
    raise AssertionError(f"{error.__name__} was not raised")


def _refused(error: type[E], read: Callable[..., object], *arguments: bytes, revision: int) -> E:
    """Return the error that a read raises, which is to be a certain one."""
    try:
        read(*arguments, revision=revision)
    except error as raised:
        return raised
    raise AssertionError(f"{error.__name__} was not raised")


async def _events(store: Store, key: bytes, range_end: bytes = ONE_KEY, *, after: int) -> AsyncGenerator[Event, None]:
    """Yield the events of a watch one by one."""
    async with aclosing(store.watch(key, range_end, after=after)) as watch:
        async for changes in watch:
            for event in changes.events:
                yield event


def _record(store: Store) -> list[Event]:
    """Return a list that grows with everything that happens."""
    happened: list[Event] = []
    store.subscribe(happened.extend)
    return happened


async def _until(store: Store, revision: int) -> None:
    """Return when the store is at a revision."""
    async with asyncio.timeout(10), aclosing(store.watch(*ALL, after=revision - 1)) as watch:
        await anext(watch)


async def _turn() -> None:
    """Let everything that is ready run once."""
    turned = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(turned.set_result, None)
    await turned


def _there(entry: Entry | None) -> Entry:
    assert entry is not None
    return entry
