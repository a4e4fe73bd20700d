"""What leads to services, and who may talk to whom."""

from collections.abc import Mapping

from kobune.apiserver.registry.advice import network as warnings
from kobune.apiserver.registry.defaults import network as defaults
from kobune.apiserver.registry.rules import Rules
from kobune.apiserver.registry.strategies.service import ServiceStrategy
from kobune.apiserver.registry.strategy import Strategy, UncountedStrategy
from kobune.apiserver.registry.validation import ingresses, network
from kobune.apiserver.registry.validation.frozen import frozen


class EndpointsStrategy(UncountedStrategy):
    """Endpoints, which slices have replaced."""

    deprecation = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"


def kinds() -> Mapping[tuple[str, str], Strategy]:
    """Return the strategies of these kinds, by group and plural."""
    return {
        ("", "endpoints"): EndpointsStrategy(
            defaults.default_endpoints, Rules(always=network.endpoints), warnings=warnings.endpoints_warnings
        ),
        ("", "services"): ServiceStrategy(),
        ("discovery.k8s.io", "endpointslices"): Strategy(
            defaults.default_endpoint_slice,
            Rules(always=network.endpoint_slice, change=frozen("addressType")),
            counted=("addressType", "endpoints", "ports"),
            warnings=warnings.endpoint_slice_warnings,
        ),
        ("networking.k8s.io", "ingressclasses"): Strategy(
            defaults.default_ingress_class, Rules(always=ingresses.ingress_class, change=frozen("spec.controller"))
        ),
        ("networking.k8s.io", "ingresses"): Strategy(
            rules=Rules(always=ingresses.ingress, new=ingresses.new_ingress, status=ingresses.ingress_status),
            warnings=warnings.ingress_warnings,
        ),
        ("networking.k8s.io", "ipaddresses"): UncountedStrategy(
            rules=Rules(always=network.ip_address, change=frozen("spec.parentRef")), name_rule=network.ip_name
        ),
        ("networking.k8s.io", "networkpolicies"): Strategy(
            defaults.default_network_policy,
            Rules(always=network.network_policy),
            warnings=warnings.network_policy_warnings,
        ),
        ("networking.k8s.io", "servicecidrs"): UncountedStrategy(
            rules=Rules(always=network.service_cidr, change=network.service_cidr_update)
        ),
    }
