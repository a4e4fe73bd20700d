"""Taints keep pods away, or make nodes less welcome."""

from dataclasses import dataclass

from kobune.scheduler.framework import Scores
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.plugins.scaling import reversed_proportional
from kobune.scheduler.plugins.tolerating import tolerates
from kobune.scheduler.podinfo import PodInfo

HARD = ("NoSchedule", "NoExecute")
SOFT = "PreferNoSchedule"


@dataclass(frozen=True)
class TaintToleration:
    """Rules out nodes with a taint that the pod does not tolerate; prefers nodes with few soft ones."""

    weight: int = 3

    def filter(self, pod: PodInfo, node: NodeInfo) -> str | None:
        for taint in node.node.spec.taints:
            if taint.effect in HARD and not tolerates(pod.spec.tolerations, taint.key, taint.value, taint.effect):
                return "node(s) had untolerated taint(s)"
        return None

    def score(self, pod: PodInfo, node: NodeInfo) -> float:
        soft = [taint for taint in node.node.spec.taints if taint.effect == SOFT]
        return sum(not tolerates(pod.spec.tolerations, taint.key, taint.value, SOFT) for taint in soft)

    def normalize(self, scores: Scores) -> Scores:
        return reversed_proportional(scores)
