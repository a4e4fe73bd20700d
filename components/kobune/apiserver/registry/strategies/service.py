"""Services: they have addresses, which they keep."""

from collections.abc import Mapping
from typing import Any

from kobune.apimachinery import names
from kobune.apiserver.registry.advice.network import service_warnings
from kobune.apiserver.registry.defaults.network import default_service
from kobune.apiserver.registry.rules import Rules
from kobune.apiserver.registry.strategy import UncountedStrategy
from kobune.apiserver.registry.validation import services as rules


class ServiceStrategy(UncountedStrategy):
    """A Service."""

    name_rule = staticmethod(names.dns_label)
    allocates = True
    returns_deleted = True

    def __init__(self) -> None:
        checks = Rules(always=rules.service, change=rules.service_update, status=rules.service_status)
        super().__init__(default_service, checks, warnings=service_warnings)

    def prepare_update(self, new: Any, old: Any) -> None:
        super().prepare_update(new, old)
        _keep_given(new.spec, old.spec)
        _drop_unused(new.spec, old.spec)

    def selectable_fields(self) -> Mapping[str, str]:
        return {"spec.clusterIP": "spec.clusterIP", "spec.type": "spec.type"}


def _keep_given(spec: Any, before: Any) -> None:
    """Put back what the service was given and an update leaves out."""
    if _has_ips(before) and _has_ips(spec):
        if not spec.clusterIP and before.clusterIP:
            spec.clusterIP = before.clusterIP
        if not spec.clusterIPs and spec.clusterIP == before.clusterIP:
            spec.clusterIPs.extend(before.clusterIPs)
    if _has_node_ports(before) and _has_node_ports(spec):
        by_name = {port.name: port.nodePort for port in before.ports}
        used = {port.nodePort for port in spec.ports} & set(by_name.values())
        for port in spec.ports:
            if not port.nodePort and (given := by_name.get(port.name, 0)) and given not in used:
                port.nodePort = given
                used.add(given)
    if rules.needs_health_check(before) and rules.needs_health_check(spec) and not spec.healthCheckNodePort:
        spec.healthCheckNodePort = before.healthCheckNodePort


def _drop_unused(spec: Any, before: Any) -> None:
    """Clear what belonged to the type that a service no longer has, unless somebody changed it."""
    if _has_ips(before) and not _has_ips(spec):
        for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if getattr(spec, name) == getattr(before, name):
                spec.ClearField(name)
    if _has_node_ports(before) and not _has_node_ports(spec) and _node_ports(spec) == _node_ports(before):
        for port in spec.ports:
            port.ClearField("nodePort")
    if before.type == "LoadBalancer" != spec.type:
        for name in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
            if getattr(spec, name) == getattr(before, name):
                spec.ClearField(name)
    for needed, name in (
        (rules.needs_health_check, "healthCheckNodePort"),
        (rules.is_external, "externalTrafficPolicy"),
        (_has_ips, "internalTrafficPolicy"),
    ):
        if needed(before) and not needed(spec) and getattr(spec, name) == getattr(before, name):
            spec.ClearField(name)


def _has_ips(spec: Any) -> bool:
    return bool(spec.type in ("ClusterIP", "LoadBalancer", "NodePort"))


def _has_node_ports(spec: Any) -> bool:
    return bool(spec.type in ("LoadBalancer", "NodePort"))


def _node_ports(spec: Any) -> set[int]:
    return {port.nodePort for port in spec.ports}
