"""Taints keep pods away, or make nodes less welcome."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kobune.apimachinery.tolerations import tolerates
from kobune.scheduler.framework import No, Scores
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.plugins.scaling import HIGHEST, reversed_proportional
from kobune.scheduler.podinfo import PodInfo

if TYPE_CHECKING:
    from kobune.scheduler.engine.table import Floats

HARD = ("NoSchedule", "NoExecute")
SOFT = "PreferNoSchedule"
REFUSAL = No(("node(s) had untolerated taint(s)",), final=True)


@dataclass(frozen=True)
class TaintToleration:
    """Rules out nodes with a taint that the pod does not tolerate; prefers nodes with few soft ones."""

    weight: int = 3

    needs_only = True
    events = ("Node/Add", "Node/UpdateNodeTaint")

    def sees(self, pod: PodInfo, node: NodeInfo) -> tuple[tuple[str, str, str], ...]:
        return node.taints

    def filter(self, pod: PodInfo, node: NodeInfo) -> No | None:
        return REFUSAL if is_kept_away(pod, node) else None

    def score(self, pod: PodInfo, node: NodeInfo) -> float:
        return sum(
            effect == SOFT and not tolerates(pod.spec.tolerations, key, value, SOFT)
            for key, value, effect in node.taints
        )

    def normalize_rows(self, scores: "Floats") -> "Floats":
        normalized: Floats = HIGHEST - scores * HIGHEST // scores.max()
        return normalized

    def normalize(self, scores: Scores) -> Scores:
        return reversed_proportional(scores)


def is_kept_away(pod: PodInfo, node: NodeInfo) -> bool:
    """Whether a node has a taint that forbids it to the pod."""
    return any(
        effect in HARD and not tolerates(pod.spec.tolerations, key, value, effect) for key, value, effect in node.taints
    )
