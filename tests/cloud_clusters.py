"""Clusters in a cloud, for tests: a Service that wants a load balancer, and what becomes of it."""

import asyncio
from collections import Counter

import grpc.aio
from waiting import until

from kobune.api.core.v1 import Event, Service
from kobune.client import Client
from kobune.component_base import certificates
from kobune.component_base.serving import channel_credentials
from kobune.testing import Cluster

COMPONENTS = ("apiserver", "controller-manager", "cloud-controller-manager", "kube-proxy")


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
