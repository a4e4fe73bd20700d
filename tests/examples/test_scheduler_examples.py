"""The scheduler plugins in `examples/` do what they say."""

import asyncio
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kobune.api.core.v1 import Event, Node, Pod, ServiceAccount
from kobune.testing import Cluster

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@asynccontextmanager
async def listening(*command: str, cwd: Path | None = None) -> AsyncIterator[str]:
    """Run a plugin, and give the port that it listens on."""
    environment = {"PYTHONPATH": ":".join(sys.path), "GRPC_VERBOSITY": "ERROR"}
    process = await asyncio.create_subprocess_exec(*command, cwd=cwd, env=environment, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        assert line.startswith("listening on "), line
        yield line.split()[-1]
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def racks(tmp_path: Path, port: str, arguments: str = "{}") -> AsyncIterator[Cluster]:
    """A cluster of two racks with two nodes each; the example's configuration, with another port."""
    text = (EXAMPLES / "scheduler-plugin.yaml").read_text().replace("7000", port)
    file = tmp_path / "scheduler.yaml"
    file.write_text(f"{text}      arguments: {arguments}\n")
    async with four_nodes(file) as cluster:
        yield cluster


@asynccontextmanager
async def four_nodes(file: Path) -> AsyncIterator[Cluster]:
    async with (
        Cluster(components=("apiserver", "scheduler"), nodes=0, scheduler_config=file) as cluster,
        asyncio.timeout(40),
    ):
        await cluster.client.create(ServiceAccount(metadata={"name": "default", "namespace": "default"}))
        for at in range(4):
            node = Node(metadata={"name": f"node-{at}", "labels": {"rack": "north" if at < 2 else "south"}})
            for resource, amount in (("cpu", "64" if at == 0 else "4"), ("memory", "8Gi"), ("pods", "110")):
                node.status.allocatable[resource].string = node.status.capacity[resource].string = amount
            stored = await cluster.client.create(node)
            stored.status.CopyFrom(node.status)
            stored = await cluster.client.update_status(stored)
            del stored.spec.taints[:]
            await cluster.client.update(stored)
        yield cluster


async def add(cluster: Cluster, name: str, app: str, scheduler: str = "racks") -> None:
    pod = Pod(
        metadata={"name": name, "namespace": "default", "labels": {"app": app}}, spec={"schedulerName": scheduler}
    )
    pod.spec.containers.add(name="main", image="nginx").resources.requests["cpu"].string = "1"
    await cluster.client.create(pod)


async def node_of(cluster: Cluster, name: str) -> str:
    while not (node := (await cluster.client.get(Pod, name, "default")).spec.nodeName):  # noqa: ASYNC110 - over an API
        await asyncio.sleep(0.01)
    return node


async def check_spreading(cluster: Cluster) -> None:
    for at in range(4):
        await add(cluster, f"web-{at}", "web")
        await node_of(cluster, f"web-{at}")
    nodes = [await node_of(cluster, f"web-{at}") for at in range(4)]
    assert Counter("north" if node in ("node-0", "node-1") else "south" for node in nodes) == {"north": 2, "south": 2}


async def test_the_class_spreads_apps_over_racks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    async with four_nodes(EXAMPLES / "scheduler.yaml") as cluster:
        await check_spreading(cluster)


async def test_the_plugin_in_python_spreads_apps_over_racks(tmp_path: Path) -> None:
    async with (
        listening(sys.executable, str(EXAMPLES / "scheduler_plugin.py"), "0") as port,
        racks(tmp_path, port) as cluster,
    ):
        await check_spreading(cluster)


async def test_the_plugin_in_node_spreads_apps_and_keeps_them_off_full_racks(tmp_path: Path) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node.js is not installed")
    folder = tmp_path / "plugin"
    shutil.copytree(EXAMPLES / "scheduler-plugin-node", folder, ignore=shutil.ignore_patterns("node_modules"))
    install = await asyncio.create_subprocess_exec(
        npm, "install", "--no-audit", "--no-fund", "--silent", cwd=folder, stdout=asyncio.subprocess.DEVNULL
    )
    if await asyncio.wait_for(install.wait(), 120):
        pytest.skip("npm cannot install @grpc/grpc-js here")
    async with (
        listening(node, "plugin.js", "0", str(ROOT / "protos"), cwd=folder) as port,
        racks(tmp_path, port, "{most: 2}") as cluster,
    ):
        await check_spreading(cluster)
        await add(cluster, "web-4", "web")
        await add(cluster, "api-0", "api")
        assert await node_of(cluster, "api-0")
        while True:
            events = (await cluster.client.list(Event, "default")).items
            said = [one.message for one in events if one.reason == "FailedScheduling"]
            if said:
                break
            await asyncio.sleep(0.01)
        assert said[0].startswith("0/4 nodes are available: 4 node(s) were in a rack that is full.")


async def test_the_scheduler_over_rest_and_ours_share_the_nodes(tmp_path: Path) -> None:
    async with Cluster(components=("apiserver", "scheduler"), nodes=0) as cluster, asyncio.timeout(40):
        await cluster.client.create(ServiceAccount(metadata={"name": "default", "namespace": "default"}))
        for at in range(2):
            node = Node(metadata={"name": f"node-{at}"})
            for resource, amount in (("cpu", "4"), ("memory", "8Gi"), ("pods", "110")):
                node.status.allocatable[resource].string = node.status.capacity[resource].string = amount
            stored = await cluster.client.create(node)
            stored.status.CopyFrom(node.status)
            stored = await cluster.client.update_status(stored)
            del stored.spec.taints[:]
            await cluster.client.update(stored)
        environment = {"PYTHONPATH": ":".join(sys.path), "KUBECONFIG": str(cluster.kubeconfig)}
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(EXAMPLES / "rest_scheduler.py"), env=environment
        )
        try:
            for at in range(8):
                await add(cluster, f"p{at}", "any", "first" if at % 2 else "default-scheduler")
                await node_of(cluster, f"p{at}")
        finally:
            process.terminate()
            await process.wait()
        assert Counter([await node_of(cluster, f"p{at}") for at in range(8)]) == {"node-0": 4, "node-1": 4}
