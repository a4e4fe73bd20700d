"""The simulated cloud as gRPC services: `kobune.cloud.v1`, all of it, and its console."""
# ruff: noqa: N802 - the methods are called like those of the contract

from collections.abc import Callable, Sequence
from typing import Any

import grpc
import grpc.aio

from kobune.cloud.v1 import (
    CreateRouteRequest,
    CreateRouteResponse,
    DeleteRouteRequest,
    DeleteRouteResponse,
    EnsureLoadBalancerDeletedRequest,
    EnsureLoadBalancerDeletedResponse,
    EnsureLoadBalancerRequest,
    GetLoadBalancerRequest,
    GetProviderRequest,
    GetProviderResponse,
    GetZoneRequest,
    GetZoneResponse,
    InstanceExistsRequest,
    InstanceExistsResponse,
    InstanceMetadataRequest,
    InstanceMetadataResponse,
    InstanceShutdownRequest,
    InstanceShutdownResponse,
    ListRoutesRequest,
    ListRoutesResponse,
    ListZonesRequest,
    ListZonesResponse,
    LoadBalancer,
    UpdateLoadBalancerRequest,
)
from kobune.cloud.v1.cloud_pb2_grpc import (
    InstancesServicer,
    LoadBalancersServicer,
    ProviderServicer,
    RoutesServicer,
    ZonesServicer,
    add_InstancesServicer_to_server,
    add_LoadBalancersServicer_to_server,
    add_ProviderServicer_to_server,
    add_RoutesServicer_to_server,
    add_ZonesServicer_to_server,
)
from kobune.cloud.v1.simulation_pb2_grpc import add_SimulationServicer_to_server
from kobune.cloud_controller_manager.providers.simulated.cloud import PROVIDER, Refusal, SimulatedCloud
from kobune.cloud_controller_manager.providers.simulated.commits import Commits
from kobune.cloud_controller_manager.providers.simulated.console import Console
from kobune.cloud_controller_manager.providers.simulated.troubles import Troubles

SERVICE = "kobune.cloud.v1"


class Desk:
    """Where requests of clusters come in: some are refused, each takes its time, and what is done is on disk."""

    def __init__(self, cloud: SimulatedCloud, troubles: Troubles, commits: Commits) -> None:
        self.cloud = cloud
        self._troubles = troubles
        self._commits = commits

    async def answer(self, context: Any, ask: Callable[..., Any], *arguments: Any, seconds: float = 0.0) -> Any:
        """Return what the cloud answers, or end the call with its refusal; it takes at least `seconds` or so."""
        if not self._troubles.answers():
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "rate of requests exceeded")
        await self._troubles.pass_time(seconds)
        try:
            answer = ask(*arguments)
        except Refusal as refusal:
            await context.abort(refusal.code, refusal.message)
        await self._commits.all()
        return answer


class Provider(ProviderServicer):
    """`kobune.cloud.v1.Provider`."""

    async def Get(self, request: GetProviderRequest, context: Any) -> GetProviderResponse:
        return GetProviderResponse(name=PROVIDER, instances=True, zones=True, load_balancers=True, routes=True)


class Instances(InstancesServicer):
    """`kobune.cloud.v1.Instances`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def InstanceExists(self, request: InstanceExistsRequest, context: Any) -> InstanceExistsResponse:
        exists = await self._desk.answer(context, self._desk.cloud.exists, request.node)
        return InstanceExistsResponse(exists=exists)

    async def InstanceShutdown(self, request: InstanceShutdownRequest, context: Any) -> InstanceShutdownResponse:
        shutdown = await self._desk.answer(context, self._desk.cloud.is_shut_down, request.node)
        return InstanceShutdownResponse(shutdown=shutdown)

    async def InstanceMetadata(self, request: InstanceMetadataRequest, context: Any) -> InstanceMetadataResponse:
        known: InstanceMetadataResponse = await self._desk.answer(context, self._desk.cloud.metadata, request.node)
        return known


class Zones(ZonesServicer):
    """`kobune.cloud.v1.Zones`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def GetZone(self, request: GetZoneRequest, context: Any) -> GetZoneResponse:
        return GetZoneResponse(zone=await self._desk.answer(context, self._desk.cloud.zone, request.node))

    async def ListZones(self, request: ListZonesRequest, context: Any) -> ListZonesResponse:
        return ListZonesResponse(zones=await self._desk.answer(context, self._desk.cloud.zones))


class LoadBalancers(LoadBalancersServicer):
    """`kobune.cloud.v1.LoadBalancers`. To make one takes `seconds` or so."""

    def __init__(self, desk: Desk, seconds: float) -> None:
        self._desk = desk
        self._seconds = seconds

    async def GetLoadBalancer(self, request: GetLoadBalancerRequest, context: Any) -> LoadBalancer:
        found: LoadBalancer = await self._desk.answer(context, self._desk.cloud.balancer, request.service)
        return found

    async def EnsureLoadBalancer(self, request: EnsureLoadBalancerRequest, context: Any) -> LoadBalancer:
        wanted = (request.service, request.nodes, request.fingerprint)
        made: LoadBalancer = await self._desk.answer(context, self._desk.cloud.ensure, *wanted, seconds=self._seconds)
        return made

    async def UpdateLoadBalancer(self, request: UpdateLoadBalancerRequest, context: Any) -> LoadBalancer:
        wanted = (request.service, request.nodes)
        changed: LoadBalancer = await self._desk.answer(context, self._desk.cloud.update, *wanted)
        return changed

    async def EnsureLoadBalancerDeleted(
        self, request: EnsureLoadBalancerDeletedRequest, context: Any
    ) -> EnsureLoadBalancerDeletedResponse:
        await self._desk.answer(context, self._desk.cloud.delete, request.service, seconds=self._seconds)
        return EnsureLoadBalancerDeletedResponse()


class Routes(RoutesServicer):
    """`kobune.cloud.v1.Routes`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ListRoutes(self, request: ListRoutesRequest, context: Any) -> ListRoutesResponse:
        return ListRoutesResponse(routes=await self._desk.answer(context, self._desk.cloud.routes))

    async def CreateRoute(self, request: CreateRouteRequest, context: Any) -> CreateRouteResponse:
        await self._desk.answer(context, self._desk.cloud.create_route, request.name_hint, request.route)
        return CreateRouteResponse()

    async def DeleteRoute(self, request: DeleteRouteRequest, context: Any) -> DeleteRouteResponse:
        await self._desk.answer(context, self._desk.cloud.delete_route, request.route)
        return DeleteRouteResponse()


def services(
    cloud: SimulatedCloud, troubles: Troubles, commits: Commits, *, load_balancer_seconds: float
) -> Sequence[tuple[str, Callable[[grpc.aio.Server], Any]]]:
    """Return the cloud's services for a `Server`."""
    desk = Desk(cloud, troubles, commits)
    console = Console(cloud, troubles, commits)
    balancers = LoadBalancers(desk, load_balancer_seconds)
    return [
        (f"{SERVICE}.Provider", lambda server: add_ProviderServicer_to_server(Provider(), server)),
        (f"{SERVICE}.Instances", lambda server: add_InstancesServicer_to_server(Instances(desk), server)),
        (f"{SERVICE}.Zones", lambda server: add_ZonesServicer_to_server(Zones(desk), server)),
        (f"{SERVICE}.LoadBalancers", lambda server: add_LoadBalancersServicer_to_server(balancers, server)),
        (f"{SERVICE}.Routes", lambda server: add_RoutesServicer_to_server(Routes(desk), server)),
        (f"{SERVICE}.Simulation", lambda server: add_SimulationServicer_to_server(console, server)),
    ]
