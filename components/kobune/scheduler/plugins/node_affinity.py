"""Node selectors and affinity: what a pod says about the labels of its node."""

from dataclasses import dataclass

from kobune.api.core.v1 import NodeSelectorTerm
from kobune.apimachinery.selectors import Requirement
from kobune.scheduler.framework import Scores
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.plugins.scaling import proportional
from kobune.scheduler.podinfo import PodInfo


@dataclass(frozen=True)
class NodeAffinity:
    """Rules out nodes that a selector or required term does not match; prefers those that preferred terms do."""

    weight: int = 2

    def filter(self, pod: PodInfo, node: NodeInfo) -> str | None:
        labels = node.node.metadata.labels
        fits = all(labels.get(key) == value for key, value in pod.spec.nodeSelector.items())
        affinity = pod.spec.affinity.nodeAffinity
        if fits and affinity.HasField("requiredDuringSchedulingIgnoredDuringExecution"):
            terms = affinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms
            fits = any(matches(term, node) for term in terms)
        return None if fits else "node(s) didn't match Pod's node affinity/selector"

    def score(self, pod: PodInfo, node: NodeInfo) -> float:
        terms = pod.spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution
        return sum(term.weight for term in terms if matches(term.preference, node))

    def normalize(self, scores: Scores) -> Scores:
        return proportional(scores)


def matches(term: NodeSelectorTerm, node: NodeInfo) -> bool:
    """Whether a node satisfies every expression of a term; an empty term matches nothing."""
    if not term.matchExpressions and not term.matchFields:
        return False
    labels = node.node.metadata.labels
    fields = {"metadata.name": node.name}
    return all(
        Requirement(expression.key, expression.operator, tuple(expression.values)).matches(found)
        for expressions, found in ((term.matchExpressions, labels), (term.matchFields, fields))
        for expression in expressions
    )
