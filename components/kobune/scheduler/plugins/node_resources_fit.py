"""A node must have room for what a pod asks; the emptier one is preferred."""

from dataclasses import dataclass

from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo

RESOURCES = ("cpu", "memory")


@dataclass(frozen=True)
class NodeResourcesFit:
    """Rules out nodes that are too full; prefers the least allocated (of cpu and memory alike)."""

    weight: int = 1

    def filter(self, pod: PodInfo, node: NodeInfo) -> list[str]:
        why = []
        if node.pod_count + 1 > node.allocatable.get("pods", 0):
            why.append("Too many pods")
        for name, amount in pod.requests.items():
            if amount and amount > node.allocatable.get(name, 0) - node.requested.get(name, 0):
                why.append(f"Insufficient {name}")
        return why

    def score(self, pod: PodInfo, node: NodeInfo) -> float:
        return sum(free_share(pod, node, name) for name in RESOURCES) // len(RESOURCES)


def free_share(pod: PodInfo, node: NodeInfo, name: str) -> int:
    """Return how much of a resource would still be free with the pod on the node, in percent."""
    capacity = node.allocatable.get(name, 0)
    taken = node.counted.get(name, 0) + pod.counted_requests.get(name, 0)
    return (capacity - taken) * 100 // capacity if 0 < taken <= capacity else 0
