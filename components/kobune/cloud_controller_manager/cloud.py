"""The cloud, as its client sees it: `kobune.cloud.v1` over gRPC."""

from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import grpc
import grpc.aio

from kobune.api.core.v1 import Node, Service
from kobune.cloud.v1 import (
    CreateRouteRequest,
    DeleteRouteRequest,
    EnsureLoadBalancerDeletedRequest,
    EnsureLoadBalancerRequest,
    GetLoadBalancerRequest,
    GetProviderRequest,
    GetProviderResponse,
    InstanceExistsRequest,
    InstanceMetadataRequest,
    InstanceMetadataResponse,
    InstanceShutdownRequest,
    ListRoutesRequest,
    LoadBalancer,
    Route,
    UpdateLoadBalancerRequest,
)
from kobune.cloud.v1 import Node as CloudNode
from kobune.cloud.v1.cloud_pb2_grpc import InstancesStub, LoadBalancersStub, ProviderStub, RoutesStub
from kobune.component_base.credentials import Credentials
from kobune.component_base.serving import channel_credentials

CLUSTER = "kobune"
TIMEOUT = 60.0
OPTIONS = (
    # Each client has a connection of its own: two components in one process share nothing.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)

A = TypeVar("A")


class CloudError(Exception):
    """The cloud has refused, or cannot be reached; the message is what it says."""


class CloudNotFound(CloudError):
    """The cloud has no such thing."""


@dataclass(frozen=True)
class CloudConfig:
    """Where the cloud is."""

    address: str = ""
    """Of anything that speaks `kobune.cloud.v1`, host:port; empty for the simulated cloud."""
    plaintext: bool = False
    """Whether to speak with it without TLS."""
    credentials: Credentials | None = None
    """Whom to trust there, and who we are; those of the component if not given."""


class Cloud:
    """Asks a cloud and tells it what to do, while it is entered. Every error is a `CloudError`."""

    def __init__(self, address: str, credentials: Credentials | None) -> None:
        """Describe it; without credentials in plain text."""
        self._address = address
        self._credentials = credentials

    async def __aenter__(self) -> Self:
        if self._credentials is None:
            self._channel = grpc.aio.insecure_channel(self._address, options=OPTIONS)
        else:
            self._channel = grpc.aio.secure_channel(
                self._address, channel_credentials(self._credentials), options=OPTIONS
            )
        self._provider: Any = ProviderStub(self._channel)
        self._instances: Any = InstancesStub(self._channel)
        self._balancers: Any = LoadBalancersStub(self._channel)
        self._routes: Any = RoutesStub(self._channel)
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._channel.close(None)

    async def provider(self) -> GetProviderResponse:
        """Return who the cloud is and what it has."""
        answer: GetProviderResponse = await asked(self._provider.Get(GetProviderRequest(), timeout=TIMEOUT))
        return answer

    async def instance_exists(self, node: Node) -> bool:
        """Return whether a node has a machine."""
        request = InstanceExistsRequest(node=described(node))
        return bool((await asked(self._instances.InstanceExists(request, timeout=TIMEOUT))).exists)

    async def instance_shutdown(self, node: Node) -> bool:
        """Return whether a node's machine is switched off."""
        request = InstanceShutdownRequest(node=described(node))
        return bool((await asked(self._instances.InstanceShutdown(request, timeout=TIMEOUT))).shutdown)

    async def instance_metadata(self, node: Node) -> InstanceMetadataResponse:
        """Return what is known of a node's machine, or raise `CloudNotFound`."""
        request = InstanceMetadataRequest(node=described(node))
        answer: InstanceMetadataResponse = await asked(self._instances.InstanceMetadata(request, timeout=TIMEOUT))
        return answer

    async def load_balancer(self, service: Service) -> LoadBalancer | None:
        """Return the load balancer of a Service; None if it has none."""
        request = GetLoadBalancerRequest(cluster_name=CLUSTER, service=service)
        try:
            answer: LoadBalancer = await asked(self._balancers.GetLoadBalancer(request, timeout=TIMEOUT))
        except CloudNotFound:
            return None
        return answer

    async def ensure_load_balancer(self, service: Service, nodes: Sequence[Node], fingerprint: str) -> LoadBalancer:
        """Make or change the load balancer of a Service, and return it."""
        request = EnsureLoadBalancerRequest(
            cluster_name=CLUSTER, service=service, nodes=map(described, nodes), fingerprint=fingerprint
        )
        answer: LoadBalancer = await asked(self._balancers.EnsureLoadBalancer(request, timeout=TIMEOUT))
        return answer

    async def update_load_balancer(self, service: Service, nodes: Iterable[Node]) -> None:
        """Have the load balancer of a Service lead to other nodes."""
        request = UpdateLoadBalancerRequest(cluster_name=CLUSTER, service=service, nodes=map(described, nodes))
        await asked(self._balancers.UpdateLoadBalancer(request, timeout=TIMEOUT))

    async def ensure_load_balancer_deleted(self, service: Service) -> None:
        """Have a Service have no load balancer."""
        request = EnsureLoadBalancerDeletedRequest(cluster_name=CLUSTER, service=service)
        await asked(self._balancers.EnsureLoadBalancerDeleted(request, timeout=TIMEOUT))

    async def routes(self) -> list[Route]:
        """Return all routes of the cluster."""
        answer = await asked(self._routes.ListRoutes(ListRoutesRequest(cluster_name=CLUSTER), timeout=TIMEOUT))
        return list(answer.routes)

    async def create_route(self, hint: str, route: Route) -> None:
        """Have the pods of a range be reached at a node; `hint` makes the route's name unique."""
        request = CreateRouteRequest(cluster_name=CLUSTER, name_hint=hint, route=route)
        await asked(self._routes.CreateRoute(request, timeout=TIMEOUT))

    async def delete_route(self, route: Route) -> None:
        """Have that be so no longer."""
        await asked(self._routes.DeleteRoute(DeleteRouteRequest(cluster_name=CLUSTER, route=route), timeout=TIMEOUT))


def described(node: Node) -> CloudNode:
    """Return what a cloud is told of a node."""
    return CloudNode(
        name=node.metadata.name,
        provider_id=node.spec.providerID or None,
        labels=node.metadata.labels,
        addresses=node.status.addresses,
    )


async def asked(call: Awaitable[A]) -> A:
    """Return the answer of a call, or raise what the cloud says as `CloudError`."""
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        message = error.details() or error.code().name
        if error.code() is grpc.StatusCode.NOT_FOUND:
            raise CloudNotFound(message) from None
        if error.code() is grpc.StatusCode.UNAVAILABLE:
            raise CloudError("the cloud cannot be reached") from None
        raise CloudError(message) from None
