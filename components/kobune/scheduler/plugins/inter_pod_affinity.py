"""Pods near others, or apart from them: what a pod says of the pods that are there, and what they say of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from kobune.scheduler.affinity import AVOIDED, AVOIDING, LIKED, WANTED, Regard
from kobune.scheduler.framework import SKIP, No, Scores
from kobune.scheduler.framework.answers import Skip
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.objects import Objects
from kobune.scheduler.plugins.counts import Counts
from kobune.scheduler.plugins.scaling import HIGHEST
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

if TYPE_CHECKING:
    from kobune.scheduler.engine.affinity_column import AffinityColumn
    from kobune.scheduler.engine.table import Table

Domain: TypeAlias = tuple[str, str]
"""The nodes where a label, the first, has a value, the second."""

NOT_NEAR = No(("node(s) didn't match pod affinity rules",), final=True)
NOT_APART = No(("node(s) didn't match pod anti-affinity rules",))
UNWELCOME = No(("node(s) didn't satisfy existing pods anti-affinity rules",))
REFUSALS = (UNWELCOME, NOT_APART, NOT_NEAR)


@dataclass(frozen=True)
class Neighbours:
    """How many pods each domain has that matter to a pod."""

    regard: Regard
    counts: Mapping[int, Counts[Domain]]
    """By what they are to it."""


@dataclass(frozen=True)
class InterPodAffinity:
    """Keeps pods near others or apart from them, as they require, and rates nodes by what they prefer.

    Source: the documentation's *Inter-pod affinity and anti-affinity*, the reference of `InterPodAffinityArgs`.
    """

    weight: int = 2
    hard_pod_affinity_weight: int = 1
    """How much it counts that a pod which is there requires to be near such pods."""
    ignore_preferred_terms_of_existing_pods: bool = False
    """Whether a pod that has no preferences itself is rated without those of the pods that are there."""

    events = ("Pod/Add", "Pod/UpdatePodLabel", "Pod/Delete", "Node/Add", "Node/UpdateNodeLabel", "Namespace/*")

    def depends(self, pod: PodInfo, objects: Objects) -> int:
        return objects.changes["namespaces"]

    def column(self, pod: PodInfo, table: "Table") -> "AffinityColumn":
        from kobune.scheduler.engine.affinity_column import AffinityColumn

        hears_others = not self.ignore_preferred_terms_of_existing_pods
        return AffinityColumn(table, Regard(pod, table.objects, self.hard_pod_affinity_weight, hears_others))

    def state(self, pod: PodInfo, column: "AffinityColumn") -> Neighbours | Skip:
        counts = {what: column.counts(what) for what in (WANTED, AVOIDED, AVOIDING)}
        if not (pod.terms.near or pod.terms.apart or counts[AVOIDING]):
            return SKIP
        return Neighbours(column.regard, {what: Counts.of(found) for what, found in counts.items()})

    def refusal(self, pod: PodInfo, code: int) -> No:
        return REFUSALS[code - 1]

    def pre_filter(self, pod: PodInfo, cluster: Snapshot) -> Neighbours | Skip:
        regard = Regard(pod, cluster.objects)
        found = _regarded(regard, cluster, looks_around=bool(pod.terms.near or pod.terms.apart))
        if not (pod.terms.near or pod.terms.apart or found[AVOIDING]):
            return SKIP
        return Neighbours(regard, {what: Counts.of(found[what]) for what in (WANTED, AVOIDED, AVOIDING)})

    def added(self, state: Neighbours, pod: PodInfo, other: PodInfo, node: NodeInfo) -> Neighbours:
        return _changed(state, other, node, 1)

    def removed(self, state: Neighbours, pod: PodInfo, other: PodInfo, node: NodeInfo) -> Neighbours:
        return _changed(state, other, node, -1)

    def filter(self, pod: PodInfo, node: NodeInfo, state: Neighbours) -> No | None:
        labels = node.node.metadata.labels
        wanted = state.counts[WANTED]
        # Whoever wants to be near its like has to start somewhere.
        starts = state.regard.is_own_like and not wanted
        for term in pod.terms.near:
            value = labels.get(term.topology_key)
            if value is None or not (starts or wanted.at((term.topology_key, value)) > 0):
                return NOT_NEAR
        for what, refusal in ((AVOIDED, NOT_APART), (AVOIDING, UNWELCOME)):
            counts = state.counts[what]
            if counts and any(counts.at(domain) > 0 for domain in labels.items()):
                return refusal
        return None

    def pre_score(self, pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Snapshot) -> Mapping[Domain, int] | Skip:
        """Return how much each domain is liked, by the pod and by the pods that are there."""
        hears_others = not self.ignore_preferred_terms_of_existing_pods
        regard = Regard(pod, cluster.objects, self.hard_pod_affinity_weight, hears_others)
        looks_around = bool(pod.terms.rather_near or pod.terms.rather_apart)
        return _regarded(regard, cluster, looks_around)[LIKED] or SKIP

    def score(self, pod: PodInfo, node: NodeInfo, state: Mapping[Domain, int]) -> float:
        return sum(state.get(domain, 0) for domain in node.node.metadata.labels.items())

    def normalize(self, scores: Scores) -> Scores:
        least, most = min(scores.values(), default=0), max(scores.values(), default=0)
        if least == most:
            return dict.fromkeys(scores, 0.0)
        return {name: HIGHEST * ((score - least) / (most - least)) // 1 for name, score in scores.items()}


def _regarded(regard: Regard, cluster: Snapshot, looks_around: bool) -> Mapping[int, Mapping[Domain, int]]:
    """Return how much there is in each domain, by what it is to a pod.

    Pods that say nothing about others matter only if the pod itself `looks_around`.
    """
    found: dict[int, dict[Domain, int]] = {what: {} for what in (WANTED, AVOIDED, AVOIDING, LIKED)}
    everyone = ((other, node) for node in cluster.nodes for other in node.pods)
    for other, node in everyone if looks_around else cluster.pods_with_terms:
        for what, domain, amount in _effects(regard, other, node):
            found[what][domain] = found[what].get(domain, 0) + amount
    return found


def _effects(regard: Regard, other: PodInfo, node: NodeInfo) -> Iterable[tuple[int, Domain, int]]:
    """Return what a pod on a node is to another, and in which domains."""
    for what, key, amount in regard.of(other):
        value = node.node.metadata.labels.get(key)
        if value is not None:
            yield what, (key, value), amount


def _changed(state: Neighbours, other: PodInfo, node: NodeInfo, sign: int) -> Neighbours:
    counts = dict(state.counts)
    for what, domain, amount in _effects(state.regard, other, node):
        if what in counts:
            counts[what] = counts[what].plus(domain, sign * amount)
    return Neighbours(state.regard, counts)
