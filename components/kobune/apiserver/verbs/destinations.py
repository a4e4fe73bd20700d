"""Where requests are passed on to: what stands behind `pods/proxy`, `services/proxy` and an APIService."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from random import Random
from typing import Any, Final

from kobune.apimachinery.errors import BadRequest, NotFound, ServiceUnavailable
from kobune.apiserver.cache.view import View

SCHEMES: Final = ("", "http", "https")
PORT_MAP: Final = "kobune.dev/port-map"
"""On pods: which of their ports answer elsewhere, `80=34080`."""
HERE: Final = ip_network("127.0.0.0/16")
"""This machine's own addresses; pods and nodes have others of 127.0.0.0/8."""


@dataclass(frozen=True)
class Destination:
    """Where a request goes."""

    scheme: str
    host: str
    port: str
    """A number, if all is well; empty for the scheme's own."""
    shown_port: str = ""
    """As the client knows the port."""

    @property
    def authority(self) -> str:
        """The host and the port, as the client knows it."""
        port = self.shown_port or self.port
        return f"{self.host}:{port}" if port else self.host


@dataclass(frozen=True)
class Asked:
    """`https:web:8080` in its parts."""

    scheme: str
    name: str
    port: str


def asked(what: str, id: str) -> Asked:
    """Return the parts of the name in a URL; `BadRequest` if they make no sense."""
    parts = id.split(":")
    scheme, name, port = {1: ("", *parts, ""), 2: ("", *parts), 3: tuple(parts)}.get(len(parts), ("", "", ""))
    if not name or scheme not in SCHEMES:
        raise BadRequest(f'invalid {what} request "{id}"')
    return Asked(scheme or "http", name, port)


def pod(view: View, namespace: str, id: str) -> Destination:
    """Return where a pod answers: on its first port, if none is named."""
    wanted = asked("pod", id)
    found = view.find("pods", namespace, wanted.name)
    if found is None:
        raise NotFound.named("", "pods", wanted.name)
    declared = (str(port.containerPort) for container in found.spec.containers for port in container.ports[:1])
    port = wanted.port or next(declared, "")
    host = found.status.podIP or next((ip.ip for ip in found.status.podIPs), "")
    if not is_allowed(host):
        raise BadRequest("address not allowed")
    return Destination(wanted.scheme, host, mapped(found, port), port)


def service(view: View, namespace: str, id: str) -> Destination:
    """Return where one of a Service's endpoints answers."""
    wanted = asked("service", id)
    found = view.find("services", namespace, wanted.name)
    if found is None:
        raise NotFound.named("", "services", wanted.name)
    port = wanted.port
    if port.isdecimal():
        names = [one.name for one in found.spec.ports if one.port == int(port)]
        if not names:
            raise ServiceUnavailable(f'no service port {port} found for service "{wanted.name}"')
        port = names[0]
    return _endpoint(view, namespace, wanted, port, id)


def api_service(view: View, namespace: str, name: str, port: int) -> Destination:
    """Return where the server of an API answers; `ServiceUnavailable` if it has no endpoint."""
    found = view.find("services", namespace, name)
    if found is None:
        raise ServiceUnavailable(f'service "{name}" not found')
    if found.spec.type == "ExternalName":
        return Destination("https", found.spec.externalName, str(port))
    return service(view, namespace, f"https:{name}:{port}")


def node(view: View, id: str, kubelet_port: str) -> Destination:
    """Return where a node answers on a port of its own."""
    wanted = asked("node", id)
    found = view.find("nodes", "", wanted.name)
    if found is None:
        raise NotFound.named("", "nodes", wanted.name)
    host = next((one.address for one in found.status.addresses if one.type == "InternalIP"), "")
    if not is_allowed(host):
        raise BadRequest("address not allowed")
    return Destination(wanted.scheme, host, wanted.port or kubelet_port)


def _endpoint(view: View, namespace: str, wanted: Asked, port: str, id: str) -> Destination:
    found = list(_endpoints(view, namespace, wanted.name, port))
    if not found:
        raise ServiceUnavailable(f'no endpoints available for service "{id}"')
    random: Random = view.random
    address, number, target = found[random.randrange(len(found))]
    known = view.find("pods", namespace, target) if target else None
    actual = mapped(known, str(number)) if known is not None else str(number)
    return Destination(wanted.scheme, address, actual, str(number))


def _endpoints(view: View, namespace: str, name: str, port: str) -> Iterator[tuple[str, int, str]]:
    """Yield the address, the port and the pod of each endpoint that is ready."""
    label = "kubernetes.io/service-name"
    for item in view.select("endpointslices", namespace, lambda one: one.metadata.labels.get(label) == name):
        numbers = [one.port for one in item.ports if one.name == port and one.port]
        for endpoint in item.endpoints:
            ready = endpoint.conditions.ready or not endpoint.conditions.HasField("ready")
            if numbers and endpoint.addresses and ready:
                target = endpoint.targetRef.name if endpoint.targetRef.kind == "Pod" else ""
                yield endpoint.addresses[0], numbers[0], target


def mapped(pod: Any, port: str) -> str:
    """Return the port where a pod really answers."""
    text: str = pod.metadata.annotations.get(PORT_MAP, "")
    pairs = (pair.partition("=") for pair in text.split(","))
    return {before: after for before, _, after in pairs}.get(port) or port


def is_allowed(host: str) -> bool:
    """Whether somebody who may write objects may have requests sent to an address: not to this machine's own."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return not (address.is_link_local or address.is_multicast or address.is_unspecified or address in HERE)
