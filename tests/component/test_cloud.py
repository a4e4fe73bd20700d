"""Services of type LoadBalancer and nodes, with the simulated cloud, from a Service to an answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import SystemRandom
from typing import Any

import grpc.aio
import pytest
from cloud_clusters import COMPONENTS, address_of, channel, curl, reasons, web
from waiting import until

from kobune.api.core.v1 import Event, Node, Service, Taint
from kobune.api.discovery.v1 import EndpointSlice
from kobune.apimachinery.errors import NotFound
from kobune.client import Client
from kobune.cloud.v1 import (
    DeleteInstanceRequest,
    EnsureLoadBalancerRequest,
    GetProviderRequest,
    GetProviderResponse,
    LoadBalancer,
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
from kobune.launcher.composition import PLANS, Facts, Plan
from kobune.proxy.v1 import ListFrontendsRequest
from kobune.proxy.v1.proxy_pb2_grpc import ProxyStub
from kobune.testing import Cluster

FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
random = SystemRandom()


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(nodes=0, components=COMPONENTS) as cluster:
        yield cluster


@pytest.fixture
def client(cluster: Cluster) -> Client:
    return cluster.client


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


def slice_of(name: str, *servers: tuple[str, int]) -> EndpointSlice:
    made = EndpointSlice(addressType="IPv4")
    made.metadata.name, made.metadata.namespace = f"{name}-1", "default"
    made.metadata.labels["kubernetes.io/service-name"] = name
    made.ports.add(name="http", port=servers[0][1], protocol="TCP")
    for ip, _ in servers:
        made.endpoints.add(addresses=[ip])
    return made


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
