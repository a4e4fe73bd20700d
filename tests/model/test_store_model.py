"""The store against a plain model of it: the whole contract, with compaction, time, full disks, crashes and reopening.

CI does some hundred lives of each store; `KOBUNE_EXAMPLES=5000` does more.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from model.store_model import Lease, Model, covers

from kobune.apimachinery.clock import ManualClock
from kobune.apiserver.storage import memory
from kobune.apiserver.storage.errors import (
    Compacted,
    FutureRevision,
    LeaseNotFound,
    RevisionConflict,
    StoreError,
    StoreFailed,
)
from kobune.apiserver.storage.formats import read
from kobune.apiserver.storage.mvcc import LEASE_CHECK, MvccStore, running
from kobune.apiserver.storage.store import (
    ANY,
    ONE_KEY,
    TO_THE_END,
    Changes,
    Compare,
    Comparison,
    Delete,
    Event,
    Operation,
    Put,
    PutResult,
    Range,
    Store,
    Target,
    Txn,
)
from kobune.testing.store_disk import FaultyDisk

EXAMPLES = int(os.environ.get("KOBUNE_EXAMPLES", "80"))
ALL = (b"\0", TO_THE_END)
KEYS = [b"a", b"a/1", b"a/2", b"b", b"b\0", b"b/\xff", b"c"]
LEASES = [1, 2]

keys = st.sampled_from(KEYS)
ends = st.sampled_from([ONE_KEY, TO_THE_END, b"a0", b"b", b"c"])
values = st.binary(max_size=3)
leases = st.sampled_from([0, 0, 0, *LEASES])
puts = st.one_of(
    st.builds(Put, keys, values, leases),
    st.builds(Put, keys, st.one_of(st.none(), values), st.one_of(st.none(), leases)),
)
deletes = st.builds(Delete, keys, ends)
ranges = st.builds(Range, keys, ends, st.sampled_from([0, 0, 0, 1, 3, 6, 12]), st.integers(0, 3), st.booleans())
facts = st.sampled_from([Target.VERSION, Target.CREATE, Target.MOD, Target.LEASE])
comparisons = st.sampled_from(Comparison)
compares = st.one_of(
    st.builds(Compare, keys, facts, st.integers(0, 12), comparisons, ends),
    st.builds(Compare, keys, st.just(Target.VALUE), values, comparisons, ends),
)
conditions = st.lists(compares, max_size=2)
flat = st.lists(st.one_of(puts, deletes, ranges), max_size=3)
nested = st.builds(Txn, conditions, flat, flat)
operations = st.lists(st.one_of(puts, deletes, ranges, nested), max_size=4)
txns = st.builds(Txn, conditions, operations, operations)


@dataclass
class Watching:
    """A watch that stays open, and how far it came."""

    start: bytes
    end: bytes
    after: int
    stream: AsyncGenerator[Changes, None]


class StoreMachine(RuleBasedStateMachine):
    """Does the same to a store and to the model; the store now and then crashes, the model never does."""

    durable = True

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.disk = FaultyDisk()
        self.model = Model()
        self.watches: list[Watching] = []

    @initialize()
    def begin(self) -> None:
        self.open()

    def wait(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(coroutine, 10))

    def answer(self, coroutine: Any) -> Any:
        """Return the result, or the kind of error."""
        try:
            return self.wait(coroutine)
        except StoreError as error:
            return type(error)

    async def opened(self) -> Store:
        store = MvccStore(clock=self.clock, random=Random(1), disk=self.disk, loaded=read(self.disk))
        return await self.exit.enter_async_context(running(store))

    def open(self) -> None:
        self.exit = AsyncExitStack()
        self.clock = ManualClock()
        self.store = self.wait(self.opened())
        self.heard: list[Event] = []
        self.heard_from = len(self.model.events)
        self.store.subscribe(self.heard.extend)
        for lease in self.model.leases.values():
            lease.ends = self.clock.now() + lease.ttl  # each runs its full time again
        for watching in self.watches:
            watching.stream = self.store.watch(watching.start, watching.end, after=watching.after)

    def close(self) -> None:
        self.wait(self.exit.aclose())
        for watching in self.watches:
            self.wait(watching.stream.aclose())

    def teardown(self) -> None:
        if hasattr(self, "exit"):
            self.close()
        self.wait(self.loop.shutdown_asyncgens())
        self.wait(self.loop.shutdown_default_executor())
        self.loop.close()

    # Writes.

    @rule(key=keys, value=values, lease=leases, expect=st.sampled_from([ANY, ANY, 0, "right", "wrong"]))
    def put(self, key: bytes, value: bytes, lease: int, expect: int | str) -> None:
        current = self.model.now.get(key)
        right = current.mod_revision if current else 0
        expected = {"right": right, "wrong": right + 1}.get(expect, expect)  # type: ignore[call-overload]
        got = self.answer(self.store.put(key, value, expect=expected, lease=lease))
        if expected not in (ANY, right):
            assert got is RevisionConflict
            return
        answers = self.model.do(Put(key, value, lease))
        assert got == (answers if isinstance(answers, type) else answers[0].entry)  # type: ignore[union-attr]

    @rule(key=keys, insists=st.booleans(), off=st.sampled_from([0, 0, 1]))
    def delete(self, key: bytes, insists: bool, off: int) -> None:
        current = self.model.now.get(key)
        expected = (current.mod_revision if current else 0) + off if insists else ANY
        got = self.answer(self.store.delete(key, expect=expected))
        if insists and off:
            assert got is RevisionConflict
        else:
            assert got == current
            self.model.do(Delete(key))

    @rule(txn=txns)
    def txn(self, txn: Txn) -> None:
        expected = self.model.run(txn)
        assert self.answer(self.store.txn(txn.compares, txn.then, txn.otherwise)) == expected

    @rule(attempts=st.lists(st.tuples(keys, values, st.booleans()), min_size=2, max_size=6))
    def write_at_once(self, attempts: list[tuple[bytes, bytes, bool]]) -> None:
        """All are decided before any is durable; some insist on the entry that was there before all of them."""
        was = {key: entry.mod_revision for key, entry in self.model.now.items()}
        writes = [self.store.put(k, v, expect=was.get(k, 0) if insists else ANY) for k, v, insists in attempts]
        for (key, value, insists), got in zip(attempts, self.wait(settled(writes)), strict=True):
            current = self.model.now.get(key)
            if insists and was.get(key, 0) != (current.mod_revision if current else 0):
                assert isinstance(got, RevisionConflict)
                assert got.current == current
            else:
                [answer] = self.model.do(Put(key, value))
                assert isinstance(answer, PutResult)
                assert got == answer.entry

    @rule(batch=st.lists(txns, min_size=2, max_size=4))
    def transact_at_once(self, batch: list[Txn]) -> None:
        """Each is decided against those before it, none of which is durable yet."""
        if any(isinstance(step, Range) and step.revision for txn in batch for step in steps_of(txn)):
            return  # the past is what is durable: then how fast the disk is would count
        for txn, got in zip(batch, self.wait(settled([self.store.txn(*parts(txn)) for txn in batch])), strict=True):
            expected = self.model.run(txn)
            assert type(got) is expected if isinstance(expected, type) else got == expected

    # Leases and time.

    @rule(id=st.sampled_from(LEASES), ttl=st.sampled_from([0, 2, 10]))
    def grant(self, id: int, ttl: int) -> None:
        got = self.answer(self.store.grant(ttl, id=id))
        assert isinstance(got, type) == (id in self.model.leases)
        if id not in self.model.leases:
            self.model.leases[id] = Lease(max(ttl, 1), self.clock.now() + max(ttl, 1))

    @rule(id=st.sampled_from(LEASES))
    def revoke(self, id: int) -> None:
        got = self.answer(self.store.revoke(id))
        if id not in self.model.leases:
            assert got is LeaseNotFound
            return
        self.model.end(id)
        assert got == self.model.revision

    @rule(id=st.sampled_from(LEASES))
    def keep_alive(self, id: int) -> None:
        got = self.answer(self.store.keep_alive(id))
        if id not in self.model.leases:
            assert got is LeaseNotFound
            return
        lease = self.model.leases[id]
        lease.ends = self.clock.now() + lease.ttl
        assert (got.ttl, got.remaining, got.keys) == (lease.ttl, lease.ttl, self.model.attached(id))

    @precondition(lambda self: self.model.leases)
    @rule(seconds=st.sampled_from([0.4, 1, 2.2, 10]))
    def pass_time(self, seconds: float) -> None:
        """Leases end no later than the next look for them, and never too early."""
        due = self.clock.now() + seconds
        over = [id for id, lease in self.model.leases.items() if lease.ends <= due]

        async def pass_on() -> None:
            for step in (seconds, LEASE_CHECK):
                await self.clock.advance(step)
                for _ in range(2 * len(LEASES)):  # one ends after the other, each when that is on the disk
                    for _ in range(5):
                        await asyncio.sleep(0)
                    await self.store.txn([], [])

        self.wait(pass_on())
        gone = self.model.leases.keys() - set(self.store.leases())
        assert gone >= set(over), "a lease outlived its time"
        assert all(self.model.leases[id].ends <= self.clock.now() for id in gone), "a lease ended too early"
        self.model.expire(max([due, *(self.model.leases[id].ends for id in gone)]))

    # Compaction.

    @rule(back=st.integers(-1, 12), physical=st.booleans())
    def compact(self, back: int, physical: bool) -> None:
        revision = self.model.revision - back
        got = self.answer(self.store.compact(revision, physical=physical))
        if revision > self.model.revision:
            assert got is (FutureRevision if revision > self.model.compacted else Compacted)
        elif revision <= self.model.compacted:
            assert got is Compacted
        else:
            assert got is None
            self.model.compacted = revision

    # Crashes.

    def reopen(self, disk: FaultyDisk) -> None:
        self.disk.open.set()
        self.close()
        self.disk = disk
        self.open()

    @precondition(lambda self: self.durable)
    @rule(surviving=st.integers(0, 5))
    def lose_power(self, surviving: int) -> None:
        self.reopen(self.disk.crash(surviving))

    @precondition(lambda self: self.durable)
    @rule(batch=st.lists(txns, min_size=1, max_size=4), lease=st.booleans())
    def lose_power_with_writes_in_flight(self, batch: list[Txn], lease: bool) -> None:
        """Nobody saw anything of them, and nothing of them is there."""

        async def begin() -> list[asyncio.Future[Any]]:
            self.disk.open.clear()
            writes = [asyncio.ensure_future(self.store.txn(*parts(txn))) for txn in batch]
            if lease:
                writes.append(asyncio.ensure_future(self.store.grant(10)))
            for _ in range(3):
                await asyncio.sleep(0)
            return writes

        writes = self.wait(begin())
        try:
            self.agrees_about_keys()
            crashed = self.disk.crash()
        finally:
            self.disk.open.set()
        self.wait(settled(writes))
        self.reopen(crashed)

    @precondition(lambda self: self.durable)
    @rule(writes=st.lists(st.tuples(keys, values), min_size=1, max_size=5), tears=st.booleans())
    def fail_in_the_middle_of_writes(self, writes: list[tuple[bytes, bytes]], tears: bool) -> None:
        """None is acknowledged, and after a restart either all or none of that group are there."""
        self.disk.fails, self.disk.tears = OSError("injected"), tears
        got = self.wait(settled([self.store.put(k, v) for k, v in writes]))
        assert all(isinstance(answer, StoreFailed) for answer in got)
        assert isinstance(self.store.failed, StoreFailed)
        self.agrees_about_keys()
        self.reopen(self.disk.crash())
        if self.store.revision != self.model.revision:
            assert tears
            for key, value in writes:
                self.model.do(Put(key, value))
            self.heard_from = len(self.model.events)

    # Watches.

    @precondition(lambda self: len(self.watches) < 4)
    @rule(start=keys, end=ends, back=st.integers(-2, 8))
    def open_watch(self, start: bytes, end: bytes, back: int) -> None:
        after = max(self.model.revision - back, 1)
        self.watches.append(Watching(start, end, after, self.store.watch(start, end, after=after)))

    @precondition(lambda self: self.watches)
    @rule(which=st.integers(0, 3))
    def read_on(self, which: int) -> None:
        """Take everything that a watch has, or be told that compaction has passed it by."""
        watching = self.watches[which % len(self.watches)]
        seen: list[Event] = []

        async def take() -> None:
            while watching.after < self.store.revision:
                changes = await anext(watching.stream)
                assert changes.revision > watching.after, "a watch went back"
                assert all(watching.after < event.entry.mod_revision <= changes.revision for event in changes.events)
                watching.after = changes.revision
                seen.extend(changes.events)

        if watching.after + 1 < self.model.compacted and watching.after < self.model.revision:
            assert self.answer(take()) is Compacted
            self.watches.remove(watching)
        else:
            expected = self.model.since(watching.after, watching.start, watching.end)
            self.wait(take())
            assert seen == expected

    # Reads.

    @rule(data=st.data(), start=keys, end=ends, limit=st.integers(0, 3), count_only=st.booleans())
    def read_the_past(self, data: st.DataObject, start: bytes, end: bytes, limit: int, count_only: bool) -> None:
        revision = data.draw(st.integers(1, self.model.revision + 1))
        refused = self.model.readable(revision)
        if refused is not None:
            with pytest.raises(refused):
                self.store.get(start, revision=revision)
            with pytest.raises(refused):
                self.store.range(start, end, revision=revision)
            return
        was = self.model.past[revision]
        expected = self.model.range(Range(start, end, 0, limit, count_only), was, revision)
        assert self.store.range(start, end, revision=revision, limit=limit, count_only=count_only) == expected
        assert self.store.get(start, revision=revision) == was.get(start)

    @rule(start=keys, end=ends, limit=st.integers(0, 3))
    def read(self, start: bytes, end: bytes, limit: int) -> None:
        expected = self.model.range(Range(start, end, 0, limit), self.model.now, self.model.revision)
        assert self.store.range(start, end, limit=limit) == expected
        there = [(key, self.model.now[key].mod_revision) for key in sorted(self.model.now) if covers(key, start, end)]
        assert list(self.store.index(start, end)) == there

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "store"):
            return
        self.agrees_about_keys()
        assert self.store.leases() == sorted(self.model.leases)
        for id, lease in self.model.leases.items():
            status = self.store.time_to_live(id)
            assert (status.ttl, status.keys) == (lease.ttl, self.model.attached(id))
            assert status.remaining == pytest.approx(max(lease.ends - self.clock.now(), 0))

    def agrees_about_keys(self) -> None:
        """Hold what is durable against the model, which holds whatever is in flight; leases follow what is decided."""
        assert (self.store.revision, self.store.compacted) == (self.model.revision, self.model.compacted)
        assert self.store.range(*ALL).entries == [self.model.now[key] for key in sorted(self.model.now)]
        assert all(self.store.get(key) == self.model.now.get(key) for key in KEYS)
        assert self.heard == self.model.events[self.heard_from :]


class MemoryMachine(StoreMachine):
    """The store that never crashes."""

    durable = False

    async def opened(self) -> Store:
        return await self.exit.enter_async_context(memory.open_store(clock=self.clock, random=Random(1)))


async def settled(doing: Sequence[Any]) -> list[Any]:
    return await asyncio.gather(*doing, return_exceptions=True)


def parts(txn: Txn) -> tuple[Sequence[Compare], Sequence[Operation], Sequence[Operation]]:
    return txn.compares, txn.then, txn.otherwise


def steps_of(txn: Txn) -> list[Operation]:
    """Return every operation in a transaction, nested ones as well."""
    found = []
    for step in (*txn.then, *txn.otherwise):
        found += steps_of(step) if isinstance(step, Txn) else [step]
    return found


TestStoreModel = StoreMachine.TestCase
TestMemoryModel = MemoryMachine.TestCase
TestStoreModel.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestMemoryModel.settings = settings(TestStoreModel.settings, max_examples=EXAMPLES // 2)
