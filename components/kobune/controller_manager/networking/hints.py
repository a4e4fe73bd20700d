"""For which zones and nodes an endpoint is meant: hints by which proxies keep traffic close.

    trafficDistribution    each endpoint is for its own zone, or its own node
    topology-mode: Auto    zones get endpoints in proportion to their CPUs ──can not be safe──► none has a hint

Source: *Service* (traffic distribution, KEP-4444, KEP-3015) and *Topology Aware Routing*.
"""

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from operator import itemgetter

from kobune.api.core.v1 import Node, Service
from kobune.api.discovery.v1 import Endpoint, EndpointHints, EndpointSlice, ForNode, ForZone
from kobune.apimachinery.quantity import parse
from kobune.controller_manager.nodes import condition_of

ZONE = "topology.kubernetes.io/zone"
MODES = ("service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints")
"""The annotations that ask for proportional hints; the second is the older one."""
CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
"""Labels of nodes that do not count, as workloads seldom run there."""
OVERLOAD = Decimal("0.2")
"""How much more than its share an endpoint may get because of hints."""
ENABLED, DISABLED = "TopologyAwareHintsEnabled", "TopologyAwareHintsDisabled"
FAMILY = "IPv4"

Shares = Mapping[str, Decimal]
"""By zone: how much of all CPUs is there. Empty if some node does not say enough."""


@dataclass(frozen=True)
class Impossible:
    """Why there can be no hints."""

    message: str


def is_proportional(service: Service) -> bool:
    """Whether a Service asks for hints in proportion to the CPUs of zones."""
    return any(service.metadata.annotations.get(name) in ("Auto", "auto") for name in MODES)


def shares_of(nodes: Iterable[Node]) -> Shares:
    """Return the part of each zone in the CPUs of nodes that are ready; empty if one lacks its zone or its CPUs."""
    cpus: dict[str, Decimal] = {}
    for node in nodes:
        ready = condition_of(node, "Ready")
        if ready is None or ready.status != "True" or any(label in node.metadata.labels for label in CONTROL_PLANE):
            continue
        zone, cpu = facts_of(node)
        if not zone or not cpu:
            return {}
        cpus[zone] = cpus.get(zone, Decimal(0)) + cpu
    total = sum(cpus.values())
    return {zone: cpu / total for zone, cpu in sorted(cpus.items())}


def facts_of(node: Node) -> tuple[str, Decimal]:
    """Return the zone of a node and how many CPUs it has for pods."""
    text = node.status.allocatable["cpu"].string if "cpu" in node.status.allocatable else ""
    return node.metadata.labels.get(ZONE, ""), parse(text) if text else Decimal(0)


def give(service: Service, endpoints: Mapping[str, Endpoint], slices: Sequence[EndpointSlice], shares: Shares) -> str:
    """Write the hints that a Service asks for into new endpoints, by uid; return why there are none, if so."""
    if not is_proportional(service) and not service.spec.trafficDistribution:
        return ""
    ready = {uid: endpoint for uid, endpoint in endpoints.items() if endpoint.conditions.ready}
    if is_proportional(service):
        allocated = allocate(ready, zones_for(slices), shares)
        if isinstance(allocated, Impossible):
            return allocated.message
        for uid, zone in allocated.items():
            ready[uid].hints.CopyFrom(EndpointHints(forZones=[ForZone(name=zone)]))
        return ""
    if service.spec.trafficDistribution in ("PreferClose", "PreferSameZone", "PreferSameNode"):
        for endpoint in ready.values():
            if endpoint.zone:
                endpoint.hints.forZones.append(ForZone(name=endpoint.zone))
            if endpoint.nodeName and service.spec.trafficDistribution == "PreferSameNode":
                endpoint.hints.forNodes.append(ForNode(name=endpoint.nodeName))
    return ""


def zones_for(slices: Iterable[EndpointSlice]) -> dict[str, str]:
    """Return for which zone each endpoint is meant so far, by the uid of its pod."""
    return {
        endpoint.targetRef.uid: endpoint.hints.forZones[0].name
        for item in slices
        for endpoint in item.endpoints
        if len(endpoint.hints.forZones) == 1
    }


def allocate(
    endpoints: Mapping[str, Endpoint], before: Mapping[str, str], shares: Shares
) -> dict[str, str] | Impossible:
    """Return a zone for each endpoint, so that none gets much more traffic than its share.

    Endpoints stay with the zone that they had, then with their own; zones that would have too few get some of those
    that have the most to spare.
    """
    minimum = minimum_of(len(endpoints), shares)
    if isinstance(minimum, Impossible):
        return minimum
    if any(not endpoint.zone for endpoint in endpoints.values()):
        return Impossible(f"One or more endpoints do not have a zone specified, addressType: {FAMILY}")
    zones: dict[str, str] = {}
    for uid, endpoint in endpoints.items():
        kept = before.get(uid, endpoint.zone)
        zones[uid] = kept if kept in shares else endpoint.zone
    counts = Counter(zones.values())
    groups: dict[tuple[str, str], list[str]] = {}
    for uid in sorted(zones):
        groups.setdefault((zones[uid], endpoints[uid].zone), []).append(uid)
    while poor := [zone for zone in shares if counts[zone] < minimum[zone]]:
        giver = max(counts, key=lambda zone: (counts[zone] - shares.get(zone, Decimal(0)) * len(endpoints), zone))
        # Of what is at home in the poor zone first; then whatever comes first, always the same.
        own = groups.get((giver, poor[0]))
        group = own or min((group for (zone, _), group in groups.items() if zone == giver and group), key=itemgetter(0))
        chosen = group.pop(0)
        insort(groups.setdefault((poor[0], endpoints[chosen].zone), []), chosen)
        zones[chosen] = poor[0]
        counts[giver] -= 1
        counts[poor[0]] += 1
    return zones


def minimum_of(count: int, shares: Shares) -> dict[str, int] | Impossible:
    """Return how many of so many endpoints each zone needs, lest they get too much to do."""
    if not shares:
        message = "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"
        return Impossible(f"{message}, addressType: {FAMILY}")
    if len(shares) < 2:
        return Impossible(f"Nodes only ready in one zone, addressType: {FAMILY}")
    numbers = f"({count} endpoints, {len(shares)} zones), addressType: {FAMILY}"
    if count < len(shares):
        return Impossible(f"Insufficient number of endpoints {numbers}")
    minimum = {zone: ceil(share * count / (1 + OVERLOAD)) for zone, share in shares.items()}
    if sum(minimum.values()) > count:
        message = "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold"
        return Impossible(f"{message} {numbers}")
    return minimum
