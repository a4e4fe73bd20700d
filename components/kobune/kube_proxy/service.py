"""The kube-proxy: connections to a Service's addresses arrive at its endpoints."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from random import Random
from typing import Any

from kobune.apimachinery.clock import Clock
from kobune.apimachinery.meta import split_key
from kobune.client import Client, ClientConfig, EventRecorder
from kobune.component_base.failure import CannotStart
from kobune.component_base.serving import Ready, Server, ServingConfig
from kobune.kube_proxy.backends import Backend, FrontendState
from kobune.kube_proxy.backends.userspace import Userspace
from kobune.kube_proxy.health import HealthPorts
from kobune.kube_proxy.proxier import Proxier
from kobune.kube_proxy.ruleset import World
from kobune.proxy.v1 import Endpoint, Frontend, ListFrontendsRequest, ListFrontendsResponse
from kobune.proxy.v1.proxy_pb2_grpc import add_ProxyServicer_to_server

log = logging.getLogger(__name__)

NAME = "kube-proxy"
API = "kobune.proxy.v1.Proxy"


@dataclass(frozen=True)
class Config:
    """The settings of the kube-proxy."""

    apiserver: ClientConfig
    serving: ServingConfig = field(default_factory=ServingConfig)
    networks: tuple[str, ...] = ("127.0.0.0/8",)
    """CIDRs of the addresses that it may listen on. Whatever a Service asks for: nothing outside of them."""
    node_port_addresses: tuple[str, ...] = ("127.0.0.1",)
    """Where node ports answer, besides the nodes' own addresses."""
    first_port: int = 0
    """Ports below are mapped to higher ones without even trying to bind them."""


async def run(config: Config, *, clock: Clock, random: Random, ready: Callable[[Ready], None]) -> None:
    """Serve until cancelled; `ready` is called once, when the Services that there are have been programmed."""
    world = World(extra_node_addresses=config.node_port_addresses, networks=networks_of(config))
    async with (
        Client.connect(config.apiserver, clock=clock) as client,
        Userspace(clock=clock, first_port=config.first_port) as backend,
        HealthPorts() as health,
    ):
        recorder = EventRecorder(client, NAME, clock, random=random)
        proxier = Proxier(client, backend, health, recorder, world, clock=clock, random=random)
        api = (API, lambda server: add_ProxyServicer_to_server(Api(backend), server))
        async with Server(NAME, config.serving, clock=clock, add=[api]) as server, asyncio.TaskGroup() as group:
            group.create_task(recorder.run())
            group.create_task(proxier.run())
            await proxier.synced()

            def serving() -> None:
                server.set_serving(True)
                log.info("%s: %d addresses are programmed", NAME, len(backend.states()))
                ready(Ready(NAME, server.address))

            group.create_task(proxier.serve(serving))


def networks_of(config: Config) -> tuple[IPv4Network, ...]:
    """Return where the proxy may listen; `CannotStart` if that makes no sense."""
    try:
        return tuple(IPv4Network(cidr) for cidr in config.networks)
    except ValueError as error:
        raise CannotStart(f"{NAME}: networks: {error}") from None


class Api:
    """`kobune.proxy.v1.Proxy`."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def List(self, request: ListFrontendsRequest, context: Any) -> ListFrontendsResponse:  # noqa: N802
        """Return the frontends, as they are now."""
        shown = [frontend_of(state) for state in self._backend.states()]
        return ListFrontendsResponse(
            frontends=[
                each
                for each in sorted(shown, key=lambda each: (each.namespace, each.service))
                if request.namespace in ("", each.namespace) and request.service in ("", each.service)
            ]
        )


def frontend_of(state: FrontendState) -> Frontend:
    """Return a frontend's state as the API says it."""
    frontend = state.frontend
    namespace, service = split_key(frontend.service)
    return Frontend(
        namespace=namespace,
        service=service,
        port_name=frontend.port_name,
        kind=frontend.kind,
        protocol=frontend.address.protocol,
        ip=frontend.address.ip,
        port=frontend.address.port,
        listening=state.listening,
        endpoints=[Endpoint(ip=each.ip, port=each.port, node=each.node) for each in frontend.endpoints],
        session_affinity_seconds=frontend.affinity_seconds,
        source_ranges=frontend.sources,
        connections=state.connections,
        accepted=state.accepted,
    )
