"""Whether a node takes a pod that was assigned to it: the kubelet has the last word."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kobune.api.core.v1 import Pod, ResourceRequirements
from kobune.apimachinery import quantity
from kobune.kubelet.lifecycle.state import Failure

Read = Callable[[str], int]
HostPort = tuple[str, int, str]
"""Protocol, port, address."""
ANY = "0.0.0.0"


@dataclass(frozen=True)
class Claim:
    """What a pod takes of its node."""

    cpu: int = 0
    """In thousandths."""
    memory: int = 0
    """In bytes."""
    ports: frozenset[HostPort] = frozenset()


@dataclass(frozen=True)
class Allocatable:
    """What a node has for pods."""

    cpu: int
    memory: int
    pods: int


def claim_of(pod: Pod) -> Claim:
    """Return what a pod takes of its node."""
    spec = pod.spec
    ports = {
        (port.protocol or "TCP", port.hostPort or (port.containerPort if spec.hostNetwork else 0), port.hostIP or ANY)
        for container in spec.containers
        for port in container.ports
    }
    return Claim(
        cpu=_requested(pod, "cpu", quantity.milli),
        memory=_requested(pod, "memory", quantity.units),
        ports=frozenset(port for port in ports if port[1]),
    )


def admit(pod: Claim, others: Iterable[Claim], node: Allocatable) -> Failure | None:
    """Return why a node does not take a pod beside the others that it has, or None if it does."""
    others = list(others)
    for name, requested, used, capacity in (
        ("pods", 1, len(others), node.pods),
        ("cpu", pod.cpu, sum(other.cpu for other in others), node.cpu),
        ("memory", pod.memory, sum(other.memory for other in others), node.memory),
    ):
        if requested and used + requested > capacity:
            shortage = f"{name}, requested: {requested}, used: {used}, capacity: {capacity}"
            return Failure(f"OutOf{name}", f"Pod was rejected: Node didn't have enough resource: {shortage}")
    if any(_conflict(mine, theirs) for other in others for mine in pod.ports for theirs in other.ports):
        why = "node(s) didn't have free ports for the requested pod ports"
        return Failure("NodePorts", f"Pod was rejected: Predicate NodePorts failed: {why}")
    return None


def _conflict(one: HostPort, other: HostPort) -> bool:
    return one[:2] == other[:2] and (one[2] == other[2] or ANY in (one[2], other[2]))


def _requested(pod: Pod, name: str, read: Read) -> int:
    """Return what a pod requests: its containers together, or an init container if that needs more."""
    spec = pod.spec
    overhead = read(spec.overhead[name].string) if name in spec.overhead else 0
    if name in spec.resources.requests:
        return read(spec.resources.requests[name].string) + overhead
    running = sum(_of(container.resources, name, read) for container in spec.containers)
    sidecars, most = 0, 0
    for container in spec.initContainers:
        own = _of(container.resources, name, read)
        if container.restartPolicy == "Always":
            sidecars += own
        most = max(most, sidecars if container.restartPolicy == "Always" else sidecars + own)
    return max(running + sidecars, most) + overhead


def _of(resources: ResourceRequirements, name: str, read: Read) -> int:
    asked: Mapping[str, object] = resources.requests
    if name in asked:
        return read(resources.requests[name].string)
    return read(resources.limits[name].string) if name in resources.limits else 0
