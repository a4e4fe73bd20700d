"""Which families of addresses a service has, before it is given any. This cluster has one family: IPv4."""

from typing import Any

from kobune.apimachinery.errors import FieldError, Invalid
from kobune.apiserver.registry.validation.causes import invalid
from kobune.apiserver.registry.validation.formats import parse_ip
from kobune.apiserver.registry.validation.services import cluster_ips, is_headless

FAMILY = "IPv4"
OTHER = "IPv6"
POLICY = "spec.ipFamilyPolicy"
SEVERAL = "must be RequireDualStack or PreferDualStack when multiple {} are specified"


def settle(service: Any, old: Any) -> None:
    """Fill in the families of a service's addresses; `Invalid` if it wants some that the cluster does not have."""
    spec = service.spec
    _agree(spec, None if old is None else old.spec)
    _check(service, list(cluster_ips(spec)))
    if old is not None and old.spec.type != "ExternalName":
        for name in ("ipFamilies", "ipFamilyPolicy"):
            if not getattr(spec, name):
                _take(spec, old.spec, name)
    _check(service, _contradictions(spec))
    for ip in list(spec.clusterIPs)[len(spec.ipFamilies) :]:
        if (address := parse_ip(ip)) is not None:
            spec.ipFamilies.append(f"IPv{address.version}")
    if is_headless(spec) and not spec.selector:
        _settle_free(spec)
        return
    causes = []
    if spec.ipFamilyPolicy == "RequireDualStack":
        causes.append(invalid(POLICY, spec.ipFamilyPolicy, "this cluster is not configured for dual-stack services"))
    for index, family in enumerate(spec.ipFamilies):
        if family != FAMILY:
            causes.append(invalid(f"spec.ipFamilies[{index}]", family, "not configured on this cluster"))
    _check(service, causes)
    if not spec.ipFamilyPolicy:
        spec.ipFamilyPolicy = "SingleStack"
    if not spec.ipFamilies:
        spec.ipFamilies.append(FAMILY)


def _agree(spec: Any, before: Any) -> None:
    """Let the list of addresses follow the single address, where only that was said or changed."""
    if before is None:
        if spec.clusterIP and not spec.clusterIPs:
            spec.clusterIPs.append(spec.clusterIP)
    elif spec.clusterIP != before.clusterIP and list(spec.clusterIPs) == list(before.clusterIPs):
        del spec.clusterIPs[:]
        if spec.clusterIP:
            spec.clusterIPs.append(spec.clusterIP)


def _contradictions(spec: Any) -> list[FieldError]:
    if spec.ipFamilyPolicy not in ("", "SingleStack"):
        return []
    policy = spec.ipFamilyPolicy or None
    return [
        invalid(POLICY, policy, SEVERAL.format(name))
        for name in ("clusterIPs", "ipFamilies")
        if len(getattr(spec, name)) == 2
    ]


def _settle_free(spec: Any) -> None:
    """Fill in the families of a service without address and selector: its endpoints may be anything."""
    if not spec.ipFamilies:
        spec.ipFamilies.append(FAMILY)
    if len(spec.ipFamilies) == 1 and spec.ipFamilyPolicy != "SingleStack":
        spec.ipFamilies.append(OTHER if spec.ipFamilies[0] == FAMILY else FAMILY)
    if not spec.ipFamilyPolicy:
        spec.ipFamilyPolicy = "RequireDualStack"


def _take(spec: Any, before: Any, name: str) -> None:
    value = getattr(before, name)
    if isinstance(value, str):
        setattr(spec, name, value)
    else:
        getattr(spec, name).extend(value)


def _check(service: Any, causes: list[FieldError]) -> None:
    if causes:
        raise Invalid.named("", "Service", service.metadata.name, causes)
