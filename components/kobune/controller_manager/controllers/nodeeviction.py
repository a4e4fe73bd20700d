"""Gives nodes up that are not ready: taints them `NoExecute`, so that their pods leave, as fast as their zones allow.

How fast that is, is decided in `zones.py`. That a node is silent, and all other taints, are `nodelifecycle`'s: one
that is ready again loses the taint there, at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kobune.api.core.v1 import Node, Taint
from kobune.apimachinery.meta import is_deleting, seconds_of, time_of
from kobune.client import Action, Controller, Effect, RequeueAfter, Update, View, Watch
from kobune.controller_manager.controllers.nodelifecycle import UNREACHABLE, gives_up, trouble_of
from kobune.controller_manager.nodes import condition_of, with_taints
from kobune.controller_manager.zones import EvictionRates, Zones, assess, by_zone, zone_of

ALL = "zones"
"""The one key: zones are compared with each other."""


@dataclass(frozen=True)
class Remember(Effect):
    """Have the next look know how the zones were in this one."""

    zones: Zones


def reconcile(nodes: Sequence[Node], before: Zones, rates: EvictionRates, now: float) -> list[Action]:
    """Plan which nodes are given up now, and when to look again."""
    nodes = [node for node in nodes if not is_deleting(node.metadata)]
    zones = assess(by_zone(nodes), before, rates, now)
    if zones.all_full:
        back = [Update(taken_back(node)) for node in nodes if gives_up(node)]
        return [*([Remember(zones)] if zones != before else []), *back]
    buckets = dict(zones.buckets)
    actions: list[Action] = []
    waits: list[float] = []
    for node in sorted(filter(is_lost, nodes), key=lost_since):
        zone = zone_of(node)
        wait = buckets[zone].wait(now)
        if wait == 0.0:
            buckets[zone] = buckets[zone].taken(now)
            actions.append(Update(given_up(node, now)))
        elif wait is not None:
            waits.append(wait)
    after = Zones(zones.disruptions, buckets)
    if after != before:
        actions.insert(0, Remember(after))
    if waits:
        actions.append(RequeueAfter(min(waits) + 0.01))
    return actions


def is_lost(node: Node) -> bool:
    """Whether a node is to be given up, and is not yet. It takes no new pods already: one write after the other."""
    trouble = trouble_of(node)
    has_first = any(taint.key == trouble and taint.effect == "NoSchedule" for taint in node.spec.taints)
    return has_first and not gives_up(node)


def lost_since(node: Node) -> tuple[float, str]:
    """Return the order in which nodes are given up: the longest lost first."""
    ready = condition_of(node, "Ready")
    return (seconds_of(ready.lastTransitionTime) if ready is not None else 0.0), node.metadata.name


def given_up(node: Node, now: float) -> Node:
    """Return the node with the taint that makes its pods leave."""
    taint = Taint(key=trouble_of(node) or UNREACHABLE, effect="NoExecute", timeAdded=time_of(now))
    return with_taints(node, [*node.spec.taints, taint])


def taken_back(node: Node) -> Node:
    """Return the node without that taint."""
    return with_taints(node, [taint for taint in node.spec.taints if taint not in gives_up(node)])


def all_nodes(view: View, node: Node) -> Iterable[str]:
    return (ALL,)


def matters(old: Node | None, new: Node | None) -> bool:
    """Whether a change of a node may change what is given up: heartbeats do not."""
    return old is None or new is None or facts_of(old) != facts_of(new)


def facts_of(node: Node) -> tuple[object, ...]:
    return zone_of(node), trouble_of(node), is_lost(node), len(gives_up(node)), is_deleting(node.metadata)


def nodeeviction(rates: EvictionRates) -> Controller:
    """Return the controller that gives nodes up no faster than `rates` says."""
    known = [Zones()]  # of this controller alone

    async def observe(view: View, key: str) -> tuple[Any, ...] | None:
        return list(view.all(Node)), known[0], rates, view.now

    async def perform(effect: Effect) -> Sequence[Action]:
        if isinstance(effect, Remember):
            known[0] = effect.zones
        return []

    return Controller(
        name="nodeeviction",
        reporter="node-controller",
        watches=[Watch(Node, all_nodes, matters)],
        observe=observe,
        reconcile=reconcile,
        perform=perform,
    )
