"""The store served as etcd v3: for any gRPC client, and for the real etcdctl where it is installed."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import grpc
import pytest

from kobune.apimachinery.clock import ManualClock
from kobune.apiserver.storage import memory
from kobune.apiserver.storage.etcd import SERVICES, add_to
from kobune.apiserver.storage.store import Store
from kobune.vendor.etcd import rpc_pb2 as pb
from kobune.vendor.etcd import rpc_pb2_grpc as services

etcdctl_installed = pytest.mark.skipif(shutil.which("etcdctl") is None, reason="etcdctl is not installed")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def store(clock: ManualClock) -> AsyncIterator[Store]:
    async with memory.open_store(clock=clock, random=Random(1)) as store:
        yield store


@pytest.fixture
async def address(store: Store, clock: ManualClock) -> AsyncIterator[str]:
    server = grpc.aio.server()
    add_to(server, store, clock=clock, client_urls=lambda: ["http://127.0.0.1:2379"])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(0)


@pytest.fixture
async def channel(address: str) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(address) as channel:
        yield channel


@pytest.fixture
def kv(channel: grpc.aio.Channel) -> Any:
    return services.KVStub(channel)


class Watching:
    """One stream of watches."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.call = services.WatchStub(channel).Watch()

    async def create(self, **fields: Any) -> pb.WatchResponse:
        await self.call.write(pb.WatchRequest(create_request=pb.WatchCreateRequest(**fields)))
        return await self.next()

    async def next(self) -> pb.WatchResponse:
        async with asyncio.timeout(10):
            return await self.call.read()


@pytest.fixture
async def watching(channel: grpc.aio.Channel) -> AsyncIterator[Watching]:
    watching = Watching(channel)
    yield watching
    watching.call.cancel()


async def refusal(call: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return raised.value.code(), raised.value.details() or ""


async def test_ranges_are_sorted_picked_and_cut_as_etcd_does(kv: Any, store: Store) -> None:
    for key, value in ((b"p/b", b"1"), (b"p/a", b"3"), (b"p/c", b"2"), (b"p/a", b"4")):
        await store.put(key, value)

    async def keys(**fields: Any) -> tuple[list[bytes], bool, int]:
        answer = await kv.Range(pb.RangeRequest(key=b"p/", range_end=b"p0", **fields))
        return [pair.key for pair in answer.kvs], answer.more, answer.count

    assert await keys() == ([b"p/a", b"p/b", b"p/c"], False, 3)
    assert await keys(limit=2) == ([b"p/a", b"p/b"], True, 3)
    assert await keys(sort_order="DESCEND", limit=2) == ([b"p/c", b"p/b"], True, 3)
    assert await keys(sort_target="VALUE") == ([b"p/b", b"p/c", b"p/a"], False, 3)
    assert await keys(sort_target="MOD", sort_order="DESCEND") == ([b"p/a", b"p/c", b"p/b"], False, 3)
    assert await keys(min_mod_revision=4, max_create_revision=3) == ([b"p/a"], False, 3)
    assert await keys(count_only=True) == ([], False, 3)
    assert await keys(revision=2) == ([b"p/b"], False, 1)
    answer = await kv.Range(pb.RangeRequest(key=b"p/a", keys_only=True))
    assert (answer.kvs[0].value, answer.kvs[0].version, answer.header.revision) == (b"", 2, 5)


async def test_puts_and_deletions_answer_with_what_was_there(kv: Any) -> None:
    await kv.Put(pb.PutRequest(key=b"a", value=b"1"))
    answer = await kv.Put(pb.PutRequest(key=b"a", value=b"2", prev_kv=True))
    assert (answer.prev_kv.value, answer.header.revision) == (b"1", 3)
    answer = await kv.Put(pb.PutRequest(key=b"a", ignore_value=True))
    answer = await kv.DeleteRange(pb.DeleteRangeRequest(key=b"a", range_end=b"\0", prev_kv=True))
    assert (answer.deleted, answer.prev_kvs[0].value, answer.prev_kvs[0].version) == (1, b"2", 3)
    answer = await kv.DeleteRange(pb.DeleteRangeRequest(key=b"a"))
    assert (answer.deleted, answer.header.revision) == (0, 5)


async def test_a_kubernetes_write_is_a_transaction(kv: Any) -> None:
    def write(expected: int) -> pb.TxnRequest:
        return pb.TxnRequest(
            compare=[pb.Compare(key=b"a", target="MOD", mod_revision=expected)],
            success=[pb.RequestOp(request_put=pb.PutRequest(key=b"a", value=b"%d" % expected))],
            failure=[pb.RequestOp(request_range=pb.RangeRequest(key=b"a"))],
        )

    assert (await kv.Txn(write(0))).succeeded
    assert (await kv.Txn(write(2))).succeeded
    answer = await kv.Txn(write(2))
    assert not answer.succeeded
    assert answer.responses[0].response_range.kvs[0].mod_revision == 3


async def test_refusals_are_in_etcds_words(kv: Any, channel: grpc.aio.Channel) -> None:
    invalid, out_of_range = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.OUT_OF_RANGE
    put = pb.RequestOp(request_put=pb.PutRequest(key=b"a"))
    assert await refusal(kv.Put(pb.PutRequest())) == (invalid, "etcdserver: key is not provided")
    duplicate = kv.Txn(pb.TxnRequest(success=[put, put]))
    assert await refusal(duplicate) == (invalid, "etcdserver: duplicate key given in txn request")
    lease = kv.Put(pb.PutRequest(key=b"a", lease=7))
    assert await refusal(lease) == (grpc.StatusCode.NOT_FOUND, "etcdserver: requested lease not found")
    future = kv.Range(pb.RangeRequest(key=b"a", revision=9))
    assert await refusal(future) == (out_of_range, "etcdserver: mvcc: required revision is a future revision")
    many = kv.Txn(pb.TxnRequest(success=[put] * 129))
    assert await refusal(many) == (invalid, "etcdserver: too many operations in txn request")


async def test_what_is_not_served_says_so_by_name(channel: grpc.aio.Channel) -> None:
    auth, maintenance = services.AuthStub(channel), services.MaintenanceStub(channel)
    unimplemented = grpc.StatusCode.UNIMPLEMENTED
    code, words = await refusal(auth.UserAdd(pb.AuthUserAddRequest(name="me")))
    assert (code, "Auth/UserAdd" in words) == (unimplemented, True)
    code, words = await refusal(maintenance.Snapshot(pb.SnapshotRequest()).read())
    assert (code, "Maintenance/Snapshot" in words) == (unimplemented, True)
    served = {service.full_name for service in pb.DESCRIPTOR.services_by_name.values()}
    assert served == set(SERVICES)


async def test_many_watches_share_a_stream(watching: Watching, store: Store) -> None:
    assert (await watching.create(key=b"a", prev_kv=True)).watch_id == 0
    assert (await watching.create(key=b"b", range_end=b"c", watch_id=7, filters=["NOPUT"])).watch_id == 7
    again = await watching.create(key=b"z", watch_id=7)
    assert (again.watch_id, again.canceled) == (-1, True)
    await store.put(b"a", b"1")
    await store.put(b"a", b"2")
    got: list[Any] = []
    while len(got) < 2:
        got += (await watching.next()).events
    assert [(event.kv.value, event.prev_kv.value) for event in got] == [(b"1", b""), (b"2", b"1")]
    await store.put(b"bb", b"")
    await store.delete(b"bb")
    answer = await watching.next()
    assert (answer.watch_id, answer.events[0].type, answer.events[0].kv.mod_revision) == (7, 1, 5)
    await watching.call.write(pb.WatchRequest(cancel_request=pb.WatchCancelRequest(watch_id=7)))
    answer = await watching.next()
    assert (answer.watch_id, answer.canceled) == (7, True)
    await store.put(b"bb", b"")
    await store.put(b"a", b"3")
    assert (await watching.next()).watch_id == 0


async def test_a_watch_of_what_is_compacted_ends_with_the_revision_to_start_from(
    watching: Watching, store: Store
) -> None:
    for _ in range(5):
        await store.put(b"a", b"")
    await store.compact(4)
    assert (await watching.create(key=b"a", start_revision=2)).created
    answer = await watching.next()
    assert (answer.canceled, answer.compact_revision) == (True, 4)
    await watching.create(key=b"a", start_revision=4)
    assert [event.kv.mod_revision for event in (await watching.next()).events] == [4, 5, 6]


async def test_progress_is_told_once_every_watch_has_been_told_everything(watching: Watching, store: Store) -> None:
    await watching.create(key=b"a")
    await watching.create(key=b"quiet")
    for _ in range(3):
        await store.put(b"a", b"")
    await watching.call.write(pb.WatchRequest(progress_request=pb.WatchProgressRequest()))
    seen = 0
    while (answer := await watching.next()).events:
        seen += len(answer.events)
    assert (answer.watch_id, answer.header.revision, seen) == (-1, 4, 3)


async def test_an_idle_watch_is_told_of_progress_if_it_asked(
    watching: Watching, store: Store, clock: ManualClock
) -> None:
    await watching.create(key=b"a", progress_notify=True)
    await store.put(b"b", b"")
    await asyncio.sleep(0.01)
    await clock.advance(1300)
    answer = await watching.next()
    assert (len(answer.events), answer.header.revision) == (0, 2)


async def test_leases_over_the_wire(channel: grpc.aio.Channel, kv: Any, store: Store, clock: ManualClock) -> None:
    leases = services.LeaseStub(channel)
    granted = await leases.LeaseGrant(pb.LeaseGrantRequest(TTL=10))
    await kv.Put(pb.PutRequest(key=b"a", lease=granted.ID))
    await clock.advance(5)
    answer = await leases.LeaseTimeToLive(pb.LeaseTimeToLiveRequest(ID=granted.ID, keys=True))
    assert (answer.TTL, answer.grantedTTL, answer.keys) == (5, 10, [b"a"])
    alive = leases.LeaseKeepAlive()
    for id, left in ((granted.ID, 10), (99, 0)):
        await alive.write(pb.LeaseKeepAliveRequest(ID=id))
        assert left == (await alive.read()).TTL
    alive.cancel()
    await leases.LeaseRevoke(pb.LeaseRevokeRequest(ID=granted.ID))
    assert store.get(b"a") is None
    assert (await leases.LeaseTimeToLive(pb.LeaseTimeToLiveRequest(ID=granted.ID))).TTL == -1


async def etcdctl(address: str, *arguments: str, said: str = "") -> str:
    """Return what etcdctl prints; it has to succeed."""
    process = await asyncio.create_subprocess_exec(
        "etcdctl",
        f"--endpoints={address}",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"ETCDCTL_API": "3", "PATH": "/usr/local/bin:/usr/bin:/bin"},
    )
    async with asyncio.timeout(20):
        printed, _ = await process.communicate(said.encode())
    assert process.returncode == 0, printed.decode()
    return printed.decode().strip()


@etcdctl_installed
async def test_the_real_etcdctl_reads_and_writes(address: str) -> None:
    for key in ("/a", "/b", "/c"):
        assert await etcdctl(address, "put", key, "1") == "OK"
    assert await etcdctl(address, "get", "/", "--prefix", "--keys-only") == "/a\n\n/b\n\n/c"
    txn = 'mod("/a") = "2"\n\nput /a 2\nget /a\ndel /b\n\nput /never 1\n\n'
    assert (await etcdctl(address, "txn", said=txn)).split() == ["SUCCESS", "OK", "/a", "2", "1"]
    assert '"Count" : 3' in await etcdctl(address, "get", "/", "--prefix", "--rev=4", "-w=fields")
    assert await etcdctl(address, "get", "/a", "--rev=4", "--print-value-only") == "1"
    assert await etcdctl(address, "del", "/", "--prefix") == "2"
    assert await etcdctl(address, "compaction", "5") == "compacted revision 5"
    with pytest.raises(AssertionError, match="required revision has been compacted"):
        await etcdctl(address, "get", "/a", "--rev=4")


@etcdctl_installed
async def test_the_real_etcdctl_watches(address: str, store: Store) -> None:
    await store.put(b"/a", b"1")
    process = await asyncio.create_subprocess_exec(
        *("etcdctl", f"--endpoints={address}", "watch", "/", "--prefix", "--rev=2"),
        stdout=asyncio.subprocess.PIPE,
        env={"ETCDCTL_API": "3", "PATH": "/usr/local/bin:/usr/bin:/bin"},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            assert [await process.stdout.readline() for _ in range(3)] == [b"PUT\n", b"/a\n", b"1\n"]
            await store.delete(b"/a")
            assert [await process.stdout.readline() for _ in range(2)] == [b"DELETE\n", b"/a\n"]
    finally:
        process.kill()
        await process.wait()


@etcdctl_installed
async def test_the_real_etcdctl_keeps_leases_and_looks_after_the_store(address: str, store: Store) -> None:
    id = (await etcdctl(address, "lease", "grant", "100")).split()[1]
    await etcdctl(address, "put", "/a", "1", f"--lease={id}")
    assert "attached keys([/a])" in await etcdctl(address, "lease", "timetolive", id, "--keys")
    assert "keepalived with TTL(100)" in await etcdctl(address, "lease", "keep-alive", "--once", id)
    assert id in await etcdctl(address, "lease", "list")
    await etcdctl(address, "lease", "revoke", id)
    assert store.get(b"/a") is None
    assert "3.5" in await etcdctl(address, "endpoint", "status")
    assert "healthy" in await etcdctl(address, "endpoint", "health")
    assert "kobune" in await etcdctl(address, "member", "list")
    assert "," in await etcdctl(address, "endpoint", "hashkv")
    assert await etcdctl(address, "alarm", "list") == ""
