"""Has the cloud lead what is sent to pods to the machine of their node, and says of each node whether it does.

    a node gets a range ──► no route: one is made ──► NetworkUnavailable=False   (until then, if that fails: True)
    the node, or its range, is gone ──► its route is removed

Source: *Cloud Controller Manager*, the route controller, in the Kubernetes documentation.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kobune.api.core.v1 import Node
from kobune.apimachinery.clock import Clock
from kobune.apimachinery.codec.scalars import format_time
from kobune.apimachinery.meta import is_deleting
from kobune.client import Action, Controller, Effect, Patch, PatchType, RecordEvent, RequeueAfter, Retry, View, Watch
from kobune.cloud.v1 import Route
from kobune.cloud_controller_manager.cloud import Cloud, CloudError

log = logging.getLogger(__name__)

WHO = "cloud-controller-manager"
ALL = "routes"
"""The one key: a cloud lists its routes all together."""
CONDITION = "NetworkUnavailable"
PERIOD = 10.0
"""Seconds between looks at the cloud's routes: somebody may have removed one there."""
AT_ONCE = 200

Key = tuple[str, str]
"""A node's name and a range of its pods."""


@dataclass(frozen=True)
class ChangeRoutes(Effect):
    """Have the cloud remove routes, and make others: of these nodes, with these ranges."""

    gone: Sequence[Route]
    missing: Sequence[tuple[Node, str]]


def reconcile(nodes: Sequence[Node], routes: Sequence[Route] | CloudError, now: float) -> list[Action]:
    """Plan which routes are made and removed, and what nodes say of theirs."""
    if isinstance(routes, CloudError):
        return [Retry(routes)]
    wanted = {(node.metadata.name, cidr) for node in nodes for cidr in node.spec.podCIDRs}
    # One that leads nowhere counts, as long as its node is there: the cloud has it lead to a machine that comes back.
    there = {key_of_route(route) for route in routes}
    gone = [route for route in routes if key_of_route(route) not in wanted]
    missing = [
        (node, cidr)
        for node in nodes
        for cidr in node.spec.podCIDRs
        if (node.metadata.name, cidr) not in there and not is_deleting(node.metadata)
    ]
    actions: list[Action] = [
        told(node, True, now)
        for node in nodes
        if node.spec.podCIDRs and all((node.metadata.name, cidr) in there for cidr in node.spec.podCIDRs)
        if says(node) is not True
    ]
    if gone or missing:
        actions.append(ChangeRoutes(gone, missing))
    return [*actions, RequeueAfter(PERIOD)]


def key_of_route(route: Route) -> Key:
    return route.target_node, route.destination_cidr


def says(node: Node) -> bool | None:
    """Return whether a node says that its pods can be reached; None if it does not say."""
    condition = next((each for each in node.status.conditions if each.type == CONDITION), None)
    return None if condition is None else condition.status == "False"


def told(node: Node, reached: bool, now: float) -> Patch:
    """Return the write by which a node says whether its pods can be reached."""
    message = "RouteController created a route" if reached else "RouteController failed to create a route"
    condition: Mapping[str, Any] = {
        "type": CONDITION,
        "status": "False" if reached else "True",
        "reason": "RouteCreated" if reached else "NoRouteCreated",
        "message": message,
        "lastTransitionTime": format_time(int(now)),
        "lastHeartbeatTime": format_time(int(now)),
    }
    # The uid is a precondition: never say it of a namesake.
    patch = {"metadata": {"uid": node.metadata.uid}, "status": {"conditions": [condition]}}
    return Patch(Node, node.metadata.name, "", patch, PatchType.STRATEGIC, "status")


def all_nodes(view: View, node: Node) -> Iterable[str]:
    return (ALL,)


def matters(old: Node | None, new: Node | None) -> bool:
    """Whether a change of a node concerns its routes: heartbeats do not."""
    return old is None or new is None or facts_of(old) != facts_of(new)


def facts_of(node: Node) -> tuple[object, ...]:
    return list(node.spec.podCIDRs), says(node), is_deleting(node.metadata)


def route_controller(cloud: Cloud, clock: Clock) -> Controller:
    """Return the controller that has a cloud make routes."""

    async def observe(view: View, key: str) -> tuple[Any, ...] | None:
        routes: Sequence[Route] | CloudError
        try:
            routes = await cloud.routes()
        except CloudError as error:
            routes = error
        return list(view.all(Node)), routes, view.now

    async def perform(effect: Effect) -> Sequence[Action]:
        """Do it, many at once, and look again if anything was done."""
        if not isinstance(effect, ChangeRoutes):
            raise TypeError(effect)
        turns = asyncio.Semaphore(AT_ONCE)

        async def remove(route: Route) -> list[Action]:
            async with turns:
                try:
                    await cloud.delete_route(route)
                except CloudError as error:
                    return [Retry(error)]
            log.info("%s: removed the route for %s to %s", WHO, route.destination_cidr, route.target_node)
            return []

        async def make(node: Node, cidr: str) -> list[Action]:
            async with turns:
                began = clock.now()
                route = Route(target_node=node.metadata.name, destination_cidr=cidr)
                try:
                    await cloud.create_route(node.metadata.uid, route)
                except CloudError as error:
                    return failed(node, cidr, error, clock.now() - began, clock.now())
            return []

        async with asyncio.TaskGroup() as group:
            removals = [group.create_task(remove(route)) for route in effect.gone]
        async with asyncio.TaskGroup() as group:
            makings = [group.create_task(make(node, cidr)) for node, cidr in effect.missing]
        actions = [action for task in [*removals, *makings] for action in task.result()]
        return actions if any(isinstance(action, Retry) for action in actions) else [*actions, RequeueAfter(0)]

    return Controller(
        name="route",
        reporter="route_controller",
        watches=[Watch(Node, all_nodes, matters)],
        observe=observe,
        reconcile=reconcile,
        perform=perform,
    )


def failed(node: Node, cidr: str, error: CloudError, seconds: float, now: float) -> list[Action]:
    """Return what follows from a route that could not be made."""
    name, uid = node.metadata.name, node.metadata.uid
    message = f"Could not create route {uid} {cidr} for node {name} after {seconds * 1000:.3f}ms: {error}"
    actions: list[Action] = [RecordEvent(node, "Warning", "FailedToCreateRoute", message), Retry(error)]
    return actions if says(node) is False else [*actions, told(node, False, now)]
