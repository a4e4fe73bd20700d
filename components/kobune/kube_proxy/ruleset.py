"""What a proxy has to do, as a value: at which addresses it listens, and where each leads.

    Service + EndpointSlices + World ──program──► ServiceRules ┐
    Service + EndpointSlices + World ──program──► ServiceRules ┴──combine──► Ruleset

Source: *Virtual IPs and Service Proxies* and *Service* in the Kubernetes documentation.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from kobune.api.core.v1 import Service, ServicePort
from kobune.api.discovery.v1 import EndpointSlice
from kobune.apimachinery.meta import key_of
from kobune.kube_proxy.clients import Clients
from kobune.kube_proxy.endpoints import Endpoint, Routes, routes_of
from kobune.kube_proxy.unsupported import unsupported

PROXY_NAME = "service.kubernetes.io/service-proxy-name"
"""The label of a Service that some other proxy serves."""
PROTOCOLS = ("TCP", "UDP")
AFFINITY_SECONDS = 10800
"""How long a client stays with its endpoint when the Service does not say."""


class Address(NamedTuple):
    """Where clients connect to."""

    ip: str
    port: int
    protocol: str = "TCP"

    def __str__(self) -> str:
        return f"{self.ip}:{self.port}" + ("" if self.protocol == "TCP" else f"/{self.protocol}")


@dataclass(frozen=True)
class Frontend:
    """An address, and where it leads. Without endpoints, connections are refused."""

    address: Address
    kind: str
    """ClusterIP, NodePort, LoadBalancer or ExternalIP: why there is this address."""
    service: str
    """namespace/name."""
    port_name: str
    endpoints: tuple[Endpoint, ...] = ()
    affinity_seconds: int = 0
    """How long a client's address stays with its endpoint; 0 for no affinity."""
    sources: tuple[str, ...] = ()
    """CIDRs of the clients that may connect; empty for all."""
    near: "Near | None" = None
    """Where clients of some nodes get to instead; None if all get to the same."""

    def endpoints_for(self, client: str) -> tuple[Endpoint, ...]:
        """Return the endpoints for a client, by its address; those for everybody if nobody knows where it runs."""
        node = self.near.clients.node_of(client) if self.near is not None else ""
        return self.near.endpoints.get(node, self.near.others) if self.near is not None and node else self.endpoints


@dataclass(frozen=True)
class Near:
    """Where clients get to whose node is known."""

    clients: Clients
    endpoints: Mapping[str, tuple[Endpoint, ...]]
    """By the name of the node."""
    others: tuple[Endpoint, ...]
    """On nodes that are not named."""


@dataclass(frozen=True)
class Health:
    """What a load balancer is told that asks a node for a Service."""

    service: str
    """namespace/name."""
    endpoints: int
    """How many pods of it are ready on the node."""


@dataclass(frozen=True)
class Problem:
    """What a Service cannot have, as people should hear it."""

    service: str
    """namespace/name."""
    reason: str
    message: str
    passing: bool = False
    """Whether it is worth to try again."""


@dataclass(frozen=True)
class World:
    """What else than the Service decides what becomes of it."""

    nodes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The addresses of each node, by its name."""
    zones: Mapping[str, str] = field(default_factory=dict)
    """The zone of each node that has one."""
    clients: Clients = field(default_factory=Clients)
    """On which node an address is."""
    port_maps: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    """By the key of a pod: where those of its ports answer that are not where they should be."""
    extra_node_addresses: tuple[str, ...] = ("127.0.0.1",)
    """Where node ports answer besides the nodes' own addresses."""
    networks: tuple[IPv4Network, ...] = (IPv4Network("127.0.0.0/8"),)
    """Where the proxy may listen at all."""


@dataclass(frozen=True)
class ServiceRules:
    """What one Service needs."""

    frontends: tuple[Frontend, ...] = ()
    problems: tuple[Problem, ...] = ()
    health: Mapping[Address, Health] = field(default_factory=dict)
    """Where load balancers ask whether a node has pods of it."""


@dataclass(frozen=True)
class Ruleset:
    """Everything that a proxy has to do."""

    frontends: Mapping[Address, Frontend] = field(default_factory=dict)
    health: Mapping[Address, Health] = field(default_factory=dict)


def program(service: Service, slices: Iterable[EndpointSlice], world: World) -> ServiceRules:
    """Return the frontends of a Service, and what it asked for in vain."""
    spec = service.spec
    if spec.type == "ExternalName" or spec.clusterIP in ("", "None") or PROXY_NAME in service.metadata.labels:
        return ServiceRules()
    key = key_of(service.metadata.namespace, service.metadata.name)
    problems = [Problem(key, reason, message) for reason, message in unsupported(service)]
    affinity = affinity_of(service)
    slices = list(slices)
    frontends: dict[Address, Frontend] = {}
    ready: set[tuple[str, str]] = set()
    for port in spec.ports:
        protocol = port.protocol or "TCP"
        if protocol not in PROTOCOLS:
            message = f"port {port.port} is not served: {protocol} is not supported, {' and '.join(PROTOCOLS)} are"
            problems.append(Problem(key, "UnsupportedProtocol", message))
            continue
        routes = routes_of(port, slices, world.port_maps)
        near = near_of(service, routes, world)
        ready |= {(endpoint.ip, endpoint.node) for endpoint in routes.ready}
        for kind, ip, number, endpoints in places(service, port, routes, world):
            address = Address(ip, number, protocol)
            if why := refusal(address, world.networks):
                problems.append(Problem(key, "AddressRefused", f"not listening on {address}: {why}"))
            else:
                sources = tuple(spec.loadBalancerSourceRanges) if kind == "LoadBalancer" else ()
                closer = near if kind == "ClusterIP" else None
                made = Frontend(address, kind, key, port.name, endpoints, affinity, sources, closer)
                frontends.setdefault(address, made)
    return ServiceRules(tuple(frontends.values()), tuple(problems), health_of(service, key, ready, world))


def health_of(service: Service, key: str, ready: Iterable[tuple[str, str]], world: World) -> dict[Address, Health]:
    """Return where load balancers ask for a Service, and what they hear; `ready` are its pods, by address and node."""
    port = service.spec.healthCheckNodePort
    if not port or service.spec.externalTrafficPolicy != "Local":
        return {}
    counts = Counter(node for _, node in ready)
    return {
        Address(ip, port): Health(key, sum(counts[name] for name in names))
        for ip, names in by_address(world.nodes).items()
        if not refusal(Address(ip, port), world.networks)
    }


def places(
    service: Service, port: ServicePort, routes: Routes, world: World
) -> Iterator[tuple[str, str, int, tuple[Endpoint, ...]]]:
    """Yield each place where a port of a Service answers: kind, address, port, and the endpoints it leads to."""
    spec = service.spec
    everywhere = routes.anywhere()
    yield "ClusterIP", spec.clusterIP, port.port, everywhere
    for ip in spec.externalIPs:
        yield "ExternalIP", ip, port.port, everywhere
    if spec.type not in ("NodePort", "LoadBalancer"):
        return
    if port.nodePort:
        for ip, names in by_address(world.nodes).items():
            yield "NodePort", ip, port.nodePort, behind_node(service, routes, names, world)
        for ip in world.extra_node_addresses:
            yield "NodePort", ip, port.nodePort, everywhere
    if spec.type == "LoadBalancer":
        for ingress in service.status.loadBalancer.ingress:
            # With the mode Proxy the load balancer itself holds the address, and connects to node ports.
            if ingress.ip and ingress.ipMode != "Proxy":
                yield "LoadBalancer", ingress.ip, port.port, everywhere


def near_of(service: Service, routes: Routes, world: World) -> Near | None:
    """Return where clients get to whose node is known, if that is not the same for all."""
    if service.spec.internalTrafficPolicy == "Local":
        names = {endpoint.node for endpoint in (*routes.ready, *routes.ending)}
        return Near(world.clients, {name: routes.on({name}) for name in sorted(names)}, ())
    if not routes.hints:
        return None
    by_zone = {zone: routes.near("", zone) for zone in {*world.zones.values(), ""}}
    named = {name for hints in routes.hints.values() for name in hints.nodes}
    endpoints = {
        name: routes.near(name, world.zones.get(name, "")) if name in named else by_zone[world.zones.get(name, "")]
        for name in world.nodes
    }
    return Near(world.clients, endpoints, routes.anywhere())


def behind_node(service: Service, routes: Routes, names: set[str], world: World) -> tuple[Endpoint, ...]:
    """Return where a node port leads at the own address of some nodes, usually one."""
    if service.spec.externalTrafficPolicy == "Local":
        return routes.on(names)
    if len(names) == 1 and routes.hints:
        (name,) = names
        return routes.near(name, world.zones.get(name, ""))
    return routes.anywhere()


def by_address(nodes: Mapping[str, Sequence[str]]) -> dict[str, set[str]]:
    """Return the names of the nodes that have each address: usually one."""
    names: dict[str, set[str]] = {}
    for name, addresses in nodes.items():
        for address in addresses:
            names.setdefault(address, set()).add(name)
    return names


def refusal(address: Address, networks: Iterable[IPv4Network]) -> str:
    """Return why the proxy must not listen at an address; empty if it may."""
    try:
        ip = IPv4Address(address.ip)
    except ValueError:
        return "it is not an IPv4 address"
    if any(ip in network for network in networks):
        return ""
    return f"kube-proxy listens in {', '.join(map(str, networks))} only"


def affinity_of(service: Service) -> int:
    """Return for how many seconds clients stay with their endpoint; 0 if they need not."""
    spec = service.spec
    if spec.sessionAffinity != "ClientIP":
        return 0
    return spec.sessionAffinityConfig.clientIP.timeoutSeconds or AFFINITY_SECONDS


def combine(rules: Iterable[ServiceRules]) -> tuple[Ruleset, list[Problem]]:
    """Return the rules of all Services together. Of those that want the same address, the first one has it."""
    frontends: dict[Address, Frontend] = {}
    health: dict[Address, Health] = {}
    problems: list[Problem] = []
    for each in rules:
        problems += each.problems
        health |= each.health  # the apiserver gives each port once
        for frontend in each.frontends:
            holder = frontends.setdefault(frontend.address, frontend)
            if holder.service != frontend.service:
                message = f"not listening on {frontend.address}: it belongs to the Service {holder.service}"
                problems.append(Problem(frontend.service, "AddressConflict", message))
    return Ruleset(frontends, health), problems
