"""How many events reach many watchers, over REST."""

import asyncio
import time

import aiohttp
from cluster import Running
from figures import Figure

from kobune.api.core.v1 import ConfigMap
from kobune.client import CreateOf

WATCHERS = (100, 500)
EVENTS = 500
PATIENCE = 60.0


async def measure(cluster: Running, seconds: float) -> list[Figure]:
    """Return deliveries a second to 100 and to 500 watchers of 500 creations."""
    figures = []
    for watchers in WATCHERS:
        rate = await _fan_out(cluster, watchers)
        figures.append(Figure(f"watch events delivered to {watchers} watchers", rate, "/s"))
    return figures


async def _fan_out(cluster: Running, watchers: int) -> float:
    marker = f"w{watchers}-{EVENTS - 1}".encode()
    connector = aiohttp.TCPConnector(ssl=cluster.tls, limit=0)
    async with aiohttp.ClientSession(connector=connector, read_bufsize=2**20) as session, cluster.client() as client:
        version = (await client.list(ConfigMap, "default")).resource_version
        url = f"{cluster.server}/api/v1/namespaces/default/configmaps?watch=1&resourceVersion={version}"
        open_watches = asyncio.Semaphore(50)
        started = asyncio.Event()
        ready = 0

        async def watch() -> None:
            nonlocal ready
            async with open_watches:
                response = await session.get(url)
            ready += 1
            if ready == watchers:
                started.set()
            tail = b""
            async for chunk in response.content.iter_any():
                if marker in tail + chunk:
                    response.close()
                    return
                tail = chunk[-len(marker) :]

        tasks = [asyncio.create_task(watch()) for _ in range(watchers)]
        async with asyncio.timeout(PATIENCE):
            await started.wait()
            began = time.perf_counter()
            await client.batch([CreateOf(_config_map(watchers, index)) for index in range(EVENTS)])
            await asyncio.gather(*tasks)
        return watchers * EVENTS / (time.perf_counter() - began)


def _config_map(watchers: int, index: int) -> ConfigMap:
    return ConfigMap(metadata={"name": f"w{watchers}-{index}", "namespace": "default"}, data={"text": "x" * 200})
