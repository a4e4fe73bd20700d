"""All nodes with their pods, as far as the scheduler knows and has decided."""

from collections.abc import Sequence

from kobune.api.core.v1 import Node
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo

ENDED = ("Succeeded", "Failed")


class Snapshot:
    """The state that decisions are made on."""

    def __init__(self) -> None:
        self._nodes: dict[str, NodeInfo] = {}
        self._place_of: dict[str, str] = {}
        """By pod uid: the node."""
        self._homeless: dict[str, dict[str, PodInfo]] = {}
        """Pods on nodes that are not known (yet), by the node's name."""

    @property
    def nodes(self) -> Sequence[NodeInfo]:
        """Every node."""
        return list(self._nodes.values())

    def set_node(self, node: Node) -> None:
        """Take in a new or changed node."""
        name = node.metadata.name
        if (known := self._nodes.get(name)) is not None:
            known.set_node(node)
            return
        info = self._nodes[name] = NodeInfo(node)
        for pod in self._homeless.pop(name, {}).values():
            info.add(pod)

    def remove_node(self, name: str) -> None:
        """Forget a node; its pods are remembered until they are gone."""
        if (info := self._nodes.pop(name, None)) is not None:
            self._homeless[name] = {pod.metadata.uid: pod for pod in info.pods}

    def place(self, pod: PodInfo, node: str) -> None:
        """Count a pod on a node: because it is there, or because that was just decided."""
        self.remove(pod.metadata.uid)
        self._place_of[pod.metadata.uid] = node
        if (info := self._nodes.get(node)) is not None:
            info.add(pod)
        else:
            self._homeless.setdefault(node, {})[pod.metadata.uid] = pod

    def remove(self, uid: str) -> None:
        """Count a pod nowhere."""
        node = self._place_of.pop(uid, None)
        if node is None:
            return
        if (info := self._nodes.get(node)) is not None:
            info.remove(uid)
        elif node in self._homeless:
            self._homeless[node].pop(uid, None)
