"""What controllers tell of themselves: over gRPC (`kobune.controller.v1.Controllers`), and as metrics."""

from collections.abc import Iterable
from typing import Any

import grpc
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kobune.client.run import Controllers
from kobune.client.runner import ControllerState
from kobune.controller.v1 import (
    ControllerStatus,
    ListControllersRequest,
    ListControllersResponse,
    PauseControllerRequest,
    ResumeControllerRequest,
)
from kobune.controller.v1.controllers_pb2_grpc import add_ControllersServicer_to_server

NAME = "kobune.controller.v1.Controllers"


def measure(controllers: Controllers, registry: CollectorRegistry) -> None:
    """Have the metrics of controllers collected, under the names that Kubernetes has for them."""
    registry.register(Measures(controllers))


class Face:
    """The service. A server has to have it before there are controllers to speak of."""

    def __init__(self) -> None:
        self.controllers: Controllers | None = None

    @property
    def service(self) -> tuple[str, Any]:
        """The service by its name, as a component's `Server` wants it."""
        return NAME, lambda server: add_ControllersServicer_to_server(self, server)

    async def List(self, request: ListControllersRequest, context: Any) -> ListControllersResponse:  # noqa: N802
        """Return how each controller is doing."""
        controllers = await self._there(context)
        response = ListControllersResponse(controllers=map(_status_of, controllers.states()))
        leadership = controllers.leadership
        if leadership is not None:
            response.identity, response.leader = leadership.identity, leadership.leader
        return response

    async def Pause(self, request: PauseControllerRequest, context: Any) -> ControllerStatus:  # noqa: N802
        """Have a controller do nothing."""
        return await self._set_paused(request.name, True, context)

    async def Resume(self, request: ResumeControllerRequest, context: Any) -> ControllerStatus:  # noqa: N802
        """Have it go on."""
        return await self._set_paused(request.name, False, context)

    async def _set_paused(self, name: str, paused: bool, context: Any) -> ControllerStatus:
        controllers = await self._there(context)
        try:
            return _status_of(controllers.set_paused(name, paused))
        except KeyError:
            names = ", ".join(state.name for state in controllers.states())
            await context.abort(grpc.StatusCode.NOT_FOUND, f"there is no controller {name}; there are {names}")
            raise AssertionError("abort raises") from None

    async def _there(self, context: Any) -> Controllers:
        if self.controllers is None:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the controllers are still being set up")
            raise AssertionError("abort raises")
        return self.controllers


class Measures(Collector):
    """The metrics, made from what is known anyway when somebody asks."""

    def __init__(self, controllers: Controllers) -> None:
        self._controllers = controllers

    def collect(self) -> Iterable[Metric]:
        """Yield the families."""
        depth = GaugeMetricFamily("workqueue_depth", "Keys that wait to be reconciled.", labels=["name"])
        retries = CounterMetricFamily("workqueue_retries", "Reconciliations tried again.", labels=["name"])
        total = CounterMetricFamily("kobune_controller_reconciliations", "Reconciliations.", labels=["name"])
        for state in self._controllers.states():
            depth.add_metric([state.name], state.queue_depth)
            retries.add_metric([state.name], state.retries)
            total.add_metric([state.name], state.reconciliations)
        yield from (depth, retries, total)
        if self._controllers.leadership is not None:
            leads = GaugeMetricFamily("leader_election_master_status", "1 if this process works.", labels=["name"])
            leads.add_metric([self._controllers.component], float(self._controllers.leadership.leads))
            yield leads


def _status_of(state: ControllerState) -> ControllerStatus:
    return ControllerStatus(
        name=state.name,
        queue_depth=state.queue_depth,
        last_error=state.last_error,
        retries=state.retries,
        reconciliations=state.reconciliations,
        paused=state.paused,
    )
