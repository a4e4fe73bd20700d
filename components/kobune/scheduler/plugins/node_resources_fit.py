"""A node must have room for what a pod asks; how full it is says how welcome the pod is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from kobune.scheduler.framework import No
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo

CPU_AND_MEMORY: Mapping[str, int] = {"cpu": 1, "memory": 1}
Shape = Sequence[tuple[int, int]]
"""Points of a curve: how much of a resource is used, in percent, and the score there, 0 to 10."""


def least_allocated(taken: int, capacity: int) -> int:
    """Return how much is left, in percent."""
    return (capacity - taken) * 100 // capacity if taken <= capacity else 0


def most_allocated(taken: int, capacity: int) -> int:
    """Return how much is taken, in percent."""
    return min(taken, capacity) * 100 // capacity


def requested_to_capacity_ratio(shape: Shape) -> Callable[[int, int], int]:
    """Return the score that goes by a curve."""

    def score(taken: int, capacity: int) -> int:
        used = taken * 100 // capacity if taken <= capacity else 100
        before = shape[0]
        for point in shape:
            if used <= point[0]:
                if point is before or point[0] == before[0]:
                    return point[1] * 10
                rise, run = (point[1] - before[1]) * 10, point[0] - before[0]
                return before[1] * 10 + int(rise * (used - before[0]) / run)
            before = point
        return shape[-1][1] * 10

    return score


@dataclass(frozen=True)
class NodeResourcesFit:
    """Rules out nodes that are too full, and rates the others by what would be left or taken.

    Source: the reference of `NodeResourcesFitArgs`, KEP-1977 (extended resources).
    """

    weight: int = 1
    strategy: Callable[[int, int], int] = least_allocated
    resources: Mapping[str, int] = field(default_factory=lambda: CPU_AND_MEMORY)
    """Which resources are rated, and how much each counts."""
    ignored_resources: frozenset[str] = frozenset()
    ignored_resource_groups: frozenset[str] = frozenset()
    """Extended resources that somebody else looks after, by name and by the part before the slash."""

    def filter(self, pod: PodInfo, node: NodeInfo) -> No | None:
        why = []
        hopeless = False
        if node.pod_count + 1 > node.allocatable.get("pods", 0):
            why.append("Too many pods")
        for name, amount in pod.requests.items():
            if not amount or self._is_ignored(name):
                continue
            there = node.allocatable.get(name, 0)
            if amount > there - node.requested.get(name, 0):
                why.append(f"Insufficient {name}")
                hopeless = hopeless or amount > there
        return No(tuple(why), final=hopeless) if why else None

    def score(self, pod: PodInfo, node: NodeInfo) -> float:
        total = weights = 0
        for name, weight in self.resources.items():
            capacity, taken = rated(pod, node, name)
            if capacity:
                total += self.strategy(taken, capacity) * weight
                weights += weight
        return total // weights if weights else 0

    def _is_ignored(self, name: str) -> bool:
        if "/" not in name:
            return False
        return name in self.ignored_resources or name.partition("/")[0] in self.ignored_resource_groups


def rated(pod: PodInfo, node: NodeInfo, name: str) -> tuple[int, int]:
    """Return a node's capacity and what would be taken of it with the pod; 0, 0 if the resource does not count."""
    if "/" in name and not pod.requests.get(name, 0):
        return 0, 0  # an extended resource that the pod does not ask for says nothing
    capacity = node.allocatable.get(name, 0)
    return capacity, node.counted.get(name, 0) + pod.counted_requests.get(name, 0)
