"""The scheduler: how many pods a second are bound end to end, and how many decisions a second its loop makes alone.

The nodes are objects without kubelets. Pods are created over gRPC in batches, as fast as the apiserver takes them.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from random import Random

from cluster import Running
from figures import Figure, median

from kobune.api.core.v1 import Node, Pod, ServiceAccount
from kobune.apimachinery.errors import ApiError
from kobune.client import Client, CreateOf, PatchOf
from kobune.scheduler.defaults import default_profile
from kobune.scheduler.engine.columnar import Columnar
from kobune.scheduler.framework import Placed
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

BATCH = 200
PATIENCE = 60.0
ZONES = 3
Decorate = Callable[[Pod, int], None]


def plain(pod: Pod, number: int) -> None:
    """Replicas of one template."""


def anti_affinity(pod: Pod, number: int) -> None:
    """No two pods of a group of ten on one node."""
    pod.metadata.labels["group"] = f"g{number // 10}"
    term = pod.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.add()
    term.topologyKey = "kubernetes.io/hostname"
    term.labelSelector.matchLabels["group"] = f"g{number // 10}"


def affinity(pod: Pod, number: int) -> None:
    """All pods of a group of a hundred in one zone."""
    pod.metadata.labels["group"] = f"g{number // 100}"
    term = pod.spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution.add()
    term.topologyKey = "topology.kubernetes.io/zone"
    term.labelSelector.matchLabels["group"] = f"g{number // 100}"


def preferred_apart(pod: Pod, number: int) -> None:
    """Rather on nodes without pods of the same app."""
    wish = pod.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution.add(weight=10)
    wish.podAffinityTerm.topologyKey = "kubernetes.io/hostname"
    wish.podAffinityTerm.labelSelector.matchLabels["app"] = "bench"


def preferred(pod: Pod, number: int) -> None:
    """Rather in a zone where pods of the same app are."""
    wish = pod.spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution.add(weight=10)
    wish.podAffinityTerm.topologyKey = "topology.kubernetes.io/zone"
    wish.podAffinityTerm.labelSelector.matchLabels["app"] = "bench"


def spread(pod: Pod, number: int) -> None:
    """Evenly over the zones, strictly."""
    constraint = pod.spec.topologySpreadConstraints.add(maxSkew=1, whenUnsatisfiable="DoNotSchedule")
    constraint.topologyKey = "topology.kubernetes.io/zone"
    constraint.labelSelector.matchLabels["app"] = "bench"


def mixed(pod: Pod, number: int) -> None:
    """A fifth each of those that are apart, that prefer, that are spread; the others are plain."""
    (plain, anti_affinity, preferred, spread, plain)[number % 5](pod, number)


def unschedulable(pod: Pod, number: int) -> None:
    """One in five asks for more than any node has."""
    if number % 5 == 0:
        pod.spec.containers[0].resources.requests["cpu"].string = "1000"


WORKLOADS: dict[str, Decorate] = {
    "basic": plain,
    "affinity": affinity,
    "anti-affinity": anti_affinity,
    "preferred": preferred,
    "preferred-anti-affinity": preferred_apart,
    "spread": spread,
    "unschedulable": unschedulable,
    "mixed": mixed,
}


async def measure(cluster: Running, workload: str, nodes: int, pods: int) -> list[Figure]:
    """Return the pods bound a second, from the first creation to the last binding."""
    async with cluster.client() as client:
        for start in range(0, nodes, BATCH):
            await _create(client, [node(number) for number in range(start, min(start + BATCH, nodes))])
        # There is no controller manager that would trust the nodes, and make the account.
        nothing = {"spec": {"taints": None}}
        await client.batch([PatchOf(Node, f"bench-{number}", "", nothing) for number in range(nodes)])
        await client.create(ServiceAccount(metadata={"name": "default", "namespace": "default"}))
        if workload == "preemption":
            return await _preemption(client, nodes, pods)
        made = [pod(f"{workload}-{number}", WORKLOADS[workload], number) for number in range(pods)]
        wanted = sum(not (workload == "unschedulable" and number % 5 == 0) for number in range(pods))
        took, waits = await _bound(client, made, wanted)
    name = f"{workload}, {nodes:,} nodes, {pods:,} pods"
    return [
        Figure(f"{name}: bound", wanted / took, "pods/s"),
        Figure(f"{name}: creation to binding seen, median", median(waits) * 1000, "ms"),
    ]


def measure_loop(nodes: int, templates: int, pods: int) -> Figure:
    """Return the decisions a second of the loop alone, for pods of so many templates in turn."""
    cluster, random, profile = Snapshot(), Random(1), default_profile()
    engine = Columnar(cluster)
    for number in range(nodes):
        cluster.set_node(node(number))
    infos = [PodInfo(pod(f"p{number}", plain, number, app=f"app-{number % templates}")) for number in range(pods)]
    for info in infos:
        assert info.template
    began = 0.0
    for at, info in enumerate(infos):
        if at == templates:  # all templates are known
            began = time.perf_counter()
        decision = engine.decide(profile, info, random)
        assert isinstance(decision, Placed)
        cluster.place(info, decision.node)
    rate = (pods - templates) / (time.perf_counter() - began)
    return Figure(f"decisions alone, {nodes:,} nodes, {templates:,} templates", rate, "/s")


def node(number: int) -> Node:
    """Return a node of 32 cores."""
    made = Node(metadata={"name": f"bench-{number}"})
    made.metadata.labels["kubernetes.io/hostname"] = f"bench-{number}"
    made.metadata.labels["topology.kubernetes.io/zone"] = f"zone-{number % ZONES}"
    for resource, amount in (("cpu", "32"), ("memory", "128Gi"), ("pods", "110")):
        made.status.allocatable[resource].string = amount
        made.status.capacity[resource].string = amount
    made.status.conditions.add(type="Ready", status="True", reason="KubeletReady")
    return made


def pod(name: str, decorate: Decorate, number: int, *, app: str = "bench", cpu: str = "100m") -> Pod:
    """Return a small pod of a workload."""
    made = Pod(metadata={"name": name, "namespace": "default", "uid": name, "labels": {"app": app}})
    made.spec.automountServiceAccountToken = False
    made.spec.terminationGracePeriodSeconds = 0
    container = made.spec.containers.add(name="pause", image="registry.k8s.io/pause:3.10")
    container.resources.requests["cpu"].string = cpu
    container.resources.requests["memory"].string = "100Mi"
    decorate(made, number)
    return made


async def _preemption(client: Client, nodes: int, pods: int) -> list[Figure]:
    """Fill every node, and let as many important pods come as there are less important ones."""
    low = [pod(f"low-{number}", plain, number, cpu="17") for number in range(nodes)]
    await _bound(client, low, nodes)
    high = [pod(f"high-{number}", plain, number, cpu="17") for number in range(min(pods, nodes))]
    for one in high:
        one.spec.priorityClassName = "system-cluster-critical"
    took, _ = await _bound(client, high, len(high))
    return [Figure(f"preemption, {nodes:,} nodes, {len(high):,} pods: bound", len(high) / took, "pods/s")]


async def _bound(client: Client, pods: list[Pod], wanted: int) -> tuple[float, list[float]]:
    """Create pods, and return how long it took until so many were bound, and how long each of them waited."""
    names = {one.metadata.name for one in pods}
    created: dict[str, float] = {}
    waits: list[float] = []
    version = (await client.list(Pod, "default")).resource_version
    began = time.perf_counter()

    async def create() -> None:
        for batch in _batches(pods):
            now = time.perf_counter()
            created.update((one.metadata.name, now) for one in batch)
            await _create(client, batch)

    async def follow() -> None:
        seen: set[str] = set()
        async for events in client.watch(Pod, "default", resource_version=version):
            now = time.perf_counter()
            for event in events:
                name = event.object.metadata.name
                if name in names and name not in seen and event.object.spec.nodeName:
                    seen.add(name)
                    waits.append(now - created[name])
            if len(seen) >= wanted:
                return

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        group.create_task(create())
        group.create_task(follow())
    return time.perf_counter() - began, waits


async def _create(client: Client, objects: Sequence[Node | Pod]) -> None:
    for result in await client.batch([CreateOf(one) for one in objects], brief=True):
        if isinstance(result, ApiError):
            raise result


def _batches(pods: list[Pod]) -> Iterator[list[Pod]]:
    for start in range(0, len(pods), BATCH):
        yield pods[start : start + BATCH]
