"""Claims, volumes and the pods that use them, with everybody who has a part in it in one process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from kobune.api.core.v1 import Event, Node, PersistentVolume, PersistentVolumeClaim, Pod
from kobune.api.storage.v1 import StorageClass, VolumeAttachment
from kobune.apimachinery.errors import NotFound
from kobune.testing import Cluster

DEFAULT = "standard"


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(nodes=2) as cluster, asyncio.timeout(60):
        await until(lambda: exists(cluster, StorageClass, DEFAULT, ""))
        await until(lambda: has_room(cluster))
        yield cluster


async def until(state: Callable[[], Awaitable[Any]]) -> Any:
    while not (found := await state()):  # noqa: ASYNC110 - a state of the world, not an event
        await asyncio.sleep(0.01)
    return found


async def exists(cluster: Cluster, kind: Any, name: str, namespace: str = "default") -> bool:
    try:
        await cluster.client.get(kind, name, namespace)
    except NotFound:
        return False
    return True


async def has_room(cluster: Cluster) -> bool:
    """Whether pods may go to every node; new ones are tainted until they are known to be ready."""
    return not any(node.spec.taints for node in (await cluster.client.list(Node)).items)


async def claimed(cluster: Cluster, name: str, **spec: Any) -> None:
    claim = PersistentVolumeClaim(metadata={"name": name, "namespace": "default"}, spec=spec)
    claim.spec.accessModes.append("ReadWriteOnce")
    claim.spec.resources.requests["storage"].string = "1Gi"
    await cluster.client.create(claim)


async def run(cluster: Cluster, name: str, claim: str, **spec: Any) -> None:
    pod = Pod(metadata={"name": name, "namespace": "default"}, spec=spec)
    pod.spec.containers.add(name="main", image="nginx")
    pod.spec.volumes.add(name="data").volumeSource.persistentVolumeClaim.claimName = claim
    await cluster.client.create(pod)


def is_running(cluster: Cluster, name: str) -> Callable[[], Awaitable[str]]:
    async def look() -> str:
        pod = await cluster.client.get(Pod, name, "default")
        return pod.spec.nodeName if pod.status.phase == "Running" else ""

    return look


async def events(cluster: Cluster, name: str) -> dict[str, str]:
    found = (await cluster.client.list(Event, "default")).items
    return {event.reason: event.message for event in found if event.involvedObject.name == name}


async def test_a_volume_is_made_where_its_pod_goes_grows_and_goes_with_its_claim(cluster: Cluster) -> None:
    client = cluster.client
    await claimed(cluster, "data")
    await until(lambda: has_event(cluster, "data", "WaitForFirstConsumer"))
    await run(cluster, "writer", "data")
    node = await until(is_running(cluster, "writer"))
    claim = await client.get(PersistentVolumeClaim, "data", "default")
    assert (claim.status.phase, claim.spec.storageClassName) == ("Bound", DEFAULT)
    assert claim.metadata.annotations["volume.kubernetes.io/selected-node"] == node
    (attachment,) = (await client.list(VolumeAttachment)).items
    assert (attachment.spec.nodeName, attachment.status.attached) == (node, True)
    handle = f"kubernetes.io/csi/simulated.kobune.dev^{claim.metadata.uid}"

    async def in_use() -> bool:
        status = (await client.get(Node, node)).status
        return list(status.volumesInUse) == [handle] == [one.name for one in status.volumesAttached]

    await until(in_use)
    claim.spec.resources.requests["storage"].string = "3Gi"
    await client.update(claim)

    async def has_grown() -> bool:
        (volume,) = (await client.list(PersistentVolume)).items
        status = (await client.get(PersistentVolumeClaim, "data", "default")).status
        return (volume.spec.capacity["storage"].string, status.capacity["storage"].string) == ("3Gi", "3Gi")

    await until(has_grown)
    await client.delete(PersistentVolumeClaim, "data", "default")
    assert await exists(cluster, PersistentVolumeClaim, "data")  # a pod uses it
    await client.delete(Pod, "writer", "default")

    async def is_empty() -> bool:
        kinds = (PersistentVolumeClaim, PersistentVolume, VolumeAttachment)
        return not any([(await client.list(kind)).items for kind in kinds])

    await until(is_empty)


async def has_event(cluster: Cluster, name: str, reason: str) -> bool:
    return reason in await events(cluster, name)


async def test_a_claim_is_bound_to_a_volume_on_one_node_and_its_pod_goes_there(cluster: Cluster) -> None:
    client = cluster.client
    late = StorageClass(metadata={"name": "local"}, provisioner="kubernetes.io/no-provisioner")
    late.volumeBindingMode = "WaitForFirstConsumer"
    await client.create(late)
    await claimed(cluster, "data", storageClassName="local")
    await run(cluster, "writer", "data")
    refused = "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind."
    await until(lambda: has_event(cluster, "writer", "FailedScheduling"))
    assert (await events(cluster, "writer"))["FailedScheduling"].startswith(refused)
    volume = PersistentVolume(metadata={"name": "disk"})
    volume.spec.capacity["storage"].string = "2Gi"
    volume.spec.accessModes.append("ReadWriteOnce")
    volume.spec.storageClassName = "local"
    volume.spec.persistentVolumeSource.local.path = "/mnt/disk"
    term = volume.spec.nodeAffinity.required.nodeSelectorTerms.add()
    term.matchExpressions.add(key="kubernetes.io/hostname", operator="In", values=["node-2"])
    await client.create(volume)
    assert await until(is_running(cluster, "writer")) == "node-2"
    bound = await client.get(PersistentVolume, "disk")
    assert (bound.status.phase, bound.spec.claimRef.name) == ("Bound", "data")


async def test_a_volume_that_is_recycled_is_emptied_and_available_again(cluster: Cluster) -> None:
    client = cluster.client
    volume = PersistentVolume(metadata={"name": "old"})
    volume.spec.capacity["storage"].string = "1Gi"
    volume.spec.accessModes.append("ReadWriteOnce")
    volume.spec.storageClassName = "shared"
    volume.spec.persistentVolumeReclaimPolicy = "Recycle"
    volume.spec.persistentVolumeSource.hostPath.path = "/mnt/old"
    await client.create(volume)

    async def phase() -> str:
        return str((await client.get(PersistentVolume, "old")).status.phase)

    async def is_(wanted: str) -> bool:
        return await phase() == wanted

    await claimed(cluster, "data", storageClassName="shared")
    await until(lambda: is_("Bound"))
    await client.delete(PersistentVolumeClaim, "data", "default")
    await until(lambda: is_("Available"))
    assert not (await client.get(PersistentVolume, "old")).spec.HasField("claimRef")
    await until(lambda: has_event(cluster, "old", "VolumeRecycled"))


async def test_a_pod_that_is_put_on_a_node_waits_there_for_its_claim(cluster: Cluster) -> None:
    await run(cluster, "early", "data", nodeName="node-1")
    await until(lambda: has_event(cluster, "early", "FailedMount"))
    assert 'persistentvolumeclaims "data" not found' in (await events(cluster, "early"))["FailedMount"]
    immediate = StorageClass(metadata={"name": "now"}, provisioner="simulated.kobune.dev")
    await cluster.client.create(immediate)
    await claimed(cluster, "data", storageClassName="now")
    assert await until(is_running(cluster, "early")) == "node-1"
    # The volume is attached to one node: nobody else gets it.
    await run(cluster, "other", "data", nodeName="node-2")
    await until(lambda: has_event(cluster, "other", "FailedAttachVolume"))
    await cluster.client.delete(Pod, "early", "default")
    assert await until(is_running(cluster, "other")) == "node-2"


async def test_a_settled_cluster_with_volumes_makes_no_more_writes_but_heartbeats(cluster: Cluster) -> None:
    await claimed(cluster, "used")
    await claimed(cluster, "unused")
    await claimed(cluster, "impossible", storageClassName="missing")
    await run(cluster, "writer", "used")
    await until(is_running(cluster, "writer"))
    kinds = (PersistentVolumeClaim, PersistentVolume, VolumeAttachment, StorageClass, Pod, Event)

    async def versions() -> dict[str, str]:
        found = [item for kind in kinds for item in (await cluster.client.list(kind)).items]
        return {f"{type(item).__name__} {item.metadata.name}": item.metadata.resourceVersion for item in found}

    before = await versions()
    while (after := await settled(versions)) != before:
        before = after


async def settled(versions: Callable[[], Awaitable[dict[str, str]]]) -> dict[str, str]:
    await asyncio.sleep(0.7)
    return await versions()


async def test_a_pod_that_goes_while_its_volume_is_made_gives_back_what_was_reserved(cluster: Cluster) -> None:
    client = cluster.client
    never = StorageClass(metadata={"name": "never"}, provisioner="nobody.example.com")
    never.volumeBindingMode = "WaitForFirstConsumer"
    await client.create(never)
    await claimed(cluster, "data", storageClassName="never")
    await run(cluster, "writer", "data")

    async def selected() -> str:
        claim = await client.get(PersistentVolumeClaim, "data", "default")
        return str(claim.metadata.annotations.get("volume.kubernetes.io/selected-node", ""))

    node = await until(selected)
    await client.delete(Pod, "writer", "default")
    # The claim stays with the node that was chosen; the next pod goes there, and waits as well.
    await run(cluster, "next", "data")
    claim = await client.get(PersistentVolumeClaim, "data", "default")
    volume = PersistentVolume(metadata={"name": "made"})
    volume.spec.capacity["storage"].string = "1Gi"
    volume.spec.accessModes.append("ReadWriteOnce")
    volume.spec.storageClassName = "never"
    volume.spec.persistentVolumeSource.hostPath.path = "/mnt"
    volume.spec.claimRef.name, volume.spec.claimRef.namespace = "data", "default"
    volume.spec.claimRef.uid = claim.metadata.uid
    await client.create(volume)
    assert await until(is_running(cluster, "next")) == node
