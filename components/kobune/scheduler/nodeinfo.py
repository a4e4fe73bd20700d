"""A node as the scheduler sees it: the object, the pods on it, and what they take, kept up to date."""

from collections.abc import Iterable, Mapping

from kobune.api.core.v1 import Node
from kobune.scheduler.amounts import Amounts, amounts
from kobune.scheduler.podinfo import PodInfo


class NodeInfo:
    """A node with its pods, those among them that were only just decided."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.name = node.metadata.name
        self.allocatable: Amounts = amounts(node.status.allocatable)
        self.images: Mapping[str, int] = _images(node)
        """How many bytes each image on the node has."""
        self.taints = _taints(node)
        """Key, value and effect of each."""
        self.requested: dict[str, int] = {}
        """What the pods asked for."""
        self.counted: dict[str, int] = {}
        """The same with small amounts for pods that asked for nothing."""
        self.claims: dict[tuple[str, str], int] = {}
        """By namespace and name: how many of the pods use a claim of a volume."""
        self._pods: dict[str, PodInfo] = {}
        self.version = 0
        """The snapshot's when the node or its pods changed last."""

    @property
    def pods(self) -> Iterable[PodInfo]:
        """The pods on the node."""
        return self._pods.values()

    @property
    def pod_count(self) -> int:
        """How many pods are on the node."""
        return len(self._pods)

    def copy(self) -> "NodeInfo":
        """Return the same node with the same pods, to change."""
        copy: NodeInfo = NodeInfo.__new__(NodeInfo)
        copy.node, copy.allocatable, copy.images = self.node, self.allocatable, self.images
        copy.name, copy.taints, copy.version = self.name, self.taints, self.version
        copy.requested, copy.counted, copy._pods = dict(self.requested), dict(self.counted), dict(self._pods)
        copy.claims = dict(self.claims)
        return copy

    def set_node(self, node: Node) -> None:
        """Follow a change of the node; its pods stay."""
        self.node = node
        self.allocatable = amounts(node.status.allocatable)
        self.images = _images(node)
        self.taints = _taints(node)

    def add(self, pod: PodInfo) -> None:
        """Count a pod in that is not there yet."""
        self._pods[pod.uid] = pod
        self._count(pod, 1)

    def replace(self, pod: PodInfo) -> bool:
        """Take in a newer version of a pod, if it is here and takes what it took; False otherwise."""
        known = self._pods.get(pod.uid)
        if known is None or known.host_ports != pod.host_ports:
            return False
        was, now = known.pod, pod.pod
        if was.metadata.labels != now.metadata.labels:
            return False
        if was.spec.containers != now.spec.containers or was.spec.initContainers != now.spec.initContainers:
            return False
        if was.metadata.HasField("deletionTimestamp") != now.metadata.HasField("deletionTimestamp"):
            return False  # those that are leaving do not count everywhere
        pod.adopt(known)
        self._pods[pod.uid] = pod
        return True

    def remove(self, uid: str) -> PodInfo | None:
        """Count a pod out and return it, None if it was not there."""
        pod = self._pods.pop(uid, None)
        if pod is not None:
            self._count(pod, -1)
        return pod

    def _count(self, pod: PodInfo, sign: int) -> None:
        for total, more in ((self.requested, pod.requests), (self.counted, pod.counted_requests)):
            for name, amount in more.items():
                total[name] = total.get(name, 0) + sign * amount
        for name, _ in pod.claims:
            key = (pod.metadata.namespace, name)
            self.claims[key] = self.claims.get(key, 0) + sign
            if not self.claims[key]:
                del self.claims[key]


def _taints(node: Node) -> tuple[tuple[str, str, str], ...]:
    return tuple((taint.key, taint.value, taint.effect) for taint in node.spec.taints)


def _images(node: Node) -> dict[str, int]:
    return {name: image.sizeBytes for image in node.status.images for name in image.names}
