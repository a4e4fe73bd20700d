"""The simulated cloud as gRPC services: `kobune.cloud.v1`, without routes.

Routes mean nothing here: all pods are on one machine, and reach one another without any.
"""
# ruff: noqa: N802 - the methods are called like those of the contract

from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any

import grpc.aio

from kobune.apimachinery.clock import Clock
from kobune.cloud.v1 import (
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
    ListZonesRequest,
    ListZonesResponse,
    LoadBalancer,
    StartMachineRequest,
    StartMachineResponse,
    StopMachineRequest,
    StopMachineResponse,
    TerminateMachineRequest,
    TerminateMachineResponse,
    UpdateLoadBalancerRequest,
)
from kobune.cloud.v1.cloud_pb2_grpc import (
    InstancesServicer,
    LoadBalancersServicer,
    ProviderServicer,
    ZonesServicer,
    add_InstancesServicer_to_server,
    add_LoadBalancersServicer_to_server,
    add_ProviderServicer_to_server,
    add_ZonesServicer_to_server,
)
from kobune.cloud.v1.simulated_pb2_grpc import SimulatedMachinesServicer, add_SimulatedMachinesServicer_to_server
from kobune.cloud_controller_manager.providers.simulated.cloud import PROVIDER, Refusal, SimulatedCloud

Wait = Callable[[], Awaitable[None]]


class Provider(ProviderServicer):
    """`kobune.cloud.v1.Provider`."""

    async def Get(self, request: GetProviderRequest, context: Any) -> GetProviderResponse:
        return GetProviderResponse(name=PROVIDER, instances=True, zones=True, load_balancers=True, routes=False)


class Instances(InstancesServicer):
    """`kobune.cloud.v1.Instances`."""

    def __init__(self, cloud: SimulatedCloud, wait: Wait) -> None:
        self._cloud = cloud
        self._wait = wait

    async def InstanceExists(self, request: InstanceExistsRequest, context: Any) -> InstanceExistsResponse:
        await self._wait()
        return InstanceExistsResponse(exists=await answer(context, self._cloud.exists, request.node))

    async def InstanceShutdown(self, request: InstanceShutdownRequest, context: Any) -> InstanceShutdownResponse:
        await self._wait()
        return InstanceShutdownResponse(shutdown=await answer(context, self._cloud.is_shut_down, request.node))

    async def InstanceMetadata(self, request: InstanceMetadataRequest, context: Any) -> InstanceMetadataResponse:
        await self._wait()
        known: InstanceMetadataResponse = await answer(context, self._cloud.metadata, request.node)
        return known


class Zones(ZonesServicer):
    """`kobune.cloud.v1.Zones`."""

    def __init__(self, cloud: SimulatedCloud) -> None:
        self._cloud = cloud

    async def GetZone(self, request: GetZoneRequest, context: Any) -> GetZoneResponse:
        return GetZoneResponse(zone=await answer(context, self._cloud.zone, request.node))

    async def ListZones(self, request: ListZonesRequest, context: Any) -> ListZonesResponse:
        return ListZonesResponse(zones=self._cloud.zones())


class LoadBalancers(LoadBalancersServicer):
    """`kobune.cloud.v1.LoadBalancers`."""

    def __init__(self, cloud: SimulatedCloud, wait: Wait) -> None:
        self._cloud = cloud
        self._wait = wait

    async def GetLoadBalancer(self, request: GetLoadBalancerRequest, context: Any) -> LoadBalancer:
        found: LoadBalancer = await answer(context, self._cloud.balancer, request.service)
        return found

    async def EnsureLoadBalancer(self, request: EnsureLoadBalancerRequest, context: Any) -> LoadBalancer:
        await self._wait()
        made: LoadBalancer = await answer(
            context, self._cloud.ensure, request.service, request.nodes, request.fingerprint
        )
        return made

    async def UpdateLoadBalancer(self, request: UpdateLoadBalancerRequest, context: Any) -> LoadBalancer:
        await self._wait()
        changed: LoadBalancer = await answer(context, self._cloud.update, request.service, request.nodes)
        return changed

    async def EnsureLoadBalancerDeleted(
        self, request: EnsureLoadBalancerDeletedRequest, context: Any
    ) -> EnsureLoadBalancerDeletedResponse:
        await self._wait()
        await answer(context, self._cloud.delete, request.service)
        return EnsureLoadBalancerDeletedResponse()


class SimulatedMachines(SimulatedMachinesServicer):
    """`kobune.cloud.v1.SimulatedMachines`."""

    def __init__(self, cloud: SimulatedCloud) -> None:
        self._cloud = cloud

    async def Terminate(self, request: TerminateMachineRequest, context: Any) -> TerminateMachineResponse:
        await answer(context, self._cloud.terminate, request.node)
        return TerminateMachineResponse()

    async def Stop(self, request: StopMachineRequest, context: Any) -> StopMachineResponse:
        await answer(context, self._cloud.stop, request.node)
        return StopMachineResponse()

    async def Start(self, request: StartMachineRequest, context: Any) -> StartMachineResponse:
        await answer(context, self._cloud.start, request.node)
        return StartMachineResponse()


async def answer(context: Any, ask: Callable[..., Any], *arguments: Any) -> Any:
    """Return what the cloud answers, or end the call with its refusal."""
    try:
        return ask(*arguments)
    except Refusal as refusal:
        await context.abort(refusal.code, refusal.message)


def services(
    cloud: SimulatedCloud, *, latency: float, clock: Clock, random: Random
) -> Sequence[tuple[str, Callable[[grpc.aio.Server], Any]]]:
    """Return the cloud's services for a `Server`; what takes real clouds their time takes about `latency` seconds."""

    async def wait() -> None:
        if latency:
            await clock.sleep(latency * (0.5 + random.random()))

    instances, balancers = Instances(cloud, wait), LoadBalancers(cloud, wait)
    return [
        ("kobune.cloud.v1.Provider", lambda server: add_ProviderServicer_to_server(Provider(), server)),
        ("kobune.cloud.v1.Instances", lambda server: add_InstancesServicer_to_server(instances, server)),
        ("kobune.cloud.v1.Zones", lambda server: add_ZonesServicer_to_server(Zones(cloud), server)),
        ("kobune.cloud.v1.LoadBalancers", lambda server: add_LoadBalancersServicer_to_server(balancers, server)),
        (
            "kobune.cloud.v1.SimulatedMachines",
            lambda server: add_SimulatedMachinesServicer_to_server(SimulatedMachines(cloud), server),
        ),
    ]
