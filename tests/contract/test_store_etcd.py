"""The store served as etcd v3, for any gRPC client."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import grpc
import pytest

from kobune.apimachinery.clock import ManualClock
from kobune.apiserver.storage import memory
from kobune.apiserver.storage.etcd import SERVICES, add_to
from kobune.apiserver.storage.etcd.snapshot import Snapshot
from kobune.apiserver.storage.store import Put, Store
from kobune.vendor.etcd import rpc_pb2 as pb
from kobune.vendor.etcd import rpc_pb2_grpc as services


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
            answer: pb.WatchResponse = await self.call.read()
            return answer


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
    inner = pb.RequestOp(request_txn=pb.TxnRequest(success=[put]))
    nested = kv.Txn(pb.TxnRequest(success=[inner] * 128))
    assert await refusal(nested) == (invalid, "etcdserver: too many operations in txn request")
    other_branch = kv.Txn(pb.TxnRequest(failure=[put, inner]))
    assert await refusal(other_branch) == (invalid, "etcdserver: duplicate key given in txn request")
    unsorted = kv.Range(pb.RangeRequest(key=b"a", sort_order=7))  # type: ignore[arg-type]  # nobody knows it
    assert await refusal(unsorted) == (invalid, "etcdserver: invalid sort option")
    large = kv.Put(pb.PutRequest(key=b"a", value=bytes(2 << 20)))
    assert await refusal(large) == (invalid, "etcdserver: request is too large")


async def test_what_is_not_served_says_so_by_name(channel: grpc.aio.Channel) -> None:
    auth, maintenance = services.AuthStub(channel), services.MaintenanceStub(channel)
    lock = channel.unary_unary("/v3lockpb.Lock/Lock", request_serializer=bytes, response_deserializer=bytes)
    for call, name in (
        (auth.UserAdd(pb.AuthUserAddRequest(name="me")), "etcdserverpb.Auth/UserAdd"),
        (maintenance.MoveLeader(pb.MoveLeaderRequest()), "etcdserverpb.Maintenance/MoveLeader"),
        (maintenance.Alarm(pb.AlarmRequest(action="ACTIVATE")), "alarms that somebody else raises"),
        (services.ClusterStub(channel).MemberAdd(pb.MemberAddRequest()), "etcdserverpb.Cluster/MemberAdd"),
        (services.KVStub(channel).RangeStream(pb.RangeRequest()).read(), "etcdserverpb.KV/RangeStream"),
        (lock(b""), "v3lockpb.Lock/Lock"),
    ):
        code, words = await refusal(call)
        assert (code, words.startswith(f"kobune does not serve {name}")) == (grpc.StatusCode.UNIMPLEMENTED, True)
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


async def test_what_is_compacted_is_not_told_either_because_somebody_else_watches(
    watching: Watching, store: Store
) -> None:
    await watching.create(key=b"a")
    for number in range(5):
        await store.put(b"a", b"%d" % number)
        await watching.next()
    await store.compact(5)
    await watching.create(key=b"a", start_revision=3)
    assert (await watching.next()).compact_revision == 5


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


async def test_a_transaction_in_a_transaction_answers_inside(kv: Any) -> None:
    inner = pb.TxnRequest(
        compare=[pb.Compare(key=b"a", target="VERSION", result="GREATER")],
        success=[pb.RequestOp(request_delete_range=pb.DeleteRangeRequest(key=b"a", prev_kv=True))],
        failure=[pb.RequestOp(request_put=pb.PutRequest(key=b"a", value=b"1"))],
    )
    outer = pb.TxnRequest(
        success=[
            pb.RequestOp(request_txn=inner),
            pb.RequestOp(request_range=pb.RangeRequest(key=b"a", range_end=b"\0", keys_only=True)),
        ]
    )
    answer = await kv.Txn(outer)
    assert not answer.responses[0].response_txn.succeeded
    assert [pair.key for pair in answer.responses[1].response_range.kvs] == [b"a"]
    answer = await kv.Txn(outer)
    deleted = answer.responses[0].response_txn.responses[0].response_delete_range
    assert (deleted.deleted, deleted.prev_kvs[0].value, answer.responses[1].response_range.count) == (1, b"1", 0)


async def test_watches_of_nothing_are_refused_and_the_stream_goes_on(watching: Watching, store: Store) -> None:
    answer = await watching.create(key=b"b", range_end=b"a")
    assert (answer.watch_id, answer.canceled, answer.cancel_reason) == (-1, True, "mvcc: watcher range is empty")
    await watching.create(key=b"b", range_end=b"\0")
    await store.put(b"z", b"")
    assert (await watching.next()).events[0].kv.key == b"z"


async def test_a_watch_from_the_past_goes_on_into_the_present_without_a_seam(watching: Watching, store: Store) -> None:
    revisions = []
    for number in range(300):
        revisions.append((await store.put(b"p/%d" % (number % 7), b"x" * 100)).mod_revision)
    for id, start in ((1, 0), (2, 2), (3, store.revision + 5)):
        create = pb.WatchCreateRequest(key=b"p/", range_end=b"p0", watch_id=id, start_revision=start)
        await watching.call.write(pb.WatchRequest(create_request=create))
    assert (await watching.next()).created
    for number in range(300):
        revisions.append((await store.put(b"p/%d" % (number % 7), b"x" * 100)).mod_revision)
    got: dict[int, list[int]] = {1: [], 2: [], 3: []}
    while not all(found and found[-1] == revisions[-1] for found in got.values()):
        answer = await watching.next()
        if not answer.created:
            got[answer.watch_id] += [event.kv.mod_revision for event in answer.events]
    assert got == {1: revisions[300:], 2: revisions, 3: revisions[304:]}


async def test_a_watch_that_reads_slowly_misses_nothing_and_holds_nobody_up(
    channel: grpc.aio.Channel, watching: Watching, store: Store
) -> None:
    slow = Watching(channel)
    await slow.create(key=b"a")
    await watching.create(key=b"a")
    count, value = 100, bytes(500_000)  # more than the connection, and the feed, would take in
    for number in range(count):
        await store.put(b"a", value)
        if number % 10 == 9:
            seen = 0
            while seen < 10:
                seen += len((await watching.next()).events)
    versions: list[int] = []
    while len(versions) < count:
        versions += [event.kv.version for event in (await slow.next()).events]
    assert versions == list(range(1, count + 1))
    slow.call.cancel()


async def test_large_revisions_come_in_fragments_to_whoever_asked(watching: Watching, store: Store) -> None:
    await watching.create(key=b"p/", range_end=b"p0", fragment=True)
    await store.txn((), [Put(b"p/%d" % number, bytes(900_000)) for number in range(4)])
    parts = [await watching.next() for _ in range(4)]
    assert [part.fragment for part in parts] == [True, True, True, False]
    assert [event.kv.key for part in parts for event in part.events] == [b"p/%d" % number for number in range(4)]


async def test_an_idle_watch_outlives_compactions(watching: Watching, store: Store) -> None:
    await watching.create(key=b"quiet")
    for _ in range(10):
        await store.put(b"a", b"")
    await store.compact(store.revision)
    await store.put(b"quiet", b"1")
    assert (await watching.next()).events[0].kv.value == b"1"


async def test_a_crowd_of_watches_on_one_stream_gets_every_event_each(watching: Watching, store: Store) -> None:
    crowd = 200
    for _ in range(crowd):
        await watching.create(key=b"a")
    await asyncio.gather(*(store.put(b"a", b"%d" % number) for number in range(50)))
    got: dict[int, list[int]] = {id: [] for id in range(crowd)}
    while any(len(found) < 50 for found in got.values()):
        answer = await watching.next()
        got[answer.watch_id] += [event.kv.version for event in answer.events]
    assert all(found == list(range(1, 51)) for found in got.values())


async def test_the_hash_is_of_what_is_stored(channel: grpc.aio.Channel, store: Store) -> None:
    maintenance = services.MaintenanceStub(channel)
    await store.put(b"a", b"1")
    before = await maintenance.HashKV(pb.HashKVRequest())
    await store.put(b"b", b"1")
    assert (await maintenance.HashKV(pb.HashKVRequest())).hash != before.hash
    again = await maintenance.HashKV(pb.HashKVRequest(revision=2))
    assert (again.hash, again.hash_revision) == (before.hash, 2)


async def test_a_snapshot_over_the_wire_is_a_snapshot(channel: grpc.aio.Channel, store: Store, tmp_path: Path) -> None:
    for number in range(2000):
        await store.put(b"%d" % number, b"x" * 1000)
    parts = [part async for part in services.MaintenanceStub(channel).Snapshot(pb.SnapshotRequest())]
    assert max(len(part.blob) for part in parts) < 1 << 20
    (tmp_path / "file").write_bytes(b"".join(part.blob for part in parts))
    opened = Snapshot.open(tmp_path / "file")
    assert opened.summary.entries == 2000
    opened.close()
