"""How long an empty data directory takes to become a cluster, and how much memory that takes."""

import asyncio
import time

from cluster import Running, running
from figures import Figure, median

from kobune.api.core.v1 import Node, ServiceAccount

REPEAT = 5


async def measure(cluster: Running, seconds: float) -> list[Figure]:
    """Start a few clusters; `cluster` is the first."""
    ready = [await until_usable(cluster)]
    commands = [cluster.command_seconds]
    memory = cluster.memory()
    for _ in range(REPEAT - 1):
        with running() as another:
            ready.append(await until_usable(another))
            commands.append(another.command_seconds)
    return [
        Figure("`kobune up --detach`, the whole command", median(commands), "s"),
        Figure("…to the default service account and 3 nodes Ready", median(ready), "s"),
        Figure("memory of all processes together (PSS)", memory / 2**20, "MiB"),
    ]


async def until_usable(cluster: Running) -> float:
    """Return the seconds from the command to a usable cluster."""
    async with cluster.client() as client, asyncio.timeout(30):
        while True:
            nodes = (await client.list(Node)).items
            ready = [n for n in nodes if any(c.type == "Ready" and c.status == "True" for c in n.status.conditions)]
            accounts = (await client.list(ServiceAccount, "default")).items
            if len(ready) == 3 and any(account.metadata.name == "default" for account in accounts):
                return time.time() - cluster.began
            await asyncio.sleep(0.01)
