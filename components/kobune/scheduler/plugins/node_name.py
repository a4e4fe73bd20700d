"""A pod that names its node runs there or nowhere."""

from dataclasses import dataclass

from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo


@dataclass(frozen=True)
class NodeName:
    """Rules out every node but the one in `spec.nodeName`."""

    def filter(self, pod: PodInfo, node: NodeInfo) -> str | None:
        wanted = pod.spec.nodeName
        return "node(s) didn't match the requested node name" if wanted and wanted != node.name else None
