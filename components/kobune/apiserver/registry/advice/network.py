"""What is odd about services and what leads to them."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apiserver.registry.advice.addresses import cidr_warnings, ip_warnings
from kobune.apiserver.registry.validation.services import is_headless

HINTS: Final = "service.kubernetes.io/topology-aware-hints"
MODE: Final = "service.kubernetes.io/topology-mode"
INGRESS_CLASS: Final = "kubernetes.io/ingress.class"


def service_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about a Service."""
    spec = new.spec
    external = spec.type == "ExternalName"
    if HINTS in new.metadata.annotations:
        yield f"annotation {HINTS} is deprecated, please use {MODE} instead"
    if spec.clusterIP not in ("", "None"):
        for index, ip in enumerate(spec.clusterIPs):
            yield from ip_warnings(f"spec.clusterIPs[{index}]", ip)
    headless = is_headless(spec)
    if headless:
        if spec.loadBalancerIP:
            yield "spec.loadBalancerIP is ignored for headless services"
        if spec.externalIPs:
            yield "spec.externalIPs is ignored for headless services"
        if spec.sessionAffinity != "None":
            yield "spec.SessionAffinity is ignored for headless services"
    for index, ip in enumerate(spec.externalIPs):
        yield from ip_warnings(f"spec.externalIPs[{index}]", ip)
    if spec.externalIPs and not headless and not external:
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
    if spec.loadBalancerIP:
        yield from ip_warnings("spec.loadBalancerIP", spec.loadBalancerIP)
    for index, cidr in enumerate(spec.loadBalancerSourceRanges):
        yield from cidr_warnings(f"spec.loadBalancerSourceRanges[{index}]", cidr)
    if external and spec.externalIPs:
        yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    if not external and spec.externalName:
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
    if spec.trafficDistribution == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'


def endpoints_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about Endpoints."""
    for index, subset in enumerate(new.subsets):
        for part in ("addresses", "notReadyAddresses"):
            for position, address in enumerate(getattr(subset, part)):
                yield from ip_warnings(f"subsets[{index}].{part}[{position}].ip", address.ip)


def endpoint_slice_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about an EndpointSlice."""
    if old is not None:
        return
    if new.addressType == "FQDN":
        yield "spec.addressType: FQDN endpoints are deprecated"
        return
    for index, endpoint in enumerate(new.endpoints):
        for position, address in enumerate(endpoint.addresses):
            yield from ip_warnings(f"endpoints[{index}].addresses[{position}]", address)


def ingress_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about an Ingress."""
    if old is None and INGRESS_CLASS in new.metadata.annotations and not new.spec.HasField("ingressClassName"):
        yield f"annotation \"{INGRESS_CLASS}\" is deprecated, please use 'spec.ingressClassName' instead"


def network_policy_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about a NetworkPolicy."""
    for part, side in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(getattr(new.spec, part)):
            for position, peer in enumerate(getattr(rule, side)):
                at = f"spec.{part}[{index}].{side}[{position}].ipBlock"
                yield from cidr_warnings(f"{at}.cidr", peer.ipBlock.cidr)
                for number, cidr in enumerate(getattr(peer.ipBlock, "except")):
                    yield from cidr_warnings(f"{at}.except[{number}]", cidr)
