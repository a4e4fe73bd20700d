"""All nodes with their pods, and whatever else decisions look at, as far as the scheduler knows and has decided."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from kobune.api.core.v1 import Node
from kobune.scheduler.affinity import has_terms
from kobune.scheduler.amounts import Amounts
from kobune.scheduler.gangs import Gangs
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.objects import Objects
from kobune.scheduler.podinfo import PodInfo

ENDED = ("Succeeded", "Failed")


class Follower(Protocol):
    """Keeps something in step with a snapshot."""

    def pods_changed(self, node: NodeInfo, pod: PodInfo, sign: int) -> None:
        """Note that a pod was counted in (1) or out (-1)."""

    def node_changed(self, node: NodeInfo) -> None:
        """Note that a node is new, or its object changed."""

    def node_removed(self, name: str) -> None:
        """Note that a node is gone, with everything on it."""


class Snapshot:
    """The state that decisions are made on."""

    def __init__(self, objects: Objects | None = None) -> None:
        self.objects = objects or Objects()
        self.gangs = Gangs()
        self._nodes: dict[str, NodeInfo] = {}
        self._place_of: dict[str, str] = {}
        """By pod uid: the node."""
        self._homeless: dict[str, dict[str, PodInfo]] = {}
        """Pods on nodes that are not known (yet), by the node's name."""
        self._with_terms: dict[str, PodInfo] = {}
        """By uid: pods on a node that say something about the pods beside them."""
        self._nominated: dict[str, dict[str, PodInfo]] = {}
        """By node: pods for which room is being made there, by uid…"""
        self._nominated_to: dict[str, str] = {}
        """…and the node of each of them."""
        self._amounts: dict[tuple[tuple[str, int], ...], Amounts] = {}
        """What pods ask for: most ask for the same."""
        self._priorities: Counter[int] = Counter()
        """How many pods on nodes have each priority."""
        self.image_counts: Counter[str] = Counter()
        """On how many nodes each image is."""
        self.followers: list[Follower] = []
        self.version = 0
        """Goes up with every change of a node or its pods; `NodeInfo.version` has that of the node's last one."""

    @property
    def nodes(self) -> Sequence[NodeInfo]:
        """Every node."""
        return list(self._nodes.values())

    @property
    def node_count(self) -> int:
        """How many nodes there are."""
        return len(self._nodes)

    @property
    def pods(self) -> Iterable[PodInfo]:
        """Every pod that is on a node."""
        return (pod for node in self._nodes.values() for pod in node.pods)

    @property
    def pods_with_terms(self) -> Iterable[tuple[PodInfo, NodeInfo]]:
        """Every pod that says something about the pods beside it, and the node that it is on."""
        return ((pod, self._nodes[self._place_of[uid]]) for uid, pod in self._with_terms.items())

    def has_below(self, priority: int) -> bool:
        """Whether there is a pod on a node that is less important than that."""
        return any(count and other < priority for other, count in self._priorities.items())

    def node(self, name: str) -> NodeInfo | None:
        """Return a node by its name."""
        return self._nodes.get(name)

    def place_of(self, uid: str) -> str | None:
        """Return the name of the node that a pod is on."""
        return self._place_of.get(uid)

    def has_changed(self, node: str, since: int) -> bool:
        """Whether a node or its pods changed after a version, or the node is gone."""
        info = self._nodes.get(node)
        return info is None or info.version > since

    def fork(self) -> "Snapshot":
        """Return the same state, to change without anybody noticing."""
        fork = Snapshot(self.objects.copy())
        fork._nodes = {name: info.copy() for name, info in self._nodes.items()}
        fork._place_of = dict(self._place_of)
        fork._with_terms = dict(self._with_terms)
        fork._homeless = {name: dict(pods) for name, pods in self._homeless.items()}
        fork._priorities = self._priorities.copy()
        fork.image_counts = self.image_counts.copy()
        fork._nominated = {name: dict(pods) for name, pods in self._nominated.items()}
        fork._nominated_to = dict(self._nominated_to)
        fork.gangs = self.gangs.copy()
        return fork

    def set_node(self, node: Node) -> None:
        """Take in a new or changed node."""
        name = node.metadata.name
        if (known := self._nodes.get(name)) is not None:
            self.image_counts.subtract(known.images.keys())
            known.set_node(node)
            self._count(known)
            self.image_counts.update(known.images.keys())
            self._tell_node(known)
            return
        info = self._nodes[name] = NodeInfo(node)
        self._count(info)
        self.image_counts.update(info.images.keys())
        self._tell_node(info)
        for pod in self._homeless.pop(name, {}).values():
            self._add(info, pod)

    def remove_node(self, name: str) -> None:
        """Forget a node; its pods are remembered until they are gone."""
        if (info := self._nodes.pop(name, None)) is not None:
            self._homeless[name] = {pod.uid: pod for pod in info.pods}
            for uid, pod in self._homeless[name].items():
                self._with_terms.pop(uid, None)
                self._priorities[pod.priority] -= 1
            self.image_counts.subtract(info.images.keys())
            for follower in self.followers:
                follower.node_removed(name)

    def place(self, pod: PodInfo, node: str) -> None:
        """Count a pod on a node: because it is there, or because that was just decided."""
        known = self._nodes.get(node)
        if known is not None and known.replace(pod):
            if pod.uid in self._with_terms:
                self._with_terms[pod.uid] = pod
            return  # the usual: what was decided here comes back from the apiserver
        self.remove(pod.uid)
        self._place_of[pod.uid] = node
        if pod.group is not None:
            self.gangs.place(pod.group, pod.uid)
        if (info := self._nodes.get(node)) is not None:
            self._add(info, pod)
        else:
            self._homeless.setdefault(node, {})[pod.uid] = pod

    def remove(self, uid: str) -> None:
        """Count a pod nowhere."""
        node = self._place_of.pop(uid, None)
        if node is None:
            return
        self.gangs.displace(uid)
        if (info := self._nodes.get(node)) is not None:
            gone = info.remove(uid)
            self._count(info)
            self._with_terms.pop(uid, None)
            if gone is not None:
                self._priorities[gone.priority] -= 1
                for follower in self.followers:
                    follower.pods_changed(info, gone, -1)
        elif node in self._homeless:
            self._homeless[node].pop(uid, None)

    def _add(self, info: NodeInfo, pod: PodInfo) -> None:
        pod.share(self._amounts)
        info.add(pod)
        self._count(info)
        self._priorities[pod.priority] += 1
        if has_terms(pod.pod):
            self._with_terms[pod.uid] = pod
        for follower in self.followers:
            follower.pods_changed(info, pod, 1)

    def _count(self, info: NodeInfo) -> None:
        self.version += 1
        info.version = self.version

    def _tell_node(self, info: NodeInfo) -> None:
        for follower in self.followers:
            follower.node_changed(info)

    # Pods for which room is being made.

    def nominate(self, pod: PodInfo, node: str) -> None:
        """Remember that a pod is to go to a node once it has room."""
        self.withdraw(pod.uid)
        if node:
            self._nominated.setdefault(node, {})[pod.uid] = pod
            self._nominated_to[pod.uid] = node

    def withdraw(self, uid: str) -> None:
        """Forget where a pod was to go."""
        node = self._nominated_to.pop(uid, None)
        if node is not None:
            pods = self._nominated[node]
            del pods[uid]
            if not pods:
                del self._nominated[node]

    def nomination_of(self, uid: str) -> str:
        """Return the node where room is being made for a pod; empty if there is none."""
        return self._nominated_to.get(uid, "")

    @property
    def nominated_nodes(self) -> Iterable[str]:
        """The nodes where room is being made."""
        return self._nominated.keys()

    def nominated_on(self, node: str, pod: PodInfo) -> Sequence[PodInfo]:
        """Return the others that are to go to a node and are at least as important as a pod."""
        if not self._nominated:
            return ()
        if (found := self._nominated.get(node)) is None:
            return ()
        expected = found.values()
        return [other for other in expected if other.uid != pod.uid and other.priority >= pod.priority]
