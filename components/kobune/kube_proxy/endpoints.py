"""Which endpoints a port of a Service leads to."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from kobune.api.core.v1 import ServicePort
from kobune.api.discovery.v1 import Endpoint as SliceEndpoint
from kobune.api.discovery.v1 import EndpointSlice
from kobune.apimachinery.meta import key_of


class Endpoint(NamedTuple):
    """Where connections end: an address of a pod, usually."""

    ip: str
    port: int
    node: str = ""


class Hints(NamedTuple):
    """For whom an endpoint is meant; empty for everybody."""

    nodes: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Routes:
    """The endpoints of one port: the ready ones, and those that still serve while they end."""

    ready: tuple[Endpoint, ...]
    ending: tuple[Endpoint, ...]
    hints: Mapping[Endpoint, Hints] = field(default_factory=dict)
    """Of those of the ready endpoints that have any."""

    def anywhere(self) -> tuple[Endpoint, ...]:
        """Return the ready endpoints; if there are none, those that still serve (KEP-1669)."""
        return self.ready or self.ending

    def on(self, nodes: Collection[str]) -> tuple[Endpoint, ...]:
        """Return the same of those on some nodes."""
        ready = tuple(endpoint for endpoint in self.ready if endpoint.node in nodes)
        return ready or tuple(endpoint for endpoint in self.ending if endpoint.node in nodes)

    def near(self, node: str, zone: str) -> tuple[Endpoint, ...]:
        """Return the endpoints for clients of a node: those that are meant for it or its zone, if hints are complete.

        One endpoint without a hint, or no endpoint for this node and zone, has all hints passed over (KEP-2433).
        """
        hints = [self.hints.get(endpoint, Hints()) for endpoint in self.ready]
        if all(hint.nodes for hint in hints) and any(node in hint.nodes for hint in hints):
            return tuple(each for each, hint in zip(self.ready, hints, strict=True) if node in hint.nodes)
        if all(hint.zones for hint in hints) and any(zone in hint.zones for hint in hints):
            return tuple(each for each, hint in zip(self.ready, hints, strict=True) if zone in hint.zones)
        return self.anywhere()


def routes_of(port: ServicePort, slices: Iterable[EndpointSlice], port_maps: Mapping[str, Mapping[int, int]]) -> Routes:
    """Return the endpoints that a Service's slices have for one of its ports."""
    ready: set[Endpoint] = set()
    hints: dict[Endpoint, Hints] = {}
    ending: set[Endpoint] = set()
    for item in slices:
        if item.addressType not in ("", "IPv4"):
            continue
        numbers = [
            there.port
            for there in item.ports
            if there.name == port.name and (there.protocol or "TCP") == (port.protocol or "TCP") and there.port
        ]
        for number in numbers:
            for endpoint in item.endpoints:
                if not endpoint.addresses:
                    continue
                actual = port_map_of(endpoint, port_maps).get(number, number)
                # An endpoint's other addresses mean the same; Kubernetes' own proxies use the first, too.
                found = Endpoint(endpoint.addresses[0], actual, endpoint.nodeName)
                if is_ready(endpoint):
                    ready.add(found)
                    if endpoint.HasField("hints"):
                        hints[found] = hints_of(endpoint)
                elif is_ending(endpoint):
                    ending.add(found)
    # Sets: an endpoint that moves from one slice to another is in both for a moment.
    return Routes(tuple(sorted(ready)), tuple(sorted(ending)), hints)


def hints_of(endpoint: SliceEndpoint) -> Hints:
    """Return for whom an endpoint is meant."""
    hints = endpoint.hints
    return Hints(frozenset(node.name for node in hints.forNodes), frozenset(zone.name for zone in hints.forZones))


def port_map_of(endpoint: SliceEndpoint, port_maps: Mapping[str, Mapping[int, int]]) -> Mapping[int, int]:
    """Return where those ports of an endpoint's pod answer that are not where they should be."""
    pod = pod_of(endpoint)
    return port_maps.get(pod, {}) if pod else {}


def pod_of(endpoint: SliceEndpoint) -> str:
    """Return the key of an endpoint's pod; empty if it is none."""
    target = endpoint.targetRef
    return key_of(target.namespace, target.name) if target.kind == "Pod" else ""


def is_ready(endpoint: SliceEndpoint) -> bool:
    """Whether an endpoint wants connections; one that does not say does."""
    return not endpoint.conditions.HasField("ready") or endpoint.conditions.ready


def is_ending(endpoint: SliceEndpoint) -> bool:
    """Whether an endpoint is going, but still serves."""
    return endpoint.conditions.terminating and endpoint.conditions.serving
