"""Instances that stop, zones that are cut off and a cloud that throttles: what becomes of pods and nodes."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from cloud_clusters import COMPONENTS, address_of, channel, curl, reasons, web
from waiting import until

from kobune.api.apps.v1 import Deployment
from kobune.api.core.v1 import Node, Pod
from kobune.apimachinery import codec
from kobune.apimachinery.clock import SystemClock
from kobune.apimachinery.errors import NotFound
from kobune.client import Client
from kobune.cloud.v1 import (
    CutZoneRequest,
    DeleteInstanceRequest,
    DescribeCloudRequest,
    HealZoneRequest,
    StartInstanceRequest,
    TroubleRequest,
)
from kobune.cloud.v1.simulation_pb2_grpc import SimulationStub
from kobune.launcher.composition import PLANS, Facts, Plan
from kobune.launcher.settings import COMPONENTS as ALL
from kobune.testing import Cluster


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(nodes=0, components=COMPONENTS) as cluster:
        yield cluster


@pytest.fixture
def client(cluster: Cluster) -> Client:
    return cluster.client


class Hasty(SystemClock):
    """Time that goes eight times as fast."""

    def __init__(self) -> None:
        self._start = super().now()

    def now(self) -> float:
        return self._start + (super().now() - self._start) * 8

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / 8)


def hasty(*names: str) -> Cluster:
    """Return a cluster in which 15 s of silence are too much, and pass soon; to be entered."""

    def config(facts: Facts) -> Any:
        return replace(PLANS["controller-manager"].config(facts), node_monitor_grace_seconds=15.0)

    plans = {**PLANS, "controller-manager": Plan(PLANS["controller-manager"].module, config)}
    return Cluster(nodes=3, components=names or ALL, plans=plans, clock=Hasty())


def in_a_hurry(name: str, replicas: int, bears: int = 0) -> Deployment:
    """Return a Deployment whose pods leave a node that is given up, after a time."""
    made = Deployment()
    made.metadata.name, made.metadata.namespace = name, "default"
    made.spec.replicas = replicas
    made.spec.selector.matchLabels["app"] = name
    made.spec.template.metadata.labels["app"] = name
    made.spec.template.spec.containers.add(name="web", image="nginx").ports.add(containerPort=8080)
    for key in ("not-ready", "unreachable"):
        made.spec.template.spec.tolerations.add(
            key=f"node.kubernetes.io/{key}", operator="Exists", effect="NoExecute", tolerationSeconds=bears
        )
    return made


async def running(client: Client, name: str = "web") -> dict[str, str]:
    """Return the node of each pod that serves."""
    pods = (await client.list(Pod, "default", label_selector=f"app={name}")).items
    ready = [
        pod for pod in pods if any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions)
    ]
    return {pod.metadata.name: pod.spec.nodeName for pod in ready if not pod.metadata.HasField("deletionTimestamp")}


async def kobune(cluster: Cluster, *words: str) -> str:
    """Return what the command line shows, which must end well."""
    program = "from kobune.cli.main import main; main()"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *words, "--data-dir", str(cluster.data_dir),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=environment,
    )  # fmt: skip
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said
    return said


async def is_tainted(client: Client, node: str, key: str, effect: str = "NoSchedule") -> bool:
    return (key, effect) in [(taint.key, taint.effect) for taint in (await client.get(Node, node)).spec.taints]


async def test_pods_leave_an_instance_that_is_stopped_and_it_comes_back_when_it_is_started():
    async with hasty() as cluster:
        client = cluster.client
        await client.create(in_a_hurry("web", 6))

        async def everywhere() -> bool:
            return len(set((await running(client)).values())) == 3 and len(await running(client)) == 6

        await until(everywhere)
        (address,) = {pod.status.podIP for pod in (await client.list(Pod, "default")).items[:1]}
        (node,) = {pod.spec.nodeName for pod in (await client.list(Pod, "default")).items[:1]}
        assert await curl(address, 8080)
        assert "stopped" in await kobune(cluster, "cloud", "stop", node)

        async def refused() -> bool:
            try:
                await curl(address, 8080)
            except ConnectionRefusedError:
                return True
            return False

        await until(refused)

        async def moved() -> bool:
            there = await running(client)
            return len(there) == 6 and node not in there.values()

        await until(moved, 30)
        assert await is_tainted(client, node, "node.kubernetes.io/unreachable", "NoExecute")
        await until(lambda: is_tainted(client, node, "node.cloudprovider.kubernetes.io/shutdown"), 30)
        assert "stopped" in await kobune(cluster, "cloud", "list")
        # Nobody there lets them go.
        left = [pod for pod in (await client.list(Pod, "default")).items if pod.spec.nodeName == node]
        assert left
        assert all(pod.metadata.HasField("deletionTimestamp") for pod in left)
        # Until somebody says that it will not come back.
        taint = {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute", "value": "broken"}
        before = [codec.encode(each) for each in (await client.get(Node, node)).spec.taints]
        await client.patch(Node, node, "", {"spec": {"taints": [*before, taint]}})

        async def let_go() -> bool:
            return all(pod.spec.nodeName != node for pod in (await client.list(Pod, "default")).items)

        await until(let_go)
        await client.patch(Node, node, "", {"spec": {"taints": before}})
        await kobune(cluster, "cloud", "start", node)

        async def is_well_again() -> bool:
            pods = [pod for pod in (await client.list(Pod, "default")).items if pod.spec.nodeName == node]
            return not pods and not (await client.get(Node, node)).spec.taints

        await until(is_well_again, 20)


async def test_a_zone_that_is_cut_off_catches_up_when_it_is_healed():
    async with hasty() as cluster:
        client = cluster.client
        await client.create(in_a_hurry("web", 3))

        async def everywhere() -> bool:
            return sorted((await running(client)).values()) == ["node-1", "node-2", "node-3"]

        await until(everywhere)
        (pod,) = [pod for pod in (await client.list(Pod, "default")).items if pod.spec.nodeName == "node-2"]
        async with channel(cluster, "cloud-controller-manager") as cloud:
            await SimulationStub(cloud).CutZone(CutZoneRequest(zone="local-b"))
            await until(lambda: is_tainted(client, "node-2", "node.kubernetes.io/unreachable", "NoExecute"), 30)

            async def moved() -> bool:
                there = await running(client)
                return len(there) == 3 and "node-2" not in there.values()

            await until(moved)
            assert await curl(pod.status.podIP, 8080)  # it runs on, where nobody tells it to stop
            await SimulationStub(cloud).HealZone(HealZoneRequest(zone="local-b"))

            async def gone() -> bool:
                try:
                    await client.get(Pod, pod.metadata.name, "default")
                except NotFound:
                    return not (await client.get(Node, "node-2")).spec.taints
                return False

            await until(gone, 20)


async def test_a_node_goes_with_its_instance_and_comes_back_with_a_new_one():
    async with hasty("apiserver", "controller-manager", "cloud-controller-manager", "kubelet") as cluster:
        client = cluster.client
        uid = (await client.get(Node, "node-3")).metadata.uid
        async with channel(cluster, "cloud-controller-manager") as cloud:
            console = SimulationStub(cloud)

            async def has_routes() -> bool:
                conditions = [
                    each for node in (await client.list(Node, "")).items for each in node.status.conditions
                    if each.type == "NetworkUnavailable"
                ]  # fmt: skip
                routes = (await console.Describe(DescribeCloudRequest())).routes
                return [each.status for each in conditions] == ["False"] * 3 and len(routes) == 3

            await until(has_routes)
            await console.DeleteInstance(DeleteInstanceRequest(name="node-3"))

            async def is_gone() -> bool:
                try:
                    await client.get(Node, "node-3")
                except NotFound:
                    routes = (await console.Describe(DescribeCloudRequest())).routes
                    return sorted(route.target_node for route in routes) == ["node-1", "node-2"]
                return False

            await until(is_gone, 30)
            await console.StartInstance(StartInstanceRequest(name="node-3"))

            async def is_new() -> bool:
                try:
                    node = await client.get(Node, "node-3")
                except NotFound:
                    return False
                return node.metadata.uid != uid and not node.spec.taints

            await until(is_new)
            await until(has_routes)


async def test_a_throttled_cloud_is_asked_again_until_it_answers(cluster: Cluster, client: Client):
    async with channel(cluster, "cloud-controller-manager") as cloud:
        console = SimulationStub(cloud)
        await console.Trouble(TroubleRequest(requests_per_second=0))
        await client.create(web())

        async def said() -> bool:
            return (await reasons(client))["SyncLoadBalancerFailed"] > 0

        await until(said)
        await console.Trouble(TroubleRequest(latency_seconds=0.01))
        assert await address_of(client)
        (balancer,) = (await console.Describe(DescribeCloudRequest())).balancers
        assert balancer.service == "default/web"


async def test_when_all_nodes_fall_silent_no_pod_is_evicted():
    async with hasty() as cluster:
        client = cluster.client
        await client.create(in_a_hurry("web", 3, bears=25))

        async def all_run() -> bool:
            return len(await running(client)) == 3

        await until(all_run)
        before = {pod.metadata.uid for pod in (await client.list(Pod, "default")).items}
        async with channel(cluster, "cloud-controller-manager") as cloud:
            console = SimulationStub(cloud)
            for zone in ("local-a", "local-b", "local-c"):
                await console.CutZone(CutZoneRequest(zone=zone))

            async def all_silent() -> bool:
                nodes = [f"node-{number}" for number in (1, 2, 3)]
                return all([await is_tainted(client, node, "node.kubernetes.io/unreachable") for node in nodes])

            await until(all_silent, 20)
            since = cluster.clock.now()

            async def long_after() -> bool:
                return cluster.clock.now() > since + 40

            await until(long_after)
            for zone in ("local-a", "local-b", "local-c"):
                await console.HealZone(HealZoneRequest(zone=zone))
            await until(all_run, 20)
        assert {pod.metadata.uid for pod in (await client.list(Pod, "default")).items} == before
