"""What the scheduler cannot honour yet, it refuses by name: a pod that demands it goes nowhere, and says why."""

from dataclasses import dataclass

from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo


@dataclass(frozen=True)
class Unsupported:
    """Rules out every node for a pod with a demand that nobody would look at."""

    def concerns(self, pod: PodInfo) -> bool:
        return self.filter(pod, None) is not None

    def filter(self, pod: PodInfo, node: NodeInfo | None) -> str | None:
        return "node(s): resource claims are not supported yet" if pod.spec.resourceClaims else None
