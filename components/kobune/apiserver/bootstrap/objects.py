"""The objects that the apiserver makes when they are missing."""

from collections.abc import Iterator
from typing import Any

from kobune.api.core.v1 import Namespace, Service
from kobune.api.discovery.v1 import EndpointSlice
from kobune.api.networking.v1 import ServiceCIDR
from kobune.api.scheduling.v1 import PriorityClass

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


def namespaces() -> Iterator[Any]:
    """Yield the namespaces that are always there."""
    for name in NAMESPACES:
        namespace = Namespace()
        namespace.metadata.name = name
        yield namespace


def priority_classes() -> Iterator[Any]:
    """Yield the priorities of what the cluster itself needs."""
    for name, value, what in (
        ("system-cluster-critical", 2_000_000_000, "pods that the cluster needs and that may run on any node"),
        ("system-node-critical", 2_000_001_000, "pods that a node needs and that cannot move to another"),
    ):
        yield PriorityClass(metadata={"name": name}, value=value, description=f"For {what}.")


def service_cidr(network: str) -> ServiceCIDR:
    """Return the range that the cluster was started with, as the object by which people see it."""
    item = ServiceCIDR()
    item.metadata.name = "kubernetes"
    item.spec.cidrs.append(network)
    return item


def kubernetes_service(ip: str, port: int) -> Service:
    """Return the Service through which pods reach the apiserver."""
    service = Service()
    service.metadata.name, service.metadata.namespace = "kubernetes", "default"
    service.metadata.labels["component"] = "apiserver"
    service.metadata.labels["provider"] = "kubernetes"
    service.spec.type = "ClusterIP"
    service.spec.clusterIP = ip
    service.spec.ports.add(name="https", protocol="TCP", port=443, targetPort={"type": 0, "intVal": port})
    return service


def kubernetes_endpoints(host: str, port: int) -> EndpointSlice:
    """Return where that Service leads."""
    endpoints = EndpointSlice(addressType="IPv4")
    endpoints.metadata.name, endpoints.metadata.namespace = "kubernetes", "default"
    endpoints.metadata.labels["kubernetes.io/service-name"] = "kubernetes"
    endpoints.endpoints.add(addresses=[host], conditions={"ready": True})
    endpoints.ports.add(name="https", protocol="TCP", port=port)
    return endpoints
