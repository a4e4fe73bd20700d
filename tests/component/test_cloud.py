"""Services of type LoadBalancer and nodes, with the simulated cloud, from a Service to an answer."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import SystemRandom
from typing import Any

import grpc.aio
import pytest

from kobune.api.apps.v1 import Deployment
from kobune.api.core.v1 import Event, Node, Pod, Service, Taint
from kobune.api.discovery.v1 import EndpointSlice
from kobune.apimachinery import codec
from kobune.apimachinery.clock import SystemClock
from kobune.apimachinery.errors import NotFound
from kobune.client import Client
from kobune.cloud.v1 import (
    CutZoneRequest,
    DeleteInstanceRequest,
    DescribeCloudRequest,
    EnsureLoadBalancerRequest,
    GetProviderRequest,
    GetProviderResponse,
    HealZoneRequest,
    LoadBalancer,
    StartInstanceRequest,
    TroubleRequest,
)
from kobune.cloud.v1.cloud_pb2_grpc import (
    LoadBalancersServicer,
    ProviderServicer,
    ProviderStub,
    add_LoadBalancersServicer_to_server,
    add_ProviderServicer_to_server,
)
from kobune.cloud.v1.simulation_pb2_grpc import SimulationStub
from kobune.cloud_controller_manager.cloud import CloudConfig
from kobune.component_base import certificates
from kobune.component_base.serving import channel_credentials
from kobune.launcher.composition import PLANS, Facts, Plan
from kobune.launcher.settings import COMPONENTS as ALL
from kobune.proxy.v1 import ListFrontendsRequest
from kobune.proxy.v1.proxy_pb2_grpc import ProxyStub
from kobune.testing import Cluster

COMPONENTS = ("apiserver", "controller-manager", "cloud-controller-manager", "kube-proxy")
FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
random = SystemRandom()


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(nodes=0, components=COMPONENTS) as cluster:
        yield cluster


@pytest.fixture
def client(cluster: Cluster) -> Client:
    return cluster.client


async def until(state: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not await state():  # noqa: ASYNC110 - a state of the world, not an event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def tiny_server(name: str) -> AsyncIterator[tuple[str, int]]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + name.encode())
        writer.close()

    ip = f"127.200.{random.randrange(256)}.{random.randrange(1, 255)}"
    server = await asyncio.start_server(answer, ip, 0)
    try:
        yield server.sockets[0].getsockname()
    finally:
        server.close()


async def curl(host: str, port: int) -> str:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    try:
        return (await reader.read()).rpartition(b"\r\n\r\n")[2].decode()
    finally:
        writer.close()


def web(type_: str = "LoadBalancer", name: str = "web") -> Service:
    made = Service()
    made.metadata.name, made.metadata.namespace = name, "default"
    made.spec.type = type_
    made.spec.ports.add(name="http", port=80)
    return made


def slice_of(name: str, *servers: tuple[str, int]) -> EndpointSlice:
    made = EndpointSlice(addressType="IPv4")
    made.metadata.name, made.metadata.namespace = f"{name}-1", "default"
    made.metadata.labels["kubernetes.io/service-name"] = name
    made.ports.add(name="http", port=servers[0][1], protocol="TCP")
    for ip, _ in servers:
        made.endpoints.add(addresses=[ip])
    return made


async def address_of(client: Client, name: str = "web") -> str:
    found = ""

    async def there() -> bool:
        nonlocal found
        ingress = (await client.get(Service, name, "default")).status.loadBalancer.ingress
        found = ingress[0].ip if ingress else ""
        return bool(found)

    await until(there)
    return found


async def reasons(client: Client, name: str = "web") -> Counter[str]:
    events = (await client.list(Event, "", field_selector=f"involvedObject.name={name}")).items
    return Counter(event.reason for event in events)


def channel(cluster: Cluster, component: str) -> grpc.aio.Channel:
    files = certificates.credentials(cluster.data_dir / "pki", "admin")
    return grpc.aio.secure_channel(cluster.addresses[component], channel_credentials(files))


async def test_a_load_balancer_a_cluster_ip_and_a_node_port_lead_to_the_endpoints(cluster: Cluster, client: Client):
    made = await client.create(web())
    async with tiny_server("one") as server:
        await client.create(slice_of("web", server))
        ip = await address_of(client)
        for host, port in ((ip, 80), (made.spec.clusterIP, 80), ("127.0.0.1", made.spec.ports[0].nodePort)):

            async def answers(host: str = host, port: int = port) -> bool:
                try:
                    return await curl(host, port) == "one"
                except ConnectionRefusedError:
                    return False

            await until(answers)
        stored = await client.get(Service, "web", "default")
        assert stored.metadata.finalizers == [FINALIZER]
        assert stored.status.loadBalancer.ingress[0].ipMode == "VIP"

        async def said() -> bool:
            return {"EnsuringLoadBalancer", "EnsuredLoadBalancer"} <= set(await reasons(client))

        await until(said)
        async with channel(cluster, "kube-proxy") as proxy:
            listing = await ProxyStub(proxy).List(ListFrontendsRequest(namespace="default", service="web"))
        assert {each.kind: (each.ip, each.port) for each in listing.frontends} == {
            "ClusterIP": (made.spec.clusterIP, 80),
            "NodePort": ("127.0.0.1", made.spec.ports[0].nodePort),
            "LoadBalancer": (ip, 80),
        }
        assert {each.listening for each in listing.frontends} == {
            f"{each.ip}:{each.port}" for each in listing.frontends
        }
        assert {(each.endpoints[0].ip, each.endpoints[0].port) for each in listing.frontends} == {server}
        await client.delete(Service, "web", "default")

        async def gone() -> bool:
            try:
                await client.get(Service, "web", "default")
            except NotFound:
                return "DeletedLoadBalancer" in await reasons(client)
            return False

        await until(gone)

        async def refused() -> bool:
            try:
                await curl(ip, 80)
            except ConnectionRefusedError:
                return True
            return False

        await until(refused)


async def test_a_service_that_becomes_an_inner_one_loses_its_load_balancer(client: Client):
    await client.create(web())
    await address_of(client)
    await client.patch(Service, "web", "default", {"spec": {"type": "ClusterIP"}})

    async def lost() -> bool:
        service = await client.get(Service, "web", "default")
        return not service.status.loadBalancer.ingress and not service.metadata.finalizers

    await until(lost)


async def test_what_the_cloud_refuses_is_said_and_tried_again(client: Client):
    service = web()
    service.spec.loadBalancerIP = "192.0.2.1"
    await client.create(service)

    async def said() -> bool:
        return (await reasons(client))["SyncLoadBalancerFailed"] > 0

    await until(said)
    await client.patch(Service, "web", "default", {"spec": {"loadBalancerIP": None}})
    assert await address_of(client)


async def test_load_balancers_keep_their_addresses_over_a_restart(tmp_path: Path):
    async with Cluster(nodes=0, components=COMPONENTS, store="leveldb", data_dir=tmp_path) as cluster:
        for name in ("a", "b"):
            await cluster.client.create(web(name=name))
        before = [await address_of(cluster.client, name) for name in ("a", "b")]
    async with Cluster(nodes=0, components=COMPONENTS, store="leveldb", data_dir=tmp_path) as cluster:
        await cluster.client.create(web(name="c"))
        assert await address_of(cluster.client, "c") not in before
        assert [await address_of(cluster.client, name) for name in ("a", "b")] == before


async def test_a_node_learns_from_the_cloud_who_and_where_it_is_and_goes_with_its_machine():
    async with Cluster(nodes=0, components=("apiserver", "cloud-controller-manager")) as cluster:
        client = cluster.client
        node = Node()
        node.metadata.name = "node-2"
        node.spec.taints.append(Taint(key="node.cloudprovider.kubernetes.io/uninitialized", effect="NoSchedule"))
        await client.create(node)

        async def initialized() -> bool:
            return bool((await client.get(Node, "node-2")).spec.providerID)

        await until(initialized)
        node = await client.get(Node, "node-2")
        assert node.spec.providerID == "kobune://node-2"
        assert "node.cloudprovider.kubernetes.io/uninitialized" not in [taint.key for taint in node.spec.taints]
        assert node.metadata.labels["topology.kubernetes.io/zone"] == "local-b"
        assert node.metadata.labels["topology.kubernetes.io/region"] == "local"
        assert node.metadata.labels["node.kubernetes.io/instance-type"] == "simulated"
        async with channel(cluster, "cloud-controller-manager") as cloud:
            assert (await ProviderStub(cloud).Get(GetProviderRequest())).name == "kobune"
            await SimulationStub(cloud).DeleteInstance(DeleteInstanceRequest(name="node-2"))
        ready = node.status.conditions.add(type="Ready", status="False")
        ready.lastTransitionTime.seconds = 1
        await client.update_status(node)

        async def gone() -> bool:
            try:
                await client.get(Node, "node-2")
            except NotFound:
                return (await reasons(client, "node-2"))["DeletingNode"] == 1
            return False

        await until(gone)


class OtherCloud(ProviderServicer, LoadBalancersServicer):
    """A cloud of somebody else, that has nothing but load balancers and is not always in the mood."""

    def __init__(self) -> None:
        self.refusals = 2
        self.made: LoadBalancer | None = None

    async def Get(self, request: GetProviderRequest, context: Any) -> GetProviderResponse:  # noqa: N802
        return GetProviderResponse(name="other", load_balancers=True)

    async def GetLoadBalancer(self, request: Any, context: Any) -> LoadBalancer:  # noqa: N802
        return self.made or await context.abort(grpc.StatusCode.NOT_FOUND, "none")

    async def EnsureLoadBalancer(self, request: EnsureLoadBalancerRequest, context: Any) -> LoadBalancer:  # noqa: N802
        if self.refusals:
            self.refusals -= 1
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "quota")
        self.made = LoadBalancer(name="lb", fingerprint=request.fingerprint)
        self.made.status.ingress.add(ip="203.0.113.7", ipMode="Proxy")
        return self.made


async def test_another_cloud_is_asked_again_when_it_fails():
    other = OtherCloud()
    server = grpc.aio.server()
    add_ProviderServicer_to_server(other, server)
    add_LoadBalancersServicer_to_server(other, server)
    cloud = CloudConfig(address=f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}", plaintext=True)
    await server.start()
    name = "cloud-controller-manager"

    def config(facts: Facts) -> Any:
        return replace(PLANS[name].config(facts), cloud=cloud)

    plans = {**PLANS, name: Plan(PLANS[name].module, config)}
    async with Cluster(nodes=0, components=("apiserver", name), plans=plans) as cluster:
        await cluster.client.create(web())
        assert await address_of(cluster.client) == "203.0.113.7"

        async def said() -> bool:
            events = (await cluster.client.list(Event, "default", field_selector="involvedObject.name=web")).items
            counts = {event.message: event.count for event in events}
            return counts.get("Error syncing load balancer: failed to ensure load balancer: quota") == 2

        await until(said)
    await server.stop(None)


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
