"""Two pods cannot have the same port of the same node."""

from dataclasses import dataclass

from kobune.scheduler.framework.answers import SKIP, Skip
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

ANY = "0.0.0.0"


@dataclass(frozen=True)
class NodePorts:
    """Rules out nodes where a host port of the pod is taken."""

    local = True
    needs_only = True
    events = ("Node/Add", "Pod/Delete")

    def concerns(self, pod: PodInfo) -> bool:
        return bool(pod.host_ports)

    def pre_filter(self, pod: PodInfo, cluster: Snapshot) -> Skip | None:
        return None if pod.host_ports else SKIP

    def filter(self, pod: PodInfo, node: NodeInfo) -> str | None:
        taken = {port for other in node.pods for port in other.host_ports}
        if any(_clash(wanted, port) for wanted in pod.host_ports for port in taken):
            return "node(s) didn't have free ports for the requested pod ports"
        return None


def _clash(one: tuple[str, str, int], other: tuple[str, str, int]) -> bool:
    return one[1:] == other[1:] and (one[0] == other[0] or ANY in (one[0], other[0]))
