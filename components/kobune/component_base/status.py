"""The service that every component serves about itself: `kobune.component.v1.Component`."""

import os
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from prometheus_client import CollectorRegistry, generate_latest

from kobune.component.v1 import (
    ComponentStatus,
    GetMetricsRequest,
    GetMetricsResponse,
    GetStatusRequest,
)
from kobune.component.v1.component_pb2_grpc import ComponentServicer
from kobune.component_base.logs import ComponentLog

SMAPS = Path("/proc/self/smaps_rollup")


class StatusService(ComponentServicer):
    """Answers who a component is, how it fares, and its metrics."""

    def __init__(
        self,
        name: str,
        log: ComponentLog,
        *,
        started_at: float,
        serving: Callable[[], bool],
        registry: CollectorRegistry,
    ) -> None:
        self._name = name
        self._log = log
        self._started_at = started_at
        self._serving = serving
        self._registry = registry

    async def GetStatus(  # noqa: N802 - the contract's name
        self, request: GetStatusRequest, context: grpc.aio.ServicerContext[GetStatusRequest, ComponentStatus]
    ) -> ComponentStatus:
        status = ComponentStatus(
            name=self._name,
            version=version(),
            pid=os.getpid(),
            started_at=_timestamp(self._started_at),
            serving=self._serving(),
            memory_bytes=memory_bytes(),
        )
        if self._log.last_error:
            status.last_error = self._log.last_error
            status.last_error_at.CopyFrom(_timestamp(self._log.last_error_at))
        return status

    async def GetMetrics(  # noqa: N802
        self, request: GetMetricsRequest, context: grpc.aio.ServicerContext[GetMetricsRequest, GetMetricsResponse]
    ) -> GetMetricsResponse:
        return GetMetricsResponse(text=generate_latest(self._registry).decode())


def version() -> str:
    """Return the version of Kobune that is installed; `dev` where it only lies in the path."""
    try:
        return metadata.version("kobune")
    except metadata.PackageNotFoundError:
        return "dev"


def memory_bytes() -> int:
    """Return this process's proportional set size: its own memory plus its share of what it shares; 0 if unknown."""
    try:
        lines = SMAPS.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def _timestamp(seconds: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromNanoseconds(int(seconds * 1_000_000_000))
    return stamp
