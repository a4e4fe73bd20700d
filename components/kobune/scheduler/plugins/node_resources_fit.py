"""A node must have room for what a pod asks; how full it is says how welcome the pod is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kobune.scheduler.framework import No
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.plugins.allocation import LeastAllocated, Strategy
from kobune.scheduler.podinfo import PodInfo

if TYPE_CHECKING:
    from kobune.scheduler.engine.table import Floats, Ints, Rows

CPU_AND_MEMORY: Mapping[str, int] = {"cpu": 1, "memory": 1}


@dataclass(frozen=True)
class NodeResourcesFit:
    """Rules out nodes that are too full, and rates the others by what would be left or taken.

    Source: the reference of `NodeResourcesFitArgs`, KEP-1977 (extended resources).
    """

    weight: int = 1
    strategy: Strategy = field(default_factory=LeastAllocated)
    resources: Mapping[str, int] = field(default_factory=lambda: CPU_AND_MEMORY)
    """Which resources are rated, and how much each counts."""
    ignored_resources: frozenset[str] = frozenset()
    ignored_resource_groups: frozenset[str] = frozenset()
    """Extended resources that somebody else looks after, by name and by the part before the slash."""

    local = True
    needs_only = True
    counts_only = True
    events = ("Node/Add", "Node/UpdateNodeAllocatable", "Pod/Delete", "Pod/UpdatePodScaleDown")

    def filter(self, pod: PodInfo, node: NodeInfo) -> No | None:
        why = []
        hopeless = False
        if node.pod_count + 1 > node.allocatable.get("pods", 0):
            why.append("Too many pods")
        for name, amount in self._wanted(pod):
            there = node.allocatable.get(name, 0)
            if amount > there - node.requested.get(name, 0):
                why.append(f"Insufficient {name}")
                hopeless = hopeless or amount > there
        return No(tuple(why), final=hopeless) if why else None

    def filter_rows(self, pod: PodInfo, rows: "Rows") -> "Ints":
        """Return a bit for each resource that is too little, in the order of the refusal, and one if it is hopeless."""
        import numpy as np

        codes = (rows.pod_counts >= rows.allocatable("pods")).astype(np.int64)
        for place, (name, amount) in enumerate(self._wanted(pod)):
            there = rows.allocatable(name)
            short = amount > there - rows.requested(name)
            if short.any():
                codes |= short.astype(np.int64) << (place + 2)
                codes |= (amount > there).astype(np.int64) << 1
        result: Ints = codes
        return result

    def refusal(self, pod: PodInfo, code: int) -> No:
        """Return what the bits mean."""
        why = ["Too many pods"] if code & 1 else []
        why += [f"Insufficient {name}" for place, (name, _) in enumerate(self._wanted(pod)) if code >> (place + 2) & 1]
        return No(tuple(why), final=bool(code & 2))

    def score(self, pod: PodInfo, node: NodeInfo) -> float:
        total = weights = 0
        for name, weight in self.resources.items():
            capacity, taken = rated(pod, node, name)
            if capacity:
                total += self.strategy.score(taken, capacity) * weight
                weights += weight
        return total // weights if weights else 0

    def score_rows(self, pod: PodInfo, rows: "Rows") -> "Floats":
        import numpy as np

        total = np.zeros(len(rows))
        weights: float | Floats = 0.0
        for name, weight in self.resources.items():
            if is_silent(pod, name):
                continue
            capacity, taken = rows.allocatable(name), rows.counted(name) + pod.counted_requests.get(name, 0)
            if capacity.all():
                total += self.strategy.score_rows(taken, capacity) * weight
                weights = weights + weight
            else:
                counts = capacity > 0
                total += np.where(counts, self.strategy.score_rows(taken, np.where(counts, capacity, 1)) * weight, 0)
                weights = weights + np.where(counts, weight, 0)
        return total // np.maximum(weights, 1)

    def _wanted(self, pod: PodInfo) -> list[tuple[str, int]]:
        return [(name, amount) for name, amount in pod.requests.items() if amount and not self.is_ignored(name)]

    def is_ignored(self, name: str) -> bool:
        """Whether somebody else looks after a resource."""
        if "/" not in name:
            return False
        return name in self.ignored_resources or name.partition("/")[0] in self.ignored_resource_groups


def rated(pod: PodInfo, node: NodeInfo, name: str) -> tuple[int, int]:
    """Return a node's capacity and what would be taken of it with the pod; 0, 0 if the resource does not count."""
    if is_silent(pod, name):
        return 0, 0
    capacity = node.allocatable.get(name, 0)
    return capacity, node.counted.get(name, 0) + pod.counted_requests.get(name, 0)


def is_silent(pod: PodInfo, name: str) -> bool:
    """Whether a resource says nothing about where a pod should go: an extended one that it does not ask for."""
    return "/" in name and not pod.requests.get(name, 0)
