"""Nothing new goes to a node that was cordoned."""

from dataclasses import dataclass

from kobune.apimachinery.tolerations import tolerates
from kobune.scheduler.framework import No
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo

KEY = "node.kubernetes.io/unschedulable"
REFUSAL = No(("node(s) were unschedulable",), final=True)


@dataclass(frozen=True)
class NodeUnschedulable:
    """Rules out nodes with `spec.unschedulable`, unless the pod tolerates the taint that stands for it."""

    needs_only = True
    events = ("Node/Add", "Node/UpdateNodeTaint")

    def sees(self, pod: PodInfo, node: NodeInfo) -> bool:
        return node.node.spec.unschedulable

    def filter(self, pod: PodInfo, node: NodeInfo) -> No | None:
        if not node.node.spec.unschedulable or tolerates(pod.spec.tolerations, KEY, "", "NoSchedule"):
            return None
        return REFUSAL
