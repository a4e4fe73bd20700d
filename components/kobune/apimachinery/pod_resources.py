"""How much a pod asks for, as quotas and limit ranges count it.

Source: *Resource Management for Pods and Containers*.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from kobune.apimachinery.quantity import canonical, parse, total


class Amounts(dict[str, Decimal]):
    """Exact amounts by the name of the resource, and how they are written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: dict[str, list[str]] = {}

    def add(self, other: "Amounts") -> None:
        """Add amounts."""
        for name, value in other.items():
            self[name] = self.get(name, Decimal(0)) + value
            self.written.setdefault(name, []).extend(other.written[name])

    def at_least(self, other: "Amounts") -> None:
        """Raise those that are less than in `other`."""
        for name, value in other.items():
            if name not in self or value > self[name]:
                self[name] = value
                self.written[name] = list(other.written[name])


def amounts(quantities: Mapping[str, Any]) -> Amounts:
    """Return the amounts in a map of quantities."""
    found = Amounts()
    for name, value in quantities.items():
        found[name] = parse(value.string)
        found.written[name] = [value.string]
    return found


def shown(name: str, found: Amounts) -> str:
    """Return an amount as Kubernetes writes it."""
    written = found.written[name]
    return canonical(written[0]) if len(written) == 1 else total(written)


def pod_requests(pod: Any) -> Amounts:
    """Return what a pod requests."""
    return _of_pod(pod, "requests")


def pod_limits(pod: Any) -> Amounts:
    """Return the limits of a pod."""
    return _of_pod(pod, "limits")


def _of_pod(pod: Any, kind: str) -> Amounts:
    """Return the sum of the containers, or what the init containers need before them, and the overhead."""
    found = _sum(getattr(container.resources, kind) for container in pod.spec.containers)
    sidecars = Amounts()
    highest = Amounts()
    for container in pod.spec.initContainers:
        own = amounts(getattr(container.resources, kind))
        if container.restartPolicy == "Always":
            # It keeps running beside everything that comes after it.
            sidecars.add(own)
            found.add(own)
            highest.at_least(sidecars)
        else:
            before = Amounts()
            before.add(sidecars)
            before.add(own)
            highest.at_least(before)
    found.at_least(highest)
    if pod.spec.HasField("resources"):
        for name, value in amounts(getattr(pod.spec.resources, kind)).items():
            found[name] = value
            found.written[name] = [getattr(pod.spec.resources, kind)[name].string]
    overhead = amounts(pod.spec.overhead)
    for name in list(overhead):
        if kind == "limits" and name not in found:
            del overhead[name]
    found.add(overhead)
    return found


def _sum(all_quantities: Iterable[Mapping[str, Any]]) -> Amounts:
    found = Amounts()
    for quantities in all_quantities:
        found.add(amounts(quantities))
    return found
