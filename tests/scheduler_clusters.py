"""Clusters for tests of the scheduler: nodes that only the API knows, and nobody but the scheduler."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from kobune.api.core.v1 import Event, Node, Pod, ServiceAccount
from kobune.launcher.composition import PLANS, Facts, Plan
from kobune.testing import Cluster

HEAD = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"
DECISION_SECONDS = 0.3


def impatient(facts: Facts) -> Any:
    return replace(PLANS["scheduler"].config(facts), decision_seconds=DECISION_SECONDS)


@asynccontextmanager
async def scheduling(
    tmp_path: Path, config: str, plugins: str = "", module: str = "lab", nodes: int = 2
) -> AsyncIterator[Cluster]:
    """A cluster with nodes that only the API knows, and a scheduler with this configuration."""
    file = tmp_path / "lab.yaml"
    file.write_text(HEAD + config)
    (tmp_path / f"{module}.py").write_text(plugins)
    plans = {**PLANS, "scheduler": Plan("kobune.scheduler.service", impatient)}
    path = list(sys.path)
    try:
        async with (
            Cluster(components=("apiserver", "scheduler"), nodes=0, scheduler_config=file, plans=plans) as cluster,
            asyncio.timeout(30),
        ):
            await cluster.client.create(ServiceAccount(metadata={"name": "default", "namespace": "default"}))
            for at in range(nodes):
                await add_node(cluster, f"node-{at}")
            yield cluster
    finally:
        sys.path[:] = path
        sys.modules.pop(module, None)


async def add_node(cluster: Cluster, name: str, cpu: str = "4", **labels: str) -> None:
    node = Node(metadata={"name": name, "labels": {"kubernetes.io/hostname": name, **labels}})
    for resource, amount in (("cpu", cpu), ("memory", "8Gi"), ("pods", "110")):
        node.status.allocatable[resource].string = node.status.capacity[resource].string = amount
    stored = await cluster.client.create(node)
    stored.status.CopyFrom(node.status)
    stored = await cluster.client.update_status(stored)
    del stored.spec.taints[:]  # every node begins as one that is not ready
    await cluster.client.update(stored)


async def add_pod(
    cluster: Cluster, name: str, scheduler: str = "default-scheduler", cpu: str = "", **spec: Any
) -> None:
    pod = Pod(metadata={"name": name, "namespace": "default"}, spec={"schedulerName": scheduler, **spec})
    container = pod.spec.containers.add(name="main", image="nginx")
    if cpu:
        container.resources.requests["cpu"].string = cpu
    await cluster.client.create(pod)


async def until(check: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    while not (found := await check()):  # noqa: ASYNC110 - what is looked at is behind an API
        await asyncio.sleep(0.01)
    return found


async def node_of(cluster: Cluster, pod: str) -> str:
    async def look() -> str:
        return str((await cluster.client.get(Pod, pod, "default")).spec.nodeName)

    return str(await until(look))


async def told(cluster: Cluster, pod: str, text: str) -> str:
    """Return the message of the FailedScheduling event of a pod that has this text."""

    async def look() -> str:
        events = (await cluster.client.list(Event, "default")).items
        return next(
            (
                event.message
                for event in events
                if event.reason == "FailedScheduling" and event.involvedObject.name == pod and text in event.message
            ),
            "",
        )

    return str(await until(look))


def with_plugins(*names: str, scheduler: str = "default-scheduler") -> str:
    enabled = ", ".join(f"{{name: '{name}', weight: 100}}" for name in names)
    return f"profiles: [{{schedulerName: {scheduler}, plugins: {{multiPoint: {{enabled: [{enabled}]}}}}}}]\n"
