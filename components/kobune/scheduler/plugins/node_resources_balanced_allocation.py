"""A node should not run out of one thing while it has plenty of another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import pstdev
from typing import TYPE_CHECKING

from kobune.scheduler.framework.answers import SKIP, Skip
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.plugins.node_resources_fit import CPU_AND_MEMORY, is_silent
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

if TYPE_CHECKING:
    from kobune.scheduler.engine.table import Floats, Rows


@dataclass(frozen=True)
class NodeResourcesBalancedAllocation:
    """Prefers nodes where the pod evens out to which degree the resources are used.

    The score is 75 where that does not change, 100 where the pod makes a node that was as uneven as can be perfectly
    even, and 50 the other way round.
    """

    weight: int = 1
    resources: Mapping[str, int] = field(default_factory=lambda: CPU_AND_MEMORY)

    local = True
    needs_only = True
    counts_only = True

    def pre_score(self, pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Snapshot) -> Skip | None:
        return None if any(pod.requests.get(name, 0) for name in self.resources) else SKIP

    def score(self, pod: PodInfo, node: NodeInfo) -> float:
        before, after = [], []
        for name in self.resources:
            capacity = node.allocatable.get(name, 0)
            if not capacity or is_silent(pod, name):
                continue
            wanted = pod.requests.get(name, 0)
            taken = node.requested.get(name, 0)
            before.append(min(taken / capacity, 1.0))
            after.append(min((taken + wanted) / capacity, 1.0))
        return int(75 + (evenness(after) - evenness(before)) / 2)

    def score_rows(self, pod: PodInfo, rows: "Rows") -> "Floats":
        import numpy as np

        names = [name for name in self.resources if not is_silent(pod, name)]
        if len(names) != 2 or not all(rows.allocatable(name).all() for name in names):
            return np.array([self.score(pod, node) for node in rows.nodes])
        before, after = [], []
        for name in names:
            capacity, taken = rows.allocatable(name), rows.requested(name)
            before.append(np.minimum(taken / capacity, 1.0))
            after.append(np.minimum((taken + pod.requests.get(name, 0)) / capacity, 1.0))
        gain = (1 - np.abs(after[0] - after[1]) / 2) * 100 - (1 - np.abs(before[0] - before[1]) / 2) * 100
        scores: Floats = np.trunc(75 + gain / 2)
        return scores


def evenness(shares: Sequence[float]) -> float:
    """Return 100 if all shares are equal, 50 if they are as different as can be."""
    if len(shares) == 2:
        return (1 - abs(shares[0] - shares[1]) / 2) * 100
    return (1 - pstdev(shares)) * 100 if shares else 100.0
