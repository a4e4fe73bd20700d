"""The devices in `examples/` go to the pods that claim them, and come back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
import yaml
from scheduler_clusters import node_of, told, until

from kobune.api.core.v1 import Event, Namespace, Pod
from kobune.api.resource.v1 import DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice
from kobune.apimachinery import codec
from kobune.apimachinery.errors import Invalid
from kobune.testing import Cluster

EXAMPLES = Path(__file__).parents[2] / "examples"
KINDS: Any = {kind.__name__: kind for kind in (DeviceClass, ResourceSlice, ResourceClaimTemplate, Pod)}
FINALIZER = "resource.kubernetes.io/delete-protection"


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(nodes=3) as cluster:
        for tree in yaml.safe_load_all((EXAMPLES / "devices.yaml").read_text()):
            item = codec.from_json(KINDS[tree["kind"]], orjson.dumps(tree))
            if tree["kind"] in ("Pod", "ResourceClaimTemplate"):
                item.metadata.namespace = "default"
            await cluster.client.create(item)
        yield cluster


async def claims(cluster: Cluster) -> list[ResourceClaim]:
    return list((await cluster.client.list(ResourceClaim, "default")).items)


async def gone(cluster: Cluster, name: str) -> None:
    async def look() -> bool:
        return all(name not in claim.metadata.generateName for claim in await claims(cluster))

    await until(look)


async def test_pods_get_the_devices_that_their_templates_ask_for(cluster: Cluster) -> None:
    why = "3 cannot allocate all claims"
    last = await left_over(cluster)
    assert why in await told(cluster, last, why)
    placed = sorted({"large-0", "large-1", "large-2"} - {last})
    assert {await node_of(cluster, name) for name in placed} == {"node-1", "node-2"}

    async def running() -> bool:
        return (await cluster.client.get(Pod, placed[0], "default")).status.phase == "Running"

    await until(running)
    pod = await cluster.client.get(Pod, placed[0], "default")
    (made,) = pod.status.resourceClaimStatuses
    claim = await cluster.client.get(ResourceClaim, made.resourceClaimName, "default")
    (result,) = claim.status.allocation.devices.results
    assert (result.request, result.pool, result.device) == ("gpu", pod.spec.nodeName, "gpu-1")
    assert [user.uid for user in claim.status.reservedFor] == [pod.metadata.uid]
    assert FINALIZER in claim.metadata.finalizers
    assert claim.metadata.annotations["resource.kubernetes.io/pod-claim-name"] == "gpu"
    term = claim.status.allocation.nodeSelector.nodeSelectorTerms[0]
    assert list(term.matchFields[0].values) == [pod.spec.nodeName]

    # What one pod gives back, another gets.
    await cluster.client.delete(Pod, placed[0], "default", grace_seconds=0)
    assert await node_of(cluster, last) == pod.spec.nodeName
    await gone(cluster, placed[0])
    assert len(await claims(cluster)) == 2


async def left_over(cluster: Cluster) -> str:
    """Return which of the three pods gets nothing."""

    async def look() -> str:
        pods = (await cluster.client.list(Pod, "default")).items
        waiting = [pod.metadata.name for pod in pods if not pod.spec.nodeName]
        return waiting[0] if len(pods) == 3 and len(waiting) == 1 else ""

    return str(await until(look))


async def test_a_shared_claim_is_kept_until_its_last_user_is_gone(cluster: Cluster) -> None:
    claim = ResourceClaim(metadata={"name": "small", "namespace": "default"})
    asked = claim.spec.devices.requests.add(name="gpu").exactly
    asked.deviceClassName = "gpu"
    asked.selectors.add().cel.expression = "device.attributes['gpu.example.com'].model == 'small'"
    await cluster.client.create(claim)
    nodes = set()
    for name in ("one", "two", "done"):
        pod = Pod(metadata={"name": name, "namespace": "default"}, spec={"restartPolicy": "Never"})
        if name == "done":
            pod.metadata.annotations["kobune.dev/exit-code"] = "0"  # at once: so it comes when others use the claim
        pod.spec.containers.add(name="main", image="cuda")
        pod.spec.resourceClaims.add(name="gpu", resourceClaimName="small")
        await cluster.client.create(pod)
        nodes.add(await node_of(cluster, name))
    assert len(nodes) == 1

    async def stored() -> ResourceClaim:
        return await cluster.client.get(ResourceClaim, "small", "default")

    async def users() -> list[str]:
        return [user.name for user in (await stored()).status.reservedFor]

    assert {"one", "two"} <= set(await users())
    await cluster.client.delete(Pod, "one", "default", grace_seconds=0)

    async def only_two() -> bool:
        return await users() == ["two"]

    await until(only_two)
    assert (await stored()).status.HasField("allocation")
    await cluster.client.delete(ResourceClaim, "small", "default")
    assert (await stored()).status.HasField("allocation")  # it is in use
    await cluster.client.delete(Pod, "two", "default", grace_seconds=0)

    async def is_gone() -> bool:
        return all(claim.metadata.name != "small" for claim in await claims(cluster))

    await until(is_gone)


async def test_whoever_has_no_template_is_told(cluster: Cluster) -> None:
    pod = Pod(metadata={"name": "lost", "namespace": "default"})
    pod.spec.containers.add(name="main", image="cuda")
    pod.spec.resourceClaims.add(name="gpu", resourceClaimTemplateName="nowhere")
    await cluster.client.create(pod)

    async def said() -> str:
        events = (await cluster.client.list(Event, "default")).items
        return next((event.message for event in events if event.reason == "FailedResourceClaimCreation"), "")

    assert 'resourceclaimtemplate.resource.k8s.io "nowhere" not found' in str(await until(said))
    template = await cluster.client.get(ResourceClaimTemplate, "large-gpu", "default")
    late = ResourceClaimTemplate(metadata={"name": "nowhere", "namespace": "default"}, spec=template.spec)
    late.spec.spec.devices.requests[0].exactly.selectors[0].cel.expression = "true"
    await cluster.client.create(late)
    assert await node_of(cluster, "lost") in ("node-1", "node-2")


async def test_no_device_is_in_two_claims_while_pods_come_and_go(cluster: Cluster) -> None:
    client, random = cluster.client, Random(1)
    template = await client.get(ResourceClaimTemplate, "large-gpu", "default")
    any_gpu = ResourceClaimTemplate(metadata={"name": "any", "namespace": "default"}, spec=template.spec)
    any_gpu.spec.spec.devices.requests[0].exactly.selectors[0].cel.expression = "true"
    await client.create(any_gpu)
    for name in ("large-0", "large-1", "large-2"):
        await client.delete(Pod, name, "default", grace_seconds=0)
    names = [f"p{at}" for at in range(12)]
    for name in names:
        pod = Pod(metadata={"name": name, "namespace": "default"})
        pod.spec.containers.add(name="main", image="cuda")
        pod.spec.resourceClaims.add(name="gpu", resourceClaimTemplateName="any")
        await client.create(pod)
    while names:
        found = [claim.status.allocation.devices.results for claim in await claims(cluster)]
        devices = [(one.pool, one.device) for results in found for one in results]
        assert len(devices) == len(set(devices)) <= 4
        pods = (await client.list(Pod, "default")).items
        running = {pod.metadata.name for pod in pods if pod.spec.nodeName}
        if running:
            gone = random.choice(sorted(running))
            await client.delete(Pod, gone, "default", grace_seconds=0)
            names.remove(gone)
        else:
            await asyncio.sleep(0.005)


async def test_devices_that_others_use_are_for_namespaces_with_a_label(cluster: Cluster) -> None:
    claim = ResourceClaim(metadata={"name": "watching", "namespace": "default"})
    asked = claim.spec.devices.requests.add(name="all").exactly
    asked.deviceClassName, asked.allocationMode, asked.adminAccess = "gpu", "All", True
    with pytest.raises(Invalid, match="admin access to devices requires the"):
        await cluster.client.create(claim)
    label = {"metadata": {"labels": {"resource.kubernetes.io/admin-access": "true"}}}
    await cluster.client.patch(Namespace, "default", "", label)
    await cluster.client.create(claim)
    pod = Pod(metadata={"name": "watching", "namespace": "default"})
    pod.spec.containers.add(name="main", image="top")
    pod.spec.resourceClaims.add(name="gpus", resourceClaimName="watching")
    await cluster.client.create(pod)
    assert await node_of(cluster, "watching") in ("node-1", "node-2")
    stored = await cluster.client.get(ResourceClaim, "watching", "default")
    assert [one.adminAccess for one in stored.status.allocation.devices.results] == [True, True]
