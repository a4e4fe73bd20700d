"""A node should not run out of one thing while it has plenty of another."""

from dataclasses import dataclass

from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo

RESOURCES = ("cpu", "memory")


@dataclass(frozen=True)
class NodeResourcesBalancedAllocation:
    """Prefers nodes whose cpu and memory would be used to the same degree."""

    weight: int = 1

    def score(self, pod: PodInfo, node: NodeInfo) -> float:
        shares = []
        for name in RESOURCES:
            capacity = node.allocatable.get(name, 0)
            if capacity:
                taken = node.requested.get(name, 0) + pod.requests.get(name, 0)
                shares.append(min(taken / capacity, 1.0))
        if len(shares) < 2:
            return 100
        # With two resources the standard deviation is half of their distance.
        return int((1 - abs(shares[0] - shares[1]) / 2) * 100)
