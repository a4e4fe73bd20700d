"""Cluster IPs and node ports: no two services ever have the same.

Source: *Service ClusterIP allocation* and *Extend Service IP Ranges*.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, ip_address
from random import Random
from typing import Any

from kobune.apimachinery.errors import FieldError, Invalid
from kobune.apiserver.cache.view import View
from kobune.apiserver.registry.validation.services import needs_health_check
from kobune.apiserver.verbs import families

HEADLESS = "None"
MANAGED_BY = "ipaddress.kubernetes.io/managed-by"
ALLOCATOR = "ipallocator.k8s.io"


class Addresses:
    """Hands out the addresses of services; what is taken is read off the services themselves."""

    def __init__(self, view: View, network: IPv4Network, node_ports: range, random: Random) -> None:
        self._view = view
        self._services = view.cacher.ring(view.registry["services"])
        self._network = network
        self._node_ports = node_ports
        self._random = random
        self._in_flight: dict[str, tuple[set[str], set[int]]] = {}
        """By service uid: given to writes that are not yet seen in `services`."""

    def assign(self, new: Any, old: Any) -> None:
        """Give a service the addresses that its type needs, and take back what it needs no more.

        Raises `Invalid` if it asks for one that is taken, or outside the range.
        """
        spec = new.spec
        if spec.type == "ExternalName":
            if old is None or old.spec.type != "ExternalName":
                spec.ClearField("clusterIP")
                spec.ClearField("clusterIPs")
            return
        families.settle(new, old)
        ips, ports = self._taken(new.metadata.uid)
        mine: tuple[set[str], set[int]] = (set(), set())
        self._in_flight[new.metadata.uid] = mine
        self._assign_ip(new, old, ips)
        if spec.clusterIP and spec.clusterIP != HEADLESS:
            mine[0].update(spec.clusterIPs)
        wants_ports = spec.type in ("NodePort", "LoadBalancer") and not (
            spec.HasField("allocateLoadBalancerNodePorts") and not spec.allocateLoadBalancerNodePorts
        )
        if wants_ports:
            self._assign_node_ports(new, ports)
        mine[1].update(port.nodePort for port in spec.ports if port.nodePort)
        if needs_health_check(spec) and not spec.healthCheckNodePort:
            spec.healthCheckNodePort = self._free_port(ports | mine[1])
        if spec.healthCheckNodePort:
            mine[1].add(spec.healthCheckNodePort)

    def settle(self, uid: str) -> None:
        """Forget what was in flight for a service: its write has ended, well or not."""
        self._in_flight.pop(uid, None)

    def is_taken(self, service: Any) -> bool:
        """Tell whether another service has one of its addresses."""
        ips, ports = self._taken(service.metadata.uid)
        return not addresses_of(service).isdisjoint(ips | ports)

    def _assign_ip(self, new: Any, old: Any, taken: set[str]) -> None:
        spec = new.spec
        if old is not None and old.spec.type != "ExternalName":
            # Its address is for life; whether somebody tries to change it, validation tells.
            return
        if not spec.clusterIP:
            spec.clusterIP = self._free_ip(taken)
            spec.clusterIPs.append(spec.clusterIP)
        elif spec.clusterIP != HEADLESS:
            self._check_ip(new, taken)

    def _check_ip(self, new: Any, taken: set[str]) -> None:
        ip = new.spec.clusterIP
        why = ""
        try:
            address = ip_address(ip)
            if not any(address in network for network in self._networks()):
                why = f"the provided IP ({ip}) is not in the valid range. The range of valid IPs is {self._network}"
        except ValueError:
            why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        if ip in taken or self._is_reserved(ip):
            why = "provided IP is already allocated"
        if why:
            raise _invalid(new, "spec.clusterIPs", f'["{ip}"]', f"failed to allocate IP {ip}: {why}")

    def _free_ip(self, taken: set[str]) -> str:
        for network in self._networks():
            for ip in self._candidates(network):
                if ip not in taken and not self._is_reserved(ip):
                    return ip
        raise Invalid("failed to allocate a serviceIP: range is full")

    def _networks(self) -> Iterator[IPv4Network]:
        """Yield where addresses come from: the cluster's own network first, then those of ServiceCIDRs."""
        yield self._network
        for item in self._view.select("servicecidrs"):
            ready = next((each.status for each in item.status.conditions if each.type == "Ready"), "")
            if ready == "False" or item.metadata.HasField("deletionTimestamp"):
                continue
            yield from (IPv4Network(cidr) for cidr in item.spec.cidrs if ":" not in cidr)

    def _candidates(self, network: IPv4Network) -> Iterator[str]:
        """Yield addresses at random; if none of many will do, all of them, one after the other."""
        base, size = int(network.network_address), network.num_addresses
        if size <= 2:
            yield from map(str, network)
            return
        # The first sixteenth is kept for addresses that somebody asks for, up to 256 of them; not where there are few.
        reserved = min(max(16, size // 16), 256) if size > 16 else 1
        for _ in range(1000 if reserved < size - 1 else 0):
            yield str(ip_address(base + self._random.randrange(reserved, size - 1)))
        for number in (*range(reserved, size - 1), *range(1, reserved)):
            yield str(ip_address(base + number))

    def _is_reserved(self, ip: str) -> bool:
        """Whether an IPAddress says that something else than a service has an address."""
        found = self._view.find("ipaddresses", "", ip)
        # Those of services follow the services themselves, which are looked at anyway.
        return found is not None and found.metadata.labels.get(MANAGED_BY) != ALLOCATOR

    def _assign_node_ports(self, new: Any, taken: set[int]) -> None:
        asked: dict[tuple[str, int], str] = {}
        for index, port in enumerate(new.spec.ports):
            field = f"spec.ports[{index}].nodePort"
            if port.nodePort:
                if port.nodePort not in self._node_ports:
                    first, last = self._node_ports[0], self._node_ports[-1]
                    why = f"provided port is not in the valid range. The range of valid ports is {first}-{last}"
                    raise _invalid(new, field, str(port.nodePort), why)
                if port.nodePort in taken or (port.protocol, port.nodePort) in asked:
                    raise _invalid(new, field, str(port.nodePort), "provided port is already allocated")
                asked[port.protocol, port.nodePort] = field
        for port in new.spec.ports:
            if not port.nodePort:
                mine = {number for _, number in asked}
                port.nodePort = self._free_port(taken | mine)
                asked[port.protocol, port.nodePort] = ""

    def _free_port(self, taken: set[int]) -> int:
        for _ in range(1000):
            port = self._random.choice(self._node_ports)
            if port not in taken:
                return port
        raise Invalid("failed to allocate a nodePort: range is full")

    def _taken(self, uid: str) -> tuple[set[str], set[int]]:
        ips: set[str] = set()
        ports: set[int] = set()
        for service in self._others(uid):
            ips.update(service.spec.clusterIPs)
            ports.update(port.nodePort for port in service.spec.ports if port.nodePort)
            if service.spec.healthCheckNodePort:
                ports.add(service.spec.healthCheckNodePort)
        for other, (their_ips, their_ports) in self._in_flight.items():
            if other != uid:
                ips |= their_ips
                ports |= their_ports
        return ips, ports

    def _others(self, uid: str) -> Iterable[Any]:
        messages = (stored.message for stored in self._services.select(b""))
        return (service for service in messages if service.metadata.uid != uid)


def addresses_of(service: Any) -> set[str | int]:
    """Return the cluster IPs and node ports of a service."""
    spec = service.spec
    found: set[str | int] = {ip for ip in spec.clusterIPs if ip != HEADLESS}
    found.update(port.nodePort for port in spec.ports if port.nodePort)
    if spec.healthCheckNodePort:
        found.add(spec.healthCheckNodePort)
    return found


def _invalid(new: Any, field: str, value: str, why: str) -> Invalid:
    quoted = value if value.startswith("[") or value.isdigit() else f'"{value}"'
    cause = FieldError("FieldValueInvalid", field, f"Invalid value: {quoted}: {why}")
    return Invalid.named("", "Service", new.metadata.name, [cause])
