"""Taints keep pods away, or make nodes less welcome."""

from dataclasses import dataclass

from kobune.scheduler.framework import No, Scores
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.plugins.scaling import reversed_proportional
from kobune.scheduler.plugins.tolerating import tolerates
from kobune.scheduler.podinfo import PodInfo

HARD = ("NoSchedule", "NoExecute")
SOFT = "PreferNoSchedule"
REFUSAL = No(("node(s) had untolerated taint(s)",), final=True)


@dataclass(frozen=True)
class TaintToleration:
    """Rules out nodes with a taint that the pod does not tolerate; prefers nodes with few soft ones."""

    weight: int = 3

    def filter(self, pod: PodInfo, node: NodeInfo) -> No | None:
        for taint in node.node.spec.taints:
            if taint.effect in HARD and not tolerates(pod.spec.tolerations, taint.key, taint.value, taint.effect):
                return REFUSAL
        return None

    def score(self, pod: PodInfo, node: NodeInfo) -> float:
        soft = [taint for taint in node.node.spec.taints if taint.effect == SOFT]
        return sum(not tolerates(pod.spec.tolerations, taint.key, taint.value, SOFT) for taint in soft)

    def normalize(self, scores: Scores) -> Scores:
        return reversed_proportional(scores)
