"""A scheduler of 30 lines: pods with `spec.schedulerName: mine` go to the node that runs the fewest pods.

Start a cluster with `kobune up`, then this, then create such a pod:

    python examples/scheduler.py
    kubectl run mine --image=nginx --overrides='{"spec": {"schedulerName": "mine"}}'
"""

import asyncio
import sys
from collections import Counter
from pathlib import Path

from kobune.api.core.v1 import Node, Pod
from kobune.apimachinery.clock import SystemClock
from kobune.apimachinery.errors import Conflict, NotFound
from kobune.client import Client, ClientConfig


async def main(data_dir: Path, address: str) -> None:
    pki = data_dir / "pki"
    config = ClientConfig(address=address, ca=pki / "ca.crt", certificate=pki / "admin.crt", key=pki / "admin.key")
    async with Client.connect(config, clock=SystemClock()) as client:
        pods = await client.list(Pod)
        load = Counter(pod.spec.nodeName for pod in pods.items)
        waiting = [pod for pod in pods.items if not pod.spec.nodeName]
        await schedule(client, waiting, load)
        async for events in client.watch(Pod, resource_version=pods.resource_version):
            await schedule(client, [event.object for event in events if event.type == "ADDED"], load)


async def schedule(client: Client, pods: list[Pod], load: Counter[str]) -> None:
    for pod in pods:
        if pod.spec.schedulerName == "mine" and not pod.spec.nodeName:
            nodes = [node.metadata.name for node in (await client.list(Node)).items]
            best = min(nodes, key=lambda name: load[name])
            load[best] += 1
            try:
                await client.bind(pod.metadata.name, pod.metadata.namespace, best, uid=pod.metadata.uid)
            except (Conflict, NotFound):  # another was faster, or the pod is gone
                continue
            print(f"{pod.metadata.name} goes to {best}", flush=True)


if __name__ == "__main__":
    home = Path(sys.argv[1] if len(sys.argv) > 1 else "~/.kobune/default").expanduser()
    asyncio.run(main(home, sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1:6444"))
