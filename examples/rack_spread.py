"""A scheduler's plugin is a class: pods of an app rather go to racks that run few others of it.

Its fields are its arguments, its methods the extension points that it joins; see examples/scheduler.yaml.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot


@dataclass(frozen=True)
class RackSpread:
    label: str = "rack"
    """Which label of a node says in which rack it is."""

    def score_many(self, pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Snapshot) -> Mapping[str, float]:
        app = pod.metadata.labels.get("app")
        racks = Counter(self.rack(node) for node in cluster.nodes for other in node.pods if app_of(other) == app)
        return {node.name: 100 / (1 + racks[self.rack(node)]) for node in nodes}

    def rack(self, node: NodeInfo) -> str:
        return node.node.metadata.labels.get(self.label, node.name)


def app_of(pod: PodInfo) -> str | None:
    return pod.metadata.labels.get("app")
