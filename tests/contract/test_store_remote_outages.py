"""What becomes of writes and of what followers see when the way to etcd is cut, or others share it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from kobune.apimachinery.clock import ManualClock, SystemClock
from kobune.apiserver.bootstrap.joining import join
from kobune.apiserver.storage.compaction import LAST, compact_by_age
from kobune.apiserver.storage.errors import CannotOpen, Compacted, RevisionConflict
from kobune.apiserver.storage.remote.endpoints import Endpoints, TlsFiles, parse
from kobune.apiserver.storage.remote.store import EtcdStore, open_store
from kobune.apiserver.storage.store import ABSENT, DELETE, PUT, Compare, Delete, DeleteResult, Event, Put, Target
from kobune.component_base import certificates
from kobune.component_base.certificates import Identity
from kobune.component_base.failure import CannotStart
from kobune.testing.etcd_servers import EtcdServers, etcd_binary

pytestmark = pytest.mark.skipif(etcd_binary() is None, reason="there is no etcd: apt-get install etcd-server")

LIMIT = 25.0


class Way:
    """A way to etcd that can be cut: altogether, or so that answers get lost."""

    def __init__(self, to: str) -> None:
        self._host, _, port = to.rpartition(":")
        self._port = int(port)
        self._pairs: list[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_open = True
        self.swallows = False
        """Whether the next answer gets lost, and the connections with it."""
        self.address = ""

    async def serve(self) -> asyncio.Server:
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    def cut(self) -> None:
        self.is_open = False
        for pair in self._pairs:
            for end in pair:
                end.transport.abort()
        self._pairs.clear()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_open:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        self._pairs.append((writer, far_writer))
        for source, sink, answers in ((reader, far_writer, False), (far_reader, writer, True)):
            task = asyncio.ensure_future(self._pump(source, sink, answers=answers))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        try:
            while data := await source.read(1 << 16):
                if answers and self.swallows:
                    self.swallows = False
                    self.cut()
                    self.is_open = True
                    return
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.transport.abort()


class Setting:
    """An etcd, and stores on it."""

    def __init__(self, etcd: EtcdServers, stack: AsyncExitStack) -> None:
        self.etcd = etcd
        self._stack = stack
        self._opened = 0

    async def open(self, address: str = "") -> EtcdStore:
        self._opened += 1
        endpoints = Endpoints((address,)) if address else parse(self.etcd.url, TlsFiles())
        opening = open_store(endpoints, clock=SystemClock(), random=Random(self._opened))
        return await self._stack.enter_async_context(opening)

    async def way(self) -> Way:
        way = Way(self.etcd.addresses[0])
        server = await way.serve()
        self._stack.callback(server.close)
        self._stack.callback(way.cut)
        return way


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    async with asyncio.timeout(LIMIT), EtcdServers(tmp_path) as etcd, AsyncExitStack() as stack:
        yield Setting(etcd, stack)


def record(store: EtcdStore) -> list[Event]:
    happened: list[Event] = []
    store.subscribe(happened.extend)
    return happened


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await SystemClock().sleep(0.01)


async def test_a_write_whose_answer_is_lost_is_done_once(setting: Setting) -> None:
    way = await setting.way()
    store = await setting.open(way.address)
    events = record(store)
    lost = 0
    for number in range(12):
        key = b"k%d" % number
        way.swallows = number % 3 != 2
        match number % 4:
            case 0:
                assert (await store.put(key, b"1", expect=ABSENT)).version == 1
            case 1:
                assert (await store.put(key, b"1")).version == 1
            case 2:
                before = await store.put(key, b"1")
                way.swallows = True
                assert await store.delete(key, expect=before.mod_revision) == before
            case 3:
                before = await store.put(key, b"1")
                way.swallows = True
                done = await store.txn([Compare(key, Target.MOD, before.mod_revision)], [Delete(key), Put(b"x", b"")])
                assert done.succeeded
                assert done.responses[0] == DeleteResult([before])
        lost += not way.swallows
    assert lost > 6
    assert store.revision == 1 + 12 + 6
    assert [event.entry.mod_revision for event in events if event.entry.key != b"x"] == list(range(2, 2 + 18))


async def test_somebody_elses_write_is_not_taken_for_ones_own(setting: Setting) -> None:
    way = await setting.way()
    store, other = await setting.open(way.address), await setting.open()
    await other.put(b"a", b"theirs", expect=ABSENT)
    way.swallows = True
    with pytest.raises(RevisionConflict) as raised:
        await store.put(b"a", b"mine", expect=ABSENT)
    assert raised.value.current == other.get(b"a") == store.get(b"a")


async def test_what_another_process_was_told_is_seen_once_one_asks(setting: Setting) -> None:
    stores = [await setting.open(), await setting.open()]
    for number in range(100):
        writer, reader = stores[number % 2], stores[1 - number % 2]
        written = await writer.put(b"a", b"%d" % number)
        await reader.fresh()
        assert reader.get(b"a") == written


async def test_followers_have_no_hole_where_history_was_compacted_meanwhile(setting: Setting) -> None:
    way = await setting.way()
    store, other = await setting.open(way.address), await setting.open()
    for key in (b"gone", b"changed", b"new-again", b"same"):
        await other.put(key, b"1")
    await store.fresh()
    events = record(store)
    way.cut()
    await other.delete(b"gone")
    await other.delete(b"new-again")
    await other.put(b"new-again", b"2")
    await other.put(b"changed", b"2")
    await other.put(b"new", b"1")
    await other.put(b"changed", b"3")
    await other.compact(other.revision)
    way.is_open = True
    await store.fresh()
    assert store.revision == other.revision
    assert store.range(b"\0", b"\0").entries == other.range(b"\0", b"\0").entries
    told = [(event.type, event.entry.key, event.entry.value) for event in events]
    assert sorted(told) == sorted(
        [
            (DELETE, b"gone", b""),
            (DELETE, b"new-again", b""),
            (PUT, b"new-again", b"2"),
            (PUT, b"changed", b"3"),
            (PUT, b"new", b"1"),
        ]
    )
    revisions = [event.entry.mod_revision for event in events]
    assert revisions == sorted(revisions)
    with pytest.raises(Compacted):
        await anext(store.watch(b"\0", b"\0", after=events[0].entry.mod_revision - 1))


async def test_a_store_that_is_opened_later_knows_the_history(setting: Setting) -> None:
    first = await setting.open()
    for number in range(20):
        await first.put(b"k%d" % (number % 3), b"%d" % number)
    await first.compact(10)
    await first.delete(b"k1")
    later = await setting.open()
    assert later.compacted == 10
    for revision in range(10, first.revision + 1):
        assert later.range(b"\0", b"\0", revision=revision) == first.range(b"\0", b"\0", revision=revision)
    with pytest.raises(Compacted):
        later.get(b"k0", revision=9)


async def test_the_store_says_that_it_is_not_well_and_recovers(setting: Setting) -> None:
    way = await setting.way()
    store = await setting.open(way.address)
    way.cut()
    await until(lambda: store.failed is not None)
    assert "cannot be reached" in str(store.failed)
    assert store.range(b"\0", b"\0").count == 0  # what is known can still be read
    writing = asyncio.ensure_future(store.put(b"a", b""))
    way.is_open = True
    assert (await writing).version == 1
    await until(lambda: store.failed is None)


class CountingClock(ManualClock):
    """Knows how many wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.sleeping = 0

    async def sleep(self, seconds: float) -> None:
        self.sleeping += 1
        try:
            await super().sleep(seconds)
        finally:
            self.sleeping -= 1


def noting(compact: Callable[[int], Awaitable[None]], by: list[int], number: int) -> Callable[[int], Awaitable[None]]:
    async def noted(revision: int) -> None:
        by.append(number)
        await compact(revision)

    return noted


async def test_of_those_who_share_a_store_one_compacts_it(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = CountingClock()
    stores = [await setting.open() for _ in range(3)]
    tasks = [asyncio.ensure_future(compact_by_age(store, clock=clock, keep=300, shared=store)) for store in stores]

    compacted_by: list[int] = []
    for number, store in enumerate(stores):
        # Which of them asks etcd shows nowhere else.
        monkeypatch.setattr(store, "compact", noting(store.compact, compacted_by, number))

    async def pass_minutes(count: int) -> None:
        for _ in range(count):
            await stores[0].put(b"a", b"")
            for store in stores:
                await store.fresh()
            await clock.advance(60)
            await until(lambda: clock.sleeping == sum(not task.done() for task in tasks))

    await pass_minutes(9)
    for store in stores:
        await store.fresh()
    turns = stores[0].get(LAST)
    assert turns is not None
    assert turns.version == len(compacted_by) == 4  # once a minute, from the fifth on
    assert {store.compacted for store in stores} == {stores[0].compacted}
    assert (await setting.open()).compacted == stores[0].compacted > 1
    gone = compacted_by[-1]
    tasks[gone].cancel()
    await pass_minutes(4)
    assert len(compacted_by) >= 4 + 3
    assert gone not in compacted_by[4:]
    for task in tasks:
        task.cancel()


async def test_an_etcd_that_is_not_there_is_told_at_once() -> None:
    started = asyncio.get_running_loop().time()
    with pytest.raises(CannotOpen, match=r"etcd at 127\.0\.0\.1:1 cannot be reached"):
        async with open_store(Endpoints(("127.0.0.1:1",)), clock=SystemClock(), random=Random(1)):
            pass
    assert asyncio.get_running_loop().time() - started < 8


async def test_apiservers_of_another_cluster_are_turned_away(setting: Setting) -> None:
    stores = [await setting.open(), await setting.open()]
    facts = {"ca": "1", "serviceAccountKey": "2", "serviceNetwork": "127.96.0.0/16"}
    numbers = await asyncio.gather(*(join(store, facts) for store in stores))
    assert len(set(numbers)) == 2
    with pytest.raises(CannotStart, match="another certificate authority"):
        await join(stores[1], facts | {"ca": "3"})


@asynccontextmanager
async def secured(folder: Path) -> AsyncIterator[tuple[EtcdServers, TlsFiles]]:
    """Serve an etcd that asks for certificates."""
    certificates.ensure(folder, [Identity("etcd", "etcd", (), ("127.0.0.1", "localhost"))], clock=SystemClock())
    files = certificates.credentials(folder, "etcd")
    arguments: Sequence[str] = (
        *("--cert-file", str(files.certificate), "--key-file", str(files.key)),
        *("--trusted-ca-file", str(files.ca), "--client-cert-auth"),
    )
    async with EtcdServers(folder, arguments=arguments, scheme="https") as etcd:
        yield etcd, TlsFiles(files.ca, files.certificate, files.key)


async def test_etcd_is_reached_over_tls_with_a_certificate(tmp_path: Path) -> None:
    async with asyncio.timeout(LIMIT), secured(tmp_path) as (etcd, files):
        async with open_store(parse(etcd.url, files), clock=SystemClock(), random=Random(1)) as store:
            assert (await store.put(b"a", b"1")).mod_revision == 2
        nameless = parse(etcd.url, TlsFiles(files.ca))
        with pytest.raises(CannotOpen):
            async with open_store(nameless, clock=SystemClock(), random=Random(1)):
                pass
