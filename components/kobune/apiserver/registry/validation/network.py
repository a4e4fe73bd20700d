"""Endpoints, slices of them, ingresses, policies of traffic, and ranges of addresses."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation import formats
from kobune.apiserver.registry.validation.causes import (
    duplicate,
    each,
    forbidden,
    invalid,
    one_of,
    required,
    too_many,
    unsupported,
)
from kobune.apiserver.registry.validation.labels import label_key, label_selector, labels
from kobune.apiserver.registry.validation.pods.containers import PROTOCOLS

ADDRESS_TYPES: Final = ("FQDN", "IPv4", "IPv6")
POLICY_PROTOCOLS: Final = ("TCP", "UDP", "SCTP")


def endpoints(new: Any) -> Iterator[FieldError]:
    """Check the old Endpoints."""
    for index, subset in enumerate(new.subsets):
        at = f"subsets[{index}]"
        if not subset.addresses and not subset.notReadyAddresses:
            yield required(at, "must specify `addresses` or `notReadyAddresses`")
        for part in ("addresses", "notReadyAddresses"):
            for position, address in enumerate(getattr(subset, part)):
                yield from _address(f"{at}.{part}[{position}]", address)
        for position, port in enumerate(subset.ports):
            yield from _port(f"{at}.ports[{position}]", port, is_named=len(subset.ports) > 1)


def _address(at: str, address: Any) -> Iterator[FieldError]:
    yield from formats.ip(f"{at}.ip", address.ip)
    if address.hostname:
        yield from each(f"{at}.hostname", address.hostname, names.dns_label(address.hostname))
    if address.HasField("nodeName"):
        yield from each(f"{at}.nodeName", address.nodeName, names.dns_subdomain(address.nodeName))
    yield from formats.ordinary_ip(f"{at}.ip", address.ip)


def _port(at: str, port: Any, *, is_named: bool) -> Iterator[FieldError]:
    if port.name:
        yield from each(f"{at}.name", port.name, names.dns_label(port.name))
    elif is_named:
        yield required(f"{at}.name")
    yield from each(f"{at}.port", port.port, formats.port_number(port.port))
    yield from one_of(f"{at}.protocol", port.protocol, PROTOCOLS)
    if port.HasField("appProtocol"):
        yield from label_key(f"{at}.appProtocol", port.appProtocol)


def endpoint_slice(new: Any) -> Iterator[FieldError]:
    """Check a slice of the endpoints of a service."""
    yield from one_of("addressType", new.addressType, ADDRESS_TYPES)
    if len(new.endpoints) > 1000:
        yield too_many("endpoints", len(new.endpoints), 1000)
    else:
        # Where the apiserver itself listens is for nobody to choose.
        is_own = new.metadata.name == "kubernetes" and new.metadata.namespace == "default"
        for index, endpoint in enumerate(new.endpoints):
            yield from _endpoint(f"endpoints[{index}]", endpoint, new.addressType, is_own=is_own)
    if len(new.ports) > 20000:
        yield too_many("ports", len(new.ports), 20000)
        return
    taken: set[str] = set()
    for index, port in enumerate(new.ports):
        at = f"ports[{index}]"
        if port.name:
            yield from each(f"{at}.name", port.name, names.dns_label(port.name))
        if port.name in taken:
            yield duplicate(f"{at}.name", port.name)
        taken.add(port.name)
        if port.HasField("port"):
            yield from each(f"{at}.port", port.port, formats.port_number(port.port))
        if not port.HasField("protocol"):
            yield required(f"{at}.protocol")
        elif port.protocol not in PROTOCOLS:
            yield unsupported(f"{at}.protocol", port.protocol, PROTOCOLS)
        if port.HasField("appProtocol"):
            yield from label_key(f"{at}.appProtocol", port.appProtocol)


def _endpoint(at: str, endpoint: Any, address_type: str, *, is_own: bool) -> Iterator[FieldError]:
    if not endpoint.addresses:
        yield required(f"{at}.addresses", "must contain at least 1 address")
    elif len(endpoint.addresses) > 100:
        yield too_many(f"{at}.addresses", len(endpoint.addresses), 100)
    for index, address in enumerate(endpoint.addresses):
        here = f"{at}.addresses[{index}]"
        if address_type == "FQDN":
            yield from formats.host_domain(here, address)
        elif address_type in ("IPv4", "IPv6"):
            yield from formats.ip(here, address)
            parsed = formats.parse_ip(address)
            if parsed is not None and f"IPv{parsed.version}" != address_type:
                yield invalid(here, address, f"must be an {address_type} address")
            if not is_own:
                yield from formats.ordinary_ip(here, address)
    if endpoint.HasField("nodeName"):
        yield from each(f"{at}.nodeName", endpoint.nodeName, names.dns_subdomain(endpoint.nodeName))
    here = f"{at}.deprecatedTopology"
    yield from labels(here, endpoint.deprecatedTopology)
    if "kubernetes.io/hostname" in endpoint.deprecatedTopology:
        why = "may not be set unless node name is empty"
        yield invalid(f"{here}[kubernetes.io/hostname]", "kubernetes.io/hostname", why)
    if endpoint.HasField("hostname"):
        yield from each(f"{at}.hostname", endpoint.hostname, names.dns_label(endpoint.hostname))
    if endpoint.HasField("hints"):
        yield from _hints(f"{at}.hints", endpoint.hints)


def _hints(at: str, hints: Any) -> Iterator[FieldError]:
    for name, noun, most, rule in (
        ("forZones", "zone", 8, names.label_value),
        ("forNodes", "node", 8, names.dns_subdomain),
    ):
        found, here = getattr(hints, name), f"{at}.{name}"
        if len(found) > most:
            yield too_many(here, len(found), most)
        seen: set[str] = set()
        for index, item in enumerate(found):
            field = f"{here}[{index}].name"
            if item.name in seen:
                yield duplicate(field, item.name)
            seen.add(item.name)
            problems = rule(item.name) if noun == "node" else (names.qualified_name(item.name))
            yield from each(field, item.name, problems)


def network_policy(new: Any) -> Iterator[FieldError]:
    """Check a NetworkPolicy."""
    spec = new.spec
    yield from label_selector("spec.podSelector", spec.podSelector)
    for part, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(getattr(spec, part)):
            at = f"spec.{part}[{index}]"
            for position, port in enumerate(rule.ports):
                yield from _policy_port(f"{at}.ports[{position}]", port)
            for position, peer in enumerate(getattr(rule, peers)):
                yield from _peer(f"{at}.{peers}[{position}]", peer)
    if len(spec.policyTypes) > 2:
        yield invalid("spec.policyTypes", spec.policyTypes, "may not specify more than two policyTypes")
        return
    for index, kind in enumerate(spec.policyTypes):
        if kind not in ("Ingress", "Egress"):
            yield unsupported(f"spec.policyTypes[{index}]", kind, ("Ingress", "Egress"))


def _policy_port(at: str, port: Any) -> Iterator[FieldError]:
    if port.HasField("protocol") and port.protocol not in POLICY_PROTOCOLS:
        yield unsupported(f"{at}.protocol", port.protocol, POLICY_PROTOCOLS)
    here, end = f"{at}.endPort", port.endPort
    if not port.HasField("port"):
        if port.HasField("endPort"):
            yield invalid(here, end, "may not be specified when `port` is not specified")
    elif port.port.type == 1:
        if port.HasField("endPort"):
            yield invalid(here, end, "may not be specified when `port` is non-numeric")
        yield from each(f"{at}.port", port.port.strVal, formats.port_name(port.port.strVal))
    else:
        yield from each(f"{at}.port", port.port.intVal, formats.port_number(port.port.intVal))
        if port.HasField("endPort"):
            if end < port.port.intVal:
                yield invalid(here, end, "must be greater than or equal to `port`")
            yield from each(here, end, formats.port_number(end))


def _peer(at: str, peer: Any) -> Iterator[FieldError]:
    for name in ("podSelector", "namespaceSelector"):
        if peer.HasField(name):
            yield from label_selector(f"{at}.{name}", getattr(peer, name))
    selects = peer.HasField("podSelector") or peer.HasField("namespaceSelector")
    if peer.HasField("ipBlock"):
        yield from _block(f"{at}.ipBlock", peer.ipBlock)
        if selects:
            yield forbidden(at, "may not specify both ipBlock and another peer")
    elif not selects:
        yield required(at, "must specify a peer")


def _block(at: str, block: Any) -> Iterator[FieldError]:
    if not block.cidr:
        yield required(f"{at}.cidr")
        return
    yield from formats.cidr(f"{at}.cidr", block.cidr)
    network = formats.parse_cidr(block.cidr)
    if network is None:
        return
    for index, text in enumerate(getattr(block, "except")):
        here = f"{at}.except[{index}]"
        yield from formats.cidr(here, text)
        hole = formats.parse_cidr(text)
        if hole is None:
            continue
        inside = hole.version == network.version and hole.network_address in network
        if not inside or network.prefixlen >= hole.prefixlen:
            yield invalid(here, text, "must be a strict subset of `cidr`")


def ip_address(new: Any) -> Iterator[FieldError]:
    """Check an IPAddress: what is named after it, and what it is for."""
    parent = new.spec.parentRef
    if not new.spec.HasField("parentRef"):
        yield required("spec.parentRef")
        return
    yield from parent_reference("spec.parentRef", parent)


def parent_reference(at: str, parent: Any) -> Iterator[FieldError]:
    """Check which object an address belongs to."""
    if parent.group:
        yield from each(f"{at}.group", parent.group, names.dns_subdomain(parent.group))
    for name in ("resource", "name"):
        value = getattr(parent, name)
        if not value:
            yield required(f"{at}.{name}")
        else:
            yield from each(f"{at}.{name}", value, names.path_segment(value))
    if parent.namespace:
        yield from each(f"{at}.namespace", parent.namespace, names.path_segment(parent.namespace))


def ip_name(name: str) -> list[str]:
    """The rule of the name of an IPAddress: the address, as everybody writes it."""
    return [cause.message.split(": ", 2)[2] for cause in formats.canonical_ip("", name)]


def service_cidr(new: Any) -> Iterator[FieldError]:
    """Check a range of addresses of services."""
    at, cidrs = "spec.cidrs", list(new.spec.cidrs)
    if not cidrs:
        yield required(at, "at least one CIDR required")
        return
    if len(cidrs) > 2:
        yield invalid(at, cidrs, "may only hold up to 2 values")
    networks = [formats.parse_cidr(text) for text in cidrs]
    if len(cidrs) == 2 and None not in networks and len({network.version for network in networks if network}) != 2:
        yield invalid(
            at, cidrs, "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
        )
    for index, text in enumerate(cidrs):
        yield from formats.canonical_cidr(f"{at}[{index}]", text)


def service_cidr_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a range of addresses only gets a second family."""
    now, was = list(new.spec.cidrs), list(old.spec.cidrs)
    if now[: len(was)] != was or (len(was) == 2 and len(now) != 2):
        yield invalid("spec.cidrs", now, "field is immutable")
