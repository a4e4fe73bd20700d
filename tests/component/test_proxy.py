"""The kube-proxy against a real apiserver: from the objects to an answer."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import SystemRandom
from typing import Any

import aiohttp
import grpc.aio
import pytest
from waiting import until

from kobune.api.core.v1 import Event, Node, Pod, Service, ServiceAccount
from kobune.api.discovery.v1 import EndpointSlice
from kobune.api.meta.v1 import ObjectMeta
from kobune.client import Client
from kobune.component_base import certificates
from kobune.component_base.serving import channel_credentials
from kobune.launcher.composition import PLANS, Facts, Plan
from kobune.proxy.v1 import Frontend, ListFrontendsRequest
from kobune.proxy.v1.proxy_pb2_grpc import ProxyStub
from kobune.testing import Cluster

random = SystemRandom()


def without_privileges(facts: Facts) -> Any:
    return replace(PLANS["kube-proxy"].config(facts), first_port=1024)


UNPRIVILEGED = {**PLANS, "kube-proxy": Plan(PLANS["kube-proxy"].module, without_privileges)}


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(nodes=0, components=("apiserver", "kube-proxy"), plans=UNPRIVILEGED) as cluster:
        yield cluster


@pytest.fixture
def client(cluster: Cluster) -> Client:
    return cluster.client


async def frontends(cluster: Cluster, service: str) -> list[Frontend]:
    files = certificates.credentials(cluster.data_dir / "pki", "admin")
    async with grpc.aio.secure_channel(cluster.addresses["kube-proxy"], channel_credentials(files)) as channel:
        return list((await ProxyStub(channel).List(ListFrontendsRequest(service=service))).frontends)


async def messages(client: Client, service: str) -> dict[str, str]:
    events = (await client.list(Event, "default", field_selector=f"involvedObject.name={service}")).items
    return {event.reason: event.message for event in events}


def some_ip() -> str:
    return f"127.200.{random.randrange(256)}.{random.randrange(1, 255)}"


@asynccontextmanager
async def tiny_server(name: str) -> AsyncIterator[tuple[str, int]]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(name.encode())
        writer.close()

    server = await asyncio.start_server(answer, some_ip(), 0)
    try:
        yield server.sockets[0].getsockname()
    finally:
        server.close()


async def ask(address: str) -> str:
    """Return what is answered there; empty if nothing is."""
    host, _, port = address.rpartition(":")
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return ""
    try:
        return (await reader.read()).decode()
    except OSError:
        return ""
    finally:
        writer.close()


def web(**spec: Any) -> Service:
    made = Service()
    made.metadata.name, made.metadata.namespace = "web", "default"
    made.spec.ports.add(name="http", port=spec.pop("port", 8080))
    for field, value in spec.items():
        setattr(made.spec, field, value) if isinstance(value, str) else getattr(made.spec, field).extend(value)
    return made


def slice_of(*servers: tuple[str, int], name: str = "web-1") -> EndpointSlice:
    made = EndpointSlice(addressType="IPv4")
    made.metadata.name, made.metadata.namespace = name, "default"
    made.metadata.labels["kubernetes.io/service-name"] = "web"
    made.ports.add(name="http", port=servers[0][1], protocol="TCP")
    for ip, _ in servers:
        made.endpoints.add(addresses=[ip])
    return made


async def test_the_apiserver_is_reached_through_its_service_on_a_mapped_port_that_is_said(
    cluster: Cluster, client: Client
):
    (frontend,) = await frontends(cluster, "kubernetes")
    service = await client.get(Service, "kubernetes", "default")
    assert (frontend.ip, frontend.port) == (service.spec.clusterIP, 443)
    assert frontend.listening == f"{service.spec.clusterIP}:30443"
    pki = certificates.credentials(cluster.data_dir / "pki", "admin")
    trust = ssl.create_default_context(cafile=pki.ca)
    trust.load_cert_chain(pki.certificate, pki.key)
    # The certificate names the Service's address: nobody in between has opened the connection.
    reader, writer = await asyncio.open_connection(service.spec.clusterIP, 30443, ssl=trust)
    writer.write(b"GET /api/v1/namespaces/default HTTP/1.1\r\nHost: kubernetes\r\nConnection: close\r\n\r\n")
    assert b'"name":"default"' in (await reader.read()).replace(b" ", b"")
    writer.close()

    async def said() -> bool:
        return "PortMapped" in await messages(client, "kubernetes")

    await until(said)
    words = (await messages(client, "kubernetes"))["PortMapped"]
    assert words.startswith(f"listening on {service.spec.clusterIP}:30443 instead of :443")


async def test_connections_follow_the_endpoints(client: Client):
    service = await client.create(web())
    address = f"{service.spec.clusterIP}:8080"

    async def answers(*names: str) -> None:
        async def there() -> bool:
            return {await ask(address) for _ in range(4)} == set(names)

        await until(there)

    await answers("")
    async with tiny_server("one") as one, tiny_server("two") as two:
        made = await client.create(slice_of(one))
        await answers("one")
        await client.create(slice_of(two, name="web-2"))
        await answers("one", "two")
        await client.delete(EndpointSlice, made.metadata.name, "default")
        await answers("two")
        await client.delete(Service, "web", "default")
        await answers("")


async def test_a_pods_mapped_port_and_a_nodes_address_are_found(cluster: Cluster, client: Client):
    node = Node()
    node.metadata.name = "node-1"
    node.status.addresses.add(type="InternalIP", address=some_ip())
    stored = await client.create(node)
    stored.status.CopyFrom(node.status)
    await client.update_status(stored)
    service = await client.create(web(type="NodePort"))
    async with tiny_server("pod") as (ip, port):
        pod = Pod()
        pod.metadata.name, pod.metadata.namespace = "web-1", "default"
        pod.spec.containers.add(name="web", image="nginx")
        made = slice_of((ip, 80))
        made.endpoints[0].targetRef.kind, made.endpoints[0].targetRef.name = "Pod", "web-1"
        made.endpoints[0].targetRef.namespace = "default"
        await client.create(ServiceAccount(metadata=ObjectMeta(name="default", namespace="default")))
        await client.create(pod)
        await client.create(made)
        await client.patch(
            Pod, "web-1", "default", {"metadata": {"annotations": {"kobune.dev/port-map": f"80={port}"}}}
        )

        async def there() -> bool:
            where = f"{node.status.addresses[0].address}:{service.spec.ports[0].nodePort}"
            return await ask(where) == await ask(f"{service.spec.clusterIP}:8080") == "pod"

        await until(there)


async def test_what_a_service_cannot_have_is_said_once_and_it_works_otherwise(cluster: Cluster, client: Client):
    busy = some_ip()
    async with tiny_server("one") as server:
        stranger = await asyncio.start_server(lambda *_: None, busy, 8080)
        service = await client.create(web(externalIPs=[busy, "192.0.2.1"], internalTrafficPolicy="Local"))
        await client.create(slice_of(server))

        async def said() -> bool:
            found = await messages(client, "web")
            return {"AddressUnavailable", "AddressRefused", "UnsupportedField"} <= set(found)

        await until(said)
        assert await ask(f"{service.spec.clusterIP}:8080") == "one"
        stranger.close()

        async def there() -> bool:
            return await ask(f"{busy}:8080") == "one"

        await until(there)
        events = (await client.list(Event, "default", field_selector="involvedObject.name=web")).items
        assert [event.count for event in events] == [1] * 3


async def test_each_node_says_how_many_pods_of_a_service_it_has(cluster: Cluster, client: Client) -> None:
    near, far = some_ip(), some_ip()
    for name, ip in (("near", near), ("far", far)):
        node = await client.create(Node(metadata=ObjectMeta(name=name)))
        node.status.addresses.add(type="InternalIP", address=ip)
        await client.update_status(node)
    wanted = web(type="LoadBalancer", externalTrafficPolicy="Local")
    made = await client.create(wanted)
    port = made.spec.healthCheckNodePort
    assert port
    async with tiny_server("pod") as server:
        there = slice_of(server)
        there.endpoints[0].nodeName = "near"
        await client.create(there)

        async def answers(ip: str, status: int, count: int) -> bool:
            try:
                async with aiohttp.ClientSession() as session, session.get(f"http://{ip}:{port}/") as answer:
                    tree = await answer.json()
                    return bool(answer.status == status and tree["localEndpoints"] == count)
            except aiohttp.ClientError:
                return False

        await until(lambda: answers(near, 200, 1))
        await until(lambda: answers(far, 503, 0))
    await client.delete(Service, "web", "default")

    async def is_closed() -> bool:
        return not await ask(f"{near}:{port}")

    await until(is_closed)
