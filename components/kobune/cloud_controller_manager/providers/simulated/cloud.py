"""What the simulated cloud does, without saying how it is asked."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Network
from zlib import crc32

import grpc

from kobune.api.core.v1 import LoadBalancerIngress, LoadBalancerStatus, Service, ServicePort
from kobune.apimachinery.meta import key_of
from kobune.cloud.v1 import (
    Instance,
    InstanceMetadataResponse,
    InstanceStates,
    LoadBalancer,
    Node,
    Route,
    SimulatedBalancer,
    Zone,
    ZoneState,
)
from kobune.cloud.v1.simulation_pb2 import InstanceState
from kobune.cloud_controller_manager.providers.simulated.state import Balancer, Machine, State, text_of
from kobune.cloud_controller_manager.providers.simulated.state import Route as RouteState

PROVIDER = "kobune"
INSTANCE_TYPE = "simulated"
REGION_LABEL = "topology.kubernetes.io/region"
ZONE_LABEL = "topology.kubernetes.io/zone"


class Refusal(Exception):
    """What the cloud answers instead of doing it."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class SimulatedCloud:
    """Machines, zones, load balancers and routes. Every node has a machine until somebody destroys it.

    What is changed here is not on disk yet: `Commits` sees to that.
    """

    def __init__(self, network: IPv4Network, state: State, *, region: str, zones: Sequence[str]) -> None:
        """Continue from `state`; load balancers get addresses of `network`."""
        self._network = network
        self._region = region
        self._zones = zones
        self._state = state
        self.version = 0
        """Goes up with each change."""
        self._told: set[asyncio.Event] = set()

    def text(self) -> str:
        """Return all there is, as it is on disk."""
        return text_of(self._state)

    # What the cluster asks.

    def exists(self, node: Node) -> bool:
        """Return whether a node has a machine."""
        return machine_of(node) not in self._state.terminated

    def is_shut_down(self, node: Node) -> bool:
        """Return whether a node's machine is switched off."""
        self._check_machine(node)
        return machine_of(node) in self._state.stopped

    def metadata(self, node: Node) -> InstanceMetadataResponse:
        """Return what is known of a node's machine."""
        zone = self.zone(node)
        name = machine_of(node)
        addresses = [address.address for address in node.addresses if address.type == "InternalIP"]
        self._has(name, Machine(zone.name, zone.region, addresses))
        return InstanceMetadataResponse(
            provider_id=f"{PROVIDER}://{name}",
            instance_type=INSTANCE_TYPE,
            zone=zone.name,
            region=zone.region,
            addresses=node.addresses,
        )

    def zone(self, node: Node) -> Zone:
        """Return where a node's machine is: where its labels say, or else the next zone for the next number."""
        self._check_machine(node)
        return Zone(
            name=node.labels.get(ZONE_LABEL) or self._zone_of(machine_of(node)),
            region=node.labels.get(REGION_LABEL) or self._region,
        )

    def zones(self) -> list[Zone]:
        """Return all zones: those of the cloud, and those that labels of nodes have made."""
        known = {name: Zone(name=name, region=self._region) for name in self._zones}
        for machine in self._state.machines.values():
            known.setdefault(machine.zone, Zone(name=machine.zone, region=machine.region))
        return [known[name] for name in sorted(known)]

    def balancer(self, service: Service) -> LoadBalancer:
        """Return the load balancer of a Service."""
        return described(service.metadata.uid, self._balancer(service))

    def ensure(self, service: Service, nodes: Iterable[Node], fingerprint: str) -> LoadBalancer:
        """Make or change a load balancer; it keeps its address unless the Service asks for another."""
        uid, spec = service.metadata.uid, service.spec
        before = self._state.balancers.get(uid)
        balancer = Balancer(
            service=key_of(service.metadata.namespace, service.metadata.name),
            ip=self._address(service, before.ip if before else ""),
            nodes=[node.name for node in nodes],
            fingerprint=fingerprint,
            ports=[(port.name, port.protocol, port.port, port.nodePort) for port in spec.ports],
            source_ranges=list(spec.loadBalancerSourceRanges),
            external_traffic_policy=spec.externalTrafficPolicy,
            health_check_node_port=spec.healthCheckNodePort,
        )
        self._state.balancers[uid] = balancer
        self._changed()
        return described(uid, balancer)

    def update(self, service: Service, nodes: Iterable[Node]) -> LoadBalancer:
        """Have a load balancer lead to other nodes."""
        balancer = self._balancer(service)
        balancer.nodes = [node.name for node in nodes]
        self._changed()
        return described(service.metadata.uid, balancer)

    def delete(self, service: Service) -> None:
        """Remove a load balancer, if there is one."""
        if self._state.balancers.pop(service.metadata.uid, None) is not None:
            self._changed()

    def routes(self) -> list[Route]:
        """Return all routes; one to a machine that was destroyed leads nowhere."""
        return [
            Route(
                name=name,
                target_node=route.node,
                destination_cidr=route.cidr,
                blackhole=route.node in self._state.terminated,
            )
            for name, route in sorted(self._state.routes.items())
        ]

    def create_route(self, hint: str, route: Route) -> None:
        """Make a route, unless there is just this one."""
        if not route.destination_cidr or not route.target_node:
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "a route needs a target_node and a destination_cidr")
        for other in self._state.routes.values():
            if other.cidr != route.destination_cidr:
                continue
            if other.node == route.target_node:
                return
            message = f"there is a route for {other.cidr} to {other.node} already"
            raise Refusal(grpc.StatusCode.ALREADY_EXISTS, message)
        name = f"{hint}-{route.destination_cidr.replace('/', '-')}"
        self._state.routes[name] = RouteState(route.target_node, route.destination_cidr)
        self._changed()

    def delete_route(self, route: Route) -> None:
        """Remove a route, if there is one."""
        gone = [
            name
            for name, each in self._state.routes.items()
            if (each.node, each.cidr) == (route.target_node, route.destination_cidr)
        ]
        for name in gone:
            del self._state.routes[name]
        if gone:
            self._changed()

    # What is done at its console.

    def announce(self, names: Iterable[str]) -> None:
        """Have machines for nodes of these names, where there are none yet."""
        for name in names:
            if name not in self._state.machines:
                self._has(name, Machine(self._zone_of(name), self._region))

    def terminate(self, name: str) -> None:
        """Destroy the machine of the node of that name."""
        self._check_known(name)
        self._state.terminated.add(name)
        self._state.stopped.discard(name)
        self._changed()

    def stop(self, name: str) -> None:
        """Switch a machine off."""
        self._check_known(name)
        if name in self._state.terminated:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"the instance {name} was deleted")
        self._state.stopped.add(name)
        self._changed()

    def start(self, name: str) -> None:
        """Have a machine, switched on."""
        self._check_known(name)
        self._state.terminated.discard(name)
        self._state.stopped.discard(name)
        self._changed()

    def cut(self, zone: str) -> None:
        """Cut the machines of a zone off."""
        self._check_zone(zone)
        self._state.cut.add(zone)
        self._changed()

    def heal(self, zone: str) -> None:
        """Connect a zone again."""
        self._check_zone(zone)
        self._state.cut.discard(zone)
        self._changed()

    def instances(self) -> list[Instance]:
        """Return all machines that are known, those that were destroyed too."""
        return [
            Instance(
                name=name,
                provider_id=f"{PROVIDER}://{name}",
                state=self._state_of(name, machine),
                instance_type=INSTANCE_TYPE,
                zone=machine.zone,
                region=machine.region,
                addresses=machine.addresses,
            )
            for name, machine in self._state.machines.items()
        ]

    def zone_states(self) -> list[ZoneState]:
        """Return all zones, and how they are."""
        homes = [machine.zone for name, machine in self._state.machines.items() if name not in self._state.terminated]
        return [
            ZoneState(
                name=zone.name, region=zone.region, cut=zone.name in self._state.cut, instances=homes.count(zone.name)
            )
            for zone in self.zones()
        ]

    def balancers(self) -> list[SimulatedBalancer]:
        """Return all load balancers."""
        return [
            SimulatedBalancer(service=balancer.service, balancer=described(uid, balancer))
            for uid, balancer in self._state.balancers.items()
        ]

    def states(self) -> InstanceStates:
        """Return which machines do not run as they should."""
        cut = [name for name, machine in self._state.machines.items() if machine.zone in self._state.cut]
        off = self._state.terminated | self._state.stopped
        return InstanceStates(off=sorted(off), cut_off=sorted(set(cut) - off))

    @contextmanager
    def news(self) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever something changes."""
        told = asyncio.Event()
        self._told.add(told)
        try:
            yield told
        finally:
            self._told.discard(told)

    def _state_of(self, name: str, machine: Machine) -> InstanceState:
        if name in self._state.terminated:
            return InstanceState.TERMINATED
        if name in self._state.stopped:
            return InstanceState.STOPPED
        return InstanceState.CUT_OFF if machine.zone in self._state.cut else InstanceState.RUNNING

    def _zone_of(self, name: str) -> str:
        digits = name[len(name.rstrip("0123456789")) :]
        number = int(digits) - 1 if digits else crc32(name.encode())
        return self._zones[number % len(self._zones)]

    def _has(self, name: str, machine: Machine) -> None:
        if self._state.machines.get(name) != machine:
            self._state.machines[name] = machine
            self._changed()

    def _changed(self) -> None:
        self.version += 1
        for told in self._told:
            told.set()

    def _check_known(self, name: str) -> None:
        if name not in self._state.machines:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"there is no instance {name}")

    def _check_zone(self, zone: str) -> None:
        names = [each.name for each in self.zones()]
        if zone not in names:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"there is no zone {zone}; there are {', '.join(names)}")

    def _check_machine(self, node: Node) -> None:
        if not self.exists(node):
            raise Refusal(grpc.StatusCode.NOT_FOUND, "instance not found")

    def _balancer(self, service: Service) -> Balancer:
        balancer = self._state.balancers.get(service.metadata.uid)
        if balancer is None:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"there is no load balancer {name_of(service)}")
        return balancer

    def _address(self, service: Service, current: str) -> str:
        uid, wanted = service.metadata.uid, service.spec.loadBalancerIP
        taken = {each.ip for other, each in self._state.balancers.items() if other != uid}
        if wanted:
            if not is_in(wanted, self._network):
                message = f"loadBalancerIP {wanted} is not in {self._network}"
                raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, message)
            if wanted in taken:
                raise Refusal(grpc.StatusCode.ALREADY_EXISTS, f"loadBalancerIP {wanted} is another load balancer's")
            return wanted
        if current and is_in(current, self._network):
            return current
        free = next((ip for ip in map(str, self._network.hosts()) if ip not in taken), None)
        if free is None:
            raise Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, f"all addresses of {self._network} are taken")
        return free


def machine_of(node: Node) -> str:
    """Return the name of a node's machine: that of the node, or the one in its providerID."""
    scheme, separator, name = node.provider_id.partition("://")
    if not separator:
        return node.name
    if scheme != PROVIDER:
        message = f"providerID {node.provider_id} is not of this cloud: its own begin with {PROVIDER}://"
        raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, message)
    return name


def name_of(service: Service) -> str:
    """Return the name of a Service's load balancer, as the clouds of Kubernetes make them."""
    return balancer_name(service.metadata.uid)


def balancer_name(uid: str) -> str:
    """Return the name of the load balancer of the Service with that uid."""
    return ("a" + uid.replace("-", ""))[:32]


def is_in(ip: str, network: IPv4Network) -> bool:
    try:
        return IPv4Address(ip) in network
    except ValueError:
        return False


def described(uid: str, balancer: Balancer) -> LoadBalancer:
    """Return a load balancer as the cloud shows it."""
    return LoadBalancer(
        name=balancer_name(uid),
        # VIP: kube-proxies themselves answer at the address.
        status=LoadBalancerStatus(ingress=[LoadBalancerIngress(ip=balancer.ip, ipMode="VIP")]),
        nodes=balancer.nodes,
        fingerprint=balancer.fingerprint,
        ports=[
            ServicePort(name=name, protocol=protocol, port=port, nodePort=node_port or None)
            for name, protocol, port, node_port in balancer.ports
        ],
        source_ranges=balancer.source_ranges,
        external_traffic_policy=balancer.external_traffic_policy or None,
        health_check_node_port=balancer.health_check_node_port or None,
    )
