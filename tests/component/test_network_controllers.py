"""Slices, mirrors, hints, tokens and garbage of custom kinds against a real apiserver, without nodes."""

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import orjson
import pytest
from waiting import until

from kobune.api.apiextensions.v1 import CustomResourceDefinition
from kobune.api.authentication.v1 import TokenReview
from kobune.api.coordination.v1 import Lease
from kobune.api.core.v1 import (
    ConfigMap,
    Endpoints,
    Event,
    Namespace,
    Node,
    Pod,
    ResourceQuota,
    Secret,
    Service,
    ServiceAccount,
)
from kobune.api.discovery.v1 import EndpointSlice
from kobune.api.dynamic.v1 import Object as Payload
from kobune.api.dynamic.v1 import WriteRequest
from kobune.api.dynamic.v1.objects_pb2_grpc import ObjectsStub
from kobune.api.meta.v1 import ObjectMeta, OwnerReference
from kobune.api.networking.v1 import IPAddress, ServiceCIDR
from kobune.api.rbac.v1 import ClusterRole
from kobune.apimachinery import codec
from kobune.apimachinery.errors import Invalid, NotFound
from kobune.apimachinery.kinds import Object, kind_of
from kobune.client import Client
from kobune.client.custom import defined_kind
from kobune.client.writes import DeleteOf, resource_of
from kobune.component_base import certificates
from kobune.component_base.serving import channel_credentials
from kobune.testing import Cluster


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(nodes=0, components=("apiserver", "controller-manager")) as cluster:
        yield cluster


@pytest.fixture
def client(cluster: Cluster) -> Client:
    return cluster.client


async def exists(client: Client, kind: type[Any], name: str, namespace: str = "default") -> bool:
    try:
        await client.get(kind, name, namespace)
    except NotFound:
        return False
    return True


async def slices(client: Client, service: str) -> list[EndpointSlice]:
    return list(
        (await client.list(EndpointSlice, "default", label_selector=f"kubernetes.io/service-name={service}")).items
    )


async def test_hand_made_endpoints_are_mirrored_until_a_selector_or_their_end(client: Client):
    service = Service(metadata=ObjectMeta(name="db", namespace="default"))
    service.spec.ports.add(name="sql", port=5432)
    service = await client.create(service)
    made = Endpoints(metadata=ObjectMeta(name="db", namespace="default"))
    subset = made.subsets.add()
    subset.ports.add(name="sql", port=5432, protocol="TCP")
    subset.addresses.add(ip="192.0.2.10")
    subset.notReadyAddresses.add(ip="192.0.2.11")
    made = await client.create(made)

    async def addresses() -> list[tuple[str, bool]]:
        return [
            (each.addresses[0], each.conditions.ready) for item in await slices(client, "db") for each in item.endpoints
        ]

    async def mirrored() -> bool:
        return await addresses() == [("192.0.2.10", True), ("192.0.2.11", False)]

    async def gone() -> bool:
        return not await slices(client, "db")

    await until(mirrored)
    made.metadata.labels["endpointslice.kubernetes.io/skip-mirror"] = "true"
    made = await client.update(made)
    await until(gone)
    del made.metadata.labels["endpointslice.kubernetes.io/skip-mirror"]
    await client.update(made)
    await until(mirrored)
    await client.delete(Endpoints, "db", "default")
    await until(gone)


async def test_endpoints_are_for_the_zone_of_their_node_when_a_service_asks(client: Client):
    node = Node(metadata=ObjectMeta(name="n"))
    node.metadata.labels["topology.kubernetes.io/zone"] = "a"
    await client.create(node)
    pod = Pod(metadata=ObjectMeta(name="web", namespace="default"))
    pod.metadata.labels["app"] = "web"
    pod.spec.nodeName = "n"
    pod.spec.containers.add(name="web", image="nginx")
    await until(lambda: exists(client, ServiceAccount, "default"))
    pod = await client.create(pod)
    pod.status.phase = "Running"
    pod.status.podIP = "127.10.0.9"
    pod.status.podIPs.add(ip="127.10.0.9")
    ready = pod.status.conditions.add(type="Ready", status="True")
    ready.lastTransitionTime.seconds = 1_700_000_000
    await client.update_status(pod)
    service = Service(metadata=ObjectMeta(name="web", namespace="default"))
    service.spec.selector["app"] = "web"
    service.spec.ports.add(port=80)
    service.spec.trafficDistribution = "PreferSameNode"
    await client.create(service)

    async def hinted() -> bool:
        hints = [each.hints for item in await slices(client, "web") for each in item.endpoints]
        return [([zone.name for zone in hint.forZones], [at.name for at in hint.forNodes]) for hint in hints] == [
            (["a"], ["n"])
        ]

    await until(hinted)
    (item,) = await slices(client, "web")
    assert "endpoints.kubernetes.io/last-change-trigger-time" in item.metadata.annotations


async def defined(client: Client, plural: str, kind: str) -> type[Object]:
    """Define a kind, and return what stands for it once it is served."""
    made = CustomResourceDefinition(metadata=ObjectMeta(name=f"{plural}.example.com"))
    made.spec.group, made.spec.scope = "example.com", "Namespaced"
    made.spec.names.plural, made.spec.names.kind = plural, kind
    version = made.spec.versions.add(name="v1", served=True, storage=True)
    version.schema.openAPIV3Schema.type = "object"
    version.schema.openAPIV3Schema.xKubernetesPreserveUnknownFields = True
    await client.create(made)
    found: list[type[Object]] = []

    async def served() -> bool:
        known = defined_kind(await client.get(CustomResourceDefinition, f"{plural}.example.com"))
        found.extend([known] if known is not None else [])
        return known is not None

    await until(served)
    return found[0]


async def custom(cluster: Cluster, kind: type[Object], name: str, owner: OwnerReference | None = None) -> str:
    """Create an object of a custom kind, and return its uid."""
    known = kind_of(kind)
    meta = {"name": name, "namespace": "default", "ownerReferences": [codec.encode(owner)] if owner else []}
    tree = {"apiVersion": known.api_version, "kind": known.name, "metadata": meta}
    body = Payload(content_type="application/json", body=orjson.dumps(tree))
    files = certificates.credentials(cluster.data_dir / "pki", "admin")
    async with grpc.aio.secure_channel(cluster.address, channel_credentials(files)) as channel:
        objects: Any = ObjectsStub(channel)
        made = await objects.Create(WriteRequest(resource=resource_of(kind), namespace="default", object=body))
    return str(orjson.loads(made.body)["metadata"]["uid"])


def owned_by(name: str, uid: str, namespace: str = "default", by: str = "one", kind: str = "Owner") -> ConfigMap:
    owner = OwnerReference(apiVersion="example.com/v1", kind=kind, name=by, uid=uid, blockOwnerDeletion=True)
    return ConfigMap(metadata=ObjectMeta(name=name, namespace=namespace, ownerReferences=[owner]))


async def test_a_custom_owner_that_is_not_there_is_looked_up_and_what_it_owned_goes(cluster: Cluster, client: Client):
    await client.create(owned_by("early", "no-such-uid"))
    kind = await defined(client, "owners", "Owner")
    uid = await custom(cluster, kind, "one")
    await client.create(owned_by("late", "another-uid"))
    await client.create(owned_by("kept", uid))
    await client.create(owned_by("unknown", "who-knows", kind="Stranger"))

    async def collected() -> bool:
        return not await exists(client, ConfigMap, "early") and not await exists(client, ConfigMap, "late")

    await until(collected)
    assert await exists(client, ConfigMap, "kept")
    assert await exists(client, ConfigMap, "unknown"), "nothing is deleted on a guess"


async def test_a_custom_owner_waits_in_the_foreground_and_lets_orphans_be(cluster: Cluster, client: Client):
    kind = await defined(client, "owners", "Owner")
    uid = await custom(cluster, kind, "one")
    held = owned_by("held", uid)
    held.metadata.finalizers.append("example.com/hold")
    held = await client.create(held)
    await client.batch([DeleteOf(kind, "one", "default", propagation="Foreground")])

    async def waits() -> bool:
        return (await client.get(ConfigMap, "held", "default")).metadata.HasField("deletionTimestamp")

    await until(waits)
    assert await exists(client, kind, "one")
    held = await client.get(ConfigMap, "held", "default")
    held.metadata.finalizers.remove("example.com/hold")
    await client.update(held)

    async def gone() -> bool:
        return not await exists(client, kind, "one") and not await exists(client, ConfigMap, "held")

    await until(gone)
    uid = await custom(cluster, kind, "two")
    await client.create(owned_by("orphan", uid, by="two"))
    await client.batch([DeleteOf(kind, "two", "default", propagation="Orphan")])

    async def freed() -> bool:
        orphan = await client.get(ConfigMap, "orphan", "default")
        return not orphan.metadata.ownerReferences and not await exists(client, kind, "two")

    await until(freed)


async def test_owners_in_other_namespaces_are_refused_in_an_event(client: Client):
    await client.create(Namespace(metadata=ObjectMeta(name="away")))
    owner = await client.create(ConfigMap(metadata=ObjectMeta(name="owner", namespace="away")))
    reference = OwnerReference(apiVersion="v1", kind="ConfigMap", name="owner", uid=owner.metadata.uid)
    stray = ConfigMap(metadata=ObjectMeta(name="stray", namespace="default", ownerReferences=[reference]))
    await client.create(stray)
    await client.create(ClusterRole(metadata=ObjectMeta(name="wide", ownerReferences=[reference])))

    async def refused() -> bool:
        events = [each for each in (await client.list(Event)).items if each.reason == "OwnerRefInvalidNamespace"]
        said = {each.involvedObject.name: each.message for each in events}
        text = f"ownerRef [v1/ConfigMap, namespace: default, name: owner, uid: {owner.metadata.uid}]"
        return (
            said.get("stray") == f'{text} does not exist in namespace "default"'
            and "wide" in said
            and not await exists(client, ConfigMap, "stray")
        )

    await until(refused)
    assert await exists(client, ClusterRole, "wide", "")


async def test_a_secret_of_an_account_gets_a_token_that_lasts_and_goes_with_the_account(
    cluster: Cluster, client: Client
):
    secret = Secret(metadata=ObjectMeta(name="robot-token", namespace="default"))
    secret.metadata.annotations["kubernetes.io/service-account.name"] = "robot"
    secret.type = "kubernetes.io/service-account-token"
    account = await client.create(ServiceAccount(metadata=ObjectMeta(name="robot", namespace="default")))
    await client.create(secret)

    async def filled() -> bool:
        data = (await client.get(Secret, "robot-token", "default")).data
        return set(data) == {"ca.crt", "namespace", "token"} and data["namespace"] == b"default"

    await until(filled)
    made = await client.get(Secret, "robot-token", "default")
    assert made.metadata.annotations["kubernetes.io/service-account.uid"] == account.metadata.uid
    review = TokenReview()
    review.spec.token = made.data["token"].decode()
    answer = await client.create(review)
    assert answer.status.authenticated
    assert answer.status.user.username == "system:serviceaccount:default:robot"
    await client.delete(ServiceAccount, "robot", "default")

    async def gone() -> bool:
        return not await exists(client, Secret, "robot-token")

    await until(gone)
    assert not (await client.create(review)).status.authenticated


async def test_a_quota_counts_custom_objects_that_go(cluster: Cluster, client: Client):
    kind = await defined(client, "owners", "Owner")
    quota = ResourceQuota(metadata=ObjectMeta(name="q", namespace="default"))
    quota.spec.hard["count/owners.example.com"].string = "5"
    await client.create(quota)

    async def used(amount: str) -> bool:
        status = (await client.get(ResourceQuota, "q", "default")).status
        return "count/owners.example.com" in status.used and status.used["count/owners.example.com"].string == amount

    await until(lambda: used("0"))
    await custom(cluster, kind, "one")
    await custom(cluster, kind, "two")
    assert await used("2")
    await client.batch([DeleteOf(kind, "one", "default")])
    await until(lambda: used("1"))


async def test_the_lease_of_a_node_that_is_gone_goes_when_it_has_run_out(client: Client):
    await client.create(Node(metadata=ObjectMeta(name="there")))
    for name in ("gone", "there"):
        lease = Lease(metadata=ObjectMeta(name=name, namespace="kube-node-lease"))
        lease.spec.leaseDurationSeconds = 1
        await client.create(lease)

    async def cleaned() -> bool:
        return not await exists(client, Lease, "gone", "kube-node-lease")

    await until(cleaned)
    assert await exists(client, Lease, "there", "kube-node-lease")


async def test_each_cluster_ip_has_an_ip_address_that_is_made_again_and_goes_with_its_service(client: Client):
    service = Service(metadata=ObjectMeta(name="web", namespace="default"))
    service.spec.ports.add(port=80)
    service = await client.create(service)
    ip = service.spec.clusterIP

    async def kept() -> bool:
        if not await exists(client, IPAddress, ip, ""):
            return False
        item = await client.get(IPAddress, ip)
        parent = item.spec.parentRef
        return (parent.resource, parent.namespace, parent.name) == ("services", "default", "web") and dict(
            item.metadata.labels
        ) == {
            "ipaddress.kubernetes.io/ip-family": "IPv4",
            "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
        }

    await until(kept)
    await client.delete(IPAddress, ip)
    await until(kept)
    await client.delete(Service, "web", "default")

    async def gone() -> bool:
        return not await exists(client, IPAddress, ip, "")

    await until(gone)


async def test_a_further_range_gives_addresses_and_waits_for_them_before_it_goes(client: Client):
    extra = ServiceCIDR(metadata=ObjectMeta(name="extra"))
    extra.spec.cidrs.append("127.250.0.0/28")

    async def is_ready(name: str, status: str = "True") -> bool:
        conditions = (await client.get(ServiceCIDR, name)).status.conditions
        return [each.status for each in conditions if each.type == "Ready"] == [status]

    def asking(name: str, ip: str) -> Service:
        made = Service(metadata=ObjectMeta(name=name, namespace="default"))
        made.spec.ports.add(port=80)
        made.spec.clusterIP = ip
        return made

    with pytest.raises(Invalid, match="not in the valid range"):
        await client.create(asking("early", "127.250.0.5"))
    await client.create(extra)
    await until(lambda: is_ready("extra"))
    await until(lambda: is_ready("kubernetes"))
    await client.create(asking("web", "127.250.0.5"))
    await until(lambda: exists(client, IPAddress, "127.250.0.5", ""))
    taken = IPAddress(metadata=ObjectMeta(name="127.250.0.6"))
    taken.spec.parentRef.group, taken.spec.parentRef.resource, taken.spec.parentRef.name = "mine.example", "vips", "vip"
    await client.create(taken)
    with pytest.raises(Invalid, match="already allocated"):
        await client.create(asking("late", "127.250.0.6"))
    await client.delete(IPAddress, "127.250.0.6")
    await client.delete(ServiceCIDR, "extra")
    await until(lambda: is_ready("extra", "False"))
    with pytest.raises(Invalid, match="not in the valid range"):
        await client.create(asking("late", "127.250.0.7"))
    await client.delete(Service, "web", "default")

    async def gone() -> bool:
        return not await exists(client, ServiceCIDR, "extra", "")

    await until(gone)
