"""What a plugin outside knows of the cluster, and what it has to be told before the next question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kobune.api.core.v1 import Node as ApiNode
from kobune.api.core.v1 import Pod
from kobune.apimachinery import codec
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot
from kobune.scheduler.v1 import Changes, Node, Taint, Template

TEMPLATES: Final = 20_000
"""From so many on it is told everything anew, which forgets the old ones."""


@dataclass
class Known:
    """A node as it was told."""

    id: int
    node: ApiNode
    version: int
    pods: dict[str, int] = field(default_factory=dict)
    """By uid: the template."""


class Mirror:
    """Follows one snapshot at a time."""

    def __init__(self) -> None:
        self._cluster: Snapshot | None = None
        self._version = -1
        self._nodes: dict[str, Known] = {}
        self._templates: dict[bytes, int] = {}
        self._next = 0

    @property
    def is_full(self) -> bool:
        """Whether it is time to begin anew."""
        return len(self._templates) > TEMPLATES

    def names(self) -> Mapping[int, str]:
        """Return the nodes' names by their numbers."""
        return {known.id: name for name, known in self._nodes.items()}

    def number(self, name: str) -> int:
        """Return the number of a node."""
        return self._nodes[name].id

    def ids(self, nodes: Sequence[NodeInfo]) -> list[int]:
        """Return the numbers of nodes, in order; none of them means all."""
        if len(nodes) == len(self._nodes):
            return []
        return [self._nodes[node.name].id for node in nodes]

    def in_order(self, ids: Sequence[int], nodes: Sequence[NodeInfo]) -> Sequence[str]:
        """Return the names of nodes in the order of the numbers that were sent."""
        return [node.name for node in nodes] if ids else list(self._nodes)

    def changes(self, cluster: Snapshot, pod: PodInfo) -> tuple[Changes, int]:
        """Return what has to be told before a question about a pod, and the number of the pod's template."""
        changes = Changes()
        template = self._template(pod, changes)
        same = cluster is self._cluster
        if not same or cluster.version != self._version:
            self._compare(cluster, changes, trust_versions=same)
            self._cluster, self._version = cluster, cluster.version
        return changes, template

    def _compare(self, cluster: Snapshot, changes: Changes, *, trust_versions: bool) -> None:
        there = set()
        for info in cluster.nodes:
            there.add(info.name)
            known = self._nodes.get(info.name)
            if known is not None and trust_versions and known.version == info.version:
                continue
            if known is None:
                self._next += 1
                known = self._nodes[info.name] = Known(self._next, info.node, info.version)
                changes.nodes.append(row(known.id, info))
            elif known.node is not info.node:
                known.node = info.node
                changes.nodes.append(row(known.id, info))
            known.version = info.version
            self._compare_pods(info, known, changes)
        for name in [name for name in self._nodes if name not in there]:
            del self._nodes[name]
            changes.gone.append(name)

    def _compare_pods(self, info: NodeInfo, known: Known, changes: Changes) -> None:
        pods = {pod.uid: pod for pod in info.pods}
        for uid in [uid for uid in known.pods if uid not in pods]:
            del known.pods[uid]
            changes.left.add(uid=uid, node=known.id)
        for uid, pod in pods.items():
            template = self._template(pod, changes)
            if known.pods.get(uid) != template:
                known.pods[uid] = template
                changes.placed.add(uid=uid, node=known.id, template=template)

    def _template(self, pod: PodInfo, changes: Changes) -> int:
        key = pod.unplaced_template
        number = self._templates.get(key)
        if number is None:
            number = self._templates[key] = len(self._templates) + 1
            text = codec.to_json(Pod.FromString(key)).decode()
            meta = pod.metadata
            changes.templates.append(
                Template(
                    id=number,
                    namespace=meta.namespace,
                    labels=meta.labels,
                    requests=pod.requests,
                    priority=pod.spec.priority,
                    pod=text,
                )
            )
        return number


def row(number: int, info: NodeInfo) -> Node:
    """Return a node as it is told."""
    return Node(
        id=number,
        name=info.name,
        labels=info.node.metadata.labels,
        taints=[Taint(key=key, value=value, effect=effect) for key, value, effect in info.taints],
        unschedulable=info.node.spec.unschedulable,
        allocatable=info.allocatable,
    )
