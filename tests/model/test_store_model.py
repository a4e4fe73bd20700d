"""The store against a plain model of it: every revision is a whole copy of the keys, and a list of what happened."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kobune.apimachinery.clock import ManualClock
from kobune.apiserver.storage.formats import read
from kobune.apiserver.storage.errors import (
    Compacted,
    DuplicateKey,
    FutureRevision,
    LeaseNotFound,
    RevisionConflict,
    StoreError,
    StoreFailed,
)
from kobune.apiserver.storage.mvcc import MvccStore, running
from kobune.apiserver.storage.store import (
    ANY,
    DELETE,
    ONE_KEY,
    PUT,
    TO_THE_END,
    Compare,
    Comparison,
    Delete,
    Entry,
    Event,
    Operation,
    Put,
    PutResult,
    Range,
    Store,
    Target,
)
from kobune.testing.store_disk import FaultyDisk

T = TypeVar("T")
ALL = (b"\0", TO_THE_END)
KEYS = [b"a", b"a/1", b"a/2", b"b", b"b\0", b"b/\xff", b"c"]
LEASES = [1, 2]

keys = st.sampled_from(KEYS)
ends = st.sampled_from([ONE_KEY, TO_THE_END, b"a0", b"b", b"c"])
values = st.binary(max_size=3)
leases = st.sampled_from([0, 0, 0, *LEASES])
puts = st.builds(Put, keys, values, leases)
deletes = st.builds(Delete, keys, ends)
operations = st.lists(st.one_of(puts, deletes, st.builds(Range, keys, ends)), max_size=4)
compares = st.builds(
    Compare,
    keys,
    st.sampled_from([Target.VERSION, Target.CREATE, Target.MOD, Target.LEASE]),
    st.integers(0, 12),
    st.sampled_from(Comparison),
)


def covers(key: bytes, start: bytes, end: bytes) -> bool:
    match end:
        case b"":
            return key == start
        case b"\0":
            return key >= start
        case _:
            return start <= key < end


@dataclass
class Model:
    """What a store has to know."""

    past: list[dict[bytes, Entry]] = field(default_factory=lambda: [{}, {}])
    """The keys at each revision; there is no revision 0."""
    events: list[Event] = field(default_factory=list)
    compacted: int = 0
    leases: set[int] = field(default_factory=set)

    @property
    def revision(self) -> int:
        return len(self.past) - 1

    @property
    def now(self) -> dict[bytes, Entry]:
        return self.past[-1]

    def copy(self) -> "Model":
        return replace(self, past=list(self.past), events=list(self.events), leases=set(self.leases))

    def run(self, steps: Sequence[Operation]) -> list[Any] | type[StoreError]:
        """Return what each step answers, or the error that refuses them all."""
        now, events, answers, touched = dict(self.now), [], [], set[bytes]()
        cleared: list[Delete] = []
        revision = self.revision + 1
        for step in steps:
            match step:
                case Put(key, bytes(value), int(lease)):
                    if key in touched or any(covers(key, gone.key, gone.range_end) for gone in cleared):
                        return DuplicateKey
                    if lease and lease not in self.leases:
                        return LeaseNotFound
                    old = now.get(key)
                    created, version = (old.create_revision, old.version + 1) if old else (revision, 1)
                    now[key] = Entry(key, value, created, revision, version, lease)
                    touched.add(key)
                    events.append(Event(PUT, now[key], old))
                    answers.append((now[key], old))
                case Delete(start, end):
                    gone = [now[key] for key in sorted(now) if covers(key, start, end)]
                    if any(entry.key in touched for entry in gone):
                        return DuplicateKey
                    for entry in gone:
                        del now[entry.key]
                        touched.add(entry.key)
                        events.append(Event(DELETE, Entry(entry.key, b"", 0, revision, 0), entry))
                    cleared.append(step)
                    answers.append(gone)
                case Range(start, end):
                    answers.append([now[key] for key in sorted(now) if covers(key, start, end)])
        if events:
            self.past.append(now)
            self.events += events
        return answers

    def holds(self, compare: Compare) -> bool:
        entry = self.now.get(compare.key, Entry(compare.key, b"", 0, 0, 0))
        names = {Target.VERSION: "version", Target.CREATE: "create_revision", Target.MOD: "mod_revision"}
        fact = getattr(entry, names.get(compare.target, "lease"))
        verdicts: dict[Comparison, Callable[[Any, Any], bool]] = {
            Comparison.EQUAL: lambda a, b: a == b,
            Comparison.NOT_EQUAL: lambda a, b: a != b,
            Comparison.GREATER: lambda a, b: a > b,
            Comparison.LESS: lambda a, b: a < b,
        }
        return verdicts[compare.comparison](fact, compare.operand)


class StoreMachine(RuleBasedStateMachine):
    """Does the same to a store and to the model; the store now and then crashes, the model never does."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.disk = FaultyDisk()
        self.model = Model()
        self.open()

    def wait(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(coroutine, 10))

    def answer(self, coroutine: Any) -> Any:
        """Return the result, or the kind of error."""
        try:
            return self.wait(coroutine)
        except StoreError as error:
            return type(error)

    def open(self) -> None:
        async def start() -> Store:
            self.exit = AsyncExitStack()
            self.clock = ManualClock()
            store = MvccStore(clock=self.clock, random=Random(1), disk=self.disk, loaded=read(self.disk))
            return await self.exit.enter_async_context(running(store))

        self.store: Store = self.wait(start())
        self.heard: list[Event] = []
        self.heard_from = len(self.model.events)
        self.store.subscribe(self.heard.extend)
        self.watched: list[Event] = []
        self.watch_from = self.store.revision

    def teardown(self) -> None:
        self.wait(self.exit.aclose())
        self.wait(self.loop.shutdown_asyncgens())
        self.wait(self.loop.shutdown_default_executor())
        self.loop.close()

    @rule(key=keys, value=values, lease=leases, expect=st.sampled_from([ANY, ANY, 0, "right", "wrong"]))
    def put(self, key: bytes, value: bytes, lease: int, expect: int | str) -> None:
        current = self.model.now.get(key)
        right = current.mod_revision if current else 0
        expected = {"right": right, "wrong": right + 1}.get(expect, expect)  # type: ignore[call-overload]
        got = self.answer(self.store.put(key, value, expect=expected, lease=lease))
        if expected not in (ANY, right):
            assert got is RevisionConflict
            return
        answers = self.model.run([Put(key, value, lease)])
        assert got == (answers if isinstance(answers, type) else answers[0][0])

    @rule(key=keys)
    def delete(self, key: bytes) -> None:
        gone = self.model.run([Delete(key)])
        assert isinstance(gone, list)
        assert self.answer(self.store.delete(key)) == (gone[0][0] if gone[0] else None)

    @rule(conditions=st.lists(compares, max_size=2), then=operations, otherwise=operations)
    def txn(self, conditions: list[Compare], then: list[Operation], otherwise: list[Operation]) -> None:
        succeeded = all(self.model.holds(compare) for compare in conditions)
        expected = self.model.run(then if succeeded else otherwise)
        got = self.answer(self.store.txn(conditions, then, otherwise))
        if isinstance(expected, type):
            assert got is expected
            return
        assert got.succeeded == succeeded
        assert got.revision == self.model.revision
        assert [plain(response) for response in got.responses] == expected

    @rule(attempts=st.lists(st.tuples(keys, values, st.booleans()), min_size=2, max_size=6))
    def write_at_once(self, attempts: list[tuple[bytes, bytes, bool]]) -> None:
        """All are decided before any is durable; some insist on the entry that was there before all of them."""
        was = {key: entry.mod_revision for key, entry in self.model.now.items()}

        async def write() -> list[Any]:
            return await asyncio.gather(
                *(self.store.put(k, v, expect=was.get(k, 0) if insists else ANY) for k, v, insists in attempts),
                return_exceptions=True,
            )

        for (key, value, insists), got in zip(attempts, self.wait(write()), strict=True):
            current = self.model.now.get(key)
            if insists and was.get(key, 0) != (current.mod_revision if current else 0):
                assert isinstance(got, RevisionConflict)
                assert got.current == current
            else:
                answers = self.model.run([Put(key, value)])
                assert isinstance(answers, list)
                assert got == answers[0][0]

    @rule(id=st.sampled_from(LEASES))
    def grant(self, id: int) -> None:
        got = self.answer(self.store.grant(100, id=id))
        assert isinstance(got, type) == (id in self.model.leases)
        self.model.leases.add(id)

    @rule(id=st.sampled_from(LEASES), runs_out=st.booleans())
    def end(self, id: int, runs_out: bool) -> None:
        if id not in self.model.leases:
            assert self.answer(self.store.revoke(id)) is LeaseNotFound
            return
        keys = sorted(key for key, entry in self.model.now.items() if entry.lease == id)
        assert self.store.time_to_live(id).keys == keys
        self.model.run([Delete(key) for key in keys])
        self.model.leases.discard(id)
        if runs_out:

            async def outlive() -> None:
                while id in self.store.leases():
                    for other in self.model.leases:
                        await self.store.keep_alive(other)
                    await self.clock.advance(10)
                await self.store.txn([], [])

            self.wait(outlive())
        else:
            assert self.answer(self.store.revoke(id)) == self.model.revision

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

    @rule(surviving=st.integers(0, 5))
    def lose_power(self, surviving: int) -> None:
        crashed = self.disk.crash(surviving)
        self.wait(self.exit.aclose())
        self.disk = crashed
        self.open()

    @rule(writes=st.lists(st.tuples(keys, values), min_size=1, max_size=5), tears=st.booleans())
    def fail_in_the_middle_of_writes(self, writes: list[tuple[bytes, bytes]], tears: bool) -> None:
        """None is acknowledged, and after a restart either all or none of that group are there."""
        self.disk.fails, self.disk.tears = OSError("injected"), tears

        async def write() -> list[Any]:
            return await asyncio.gather(*(self.store.put(k, v) for k, v in writes), return_exceptions=True)

        assert all(isinstance(got, StoreFailed) for got in self.wait(write()))
        assert self.store.revision == self.model.revision
        self.lose_power(0)
        if self.store.revision != self.model.revision:
            assert tears
            for key, value in writes:
                self.model.run([Put(key, value)])
        self.heard_from = len(self.model.events)

    @rule()
    def catch_up(self) -> None:
        """Read on with the watch that was opened at the start; compaction may have passed it by."""

        async def read_on() -> None:
            async with aclosing(self.store.watch(*ALL, after=self.watch_from)) as watch:
                while self.watch_from < self.store.revision:
                    changes = await anext(watch)
                    self.watch_from = changes.revision
                    self.watched += changes.events

        if self.watch_from + 1 < self.model.compacted:
            assert self.answer(read_on()) is Compacted
            self.watch_from = self.model.revision
            self.watched.clear()
        else:
            before = self.watch_from
            self.wait(read_on())
            happened = [event for event in self.model.events if event.entry.mod_revision > before]
            assert [comparable(event, self.model.compacted) for event in self.watched] == [
                comparable(event, self.model.compacted) for event in happened
            ]
            self.watched.clear()

    @rule(data=st.data(), start=keys, end=ends, limit=st.integers(0, 3))
    def read_the_past(self, data: st.DataObject, start: bytes, end: bytes, limit: int) -> None:
        revision = data.draw(st.integers(1, self.model.revision + 1))
        if revision < self.model.compacted or revision > self.model.revision:
            wanted = Compacted if revision < self.model.compacted else FutureRevision
            with pytest.raises(wanted):
                self.store.get(start, revision=revision)
            with pytest.raises(wanted):
                self.store.range(start, end, revision=revision)
            return
        was = self.model.past[revision]
        found = [was[key] for key in sorted(was) if covers(key, start, end)]
        got = self.store.range(start, end, revision=revision, limit=limit)
        assert got.entries == (found[:limit] if limit else found)
        assert (got.count, got.more) == (len(found), 0 < limit < len(found))
        assert self.store.get(start, revision=revision) == was.get(start)

    @invariant()
    def agrees(self) -> None:
        assert (self.store.revision, self.store.compacted) == (self.model.revision, self.model.compacted)
        assert self.store.range(*ALL).entries == [self.model.now[key] for key in sorted(self.model.now)]
        assert all(self.store.get(key) == self.model.now.get(key) for key in KEYS)
        assert self.heard == self.model.events[self.heard_from :]
        assert self.store.leases() == sorted(self.model.leases)


def plain(response: Any) -> Any:
    match response:
        case PutResult(entry, previous):
            return entry, previous
        case _:
            return list(getattr(response, "entries", None) or getattr(response, "previous", []))


def comparable(event: Event, compacted: int) -> Event:
    """Return an event without what compaction may have taken from it."""
    return Event(event.type, event.entry, None) if event.entry.mod_revision <= compacted else event


TestStoreModel = StoreMachine.TestCase
TestStoreModel.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
