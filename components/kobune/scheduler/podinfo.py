"""A pod as the scheduler sees it: the object, and what it asks of a node, added up once."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeAlias

from kobune.api.core.v1 import Pod, PodSpec, PodStatus
from kobune.api.meta.v1 import ObjectMeta
from kobune.apimachinery import quantity
from kobune.apimachinery.meta import key_of

Amounts: TypeAlias = Mapping[str, int]
"""By resource: `cpu` in thousandths, all others in units."""

CPU_IF_UNSAID = 100
MEMORY_IF_UNSAID = 200 * 1024 * 1024
"""What a container counts as when nodes are compared, if it asks for nothing."""


class PodInfo:
    """A pod. It quacks like the `Pod` that it is made of."""

    def __init__(self, pod: Pod) -> None:
        self.pod = pod
        self.key = key_of(pod.metadata.namespace, pod.metadata.name)

    @property
    def metadata(self) -> ObjectMeta:
        """The pod's metadata."""
        return self.pod.metadata

    @property
    def spec(self) -> PodSpec:
        """The pod's spec."""
        return self.pod.spec

    @property
    def status(self) -> PodStatus:
        """The pod's status."""
        return self.pod.status

    @cached_property
    def requests(self) -> Amounts:
        """What must be free on a node. Source: *Resource Management for Pods and Containers*, KEP-753."""
        return _requests(self.pod.spec, {})

    @cached_property
    def counted_requests(self) -> Amounts:
        """The same for comparing nodes: containers that ask for nothing count as small ones."""
        return _requests(self.pod.spec, {"cpu": CPU_IF_UNSAID, "memory": MEMORY_IF_UNSAID})

    @cached_property
    def host_ports(self) -> frozenset[tuple[str, str, int]]:
        """The ports that the pod wants of the node itself: address, protocol, number."""
        containers = [*self.spec.containers, *(c for c in self.spec.initContainers if c.restartPolicy == "Always")]
        return frozenset(
            (port.hostIP or "0.0.0.0", port.protocol or "TCP", port.hostPort)
            for container in containers
            for port in container.ports
            if port.hostPort
        )


def amounts(resources: Mapping[str, Any]) -> dict[str, int]:
    """Return quantities as numbers."""
    return {
        name: quantity.milli(value.string) if name == "cpu" else quantity.units(value.string)
        for name, value in resources.items()
    }


def _requests(spec: PodSpec, if_unsaid: Amounts) -> dict[str, int]:
    running: dict[str, int] = {}
    for container in spec.containers:
        _add(running, _container(container, if_unsaid))
    sidecars: dict[str, int] = {}
    starting: dict[str, int] = {}
    # Init containers run one after the other, each beside the sidecars that were started before it.
    for container in spec.initContainers:
        needed = _container(container, if_unsaid)
        if container.restartPolicy == "Always":
            _add(sidecars, needed)
            needed = {}
        _raise_to(starting, _sum(needed, sidecars))
    _add(running, sidecars)
    _raise_to(running, starting)
    _add(running, amounts(spec.overhead))
    return running


def _container(container: Any, if_unsaid: Amounts) -> dict[str, int]:
    return {**if_unsaid, **amounts(container.resources.requests)}


def _add(total: dict[str, int], more: Amounts) -> None:
    for name, amount in more.items():
        total[name] = total.get(name, 0) + amount


def _sum(one: Amounts, other: Amounts) -> dict[str, int]:
    total = dict(one)
    _add(total, other)
    return total


def _raise_to(total: dict[str, int], least: Amounts) -> None:
    for name, amount in least.items():
        total[name] = max(total.get(name, 0), amount)
