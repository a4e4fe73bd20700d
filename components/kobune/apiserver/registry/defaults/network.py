"""Services and what leads to them."""

from typing import Any

from kobune.apiserver.registry.defaults.fill import fill


def default_service(service: Any) -> None:
    """Fill in a Service: its type, the targets of its ports, how far its traffic goes."""
    spec = service.spec
    fill(spec, type="ClusterIP", sessionAffinity="None")
    if spec.sessionAffinity == "None":
        spec.ClearField("sessionAffinityConfig")
    elif spec.sessionAffinity == "ClientIP":
        fill(spec.sessionAffinityConfig.clientIP, timeoutSeconds=10800)
    for port in spec.ports:
        fill(port, protocol="TCP")
        if not port.targetPort.intVal and not port.targetPort.strVal:
            port.ClearField("targetPort")
            if port.port:
                port.targetPort.intVal = port.port
    if spec.type in ("NodePort", "LoadBalancer") or (spec.type == "ClusterIP" and spec.externalIPs):
        fill(spec, externalTrafficPolicy="Cluster")
    if spec.type in ("NodePort", "LoadBalancer", "ClusterIP"):
        fill(spec, internalTrafficPolicy="Cluster")
    if spec.type == "LoadBalancer":
        fill(spec, allocateLoadBalancerNodePorts=True)


def default_endpoints(endpoints: Any) -> None:
    """Fill in the old Endpoints."""
    for subset in endpoints.subsets:
        for port in subset.ports:
            fill(port, protocol="TCP")


def default_endpoint_slice(endpoint_slice: Any) -> None:
    """Fill in an EndpointSlice."""
    for port in endpoint_slice.ports:
        fill(port, protocol="TCP")
        if not port.HasField("name"):
            port.name = ""


def default_ingress(ingress: Any) -> None:
    """Fill in an Ingress: nothing but the type of its paths, which has to be given."""


def default_ingress_class(ingress_class: Any) -> None:
    """Fill in an IngressClass: its parameters are for the whole cluster."""
    if ingress_class.spec.HasField("parameters"):
        fill(ingress_class.spec.parameters, scope="Cluster")


def default_network_policy(policy: Any) -> None:
    """Fill in a NetworkPolicy: it is about what comes in, and about what goes out if it says anything of that."""
    spec = policy.spec
    for rule in (*spec.ingress, *spec.egress):
        for port in rule.ports:
            fill(port, protocol="TCP")
    if not spec.policyTypes:
        spec.policyTypes.append("Ingress")
        if spec.egress:
            spec.policyTypes.append("Egress")
