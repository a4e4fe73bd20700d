"""Questions about Services and the pods behind them that several controllers ask."""

from collections.abc import Iterable, Iterator

from kobune.api.core.v1 import Pod, Service, ServicePort
from kobune.apimachinery.meta import is_deleting, key_of
from kobune.apimachinery.selectors import from_labels
from kobune.client import View
from kobune.controller_manager.pods import is_ready

HEADLESS = "service.kubernetes.io/headless"


def has_pods(service: Service) -> bool:
    """Whether the Service's endpoints are the pods it selects; else somebody else writes them, or there are none."""
    return bool(service.spec.selector) and service.spec.type != "ExternalName"


def pods_of(view: View, service: Service) -> list[Pod]:
    """Return the pods that a Service selects."""
    selector = from_labels(service.spec.selector)
    if not selector:
        return []
    pods = view.in_namespace(Pod, service.metadata.namespace)
    return [pod for pod in pods if selector.matches(pod.metadata.labels)]


def services_of(view: View, pod: Pod) -> Iterable[str]:
    """Return the keys of the Services that select a pod."""
    labels = pod.metadata.labels
    for service in view.in_namespace(Service, pod.metadata.namespace):
        selector = service.spec.selector
        if selector and all(labels.get(key) == value for key, value in selector.items()):
            yield key_of(service.metadata.namespace, service.metadata.name)


def matters_to_endpoints(old: Pod | None, new: Pod | None) -> bool:
    """Whether a pod's change can change an endpoint."""
    if old is None or new is None:
        return True
    return facts(old) != facts(new)


def facts(pod: Pod) -> tuple[object, ...]:
    """Return what an endpoint is made of."""
    return (
        pod.status.podIP,
        pod.status.phase in ("Succeeded", "Failed"),
        is_ready(pod),
        is_deleting(pod.metadata),
        pod.spec.nodeName,
        dict(pod.metadata.labels),
    )


def target_ports(service: Service, pod: Pod) -> Iterator[tuple[ServicePort, int]]:
    """Yield the Service's ports with the numbers that they have in a pod; a name that the pod lacks is left out."""
    for port in service.spec.ports:
        target = port.targetPort
        if target.type != 1:
            yield port, target.intVal or port.port
            continue
        number = container_port(pod, target.strVal, port.protocol or "TCP")
        if number:
            yield port, number


def container_port(pod: Pod, name: str, protocol: str) -> int:
    """Return the number of a container's port by its name; 0 if there is none."""
    restartable = (container for container in pod.spec.initContainers if container.restartPolicy == "Always")
    for container in (*pod.spec.containers, *restartable):
        for port in container.ports:
            if port.name == name and (port.protocol or "TCP") == protocol:
                return port.containerPort
    return 0
