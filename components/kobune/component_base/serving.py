"""A component's gRPC server: its own services, and those that every component has.

Those are `grpc.health.v1.Health`, server reflection (v1 and v1alpha) and `kobune.component.v1.Component`. With
credentials, both ends must show a certificate of the cluster's CA.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_reflection.v1alpha import reflection, reflection_pb2
from prometheus_client import CollectorRegistry

from kobune.apimachinery.clock import Clock
from kobune.component.v1.component_pb2 import DESCRIPTOR as COMPONENT
from kobune.component.v1.component_pb2_grpc import add_ComponentServicer_to_server
from kobune.component_base import logs
from kobune.component_base.credentials import Credentials as Credentials
from kobune.component_base.failure import CannotStart
from kobune.component_base.status import StatusService

OPTIONS = (
    # Without this a second server binds the same port and takes half of the first one's connections.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 64 << 20),
    ("grpc.max_send_message_length", -1),
    # Clients of watches ask every ten seconds or so whether we are there, as etcd's do: by default that is taken for an
    # attack, and half a minute without events ends the connection.
    ("grpc.http2.min_ping_interval_without_data_ms", 5000),
    ("grpc.keepalive_permit_without_calls", 1),
)

AddService: TypeAlias = Callable[[grpc.aio.Server], Any]


@dataclass(frozen=True)
class ServingConfig:
    """Where a component serves, and with which certificate."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 lets the system choose."""
    credentials: Credentials | None = None
    """None serves in plain text, to anyone who can connect."""


@dataclass(frozen=True)
class Ready:
    """What a component tells its starter once it serves."""

    name: str
    address: str
    others: Mapping[str, str] = field(default_factory=dict)
    """More addresses, by what is served there: the apiserver's `rest` and `etcd`."""


class Server:
    """A server that runs while it is entered: `async with Server(…) as server`."""

    def __init__(
        self,
        name: str,
        serving: ServingConfig,
        *,
        clock: Clock,
        add: Sequence[tuple[str, AddService]] = (),
        registry: CollectorRegistry | None = None,
        interceptors: "Sequence[grpc.aio.ServerInterceptor[Any, Any]]" = (),
    ) -> None:
        """Describe a server; nothing is started.

        `add` are the component's own services: each one's full name, and what adds it to the server, as in
        `("kobune.cloud.v1.Cloud", lambda server: add_CloudServicer_to_server(servicer, server))`.
        """
        self.name = name
        self.registry = registry or CollectorRegistry()
        self.address = ""
        """`host:port`, once entered."""
        self._config = serving
        self._clock = clock
        self._add = add
        self._interceptors = interceptors
        self._serving = False
        self._health = health.aio.HealthServicer()  # type: ignore[attr-defined]  # the stubs know the blocking half only
        self._services = ["", *(service for service, _ in add), COMPONENT.services_by_name["Component"].full_name]
        self._exit = AsyncExitStack()
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._exit.aclose()
            raise
        return self

    async def _start(self) -> None:
        log = self._exit.enter_context(logs.component_log(self.name))
        server = grpc.aio.server(interceptors=list(self._interceptors), options=list(OPTIONS))
        status = StatusService(
            self.name, log, started_at=self._clock.now(), serving=lambda: self._serving, registry=self.registry
        )
        add_ComponentServicer_to_server(status, server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        for _, add in self._add:
            add(server)
        _add_reflection(server, [*self._services[1:], health.SERVICE_NAME])
        self.address = f"{self._config.host}:{self._bind(server)}"
        await self._exit.enter_async_context(self._tasks)
        await self._report(False)
        await server.start()
        # Open calls are cancelled: a watch would last for ever.
        self._exit.push_async_callback(server.stop, None)

    async def __aexit__(self, *failure: Any) -> None:
        self._serving = False
        await self._exit.__aexit__(*failure)

    def set_serving(self, serving: bool) -> None:
        """Say whether the component is fit for use; health checks and their watchers learn it."""
        self._serving = serving
        self._tasks.create_task(self._report(serving))

    async def _report(self, serving: bool) -> None:
        state = HealthCheckResponse.SERVING if serving else HealthCheckResponse.NOT_SERVING
        for service in self._services:
            await self._health.set(service, state)

    def _bind(self, server: grpc.aio.Server) -> int:
        wanted = f"{self._config.host}:{self._config.port}"
        try:
            if self._config.credentials is None:
                return server.add_insecure_port(wanted)
            return server.add_secure_port(wanted, server_credentials(self._config.credentials))
        except RuntimeError:
            raise CannotStart(f"{self.name}: cannot listen on {wanted}: it is in use or not of this machine") from None


def server_credentials(files: Credentials) -> grpc.ServerCredentials:
    """Return TLS that shows our certificate and asks for one of the same CA."""
    pem = files.read()
    return grpc.ssl_server_credentials([(pem.key, pem.certificate)], root_certificates=pem.ca, require_client_auth=True)


def channel_credentials(files: Credentials) -> grpc.ChannelCredentials:
    """Return TLS for a client of such a server."""
    pem = files.read()
    return grpc.ssl_channel_credentials(pem.ca, pem.key, pem.certificate)


def _add_reflection(server: grpc.aio.Server, services: Sequence[str]) -> None:
    names = [*services, "grpc.reflection.v1.ServerReflection", reflection.SERVICE_NAME]
    servicer = reflection.aio.ReflectionServicer(names)  # type: ignore[attr-defined]  # as above
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    # The library knows v1alpha only; v1 is the same bytes under another name, and the one that new clients ask for.
    for service in names[-2:]:
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, {"ServerReflectionInfo": handler}),)
        )
