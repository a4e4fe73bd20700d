"""What the simulated cloud does, without saying how it is asked."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network
from zlib import crc32

import grpc

from kobune.api.core.v1 import LoadBalancerIngress, LoadBalancerStatus, Service, ServicePort
from kobune.apimachinery.meta import key_of
from kobune.cloud.v1 import InstanceMetadataResponse, LoadBalancer, Node, Zone
from kobune.cloud_controller_manager.providers.simulated.state import Balancer, StateFile

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
    """Machines, zones and load balancers. Every node has a machine until somebody destroys it."""

    def __init__(self, network: IPv4Network, file: StateFile, *, region: str, zones: Sequence[str]) -> None:
        """Continue from what is in `file`; load balancers get addresses of `network`."""
        self._network = network
        self._file = file
        self._region = region
        self._zones = zones
        self._state = file.load()

    def exists(self, node: Node) -> bool:
        """Return whether a node has a machine."""
        return machine_of(node) not in self._state.terminated

    def is_shut_down(self, node: Node) -> bool:
        """Return whether a node's machine is switched off."""
        self._check_machine(node)
        return machine_of(node) in self._state.stopped

    def metadata(self, node: Node) -> InstanceMetadataResponse:
        """Return what is known of a node's machine."""
        self._check_machine(node)
        zone = self.zone(node)
        return InstanceMetadataResponse(
            provider_id=f"{PROVIDER}://{machine_of(node)}",
            instance_type=INSTANCE_TYPE,
            zone=zone.name,
            region=zone.region,
            addresses=node.addresses,
        )

    def zone(self, node: Node) -> Zone:
        """Return where a node's machine is: where its labels say, or else the next zone for the next number."""
        self._check_machine(node)
        name = machine_of(node)
        digits = name[len(name.rstrip("0123456789")) :]
        number = int(digits) - 1 if digits else crc32(name.encode())
        return Zone(
            name=node.labels.get(ZONE_LABEL) or self._zones[number % len(self._zones)],
            region=node.labels.get(REGION_LABEL) or self._region,
        )

    def zones(self) -> list[Zone]:
        """Return all zones."""
        return [Zone(name=name, region=self._region) for name in self._zones]

    def terminate(self, name: str) -> None:
        """Destroy the machine of the node of that name."""
        self._state.terminated.add(name)
        self._state.stopped.discard(name)
        self._save()

    def stop(self, name: str) -> None:
        """Switch a machine off."""
        if name in self._state.terminated:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"there is no machine for node {name}")
        self._state.stopped.add(name)
        self._save()

    def start(self, name: str) -> None:
        """Have a machine, switched on."""
        self._state.terminated.discard(name)
        self._state.stopped.discard(name)
        self._save()

    def balancer(self, service: Service) -> LoadBalancer:
        """Return the load balancer of a Service."""
        return described(service, self._balancer(service))

    def ensure(self, service: Service, nodes: Iterable[Node], fingerprint: str) -> LoadBalancer:
        """Make or change a load balancer; it keeps its address unless the Service asks for another."""
        before = self._state.balancers.get(service.metadata.uid)
        balancer = Balancer(
            service=key_of(service.metadata.namespace, service.metadata.name),
            ip=self._address(service, before.ip if before else ""),
            nodes=[node.name for node in nodes],
            fingerprint=fingerprint,
            ports=[(port.name, port.protocol, port.port, port.nodePort) for port in service.spec.ports],
        )
        self._state.balancers[service.metadata.uid] = balancer
        self._save()
        return described(service, balancer)

    def update(self, service: Service, nodes: Iterable[Node]) -> LoadBalancer:
        """Have a load balancer lead to other nodes."""
        balancer = self._balancer(service)
        balancer.nodes = [node.name for node in nodes]
        self._save()
        return described(service, balancer)

    def delete(self, service: Service) -> None:
        """Remove a load balancer, if there is one."""
        if self._state.balancers.pop(service.metadata.uid, None) is not None:
            self._save()

    def _save(self) -> None:
        self._file.save(self._state)

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
    return ("a" + service.metadata.uid.replace("-", ""))[:32]


def is_in(ip: str, network: IPv4Network) -> bool:
    try:
        return IPv4Address(ip) in network
    except ValueError:
        return False


def described(service: Service, balancer: Balancer) -> LoadBalancer:
    """Return a load balancer as the cloud shows it."""
    return LoadBalancer(
        name=name_of(service),
        # VIP: kube-proxies themselves answer at the address.
        status=LoadBalancerStatus(ingress=[LoadBalancerIngress(ip=balancer.ip, ipMode="VIP")]),
        nodes=balancer.nodes,
        fingerprint=balancer.fingerprint,
        ports=[
            ServicePort(name=name, protocol=protocol, port=port, nodePort=node_port or None)
            for name, protocol, port, node_port in balancer.ports
        ],
    )
