"""The programs in `examples/` do what they say."""

import asyncio
import sys
from pathlib import Path

import pytest

from kobune.api.core.v1 import Node, Pod
from kobune.apimachinery.errors import Forbidden
from kobune.testing import Cluster

EXAMPLES = Path(__file__).parents[2] / "examples"


async def start(example: str, cluster: Cluster) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLES / example),
        str(cluster.data_dir),
        cluster.address,
        stdout=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": ":".join(sys.path), "GRPC_VERBOSITY": "ERROR"},
    )


async def test_the_grpc_client_creates_watches_and_deletes() -> None:
    async with Cluster(components=("apiserver",)) as cluster, asyncio.timeout(30):
        example = await start("grpc_client.py", cluster)
        output, _ = await example.communicate()
    assert example.returncode == 0
    lines = output.decode().splitlines()
    assert lines[0].startswith("created greeting at version ")
    assert lines[1:] == ["DELETED greeting: ahoy"]


async def test_the_scheduler_of_30_lines_spreads_its_pods_and_leaves_others_alone() -> None:
    async with Cluster(components=("apiserver", "controller-manager")) as cluster, asyncio.timeout(30):
        for index in range(2):
            await cluster.client.create(Node(metadata={"name": f"node-{index}"}))
        example = await start("scheduler.py", cluster)
        try:
            await pod_when_accepted(cluster, "other", "default-scheduler")
            for index in range(4):
                await pod_when_accepted(cluster, f"mine-{index}", "mine")
            while len(placed := await places(cluster)) < 4:
                await asyncio.wait_for(example.stdout.readline(), 20)
        finally:
            example.terminate()
            await example.wait()
    assert sorted(placed.values()) == ["node-0", "node-0", "node-1", "node-1"]
    assert "other" not in placed


async def places(cluster: Cluster) -> dict[str, str]:
    pods = (await cluster.client.list(Pod, "default")).items
    return {pod.metadata.name: pod.spec.nodeName for pod in pods if pod.spec.nodeName}


async def pod_when_accepted(cluster: Cluster, name: str, scheduler: str) -> None:
    """Create a pod as soon as its namespace has a service account."""
    pod = Pod(metadata={"name": name, "namespace": "default"}, spec={"schedulerName": scheduler})
    pod.spec.containers.add(name="main", image="nginx")
    while True:
        try:
            await cluster.client.create(pod)
            return
        except Forbidden:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_an_example_is_short_enough_to_be_read(example: str) -> None:
    assert len((EXAMPLES / example).read_text().splitlines()) <= 60
