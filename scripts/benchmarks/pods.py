"""How long a deployment takes from its creation until all of its pods run: every component takes part."""

import asyncio
import time

from cluster import Running
from figures import Figure

from kobune.api.apps.v1 import Deployment
from kobune.api.core.v1 import Pod

SIZES = (100, 300)
PATIENCE = 60.0


async def measure(cluster: Running, seconds: float) -> list[Figure]:
    """Return the seconds, and pods a second, for 100 and for 300 pods on 3 nodes."""
    figures = []
    for size in SIZES:
        took = await _deploy(cluster, size)
        figures.append(Figure(f"deployment of {size}, created to all Running and available", took, "s"))
        figures.append(Figure("…that is", size / took, "pods/s"))
    return figures


async def _deploy(cluster: Running, size: int) -> float:
    name = f"load-{size}"
    deployment = Deployment(metadata={"name": name, "namespace": "default"}, spec={"replicas": size})
    deployment.spec.selector.matchLabels["app"] = name
    deployment.spec.template.metadata.labels["app"] = name
    deployment.spec.template.spec.containers.add(name="main", image="nginx:1")
    async with cluster.client() as client, asyncio.timeout(PATIENCE):
        began = time.perf_counter()
        created = await client.create(deployment)
        version = created.metadata.resourceVersion
        took = 0.0
        async for events in client.watch(Deployment, "default", resource_version=version):
            if any(e.object.metadata.name == name and e.object.status.availableReplicas == size for e in events):
                took = time.perf_counter() - began
                break
        await client.delete(Deployment, name, "default", propagation="Background")
        await _gone(cluster, name)
    return took


async def _gone(cluster: Running, name: str) -> None:
    async with cluster.client() as client:
        while (await client.list(Pod, "default", label_selector=f"app={name}")).items:
            await asyncio.sleep(0.05)
