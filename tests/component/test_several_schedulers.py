"""Several schedulers at once: nobody's binding is undone, and nothing is given away twice."""

import asyncio
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from scheduler_clusters import add_node, add_pod, node_of, scheduling, told, until, with_plugins

from kobune.api.core.v1 import Node, Pod
from kobune.apimachinery import quantity
from kobune.apimachinery.errors import Conflict, Forbidden
from kobune.testing import Cluster

HOLD = """
import asyncio

HELD = []
RELEASE = asyncio.Event()

class Hold:
    async def pre_bind(self, pod, node):
        if pod.metadata.name == "contested":
            HELD.append(node.name)
            while not RELEASE.is_set():
                await asyncio.sleep(0.01)
"""


async def test_who_binds_first_wins_and_the_other_counts_the_pod_where_it_is(tmp_path: Path) -> None:
    async with scheduling(tmp_path, with_plugins("holding:Hold"), HOLD, "holding") as cluster:
        module = sys.modules["holding"]
        await add_pod(cluster, "contested", cpu="3")

        async def held() -> list[str]:
            return list(module.HELD)

        (ours,) = await until(held)
        theirs = "node-1" if ours == "node-0" else "node-0"
        await cluster.client.bind("contested", "default", theirs)
        with pytest.raises(Conflict):
            await cluster.client.bind("contested", "default", ours)
        module.RELEASE.set()
        await add_pod(cluster, "next", cpu="3")
        assert await node_of(cluster, "next") == ours
        assert await node_of(cluster, "contested") == theirs
        await add_pod(cluster, "third", cpu="3")
        assert (await told(cluster, "third", "cpu")).startswith("0/2 nodes are available: 2 Insufficient cpu.")


async def test_what_others_have_bound_is_not_given_away_again(tmp_path: Path) -> None:
    async with scheduling(tmp_path, "", nodes=0) as cluster:
        await add_node(cluster, "only", cpu="4")
        for at in range(3):
            await add_pod(cluster, f"theirs-{at}", "somebody-else", cpu="1")
            await cluster.client.bind(f"theirs-{at}", "default", "only")
        await add_pod(cluster, "fits", cpu="1")
        assert await node_of(cluster, "fits") == "only"
        await add_pod(cluster, "does-not", cpu="1")
        await told(cluster, "does-not", "1 Insufficient cpu")
        await cluster.client.delete(Pod, "theirs-0", "default", grace_seconds=0)
        assert await node_of(cluster, "does-not") == "only"


async def test_two_schedulers_in_a_rush_never_run_more_on_a_node_than_it_has() -> None:
    """Both may bind to a node in the same moment; then its kubelet turns one of the pods away."""
    random = Random(1)
    async with Cluster(nodes=3) as cluster, asyncio.timeout(50):
        nodes = [node.metadata.name for node in (await cluster.client.list(Node)).items]
        allocatable = await until(lambda: _cpus(cluster, len(nodes)))
        size = min(allocatable.values()) // 4

        async def create(name: str, scheduler: str) -> None:
            pod = Pod(metadata={"name": name, "namespace": "default"}, spec={"schedulerName": scheduler})
            pod.spec.containers.add(name="main", image="nginx").resources.requests["cpu"].string = f"{size}m"
            while True:
                try:
                    await cluster.client.create(pod)
                    return
                except Forbidden:  # the namespace has no service account yet
                    await asyncio.sleep(0.01)

        async def rival() -> None:
            for at in range(8):
                await create(f"theirs-{at}", "rival")
                await cluster.client.bind(f"theirs-{at}", "default", random.choice(nodes))

        async def ours() -> None:
            for at in range(8):
                await create(f"ours-{at}", "default-scheduler")

        async with asyncio.TaskGroup() as group:
            group.create_task(rival())
            group.create_task(ours())

        async def settled() -> bool:
            pods = (await cluster.client.list(Pod, "default")).items
            running: Counter[str] = Counter()
            for pod in pods:
                if pod.status.phase == "Running":
                    running[pod.spec.nodeName] += size
            assert all(running[name] <= allocatable[name] for name in running)
            return all(
                pod.status.phase in ("Running", "Failed")
                or any(condition.reason == "Unschedulable" for condition in pod.status.conditions)
                for pod in pods
            )

        await until(settled)


async def _cpus(cluster: Cluster, count: int) -> dict[str, int]:
    nodes = (await cluster.client.list(Node)).items
    found = {
        node.metadata.name: quantity.milli(node.status.allocatable["cpu"].string)
        for node in nodes
        if "cpu" in node.status.allocatable
    }
    return found if len(found) == count else {}
