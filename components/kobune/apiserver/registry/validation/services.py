"""Services: their ports, families, policies, and what of them may change."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.api.core.v1 import ServicePort
from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation import formats
from kobune.apiserver.registry.validation.causes import (
    duplicate,
    each,
    forbidden,
    invalid,
    known,
    one_of,
    required,
    unsupported,
)
from kobune.apiserver.registry.validation.labels import label_key, labels
from kobune.apiserver.registry.validation.pods.containers import PROTOCOLS
from kobune.apiserver.registry.validation.pods.handlers import port as port_or_name

TYPES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
FAMILIES: Final = ("IPv4", "IPv6")
FAMILY_POLICIES: Final = ("PreferDualStack", "RequireDualStack", "SingleStack")
DISTRIBUTIONS: Final = ("PreferClose", "PreferSameNode", "PreferSameZone")
KUBELET: Final = 10250
LONGEST_AFFINITY: Final = 86400
HINTS: Final = "service.kubernetes.io/topology-aware-hints"
MODE: Final = "service.kubernetes.io/topology-mode"
SOURCE_RANGES: Final = "service.beta.kubernetes.io/load-balancer-source-ranges"
ONLY_BALANCED: Final = "may only be used when `type` is 'LoadBalancer'"
ONE_EACH: Final = "may specify no more than one IP for each IP family"
FROZEN: Final = "may not change once set"


def is_headless(spec: Any) -> bool:
    """Whether a service has no address of its own."""
    return len(spec.clusterIPs) == 1 and spec.clusterIPs[0] == "None"


def is_external(spec: Any) -> bool:
    """Whether a service can be reached from outside of the cluster."""
    return spec.type in ("LoadBalancer", "NodePort") or (spec.type == "ClusterIP" and bool(spec.externalIPs))


def needs_health_check(spec: Any) -> bool:
    """Whether a load balancer has to ask nodes if they have pods of the service."""
    return bool(spec.type == "LoadBalancer" and spec.externalTrafficPolicy == "Local")


def service(new: Any) -> Iterator[FieldError]:
    """Check a Service."""
    spec, notes = new.spec, new.metadata.annotations
    if MODE in notes and HINTS in notes and notes[MODE] != notes[HINTS]:
        why = f"must match annotations[{HINTS}] when both are specified"
        yield invalid(f"metadata.annotations[{MODE}]", notes[MODE], why)
    if not spec.ports and not is_headless(spec) and spec.type != "ExternalName":
        yield required("spec.ports")
    yield from _by_type(spec)
    yield from _ports(spec)
    yield from labels("spec.selector", spec.selector)
    yield from _affinity(spec)
    if spec.type != "ExternalName":
        yield from cluster_ips(spec)
    for index, ip in enumerate(spec.externalIPs):
        at = f"spec.externalIPs[{index}]"
        causes = list(formats.ip(at, ip))
        yield from causes or formats.ordinary_ip(at, ip)
    yield from one_of("spec.type", spec.type, TYPES)
    yield from _source_ranges(new)
    if spec.HasField("allocateLoadBalancerNodePorts") and spec.type != "LoadBalancer":
        yield forbidden("spec.allocateLoadBalancerNodePorts", ONLY_BALANCED)
    if spec.HasField("loadBalancerClass"):
        if spec.type == "LoadBalancer":
            yield from label_key("spec.loadBalancerClass", spec.loadBalancerClass)
        else:
            yield forbidden("spec.loadBalancerClass", ONLY_BALANCED)
    yield from _traffic(spec)


def _by_type(spec: Any) -> Iterator[FieldError]:
    if spec.type in ("LoadBalancer", "NodePort") and is_headless(spec):
        yield invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {spec.type} services")
    if spec.type == "LoadBalancer":
        for index, port in enumerate(spec.ports):
            if port.port == KUBELET:
                why = f"may not expose port {KUBELET} externally since it is used by kubelet"
                yield invalid(f"spec.ports[{index}]", port.port, why)
    if spec.type == "ExternalName":
        for name in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if getattr(spec, name):
                yield forbidden(f"spec.{name}", "may not be set for ExternalName services")
        domain = spec.externalName.removesuffix(".")
        if domain:
            yield from each("spec.externalName", domain, names.dns_subdomain(domain))
        else:
            yield required("spec.externalName")


def _ports(spec: Any) -> Iterator[FieldError]:
    taken: set[str] = set()
    ports: set[tuple[str, int]] = set()
    node_ports: set[tuple[str, int]] = set()
    for index, port in enumerate(spec.ports):
        at = f"spec.ports[{index}]"
        if port.name:
            yield from each(f"{at}.name", port.name, names.dns_label(port.name))
            if port.name in taken:
                yield duplicate(f"{at}.name", port.name)
            taken.add(port.name)
        elif len(spec.ports) > 1:
            yield required(f"{at}.name")
        yield from each(f"{at}.port", port.port, formats.port_number(port.port))
        yield from one_of(f"{at}.protocol", port.protocol, PROTOCOLS)
        yield from port_or_name(f"{at}.targetPort", port.targetPort)
        if port.HasField("appProtocol"):
            yield from label_key(f"{at}.appProtocol", port.appProtocol)
        if port.nodePort:
            if spec.type == "ClusterIP":
                yield forbidden(f"{at}.nodePort", "may not be used when `type` is 'ClusterIP'")
            if (port.protocol, port.nodePort) in node_ports:
                yield duplicate(f"{at}.nodePort", port.nodePort)
            node_ports.add((port.protocol, port.nodePort))
        if (port.protocol, port.port) in ports:
            yield duplicate(at, ServicePort(protocol=port.protocol, port=port.port))
        ports.add((port.protocol, port.port))


def _affinity(spec: Any) -> Iterator[FieldError]:
    yield from one_of("spec.sessionAffinity", spec.sessionAffinity, ("ClientIP", "None"))
    at = "spec.sessionAffinityConfig"
    if spec.sessionAffinity == "None" and spec.HasField("sessionAffinityConfig"):
        yield forbidden(at, "must not be set when session affinity is None")
    if spec.sessionAffinity != "ClientIP":
        return
    client = spec.sessionAffinityConfig.clientIP
    why = "when session affinity type is ClientIP"
    if not spec.HasField("sessionAffinityConfig"):
        yield required(at, why)
    elif not spec.sessionAffinityConfig.HasField("clientIP"):
        yield required(f"{at}.clientIP", why)
    elif not client.HasField("timeoutSeconds"):
        yield required(f"{at}.clientIP.timeoutSeconds", why)
    elif not 0 < client.timeoutSeconds <= LONGEST_AFFINITY:
        why = f"must be greater than 0 and less than {LONGEST_AFFINITY}"
        yield invalid(f"{at}.clientIP.timeoutSeconds", client.timeoutSeconds, why)


def cluster_ips(spec: Any) -> Iterator[FieldError]:
    """Check the addresses of a service, and their families."""
    at, ips = "spec.clusterIPs", list(spec.clusterIPs)
    if spec.clusterIP:
        if not ips:
            yield required(at)
        elif ips[0] != spec.clusterIP:
            yield invalid(at, ips, "first value must match `clusterIP`")
    elif ips:
        yield invalid(at, ips, "must be empty when `clusterIP` is not specified")
    seen: set[str] = set()
    for index, family in enumerate(spec.ipFamilies):
        if family not in FAMILIES:
            yield unsupported(f"spec.ipFamilies[{index}]", family, FAMILIES)
        if family in seen:
            yield duplicate(f"spec.ipFamilies[{index}]", family)
        seen.add(family)
    yield from known("spec.ipFamilyPolicy", spec, "ipFamilyPolicy", FAMILY_POLICIES)
    wrong = []
    for index, ip in enumerate(ips):
        if index == 0 and ip == "None":
            if len(ips) > 1:
                wrong.append(invalid(at, ips, "'None' must be the first and only value"))
            continue
        wrong += formats.ip(f"{at}[{index}]", ip)
    yield from wrong
    if len(ips) > 2:
        yield invalid(at, ips, "may only hold up to 2 values")
    if wrong:
        return
    versions = [address.version for ip in ips if (address := formats.parse_ip(ip)) is not None]
    if len(ips) > 1 and set(versions) != {4, 6}:
        yield invalid(at, ips, ONE_EACH)
    if not is_headless(spec):
        for index, (ip, version, family) in enumerate(zip(ips, versions, spec.ipFamilies, strict=False)):
            if family in FAMILIES and family != f"IPv{version}":
                yield invalid(f"{at}[{index}]", ip, f"expected an {family} value as indicated by `ipFamilies[{index}]`")


def _source_ranges(new: Any) -> Iterator[FieldError]:
    spec = new.spec
    if spec.loadBalancerSourceRanges:
        at, ranges = "spec.LoadBalancerSourceRanges", list(spec.loadBalancerSourceRanges)
        if spec.type != "LoadBalancer":
            yield forbidden(at, ONLY_BALANCED)
        for index, value in enumerate(ranges):
            yield from formats.cidr(f"{at}[{index}]", value.strip())
    elif SOURCE_RANGES in new.metadata.annotations:
        at, text = f"metadata.annotations[{SOURCE_RANGES}]", new.metadata.annotations[SOURCE_RANGES].strip()
        if spec.type != "LoadBalancer":
            yield forbidden(at, ONLY_BALANCED)
        for value in text.split(",") if text else ():
            yield from formats.cidr(at, value.strip())


def _traffic(spec: Any) -> Iterator[FieldError]:
    at, policy = "spec.externalTrafficPolicy", spec.externalTrafficPolicy
    if is_external(spec):
        yield from one_of(at, policy, ("Cluster", "Local"))
    elif policy:
        yield invalid(at, policy, "may only be set for externally-accessible services")
    at, port = "spec.healthCheckNodePort", spec.healthCheckNodePort
    if not needs_health_check(spec):
        if port:
            why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
            yield invalid(at, port, why)
    elif not port:
        yield required(at)
    else:
        yield from each(at, port, formats.port_number(port))
    if not spec.HasField("internalTrafficPolicy") and spec.type in ("NodePort", "LoadBalancer", "ClusterIP"):
        yield required("spec.internalTrafficPolicy")
    yield from known("spec.internalTrafficPolicy", spec, "internalTrafficPolicy", ("Cluster", "Local"))
    yield from known("spec.trafficDistribution", spec, "trafficDistribution", DISTRIBUTIONS)


def service_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a service keeps its addresses."""
    spec, before = new.spec, old.spec
    if "ExternalName" not in (spec.type, before.type):
        if not (is_headless(spec) and is_headless(before)):
            yield from _kept("clusterIPs", "clusterIP", spec, before)
        if not is_headless(spec) and not is_headless(before):
            yield from _kept("ipFamilies", "ipFamily", spec, before)
    if spec.type == before.type == "LoadBalancer":
        had, has = before.HasField("loadBalancerClass"), spec.HasField("loadBalancerClass")
        if had != has or spec.loadBalancerClass != before.loadBalancerClass:
            yield invalid("spec.loadBalancerClass", spec.loadBalancerClass if has else None, FROZEN)
    both = needs_health_check(spec) and needs_health_check(before)
    if both and spec.healthCheckNodePort != before.healthCheckNodePort:
        yield forbidden("spec.healthCheckNodePort", "field is immutable")


def _kept(name: str, single: str, spec: Any, before: Any) -> Iterator[FieldError]:
    """Check that the first of a list stays, and that the second only goes where a single one is wanted."""
    at = f"spec.{name}"
    found, was = list(getattr(spec, name)), list(getattr(before, name))
    if len(found) == len(was):
        for index, (value, old) in enumerate(zip(found, was, strict=True)):
            if value != old:
                yield invalid(f"{at}[{index if name == 'clusterIPs' else 0}]", found, FROZEN)
        return
    shown = found if name == "clusterIPs" else list(spec.clusterIPs)
    if len(found) < len(was) and not spec.clusterIPs:
        yield invalid(f"{at}[0]", found, f"primary {single} can not be unset")
    if found and was and found[0] != was[0]:
        yield invalid(f"{at}[0]", shown, FROZEN)
    if len(found) < len(was) and len(found) == 1 and spec.ipFamilyPolicy != "SingleStack":
        policy = spec.ipFamilyPolicy if spec.HasField("ipFamilyPolicy") else None
        why = f"must be set to 'SingleStack' when releasing the secondary {single}"
        yield invalid("spec.ipFamilyPolicy", policy, why)


def service_status(new: Any, old: Any) -> Iterator[FieldError]:
    """Check what the status of a Service says of its load balancer."""
    at, ingresses = "status.loadBalancer.ingress", new.status.loadBalancer.ingress
    if ingresses and new.spec.type != "LoadBalancer":
        yield forbidden(at, "may only be used when `spec.type` is 'LoadBalancer'")
        return
    yield from ingress_points(at, ingresses, has_mode=True)


def ingress_points(at: str, found: Any, *, has_mode: bool = False) -> Iterator[FieldError]:
    """Check where something can be reached from outside."""
    for index, point in enumerate(found):
        here = f"{at}[{index}]"
        if point.ip:
            yield from formats.ip(f"{here}.ip", point.ip)
        if has_mode:
            if not point.HasField("ipMode"):
                if point.ip:
                    yield required(f"{here}.ipMode", "must be specified when `ip` is set")
            elif not point.ip:
                yield forbidden(f"{here}.ipMode", "may not be specified when `ip` is not set")
            else:
                yield from known(f"{here}.ipMode", point, "ipMode", ("Proxy", "VIP"))
        if point.hostname:
            yield from each(f"{here}.hostname", point.hostname, names.dns_subdomain(point.hostname))
            if formats.parse_ip(point.hostname):
                yield invalid(f"{here}.hostname", point.hostname, "must be a DNS name, not an IP address")
