"""The console of the simulated cloud: `kobune.cloud.v1.Simulation`. It answers at once, however slow the cloud is."""
# ruff: noqa: N802 - the methods are called like those of the contract

import math
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc

from kobune.cloud.v1 import (
    CutZoneRequest,
    CutZoneResponse,
    DeleteInstanceRequest,
    DeleteInstanceResponse,
    DescribeCloudRequest,
    DescribeCloudResponse,
    HealZoneRequest,
    HealZoneResponse,
    InstanceStates,
    StartInstanceRequest,
    StartInstanceResponse,
    StopInstanceRequest,
    StopInstanceResponse,
    TroubleRequest,
    TroubleResponse,
    Troubles,
    WatchInstancesRequest,
)
from kobune.cloud.v1.simulation_pb2_grpc import SimulationServicer
from kobune.cloud_controller_manager.providers.simulated.cloud import Refusal, SimulatedCloud
from kobune.cloud_controller_manager.providers.simulated.commits import Commits
from kobune.cloud_controller_manager.providers.simulated.troubles import Troubles as Nuisance


class Console(SimulationServicer):
    """What a person can see and do; and what the players of machines are told."""

    def __init__(self, cloud: SimulatedCloud, troubles: Nuisance, commits: Commits) -> None:
        self._cloud = cloud
        self._troubles = troubles
        self._commits = commits

    async def Describe(self, request: DescribeCloudRequest, context: Any) -> DescribeCloudResponse:
        throttle = self._troubles.throttle
        return DescribeCloudResponse(
            instances=self._cloud.instances(),
            zones=self._cloud.zone_states(),
            balancers=self._cloud.balancers(),
            routes=self._cloud.routes(),
            troubles=Troubles(
                requests_per_second=throttle.rate if throttle is not None else None,
                seconds=self._troubles.lasts(),
                latency_seconds=self._troubles.latency,
            ),
        )

    async def StopInstance(self, request: StopInstanceRequest, context: Any) -> StopInstanceResponse:
        await self._do(context, self._cloud.stop, request.name)
        return StopInstanceResponse()

    async def StartInstance(self, request: StartInstanceRequest, context: Any) -> StartInstanceResponse:
        await self._do(context, self._cloud.start, request.name)
        return StartInstanceResponse()

    async def DeleteInstance(self, request: DeleteInstanceRequest, context: Any) -> DeleteInstanceResponse:
        await self._do(context, self._cloud.terminate, request.name)
        return DeleteInstanceResponse()

    async def CutZone(self, request: CutZoneRequest, context: Any) -> CutZoneResponse:
        await self._do(context, self._cloud.cut, request.zone)
        return CutZoneResponse()

    async def HealZone(self, request: HealZoneRequest, context: Any) -> HealZoneResponse:
        await self._do(context, self._cloud.heal, request.zone)
        return HealZoneResponse()

    async def Trouble(self, request: TroubleRequest, context: Any) -> TroubleResponse:
        rate = request.requests_per_second if request.HasField("requests_per_second") else None
        seconds = request.seconds if request.HasField("seconds") else None
        latency = request.latency_seconds if request.HasField("latency_seconds") else self._troubles.latency
        if any(not math.isfinite(each) or each < 0 for each in (rate or 0.0, seconds or 0.0, latency)):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "rates and seconds cannot be negative")
        self._troubles.latency = latency
        self._troubles.set(rate, seconds)
        return TroubleResponse()

    async def WatchInstances(self, request: WatchInstancesRequest, context: Any) -> AsyncIterator[InstanceStates]:
        self._cloud.announce(request.names)
        await self._commits.all()
        said: InstanceStates | None = None
        with self._cloud.news() as news:
            while True:
                news.clear()
                states = self._cloud.states()
                if states != said:
                    said = states
                    yield states
                await news.wait()

    async def _do(self, context: Any, act: Callable[[str], None], name: str) -> None:
        try:
            act(name)
        except Refusal as refusal:
            await context.abort(refusal.code, refusal.message)
        await self._commits.all()
