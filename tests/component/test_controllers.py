"""The controllers against a real apiserver, without nodes: pods are made and collected, but nobody runs them."""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import grpc.aio
import orjson
import pytest
from waiting import until

from kobune.api.apiextensions.v1 import CustomResourceDefinition
from kobune.api.apps.v1 import Deployment, ReplicaSet
from kobune.api.coordination.v1 import Lease
from kobune.api.core.v1 import ConfigMap, Endpoints, Event, Namespace, Pod, Service, ServiceAccount
from kobune.api.discovery.v1 import EndpointSlice
from kobune.api.dynamic.v1 import Object as Payload
from kobune.api.dynamic.v1 import WriteRequest
from kobune.api.dynamic.v1.objects_pb2_grpc import ObjectsStub
from kobune.api.meta.v1 import ObjectMeta, OwnerReference
from kobune.apimachinery import codec
from kobune.apimachinery.clock import SystemClock
from kobune.apimachinery.errors import NotFound
from kobune.apimachinery.kinds import Object, kind_of
from kobune.client import Action, Client, Controller, Controllers, LeaderElection, Update
from kobune.client.custom import defined_kind
from kobune.client.writes import DeleteOf, resource_of
from kobune.component_base import certificates
from kobune.component_base.serving import channel_credentials
from kobune.controller.v1 import ListControllersRequest, PauseControllerRequest, ResumeControllerRequest
from kobune.controller.v1.controllers_pb2_grpc import ControllersStub
from kobune.testing import Cluster


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(nodes=0, components=("apiserver", "controller-manager")) as cluster:
        yield cluster


@pytest.fixture
def client(cluster: Cluster) -> Client:
    return cluster.client


async def count(client: Client, kind: type, namespace: str = "default") -> int:
    return len((await client.list(kind, namespace)).items)


def web(name: str = "web", replicas: int = 3, namespace: str = "default") -> Deployment:
    made = Deployment(metadata=ObjectMeta(name=name, namespace=namespace))
    made.spec.replicas = replicas
    made.spec.selector.matchLabels["app"] = name
    made.spec.template.metadata.labels["app"] = name
    made.spec.template.spec.containers.add(name="web", image="nginx")
    return made


async def running(client: Client, replicas: int = 3, namespace: str = "default") -> Deployment:
    made = await client.create(web(replicas=replicas, namespace=namespace))

    async def complete() -> bool:
        return await count(client, Pod, namespace) == replicas

    await until(complete)
    return made


async def test_a_deployment_makes_one_replica_set_and_its_pods_and_says_so(client: Client):
    await running(client, 30)

    async def settled() -> bool:
        status = (await client.get(Deployment, "web", "default")).status
        return status.replicas == status.updatedReplicas == status.unavailableReplicas == 30

    await until(settled)
    (made,) = (await client.list(ReplicaSet, "default")).items
    assert made.metadata.annotations["deployment.kubernetes.io/revision"] == "1"
    assert (await client.get(Deployment, "web", "default")).status.observedGeneration == 1

    async def recorded() -> bool:
        messages = [event.message for event in (await client.list(Event, "default")).items]
        created = sum(message.startswith("Created pod: web-") for message in messages)
        return f"Scaled up replica set {made.metadata.name} from 0 to 30" in messages and created == 10

    await until(recorded)


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
async def test_what_a_deleted_deployment_owned_is_collected(client: Client, propagation: str):
    await running(client)
    await client.delete(Deployment, "web", "default", propagation=propagation)

    async def gone() -> bool:
        return not any([await count(client, kind) for kind in (Deployment, ReplicaSet, Pod)])

    await until(gone)


async def test_orphans_stay_and_are_adopted_by_a_deployment_of_the_same_selector(client: Client):
    await running(client)
    (before,) = (await client.list(ReplicaSet, "default")).items
    await client.delete(Deployment, "web", "default", propagation="Orphan")

    async def gone() -> bool:
        return not await count(client, Deployment)

    await until(gone)
    (orphan,) = (await client.list(ReplicaSet, "default")).items
    assert not orphan.metadata.ownerReferences
    made = await client.create(web())

    async def adopted() -> bool:
        (item,) = (await client.list(ReplicaSet, "default")).items
        assert item.metadata.uid == before.metadata.uid
        return [owner.uid for owner in item.metadata.ownerReferences] == [made.metadata.uid]

    await until(adopted)


async def test_a_deleted_pod_is_replaced(client: Client):
    await running(client)
    victim = (await client.list(Pod, "default")).items[0]
    await client.delete(Pod, victim.metadata.name, "default", grace_seconds=0)

    async def replaced() -> bool:
        uids = {pod.metadata.uid for pod in (await client.list(Pod, "default")).items}
        return len(uids) == 3 and victim.metadata.uid not in uids

    await until(replaced)


async def test_a_namespace_is_furnished_and_a_deleted_one_is_emptied_and_goes(client: Client):
    await client.create(Namespace(metadata=ObjectMeta(name="team")))

    async def furnished() -> bool:
        try:
            published = await client.get(ConfigMap, "kube-root-ca.crt", "team")
            await client.get(ServiceAccount, "default", "team")
        except NotFound:
            return False
        return published.data["ca.crt"].startswith("-----BEGIN CERTIFICATE-----")

    await until(furnished)
    await running(client, namespace="team")
    await client.delete(Namespace, "team")

    async def gone() -> bool:
        return "team" not in [item.metadata.name for item in (await client.list(Namespace)).items]

    await until(gone)
    assert not await count(client, Pod, "team")
    assert not await count(client, ConfigMap, "team")


async def test_a_service_gets_its_slice_and_loses_it_with_itself(client: Client):
    service = Service(metadata=ObjectMeta(name="web", namespace="default"))
    service.spec.selector["app"] = "web"
    service.spec.ports.add(port=80)
    await client.create(service)

    async def mine() -> list[str]:
        slices = (await client.list(EndpointSlice, "default", label_selector="kubernetes.io/service-name=web")).items
        old = [item for item in (await client.list(Endpoints, "default")).items if item.metadata.name == "web"]
        return [item.metadata.name for item in (*slices, *old)]

    async def made() -> bool:
        return len(await mine()) == 2

    async def gone() -> bool:
        return not await mine()

    await until(made)
    await client.delete(Service, "web", "default")
    await until(gone)


async def test_the_controllers_say_how_they_are_doing(cluster: Cluster):
    await running(cluster.client)
    files = certificates.credentials(cluster.data_dir / "pki", "admin")
    address = cluster.addresses["controller-manager"]
    async with grpc.aio.secure_channel(address, channel_credentials(files)) as channel:
        answer = await ControllersStub(channel).List(ListControllersRequest())
    names = [item.name for item in answer.controllers]
    assert names == sorted(names)
    assert {"deployment", "garbagecollector", "nodelifecycle"} <= set(names)
    assert next(item for item in answer.controllers if item.name == "deployment").reconciliations > 0


def definition(plural: str, kind: str) -> CustomResourceDefinition:
    """Return a definition of a kind whose objects may hold anything."""
    made = CustomResourceDefinition(metadata=ObjectMeta(name=f"{plural}.example.com"))
    made.spec.group, made.spec.scope = "example.com", "Namespaced"
    made.spec.names.plural, made.spec.names.kind = plural, kind
    version = made.spec.versions.add(name="v1", served=True, storage=True)
    version.schema.openAPIV3Schema.type = "object"
    version.schema.openAPIV3Schema.xKubernetesPreserveUnknownFields = True
    return made


async def defined(client: Client, plural: str, kind: str) -> type[Object]:
    """Define a kind, and return what stands for it once it is served."""
    await client.create(definition(plural, kind))
    found: list[type[Object]] = []

    async def served() -> bool:
        known = defined_kind(await client.get(CustomResourceDefinition, f"{plural}.example.com"))
        found.extend([known] if known is not None else [])
        return known is not None

    await until(served)
    return found[0]


async def create_custom(cluster: Cluster, kind: type[Object], name: str, owner: OwnerReference | None = None) -> str:
    """Create an object of a custom kind, and return its uid."""
    known = kind_of(kind)
    metadata = {"name": name, "namespace": "default"}
    references = [codec.encode(owner)] if owner is not None else []
    tree = {
        "apiVersion": known.api_version,
        "kind": known.name,
        "metadata": {**metadata, "ownerReferences": references},
    }
    body = Payload(content_type="application/json", body=orjson.dumps(tree))
    files = certificates.credentials(cluster.data_dir / "pki", "admin")
    async with grpc.aio.secure_channel(cluster.address, channel_credentials(files)) as channel:
        objects: Any = ObjectsStub(channel)
        made = await objects.Create(WriteRequest(resource=resource_of(kind), namespace="default", object=body))
    return str(orjson.loads(made.body)["metadata"]["uid"])


async def test_what_a_custom_resource_owns_goes_with_it(cluster: Cluster, client: Client) -> None:
    kind = await defined(client, "owners", "Owner")
    uid = await create_custom(cluster, kind, "one")
    owner = OwnerReference(apiVersion="example.com/v1", kind="Owner", name="one", uid=uid)
    owned = ConfigMap(metadata=ObjectMeta(name="owned", namespace="default", ownerReferences=[owner]))
    await client.create(owned)
    await create_custom(cluster, kind, "two", owner)
    await client.batch([DeleteOf(kind, "one", "default")])

    async def all_gone() -> bool:
        maps = [item.metadata.name for item in (await client.list(ConfigMap, "default")).items]
        return "owned" not in maps and await count(client, kind) == 0

    await until(all_gone)


async def test_what_owned_objects_of_a_definition_goes_with_the_definition(cluster: Cluster, client: Client) -> None:
    kind = await defined(client, "owners", "Owner")
    uid = await create_custom(cluster, kind, "one")
    owner = OwnerReference(apiVersion="example.com/v1", kind="Owner", name="one", uid=uid)
    await client.create(ConfigMap(metadata=ObjectMeta(name="owned", namespace="default", ownerReferences=[owner])))
    await client.delete(CustomResourceDefinition, "owners.example.com")

    async def gone() -> bool:
        return "owned" not in [item.metadata.name for item in (await client.list(ConfigMap, "default")).items]

    await until(gone)


async def test_a_namespace_takes_its_custom_resources_with_it(cluster: Cluster, client: Client) -> None:
    kind = await defined(client, "things", "Thing")
    await create_custom(cluster, kind, "stays")
    await client.create(Namespace(metadata=ObjectMeta(name="short")))
    tree = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "goes", "namespace": "short"}}
    body = Payload(content_type="application/json", body=orjson.dumps(tree))
    files = certificates.credentials(cluster.data_dir / "pki", "admin")
    async with grpc.aio.secure_channel(cluster.address, channel_credentials(files)) as channel:
        objects: Any = ObjectsStub(channel)
        await objects.Create(WriteRequest(resource=resource_of(kind), namespace="short", object=body))
    await client.delete(Namespace, "short")

    async def gone() -> bool:
        return "short" not in [item.metadata.name for item in (await client.list(Namespace)).items]

    await until(gone)
    assert [item.metadata.name for item in (await client.list(kind)).items] == ["stays"]


async def test_of_two_controller_managers_one_works_and_the_other_takes_over(cluster: Cluster, client: Client) -> None:
    """Both are told of a short lease; whoever ends gives it back, whoever is killed lets it run out."""
    random = Random(1)
    clock = SystemClock()

    def contender(name: str) -> Controllers:
        election = LeaderElection(identity=name, lease_seconds=2, renew_deadline_seconds=1.5, retry_seconds=0.2)
        return Controllers(client, [marker(name)], component="marking", clock=clock, random=random, election=election)

    async def marks() -> set[str]:
        maps = (await client.list(ConfigMap, "default")).items
        return {f"{item.metadata.name} {item.data['by']}" for item in maps if "by" in item.data}

    async def is_marked(*wanted: str) -> bool:
        return set(wanted) <= await marks()

    async with asyncio.TaskGroup() as group:
        first = group.create_task(contender("one").run())
        await until(lambda: has_leader(client, "one"))
        second = contender("two")
        following = group.create_task(second.run())
        await client.create(ConfigMap(metadata=ObjectMeta(name="a", namespace="default")))
        await until(lambda: is_marked("a one"))
        assert second.leadership is not None
        assert not second.leadership.leads
        first.cancel()
        await until(lambda: has_leader(client, "two"))
        await client.create(ConfigMap(metadata=ObjectMeta(name="b", namespace="default")))
        await until(lambda: is_marked("a one", "b two"))
        await client.patch(Lease, "marking", "kube-system", {"spec": {"holderIdentity": "three"}})
        await asyncio.wait_for(second.leadership.lost(), 10)
        await client.create(ConfigMap(metadata=ObjectMeta(name="c", namespace="default")))
        # Nobody renews the lease of "three": it runs out.
        await until(lambda: is_marked("c two"))
        following.cancel()


async def has_leader(client: Client, identity: str) -> bool:
    try:
        return (await client.get(Lease, "marking", "kube-system")).spec.holderIdentity == identity
    except NotFound:
        return False


def marker(name: str) -> Controller:
    """Return a controller that writes its name on every ConfigMap of `default` that nobody has written on."""

    def reconcile(item: ConfigMap, now: float) -> list[Action]:
        if item.metadata.namespace != "default" or item.data or item.metadata.name.startswith("kube-"):
            return []
        copy = ConfigMap()
        copy.CopyFrom(item)
        copy.data["by"] = name
        return [Update(copy)]

    return Controller(name="marker", root=ConfigMap, reconcile=reconcile)


async def test_a_paused_controller_does_nothing_until_it_is_resumed(cluster: Cluster, client: Client) -> None:
    files = certificates.credentials(cluster.data_dir / "pki", "admin")
    address = cluster.addresses["controller-manager"]
    async with grpc.aio.secure_channel(address, channel_credentials(files)) as channel:
        stub = ControllersStub(channel)
        await stub.Pause(PauseControllerRequest(name="deployment"))
        await client.create(web())
        listed = await stub.List(ListControllersRequest())
        assert [each.name for each in listed.controllers if each.paused] == ["deployment"]
        assert listed.identity
        assert listed.leader == listed.identity
        assert await count(client, ReplicaSet) == 0
        await stub.Resume(ResumeControllerRequest(name="deployment"))

        async def is_made() -> bool:
            return await count(client, Pod) == 3

        await until(is_made)
        with pytest.raises(grpc.aio.AioRpcError, match="there is no controller deploymnt; there are"):
            await stub.Pause(PauseControllerRequest(name="deploymnt"))


async def test_controllers_that_are_busy_stop_at_once_when_they_lead_no_longer(
    cluster: Cluster, client: Client
) -> None:
    def reconcile(item: ConfigMap, now: float) -> list[Action]:
        copy = ConfigMap()
        copy.CopyFrom(item)
        copy.data["at"] = str(now)
        return [Update(copy)] if item.metadata.name == "busy" else []

    restless = Controller(name="restless", root=ConfigMap, reconcile=reconcile)
    election = LeaderElection(identity="one", lease_seconds=2, renew_deadline_seconds=1.5, retry_seconds=0.2)
    run = Controllers(client, [restless], component="marking", clock=SystemClock(), random=Random(1), election=election)
    await client.create(ConfigMap(metadata=ObjectMeta(name="busy", namespace="default")))
    task = asyncio.create_task(run.run())
    await until(lambda: has_leader(client, "one"))
    assert run.leadership is not None
    await client.patch(Lease, "marking", "kube-system", {"spec": {"holderIdentity": "two"}})
    await asyncio.wait_for(run.leadership.lost(), 10)
    left = await client.get(ConfigMap, "busy", "default")
    assert left.data["at"]
    task.cancel()
    await asyncio.wait([task], timeout=10)
    assert task.done()
