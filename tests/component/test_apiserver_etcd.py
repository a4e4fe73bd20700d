"""The store of an apiserver, used by others through its etcd port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest

from kobune.component_base import certificates
from kobune.component_base.serving import channel_credentials
from kobune.testing import Cluster
from kobune.vendor.etcd import rpc_pb2 as pb
from kobune.vendor.etcd import rpc_pb2_grpc as services

MAPS = "/api/v1/namespaces/default/configmaps"
PREFIX = b"/registry/configmaps/default/"


@asynccontextmanager
async def etcd(cluster: Cluster, identity: str) -> AsyncIterator[Any]:
    files = certificates.credentials(cluster.data_dir / "pki", identity)
    async with grpc.aio.secure_channel(cluster.addresses["etcd"], channel_credentials(files)) as channel:
        yield channel


@pytest.fixture
async def kv(apiserver: Cluster) -> AsyncIterator[Any]:
    async with etcd(apiserver, "admin") as channel:
        yield services.KVStub(channel)


async def make(api: Any, name: str) -> Any:
    return (await api.post(MAPS, {"metadata": {"name": name}, "data": {"a": "b"}})).ok(201)


@pytest.mark.parametrize("identity", ["scheduler", "kubelet", "front-proxy-client"])
async def test_the_store_is_open_to_masters_only(apiserver: Cluster, identity: str) -> None:
    async with etcd(apiserver, identity) as channel:
        watch = services.WatchStub(channel).Watch()
        for call in (
            services.KVStub(channel).Range(pb.RangeRequest(key=b"a")),
            services.KVStub(channel).Put(pb.PutRequest(key=b"a")),
            services.MaintenanceStub(channel).Snapshot(pb.SnapshotRequest()).read(),
            services.MaintenanceStub(channel).Status(pb.StatusRequest()),
            watch.read(),
        ):
            with pytest.raises(grpc.aio.AioRpcError, match='" may not use the store') as refused:
                await call
            assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    async with etcd(apiserver, "apiserver") as channel:
        assert (await services.KVStub(channel).Range(pb.RangeRequest(key=b"a"))).count == 0


async def test_an_object_that_is_written_there_is_watched_here_and_the_other_way_round(
    api: Any, apiserver: Cluster, kv: Any
) -> None:
    async with etcd(apiserver, "admin") as channel, api.watch(MAPS) as watch:
        theirs = services.WatchStub(channel).Watch()
        await theirs.write(
            pb.WatchRequest(create_request=pb.WatchCreateRequest(key=PREFIX, range_end=PREFIX[:-1] + b"0"))
        )
        assert (await theirs.read()).created
        made = await make(api, "one")
        event = (await theirs.read()).events[0]
        assert (event.kv.key, str(event.kv.mod_revision)) == (PREFIX + b"one", made["metadata"]["resourceVersion"])
        put = await kv.Put(pb.PutRequest(key=event.kv.key, value=event.kv.value.replace(b"b", b"c")))
        await kv.DeleteRange(pb.DeleteRangeRequest(key=event.kv.key))
        assert await watch.names(1) == ["ADDED one"]
        type, changed = await watch.next()
        assert (type, changed["metadata"]["resourceVersion"]) == ("MODIFIED", str(put.header.revision))
        assert await watch.names(1) == ["DELETED one"]


async def test_what_is_no_object_is_left_out_and_everything_else_goes_on(
    api: Any, kv: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await make(api, "good")
    await make(api, "spoilt")
    good = (await kv.Range(pb.RangeRequest(key=PREFIX + b"good"))).kvs[0].value
    async with api.watch(MAPS, resourceVersion=(await api.get(MAPS)).ok()["metadata"]["resourceVersion"]) as watch:
        for name, value in (
            ("spoilt", b"rubbish"),
            ("empty", b""),
            ("short", good[: len(good) // 2]),
            ("nameless", b"k8s\0"),
            ("service", good.replace(b"ConfigMap", b"Service__")),
        ):
            await kv.Put(pb.PutRequest(key=PREFIX + name.encode(), value=value))
            assert f"/registry/configmaps/default/{name} holds no ConfigMap at revision" in caplog.messages[-1]
        for odd in (b"/registry/", b"/registry/configmaps", b"/registry/nonsense/x", b"/other", b"\xff\xfe"):
            await kv.Put(pb.PutRequest(key=odd, value=b"rubbish"))
        await make(api, "later")
        assert await watch.names(2) == ["DELETED spoilt", "ADDED later"]
    names = [item["metadata"]["name"] for item in (await api.get(MAPS)).ok()["items"]]
    assert names == ["good", "later"]
    (await api.get(f"{MAPS}/spoilt")).failed(404, "NotFound")
    await kv.DeleteRange(pb.DeleteRangeRequest(key=PREFIX + b"spoilt"))
    await make(api, "spoilt")
    assert (await api.get("/readyz")).status == 200


async def test_what_is_no_object_hinders_no_restart(tmp_path: Any, connect: Any) -> None:
    kept: dict[str, Any] = {"data_dir": tmp_path, "store": "leveldb", "components": ("apiserver",)}
    async with Cluster(**kept) as cluster, connect(cluster) as api:
        await make(api, "good")
        async with etcd(cluster, "admin") as channel:
            put = services.KVStub(channel).Put
            for kind in ("configmaps/default", "services/specs/default", "services/default", "clusterroles"):
                await put(pb.PutRequest(key=f"/registry/{kind}/bad".encode(), value=b"rubbish"))
            await put(pb.PutRequest(key=b"/registry/validatingwebhookconfigurations/bad", value=b"rubbish"))
            await put(pb.PutRequest(key=b"/registry/customresourcedefinitions/bad", value=b"rubbish"))
    async with Cluster(**kept) as cluster, connect(cluster) as api:
        listed = (await api.get(MAPS)).ok()["items"]
        assert [item["metadata"]["name"] for item in listed] == ["good"]
        await make(api, "bad2")
        (await api.get(f"{MAPS}/bad")).failed(404, "NotFound")
        (await api.get("/api/v1/services")).ok()
        (await api.delete(f"{MAPS}/good")).ok()
