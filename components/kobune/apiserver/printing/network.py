"""The columns of services and of what leads to them."""

from typing import Any

from kobune.apiserver.printing.column import AGE, NAME, Column, show, text
from kobune.apiserver.printing.selectors import labels_text, selector_text

SHOWN = 3


def _external(service: Any, now: float) -> str:
    spec = service.spec
    match spec.type:
        case "ExternalName":
            return str(spec.externalName)
        case "LoadBalancer":
            found = [ingress.ip or ingress.hostname for ingress in service.status.loadBalancer.ingress]
            return ",".join([*found, *spec.externalIPs]) or "<pending>"
    return ",".join(spec.externalIPs) or "<none>"


def _ports(service: Any, now: float) -> str:
    return (
        ",".join(
            f"{port.port}:{port.nodePort}/{port.protocol}" if port.nodePort else f"{port.port}/{port.protocol}"
            for port in service.spec.ports
        )
        or "<none>"
    )


def _some(items: list[str], empty: str) -> str:
    if not items:
        return empty
    more = f" + {len(items) - SHOWN} more..." if len(items) > SHOWN else ""
    return ",".join(items[:SHOWN]) + more


def _endpoints(endpoints: Any, now: float) -> str:
    found = []
    for subset in endpoints.subsets:
        ports = [port.port for port in subset.ports] or [0]
        found += [f"{address.ip}:{port}" if port else address.ip for port in ports for address in subset.addresses]
    return _some(found, "<none>")


def _slice_ports(endpoint_slice: Any, now: float) -> str:
    return _some([str(port.port) if port.HasField("port") else "*" for port in endpoint_slice.ports], "<unset>")


def _slice_endpoints(endpoint_slice: Any, now: float) -> str:
    return _some([address for endpoint in endpoint_slice.endpoints for address in endpoint.addresses], "<unset>")


def _hosts(ingress: Any, now: float) -> str:
    return ",".join(rule.host or "*" for rule in ingress.spec.rules) or "*"


def _ingress_address(ingress: Any, now: float) -> str:
    return ",".join(found.ip or found.hostname for found in ingress.status.loadBalancer.ingress)


def _parameters(ingress_class: Any, now: float) -> str:
    found = ingress_class.spec.parameters
    if not ingress_class.spec.HasField("parameters"):
        return "<none>"
    kind = f"{found.kind}.{found.apiGroup}" if found.apiGroup else found.kind
    return f"{kind}/{found.name}"


def _parent(address: Any, now: float) -> str:
    found = address.spec.parentRef
    group = f".{found.group}" if found.group else ""
    return f"{found.resource}{group}/{found.namespace}/{found.name}"


COLUMNS: dict[str, tuple[Column, ...]] = {
    "services": (
        NAME,
        text("Type", show("spec.type")),
        text("Cluster-IP", show("spec.clusterIP", "<none>")),
        text("External-IP", _external),
        text("Port(s)", _ports),
        AGE,
        text("Selector", lambda m, now: labels_text(m.spec.selector), wide=True),
    ),
    "endpoints": (NAME, text("Endpoints", _endpoints), AGE),
    "endpointslices": (
        NAME,
        text("AddressType", show("addressType")),
        text("Ports", _slice_ports),
        text("Endpoints", _slice_endpoints),
        AGE,
    ),
    "ingresses": (
        NAME,
        text("Class", show("spec.ingressClassName", "<none>")),
        text("Hosts", _hosts),
        text("Address", _ingress_address),
        text("Ports", lambda m, now: "80, 443" if m.spec.tls else "80"),
        AGE,
    ),
    "ingressclasses": (NAME, text("Controller", show("spec.controller")), text("Parameters", _parameters), AGE),
    "networkpolicies": (NAME, text("Pod-Selector", lambda m, now: selector_text(m.spec.podSelector)), AGE),
    "ipaddresses": (NAME, text("ParentRef", _parent)),
    "servicecidrs": (NAME, text("CIDRs", lambda m, now: ",".join(m.spec.cidrs)), AGE),
}
"""By the plural of the resource."""
