"""What the controllers take for the work of a large cluster: pods that come, are replaced, and go."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from cluster import Running
from figures import Figure

from kobune.api.apps.v1 import Deployment
from kobune.api.core.v1 import Namespace, Pod
from kobune.api.runtime.v1 import IntOrString
from kobune.apimachinery.errors import NotFound
from kobune.client import Client

PATIENCE = 240.0
PODS = 1000
DEPLOYMENTS, REPLICAS = 100, 10
QUIET = 20.0


async def measure(cluster: Running) -> list[Figure]:
    """Return how long a thousand pods take on the nodes of a cluster, and what it costs when nothing happens."""
    figures: list[Figure] = []
    async with cluster.client() as client:
        figures += await _deployment(client)
        figures.append(await _update(client))
        figures.append(await _namespace(client, "busy"))
        figures.append(await _many(client))
        await _namespace(client, "many")
    return figures


class Watched:
    """The pods of a namespace as they are now, and what is true of how many."""

    def __init__(self, client: Client, namespace: str) -> None:
        self._client, self._namespace = client, namespace
        self.pods: dict[str, Pod] = {}
        self._changed = asyncio.Event()

    async def follow(self) -> None:
        async for events in self._client.watch(Pod, self._namespace, resource_version=""):
            for event in events:
                if event.object.metadata.name:
                    self.pods[event.object.metadata.name] = event.object
                if event.type == "DELETED":
                    self.pods.pop(event.object.metadata.name, None)
            self._changed.set()

    async def until(self, goal: int, what: Callable[[Pod], bool]) -> None:
        while sum(map(what, list(self.pods.values()))) < goal:
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), 0.5)


def is_ready(pod: Pod) -> bool:
    return any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions)


def deployment(name: str, namespace: str, replicas: int, image: str = "nginx:1") -> Deployment:
    made = Deployment(metadata={"name": name, "namespace": namespace}, spec={"replicas": replicas})
    made.spec.selector.matchLabels["app"] = name
    made.spec.template.metadata.labels["app"] = name
    made.spec.template.spec.containers.add(name="main", image=image)
    return made


async def _deployment(client: Client) -> list[Figure]:
    await client.create(Namespace(metadata={"name": "busy"}))
    watched = Watched(client, "busy")
    follow = asyncio.create_task(watched.follow())
    figures = []
    async with asyncio.timeout(PATIENCE):
        await asyncio.sleep(1)
        began = time.perf_counter()
        await client.create(deployment("big", "busy", PODS))
        for what, holds in (
            ("exist", lambda pod: True),
            ("are bound", lambda pod: bool(pod.spec.nodeName)),
            ("are Running", lambda pod: pod.status.phase == "Running"),
        ):
            await watched.until(PODS, holds)
            figures.append(Figure(f"{PODS} replicas {what}", time.perf_counter() - began, "s"))
    follow.cancel()
    return figures


async def _update(client: Client) -> Figure:
    """Return how long a new image takes to reach all replicas."""
    while (current := await client.get(Deployment, "big", "busy")).status.availableReplicas < PODS:
        await asyncio.sleep(0.1)
    bound = {"least": PODS, "most": 0}
    watched = Watched(client, "busy")
    follow = asyncio.create_task(watched.follow())
    await asyncio.sleep(1)
    began = time.perf_counter()
    current.spec.template.spec.containers[0].image = "nginx:2"
    rolling = current.spec.strategy.rollingUpdate
    rolling.maxSurge.CopyFrom(IntOrString(type=1, strVal="25%"))
    rolling.maxUnavailable.CopyFrom(IntOrString(type=1, strVal="25%"))
    await client.update(current)

    def is_new(pod: Pod) -> bool:
        return pod.spec.containers[0].image == "nginx:2" and is_ready(pod)

    async with asyncio.timeout(PATIENCE):
        while sum(map(is_new, watched.pods.values())) < PODS:
            live = [pod for pod in watched.pods.values() if not pod.metadata.HasField("deletionTimestamp")]
            bound["least"] = min(bound["least"], sum(map(is_ready, live)))
            bound["most"] = max(bound["most"], len(live))
            await asyncio.sleep(0.02)
    follow.cancel()
    took = time.perf_counter() - began
    name = f"rolling update of {PODS} (at least {bound['least']} ready, at most {bound['most']} there)"
    return Figure(name, took, "s")


async def _namespace(client: Client, name: str) -> Figure:
    began = time.perf_counter()
    await client.delete(Namespace, name)
    async with asyncio.timeout(PATIENCE):
        with suppress(NotFound):
            while True:
                await client.get(Namespace, name)
                await asyncio.sleep(0.02)
    return Figure(f"a namespace with {PODS} pods is gone", time.perf_counter() - began, "s")


async def _many(client: Client) -> Figure:
    """Return how long many small deployments take until all of their pods are ready and their status says so."""
    await client.create(Namespace(metadata={"name": "many"}))
    began = time.perf_counter()
    await asyncio.gather(*(client.create(deployment(f"d{at}", "many", REPLICAS)) for at in range(DEPLOYMENTS)))
    async with asyncio.timeout(PATIENCE):
        while True:
            counts = Counter(item.status.availableReplicas for item in (await client.list(Deployment, "many")).items)
            if counts == {REPLICAS: DEPLOYMENTS}:
                break
            await asyncio.sleep(0.05)
    return Figure(f"{DEPLOYMENTS} deployments of {REPLICAS} have settled", time.perf_counter() - began, "s")


async def measure_rest(cluster: Running, nodes: int) -> Figure:
    """Return what a cluster in which nothing happens costs: its nodes tell that they live."""
    await asyncio.sleep(QUIET)
    before = cluster.cpu_seconds()
    await asyncio.sleep(QUIET)
    share = (cluster.cpu_seconds() - before) / QUIET * 100
    return Figure(f"a cluster of {nodes} nodes at rest", share, "% of a core")
