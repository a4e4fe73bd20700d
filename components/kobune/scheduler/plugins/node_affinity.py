"""Node selectors and affinity: what a pod says about the labels of its node."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kobune.api.core.v1 import NodeAffinity as Affinity
from kobune.api.core.v1 import NodeSelectorTerm, PreferredSchedulingTerm
from kobune.apimachinery import node_selectors
from kobune.apimachinery.node_selectors import NAME, matches, matches_any, required_terms
from kobune.scheduler.framework import SKIP, No, Only, Scores
from kobune.scheduler.framework.answers import Skip
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.plugins.scaling import HIGHEST, proportional
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

if TYPE_CHECKING:
    from kobune.scheduler.engine.table import Floats

ABSENT = "\0"
"""What no label can have as its value."""
REFUSAL = No(("node(s) didn't match Pod's node affinity/selector",), final=True)
ENFORCED = No(("node(s) didn't match scheduler-enforced node affinity",), final=True)


@dataclass(frozen=True)
class NodeAffinity:
    """Rules out nodes that a selector or required term does not match; prefers those that preferred terms do."""

    weight: int = 2
    added_affinity: Affinity = field(default_factory=Affinity)
    """What every pod of the profile wants besides."""

    needs_only = True
    events = ("Node/Add", "Node/UpdateNodeLabel")

    def pre_filter(self, pod: PodInfo, cluster: Snapshot) -> Skip | Only | No | None:
        required = required_terms(pod.spec.affinity.nodeAffinity)
        if not required and not pod.spec.nodeSelector and not required_terms(self.added_affinity):
            return SKIP
        names = _named(required)
        if names is None:
            return None
        return Only(names) if names else No(("pod affinity terms conflict",), final=True)

    def sees(self, pod: PodInfo, node: NodeInfo) -> tuple[str, ...]:
        labels = node.node.metadata.labels
        return tuple([node.name if key == NAME else labels.get(key, ABSENT) for key in self._keys(pod)])

    def filter(self, pod: PodInfo, node: NodeInfo) -> No | None:
        added = required_terms(self.added_affinity)
        labels = node.node.metadata.labels
        if added and not matches_any(added, node.name, labels):
            return ENFORCED
        return None if is_selected(pod, node) else REFUSAL

    def pre_score(self, pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Snapshot) -> Skip | None:
        return None if self._preferred(pod) else SKIP

    def score(self, pod: PodInfo, node: NodeInfo) -> float:
        labels = node.node.metadata.labels
        return sum(term.weight for term in self._preferred(pod) if matches(term.preference, node.name, labels))

    def normalize_rows(self, scores: "Floats") -> "Floats":
        normalized: Floats = scores * HIGHEST // scores.max()
        return normalized

    def _keys(self, pod: PodInfo) -> Sequence[str]:
        """Return the labels, and `NAME` for the name, that decide what a node is to a pod."""
        affinity = pod.spec.affinity.nodeAffinity
        terms = [
            *required_terms(affinity),
            *required_terms(self.added_affinity),
            *(t.preference for t in self._preferred(pod)),
        ]
        keys = {expression.key for term in terms for expression in term.matchExpressions}
        return [*pod.spec.nodeSelector, *keys, *([NAME] if any(term.matchFields for term in terms) else ())]

    def _preferred(self, pod: PodInfo) -> Sequence[PreferredSchedulingTerm]:
        own = pod.spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution
        return [*self.added_affinity.preferredDuringSchedulingIgnoredDuringExecution, *own]

    def normalize(self, scores: Scores) -> Scores:
        return proportional(scores)


def is_selected(pod: PodInfo, node: NodeInfo) -> bool:
    """Whether a node is one that the pod's selector and required affinity allow."""
    return node_selectors.is_selected(pod.spec, node.name, node.node.metadata.labels)


def _named(terms: Sequence[NodeSelectorTerm]) -> frozenset[str] | None:
    """Return the names that the terms allow, if each of them names nodes; None if other nodes may match, too."""
    names: set[str] = set()
    for term in terms:
        named: set[str] | None = None
        for wanted in term.matchFields:
            if wanted.key == NAME and wanted.operator == "In":
                named = set(wanted.values) if named is None else named & set(wanted.values)
        if named is None:
            return None
        names |= named
    return frozenset(names) if terms else None
