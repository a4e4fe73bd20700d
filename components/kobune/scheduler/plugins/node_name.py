"""A pod that names its node runs there or nowhere."""

from dataclasses import dataclass

from kobune.scheduler.framework import No
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo

REFUSAL = No(("node(s) didn't match the requested node name",), final=True)


@dataclass(frozen=True)
class NodeName:
    """Rules out every node but the one in `spec.nodeName`."""

    needs_only = True
    events = ("Node/Add",)

    def concerns(self, pod: PodInfo) -> bool:
        return bool(pod.spec.nodeName)

    def sees(self, pod: PodInfo, node: NodeInfo) -> bool:
        return pod.spec.nodeName == node.name

    def filter(self, pod: PodInfo, node: NodeInfo) -> No | None:
        wanted = pod.spec.nodeName
        return REFUSAL if wanted and wanted != node.name else None
