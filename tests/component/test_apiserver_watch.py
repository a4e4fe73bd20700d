"""Watches over HTTPS: in order, nothing twice, nothing left out; also from the past and across restarts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from kobune.api.core.v1 import ConfigMap, ConfigMapList
from kobune.api.meta.v1 import WatchEvent
from kobune.api.runtime.v1 import Unknown
from kobune.component_base import certificates
from kobune.testing import Cluster
from kobune.vendor.etcd import rpc_pb2, rpc_pb2_grpc

MAPS = "/api/v1/namespaces/default/configmaps"
END = "k8s.io/initial-events-end"


async def make(api: Any, name: str, **labels: str) -> dict[str, Any]:
    tree: dict[str, Any] = (await api.post(MAPS, {"metadata": {"name": name, "labels": labels}})).ok(201)
    return tree


async def version(api: Any, path: str = MAPS) -> str:
    return str((await api.get(path)).ok()["metadata"]["resourceVersion"])


async def test_a_watch_shows_what_is_there_and_what_happens(api: Any) -> None:
    await make(api, "a")
    async with api.watch(MAPS) as watch:
        assert await watch.names(1) == ["ADDED a"]
        made = await make(api, "b")
        changed = (await api.patch(f"{MAPS}/b", {"data": {"k": "v"}})).ok()
        await api.delete(f"{MAPS}/b")
        events = [await watch.next() for _ in range(3)]
    assert events[0] == ("ADDED", made)
    assert events[1] == ("MODIFIED", changed)
    type, gone = events[2]
    assert (type, gone["data"]) == ("DELETED", {"k": "v"})
    assert int(gone["metadata"]["resourceVersion"]) > int(changed["metadata"]["resourceVersion"])


async def test_a_watch_resumes_behind_a_revision(api: Any) -> None:
    await make(api, "a")
    seen = await version(api)
    await make(api, "b")
    await api.delete(f"{MAPS}/a")
    async with api.watch(MAPS, resourceVersion=seen) as watch:
        assert await watch.names(2) == ["ADDED b", "DELETED a"]
        await make(api, "c")
        assert await watch.names(1) == ["ADDED c"]


async def test_initial_events_end_with_a_bookmark(api: Any) -> None:
    await make(api, "a")
    await make(api, "b")
    before = await version(api)
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    async with api.watch(MAPS, **query) as watch:
        assert await watch.names(2) == ["ADDED a", "ADDED b"]
        type, mark = await watch.next()
        assert type == "BOOKMARK"
        assert mark["kind"] == "ConfigMap"
        assert mark["metadata"]["annotations"] == {END: "true"}
        assert int(before) <= int(mark["metadata"]["resourceVersion"]) <= int(await version(api))
        await make(api, "c")
        assert await watch.names(1) == ["ADDED c"]


@pytest.mark.parametrize(
    "query",
    [
        {"sendInitialEvents": "true"},
        {"sendInitialEvents": "true", "resourceVersionMatch": "Exact", "resourceVersion": "1"},
        {"resourceVersionMatch": "NotOlderThan", "resourceVersion": "1"},
    ],
)
async def test_contradictory_options_are_refused(api: Any, query: dict[str, str]) -> None:
    (await api.get(MAPS, query={"watch": "1", **query})).failed(422, "Invalid")


async def test_what_leaves_the_selector_is_deleted_and_what_enters_is_added(api: Any) -> None:
    await make(api, "a", app="x")
    async with api.watch(MAPS, labelSelector="app=x", resourceVersion=await version(api)) as watch:
        await make(api, "other", app="y")
        await api.patch(f"{MAPS}/a", {"data": {"k": "1"}})
        left = (await api.patch(f"{MAPS}/a", {"metadata": {"labels": {"app": "y"}}, "data": {"k": "2"}})).ok()
        await api.patch(f"{MAPS}/a", {"data": {"k": "3"}})
        await api.patch(f"{MAPS}/a", {"metadata": {"labels": {"app": "x"}}})
        await api.delete(f"{MAPS}/a")
        events = [await watch.next() for _ in range(4)]
    assert [type for type, _ in events] == ["MODIFIED", "DELETED", "ADDED", "DELETED"]
    gone = events[1][1]
    assert (gone["metadata"]["labels"], gone["data"]) == ({"app": "x"}, {"k": "1"})
    assert gone["metadata"]["resourceVersion"] == left["metadata"]["resourceVersion"]


async def test_a_watch_of_one_object_sees_no_other(api: Any) -> None:
    async with api.watch(MAPS, fieldSelector="metadata.name=b", resourceVersion=await version(api)) as watch:
        await make(api, "a")
        await make(api, "b")
        assert await watch.names(1) == ["ADDED b"]
    async with api.watch(f"{MAPS}/b", resourceVersion="0") as watch:
        await make(api, "c")
        await api.delete(f"{MAPS}/b")
        assert await watch.names(2) == ["ADDED b", "DELETED b"]


async def test_a_watch_across_namespaces_sees_all_of_them(api: Any) -> None:
    (await api.post("/api/v1/namespaces", {"metadata": {"name": "x"}})).ok(201)
    async with (
        api.watch("/api/v1/configmaps", resourceVersion=await version(api)) as everywhere,
        api.watch("/api/v1/namespaces/x/configmaps", resourceVersion=await version(api)) as there,
    ):
        await make(api, "a")
        (await api.post("/api/v1/namespaces/x/configmaps", {"metadata": {"name": "b"}})).ok(201)
        assert await everywhere.names(2) == ["ADDED a", "ADDED b"]
        assert await there.names(1) == ["ADDED b"]


async def test_a_watch_ends_when_its_time_is_up(api: Any) -> None:
    async with api.watch(MAPS, timeoutSeconds="1", resourceVersion=await version(api)) as watch:
        assert await watch.ended()


async def test_tables_describe_their_columns_once(api: Any) -> None:
    await make(api, "a")
    async with api.watch(MAPS, accept="application/json;as=Table;v=v1;g=meta.k8s.io") as watch:
        await make(api, "b")
        first, second = [(await watch.next())[1] for _ in range(2)]
    assert [column["name"] for column in first["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert not second["columnDefinitions"]
    assert [row["cells"][0] for row in (*first["rows"], *second["rows"])] == ["a", "b"]


async def test_metadata_alone_is_watched(api: Any) -> None:
    await make(api, "a")
    async with api.watch(MAPS, accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io") as watch:
        type, tree = await watch.next()
    assert (type, tree["kind"], sorted(tree)) == ("ADDED", "PartialObjectMetadata", ["apiVersion", "kind", "metadata"])


async def test_a_list_and_a_watch_of_protobuf_hold_the_same_messages(api: Any) -> None:
    made = await make(api, "a")
    accept = {"Accept": "application/vnd.kubernetes.protobuf"}
    url = api.cluster.server + MAPS
    async with api.session.get(url, params={"watch": "1"}, headers=accept) as response:
        assert response.headers["Content-Type"] == "application/vnd.kubernetes.protobuf;stream=watch"
        size = int.from_bytes(await response.content.readexactly(4), "big")
        event = WatchEvent.FromString(await response.content.readexactly(size))
    assert event.type == "ADDED"
    shown = opened(event.object.raw, "ConfigMap")
    assert ConfigMap.FromString(shown).metadata.uid == made["metadata"]["uid"]
    items = ConfigMapList.FromString(opened((await api.get(MAPS, headers=accept)).raw, "ConfigMapList")).items
    assert [item.SerializeToString(deterministic=True) for item in items] == [
        ConfigMap.FromString(shown).SerializeToString(deterministic=True)
    ]


def opened(body: bytes, kind: str) -> bytes:
    """Return the message in an envelope."""
    assert body.startswith(b"k8s\0")
    envelope = Unknown.FromString(body[4:])
    assert (envelope.typeMeta.apiVersion, envelope.typeMeta.kind) == ("v1", kind)
    return envelope.raw


async def test_many_watchers_all_see_all_changes_in_order(api: Any) -> None:
    seen = await version(api)
    async with AsyncExitStack() as stack:
        watches = [await stack.enter_async_context(api.watch(MAPS, resourceVersion=seen)) for _ in range(20)]
        await asyncio.gather(*(make(api, f"m{n}") for n in range(100)))
        found = await asyncio.gather(*(watch.names(100) for watch in watches))
    assert all(names == found[0] for names in found)
    assert sorted(found[0]) == sorted(f"ADDED m{n}" for n in range(100))


async def test_a_watch_goes_on_after_a_restart(tmp_path: Path, connect: Any) -> None:
    def cluster() -> Cluster:
        return Cluster(components=("apiserver",), store="leveldb", data_dir=tmp_path)

    async with cluster() as one, connect(one) as api:
        await make(api, "a")
        seen = await version(api)
        await make(api, "b")
        await api.patch(f"{MAPS}/b", {"data": {"k": "v"}})
        await api.delete(f"{MAPS}/a")
        before = (await api.get(MAPS)).ok()
    async with cluster() as two, connect(two) as api:
        assert (await api.get(MAPS)).ok()["items"] == before["items"]
        async with api.watch(MAPS, resourceVersion=seen) as watch:
            assert await watch.names(3) == ["ADDED b", "MODIFIED b", "DELETED a"]
            await make(api, "c")
            assert await watch.names(1) == ["ADDED c"]


async def test_what_nobody_read_since_a_restart_is_still_known_when_it_goes(tmp_path: Path, connect: Any) -> None:
    def cluster() -> Cluster:
        return Cluster(components=("apiserver",), store="leveldb", data_dir=tmp_path)

    async with cluster() as one, connect(one) as api:
        for name in ("a", "b", "c"):
            await api.post(MAPS, {"metadata": {"name": name, "labels": {"app": "web"}}, "data": {"k": name}})
    async with cluster() as two, connect(two) as api:
        seen = await version(api, "/api/v1/nodes")
        await api.put(f"{MAPS}/a", {"metadata": {"name": "a"}})
        async with kv(two) as store:  # behind the server's back
            await store.DeleteRange(rpc_pb2.DeleteRangeRequest(key=b"/registry/configmaps/default/b"))
        async with api.watch(MAPS, resourceVersion=seen, labelSelector="app=web") as watch:
            events = [await watch.next() for _ in range(2)]
        found = [(type, item["metadata"]["name"], item["data"]) for type, item in events]
        assert found == [("DELETED", "a", {"k": "a"}), ("DELETED", "b", {"k": "b"})]
        assert (await api.get(f"{MAPS}/c")).ok()["data"] == {"k": "c"}


async def test_a_watch_from_a_compacted_revision_expires(tmp_path: Path, connect: Any) -> None:
    def cluster() -> Cluster:
        return Cluster(components=("apiserver",), store="leveldb", data_dir=tmp_path)

    async with cluster() as one, connect(one) as api:
        await make(api, "a")
        seen = await version(api)
        await api.delete(f"{MAPS}/a")
        await compact(one, int(await version(api)))
    async with cluster() as two, connect(two) as api:
        async with api.watch(MAPS, resourceVersion=seen) as watch:
            type, status = await watch.next()
            assert (type, status["code"], status["reason"]) == ("ERROR", 410, "Expired")
            assert await watch.ended()
        past = {"resourceVersion": seen, "resourceVersionMatch": "Exact"}
        (await api.get(MAPS, query=past)).failed(410, "Expired")


async def compact(cluster: Cluster, revision: int) -> None:
    """Give up history through the face of etcd, as `etcdctl compact` does."""
    async with kv(cluster) as store:
        await store.Compact(rpc_pb2.CompactionRequest(revision=revision))


@asynccontextmanager
async def kv(cluster: Cluster) -> AsyncIterator[Any]:
    """Talk to the store as etcd's clients do."""
    files = certificates.credentials(cluster.data_dir / "pki", "admin").read()
    credentials = grpc.ssl_channel_credentials(files.ca, files.key, files.certificate)
    async with grpc.aio.secure_channel(cluster.addresses["etcd"], credentials) as channel:
        yield rpc_pb2_grpc.KVStub(channel)


async def test_older_clients_say_in_the_path_that_they_watch(api: Any) -> None:
    maps = "/api/v1/namespaces/default/configmaps"
    for name in ("a", "b"):
        (await api.post(maps, {"metadata": {"name": name}})).ok(201)
    for path, names in (("configmaps", ["ADDED a", "ADDED b"]), ("configmaps/b", ["ADDED b"])):
        async with api.watch(f"/api/v1/watch/namespaces/default/{path}") as watch:
            assert await watch.names(len(names)) == names
    (await api.get("/api/v1/watch")).failed(404, "NotFound")
