"""What pods ask for and nodes have, in numbers. Source: *Resource Management for Pods and Containers*, KEP-753."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from kobune.api.core.v1 import PodSpec
from kobune.apimachinery import quantity

Amounts: TypeAlias = Mapping[str, int]
"""By resource: `cpu` in thousandths, all others in units."""


def amounts(resources: Mapping[str, Any]) -> dict[str, int]:
    """Return quantities as numbers."""
    return {
        name: quantity.milli(value.string) if name == "cpu" else quantity.units(value.string)
        for name, value in resources.items()
    }


def requests_of(spec: PodSpec, if_unsaid: Amounts) -> dict[str, int]:
    """Return what a pod asks for; `if_unsaid` is what a container counts as that does not say."""
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
