"""The gRPC face: a typed service for each kind, the dynamic one, and batches; with the stubs that anyone generates."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage

from kobune.api.apps.v1 import Deployment
from kobune.api.apps.v1.services_pb2 import CreateDeploymentRequest
from kobune.api.apps.v1.services_pb2_grpc import DeploymentsStub
from kobune.api.autoscaling.v1 import Scale, UpdateScaleRequest
from kobune.api.core.v1 import ConfigMap, ConfigMapList, Pod
from kobune.api.core.v1.services_pb2 import CreateConfigMapRequest, UpdateConfigMapRequest
from kobune.api.core.v1.services_pb2_grpc import ConfigMapsStub, NodesStub
from kobune.api.dynamic.v1 import (
    BatchRequest,
    CollectionRequest,
    DeleteRequest,
    Object,
    ObjectRequest,
    PatchRequest,
    Resource,
    Write,
    WriteRequest,
)
from kobune.api.dynamic.v1.objects_pb2_grpc import ObjectsStub
from kobune.api.meta.v1 import DeleteOptions, Status
from kobune.api.verbs import v1 as verbs
from kobune.apimachinery.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound
from kobune.apiserver.verbs import dispatch
from kobune.component_base import certificates
from kobune.testing import Cluster

MAPS = Resource(version="v1", resource="configmaps")
PROTOBUF = "application/vnd.kubernetes.protobuf"


def config_map(name: str = "a", **data: str) -> ConfigMap:
    made = ConfigMap()
    made.metadata.name, made.metadata.namespace = name, "default"
    made.data.update(data or {"k": "v"})
    return made


def deployment(name: str = "d") -> Deployment:
    made = Deployment()
    made.metadata.name, made.metadata.namespace = name, "default"
    made.spec.replicas = 1
    made.spec.selector.matchLabels["app"] = name
    made.spec.template.metadata.labels["app"] = name
    made.spec.template.spec.containers.add(name="c", image="i")
    return made


@asynccontextmanager
async def channel(cluster: Cluster, identity: str = "admin") -> AsyncIterator[grpc.aio.Channel]:
    files = certificates.credentials(cluster.data_dir / "pki", identity).read()
    credentials = grpc.ssl_channel_credentials(files.ca, files.key, files.certificate)
    async with grpc.aio.secure_channel(cluster.address, credentials) as opened:
        yield opened


@pytest.fixture
async def wire(apiserver: Cluster) -> AsyncIterator[grpc.aio.Channel]:
    async with channel(apiserver) as opened:
        yield opened


def status_of(error: grpc.aio.AioRpcError) -> Status:
    """Return the status of a failed call, which its trailers carry in two ways."""
    trailers: dict[str, Any] = dict(error.trailing_metadata() or ())
    status = Status.FromString(trailers["kobune-status-bin"])
    packed = AnyMessage()
    packed.Pack(status)
    assert packed.SerializeToString() in trailers["grpc-status-details-bin"]
    return status


async def test_stubs_create_read_change_and_delete(wire: grpc.aio.Channel) -> None:
    maps = ConfigMapsStub(wire)
    made = await maps.Create(CreateConfigMapRequest(object=config_map()))
    assert made.metadata.uid
    assert (await maps.Get(verbs.GetRequest(namespace="default", name="a"))) == made
    made.data["k"] = "w"
    changed = await maps.Update(UpdateConfigMapRequest(object=made))
    assert changed.data["k"] == "w"
    patch = verbs.PatchRequest(
        namespace="default", name="a", content_type="application/merge-patch+json", patch=b'{"data":{"l":"x"}}'
    )
    assert dict((await maps.Patch(patch)).data) == {"k": "w", "l": "x"}
    assert [item.metadata.name for item in (await maps.List(verbs.ListRequest(namespace="default"))).items] == ["a"]
    await maps.Create(CreateConfigMapRequest(object=config_map("b")))
    gone = await maps.Delete(verbs.DeleteRequest(namespace="default", name="a"))
    assert gone.metadata.uid == made.metadata.uid
    left = await maps.DeleteCollection(verbs.DeleteCollectionRequest(namespace="default"))
    assert [item.metadata.name for item in left.items] == ["b"]
    assert not (await maps.List(verbs.ListRequest(namespace="default"))).items


async def test_a_failure_carries_its_status(wire: grpc.aio.Channel) -> None:
    maps = ConfigMapsStub(wire)
    with pytest.raises(grpc.aio.AioRpcError) as missing:
        await maps.Get(verbs.GetRequest(namespace="default", name="none"))
    assert missing.value.code() == grpc.StatusCode.NOT_FOUND
    assert missing.value.details() == 'configmaps "none" not found'
    status = status_of(missing.value)
    assert (status.code, status.reason, status.details.kind, status.details.name) == (
        404,
        "NotFound",
        "configmaps",
        "none",
    )
    bad = config_map("B!")
    bad.metadata.labels["a b"] = "x"
    with pytest.raises(grpc.aio.AioRpcError) as invalid:
        await maps.Create(CreateConfigMapRequest(object=bad))
    assert invalid.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    fields = [cause.field for cause in status_of(invalid.value).details.causes]
    assert fields == ["metadata.name", "metadata.labels"]


async def test_a_long_failure_still_gets_through(wire: grpc.aio.Channel) -> None:
    bad = config_map("x" * 50_000)
    for number in range(500):
        bad.metadata.labels[f"not ok {number}"] = "y" * 100
    with pytest.raises(grpc.aio.AioRpcError) as invalid:
        await ConfigMapsStub(wire).Create(CreateConfigMapRequest(object=bad))
    assert status_of(invalid.value).code == 422


async def test_the_client_raises_what_the_server_says(apiserver: Cluster) -> None:
    client = apiserver.client
    made = await client.create(config_map())
    with pytest.raises(AlreadyExists, match='configmaps "a" already exists'):
        await client.create(config_map())
    made.data["k"] = "w"
    await client.update(made)
    with pytest.raises(Conflict):
        await client.update(made)
    with pytest.raises(NotFound):
        await client.get(ConfigMap, "none", "default")
    with pytest.raises(Invalid) as invalid:
        await client.create(config_map("A"))
    assert invalid.value.details is not None
    assert invalid.value.details.causes[0].field == "metadata.name"
    async with apiserver.connect("scheduler") as scheduler:
        with pytest.raises(Forbidden, match="cannot create resource"):
            await scheduler.create(config_map("b"))


async def test_what_one_face_writes_the_other_shows(api: Any, apiserver: Cluster) -> None:
    made = await apiserver.client.create(config_map())
    tree = (await api.get("/api/v1/namespaces/default/configmaps/a")).ok()
    assert tree["metadata"]["resourceVersion"] == made.metadata.resourceVersion
    await api.patch("/api/v1/namespaces/default/configmaps/a", {"data": {"k": "w"}})
    assert (await apiserver.client.get(ConfigMap, "a", "default")).data["k"] == "w"


async def test_a_watch_sends_lists_of_typed_events(wire: grpc.aio.Channel) -> None:
    maps = ConfigMapsStub(wire)
    listed = await maps.List(verbs.ListRequest(namespace="default"))
    request = verbs.WatchRequest(namespace="default")
    request.options.resourceVersion = listed.metadata.resourceVersion
    call = maps.Watch(request)
    await call.initial_metadata()
    made = await maps.Create(CreateConfigMapRequest(object=config_map()))
    await maps.Delete(verbs.DeleteRequest(namespace="default", name="a"))
    events: list[Any] = []
    async with asyncio.timeout(5):
        while len(events) < 2:
            events += (await call.read()).events
    call.cancel()
    assert [event.type for event in events] == ["ADDED", "DELETED"]
    assert events[0].object == made
    request.options.resourceVersion = "nonsense"
    with pytest.raises(grpc.aio.AioRpcError) as bad:
        await maps.Watch(request).read()
    assert status_of(bad.value).reason == "BadRequest"


async def test_watches_end_when_their_time_is_up(wire: grpc.aio.Channel) -> None:
    request = verbs.WatchRequest(namespace="default")
    request.options.timeoutSeconds = 1
    dynamic = CollectionRequest(resource=MAPS, namespace="default", options=request.options)
    async with asyncio.timeout(5):
        assert await ConfigMapsStub(wire).Watch(request).read() is grpc.aio.EOF
        assert await ObjectsStub(wire).Watch(dynamic).read() is grpc.aio.EOF


async def test_scale_status_and_unknown_parts(wire: grpc.aio.Channel) -> None:
    deployments = DeploymentsStub(wire)
    await deployments.Create(CreateDeploymentRequest(object=deployment()))
    scale: Scale = await deployments.GetScale(verbs.GetRequest(namespace="default", name="d"))
    assert (scale.spec.replicas, scale.status.selector) == (1, "app=d")
    scale.spec.replicas = 4
    assert (await deployments.UpdateScale(UpdateScaleRequest(object=scale))).spec.replicas == 4
    merge = "application/merge-patch+json"
    patch = verbs.PatchRequest(namespace="default", name="d", content_type=merge, subresource="status")
    patch.patch = b'{"spec":{"replicas":9},"status":{"replicas":3}}'
    patched = await deployments.Patch(patch)
    assert (patched.spec.replicas, patched.status.replicas) == (4, 3)
    for part in ("nothing", "binding", "scale"):
        patch.subresource = part
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await deployments.Patch(patch)
        assert status_of(refused.value).code in (404, 405)


async def test_rights_in_a_namespace_are_none_in_the_cluster(api: Any, wire: grpc.aio.Channel) -> None:
    group = "rbac.authorization.k8s.io"
    body = {
        "metadata": {"name": "b"},
        "subjects": [{"kind": "User", "name": "jane"}],
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
    }
    (await api.post(f"/apis/{group}/v1/namespaces/default/rolebindings", body)).ok(201)
    jane = (("impersonate-user", "jane"),)
    await ConfigMapsStub(wire).List(verbs.ListRequest(namespace="default"), metadata=jane)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await NodesStub(wire).List(verbs.ListRequest(namespace="default"), metadata=jane)
    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED


async def test_the_dynamic_service_takes_any_encoding(wire: grpc.aio.Channel) -> None:
    objects = ObjectsStub(wire)
    yaml = Object(content_type="application/yaml", body=b"metadata: {name: a}\ndata: {k: v}\n")
    made = await objects.Create(WriteRequest(resource=MAPS, namespace="default", object=yaml))
    tree = json.loads(made.body)
    assert (made.content_type, tree["kind"], tree["data"]) == ("application/json", "ConfigMap", {"k": "v"})
    wanted = ObjectRequest(resource=MAPS, namespace="default", name="a", content_type=PROTOBUF)
    message = ConfigMap.FromString((await objects.Get(wanted)).body)
    assert message.metadata.uid == tree["metadata"]["uid"]
    message.data["k"] = "w"
    body = Object(content_type=PROTOBUF, body=message.SerializeToString())
    updated = await objects.Update(WriteRequest(resource=MAPS, object=body))
    assert ConfigMap.FromString(updated.body).data["k"] == "w"
    patch = Object(content_type="application/merge-patch+json", body=b'{"data":null}')
    patched = await objects.Patch(PatchRequest(resource=MAPS, namespace="default", name="a", patch=patch))
    assert "data" not in json.loads(patched.body)
    listed = await objects.List(CollectionRequest(resource=MAPS, namespace="default"))
    assert [item["metadata"]["name"] for item in json.loads(listed.body)["items"]] == ["a"]
    binary = await objects.List(CollectionRequest(resource=MAPS, namespace="default", content_type=PROTOBUF))
    assert ConfigMapList.FromString(binary.body).items[0].metadata.name == "a"
    await objects.Delete(DeleteRequest(resource=MAPS, namespace="default", name="a"))
    with pytest.raises(grpc.aio.AioRpcError) as unknown:
        await objects.Get(ObjectRequest(resource=Resource(version="v1", resource="nothing"), name="a"))
    assert status_of(unknown.value).message == "the server could not find the requested resource"


async def test_the_dynamic_service_watches(wire: grpc.aio.Channel) -> None:
    objects = ObjectsStub(wire)
    call = objects.Watch(CollectionRequest(resource=MAPS, namespace="default"))
    await call.initial_metadata()
    await ConfigMapsStub(wire).Create(CreateConfigMapRequest(object=config_map()))
    async with asyncio.timeout(5):
        (event,) = (await call.read()).events
    call.cancel()
    assert (event.type, json.loads(event.object.body)["metadata"]["name"]) == ("ADDED", "a")


def created(item: Any, resource: Resource = MAPS) -> Write:
    body = Object(content_type=PROTOBUF, body=item.SerializeToString())
    return Write(create=WriteRequest(resource=resource, object=body))


async def test_each_write_of_a_batch_has_its_own_result(wire: grpc.aio.Channel) -> None:
    objects = ObjectsStub(wire)
    await ConfigMapsStub(wire).Create(CreateConfigMapRequest(object=config_map("there")))
    stale = config_map("there")
    stale.metadata.resourceVersion = "1"
    patch = Object(content_type="application/merge-patch+json", body=b'{"data":{"p":"q"}}')
    json_body = Object(body=b'{"metadata":{"name":"j"},"bogus":1}')
    writes = [
        created(config_map("a")),
        created(config_map("there")),
        created(config_map("B!")),
        Write(update=WriteRequest(resource=MAPS, object=Object(content_type=PROTOBUF, body=stale.SerializeToString()))),
        Write(patch=PatchRequest(resource=MAPS, namespace="default", name="there", patch=patch, content_type=PROTOBUF)),
        Write(delete=DeleteRequest(resource=MAPS, namespace="default", name="none")),
        Write(),
        Write(create=WriteRequest(resource=MAPS, namespace="default", object=json_body)),
        Write(create=WriteRequest(resource=Resource(version="v1", resource="nothing"))),
        created(config_map("z")),
    ]
    results = (await objects.Batch(BatchRequest(writes=writes))).results
    reasons = [result.error.reason for result in results]
    assert reasons == [
        "",
        "AlreadyExists",
        "Invalid",
        "Conflict",
        "",
        "NotFound",
        "BadRequest",
        "BadRequest",
        "NotFound",
        "",
    ]
    assert 'strict decoding error: unknown field "bogus"' in results[7].error.message
    assert ConfigMap.FromString(results[4].object.body).data["p"] == "q"
    assert ConfigMap.FromString(results[0].object.body).metadata.resourceVersion == results[0].resource_version
    brief = (await objects.Batch(BatchRequest(writes=[created(config_map("y"))], brief=True))).results[0]
    assert brief.resource_version
    assert not brief.HasField("object")


async def test_an_unforeseen_error_in_one_write_spares_the_others(
    wire: grpc.aio.Channel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    carry_out = dispatch.post

    async def post(api: Any, call: Any, new: Any) -> Any:
        if new.metadata.name == "cursed":
            raise ZeroDivisionError("the moon")
        return await carry_out(api, call, new)

    monkeypatch.setattr(dispatch, "post", post)
    writes = [created(config_map(name)) for name in ("a", "cursed", "b")]
    with caplog.at_level(logging.ERROR):
        results = (await ObjectsStub(wire).Batch(BatchRequest(writes=writes))).results
    assert [result.error.reason for result in results] == ["", "InternalError", ""]
    assert "the moon" not in results[1].error.message
    assert "the moon" in caplog.text
    maps = ConfigMapsStub(wire)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await maps.Create(CreateConfigMapRequest(object=config_map("cursed")))
    assert failed.value.code() == grpc.StatusCode.INTERNAL
    assert status_of(failed.value).reason == "InternalError"
    assert len((await maps.List(verbs.ListRequest(namespace="default"))).items) == 2


async def test_rights_count_for_each_write_of_a_batch(apiserver: Cluster) -> None:
    pod = Pod()
    pod.metadata.name, pod.metadata.namespace = "p", "default"
    async with channel(apiserver, "scheduler") as theirs:
        pods = Resource(version="v1", resource="pods")
        writes = [created(config_map()), created(pod, pods)]
        results = (await ObjectsStub(theirs).Batch(BatchRequest(writes=writes))).results
    assert [result.error.reason for result in results] == ["Forbidden", "Forbidden"]


async def test_a_thousand_writes_at_once_all_count(wire: grpc.aio.Channel) -> None:
    writes = [created(config_map(f"m{number}")) for number in range(1000)]
    results = (await ObjectsStub(wire).Batch(BatchRequest(writes=writes, brief=True))).results
    assert not any(result.HasField("error") for result in results)
    versions = [int(result.resource_version) for result in results]
    assert len(set(versions)) == 1000
    options = DeleteOptions(gracePeriodSeconds=0)
    gone = [
        Write(delete=DeleteRequest(resource=MAPS, namespace="default", name=f"m{number}", options=options))
        for number in range(1000)
    ]
    await ObjectsStub(wire).Batch(BatchRequest(writes=gone, brief=True))
    assert not (await ConfigMapsStub(wire).List(verbs.ListRequest(namespace="default"))).items
