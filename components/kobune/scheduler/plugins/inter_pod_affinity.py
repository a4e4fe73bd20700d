"""Pods near others, or apart from them: what a pod says of the pods that are there, and what they say of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from kobune.scheduler.affinity import Term, Terms
from kobune.scheduler.framework import SKIP, No, Scores
from kobune.scheduler.framework.answers import Skip
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.plugins.scaling import HIGHEST
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Objects, Snapshot

if TYPE_CHECKING:
    from kobune.scheduler.engine.column import Column
    from kobune.scheduler.engine.table import Table

Domain: TypeAlias = tuple[str, str]
"""The nodes where a label, the first, has a value, the second."""

NOT_NEAR = No(("node(s) didn't match pod affinity rules",), final=True)
NOT_APART = No(("node(s) didn't match pod anti-affinity rules",))
UNWELCOME = No(("node(s) didn't satisfy existing pods anti-affinity rules",))
REFUSALS = (UNWELCOME, NOT_APART, NOT_NEAR)


@dataclass(frozen=True)
class Neighbours:
    """How many pods each domain has that matter to a pod. Domains without any are left out."""

    objects: Objects
    own: Terms
    wanted: Mapping[Domain, int] = field(default_factory=dict)
    """Pods that it wants to be near: those that match all its terms."""
    avoided: Mapping[Domain, int] = field(default_factory=dict)
    """Pods that it has to be apart from."""
    avoiding: Mapping[Domain, int] = field(default_factory=dict)
    """Pods that have to be apart from it."""


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

    def column(self, pod: PodInfo, table: "Table") -> "Column":
        from kobune.scheduler.engine.affinity_column import AffinityColumn

        hears_others = not self.ignore_preferred_terms_of_existing_pods
        return AffinityColumn(pod, table, self.hard_pod_affinity_weight, hears_others)

    def refusal(self, pod: PodInfo, code: int) -> No:
        return REFUSALS[code - 1]

    def pre_filter(self, pod: PodInfo, cluster: Snapshot) -> Neighbours | Skip:
        own, objects = pod.terms, cluster.objects
        avoiding: Counter[Domain] = Counter()
        for other, node in cluster.pods_with_terms:
            avoiding.update(unwelcome(other, pod, node, objects))
        if not own.near and not own.apart:
            return Neighbours(objects, own, avoiding=avoiding) if avoiding else SKIP
        wanted: Counter[Domain] = Counter()
        avoided: Counter[Domain] = Counter()
        for node in cluster.nodes:
            for other in node.pods:
                if is_wanted(own, other, objects):
                    wanted.update(domains(own.near, node))
                if own.apart:
                    avoided.update(domains([term for term in own.apart if term.matches(other, objects)], node))
        return Neighbours(objects, own, wanted, avoided, avoiding)

    def added(self, state: Neighbours, pod: PodInfo, other: PodInfo, node: NodeInfo) -> Neighbours:
        return _changed(state, pod, other, node, 1)

    def removed(self, state: Neighbours, pod: PodInfo, other: PodInfo, node: NodeInfo) -> Neighbours:
        return _changed(state, pod, other, node, -1)

    def filter(self, pod: PodInfo, node: NodeInfo, state: Neighbours) -> No | None:
        labels = node.node.metadata.labels
        for term in state.own.near:
            value = labels.get(term.topology_key)
            if value is None:
                return NOT_NEAR
            # Whoever wants to be near its like has to start somewhere.
            if (term.topology_key, value) not in state.wanted and not (
                not state.wanted and is_wanted(state.own, pod, state.objects)
            ):
                return NOT_NEAR
        if state.avoided and _is_in(state.avoided, labels):
            return NOT_APART
        return UNWELCOME if state.avoiding and _is_in(state.avoiding, labels) else None

    def pre_score(self, pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Snapshot) -> Mapping[Domain, int] | Skip:
        """Return how much each domain is liked, by the pod and by the pods that are there."""
        own, objects = pod.terms, cluster.objects
        liked: Counter[Domain] = Counter()
        if own.rather_near or own.rather_apart:
            for node in cluster.nodes:
                for other in node.pods:
                    _like(liked, own.rather_near, other, node, objects, 1)
                    _like(liked, own.rather_apart, other, node, objects, -1)
        elif self.ignore_preferred_terms_of_existing_pods:
            return SKIP
        for other, node in cluster.pods_with_terms:
            theirs = other.terms
            _like(liked, theirs.near, pod, node, objects, self.hard_pod_affinity_weight)
            _like(liked, theirs.rather_near, pod, node, objects, 1)
            _like(liked, theirs.rather_apart, pod, node, objects, -1)
        return liked or SKIP

    def score(self, pod: PodInfo, node: NodeInfo, state: Mapping[Domain, int]) -> float:
        return sum(state.get(domain, 0) for domain in node.node.metadata.labels.items())

    def normalize(self, scores: Scores) -> Scores:
        least, most = min(scores.values()), max(scores.values())
        if least == most:
            return dict.fromkeys(scores, 0.0)
        return {name: HIGHEST * ((score - least) / (most - least)) // 1 for name, score in scores.items()}


def is_wanted(own: Terms, other: PodInfo, objects: Objects) -> bool:
    """Whether a pod is one that `own` requires to be near."""
    return bool(own.near) and all(term.matches(other, objects) for term in own.near)


def unwelcome(other: PodInfo, pod: PodInfo, node: NodeInfo, objects: Objects) -> list[Domain]:
    """Return the domains where a pod on a node does not want `pod` to be."""
    return domains([term for term in other.terms.apart if term.matches(pod, objects)], node)


def domains(terms: Sequence[Term], node: NodeInfo) -> list[Domain]:
    """Return the domains of the terms' topology that a node is in."""
    labels = node.node.metadata.labels
    return [(term.topology_key, labels[term.topology_key]) for term in terms if term.topology_key in labels]


def _changed(state: Neighbours, pod: PodInfo, other: PodInfo, node: NodeInfo, sign: int) -> Neighbours:
    own, objects = state.own, state.objects
    avoided = domains([term for term in own.apart if term.matches(other, objects)], node)
    return replace(
        state,
        wanted=_plus(state.wanted, domains(own.near, node) if is_wanted(own, other, objects) else [], sign),
        avoided=_plus(state.avoided, avoided, sign),
        avoiding=_plus(state.avoiding, unwelcome(other, pod, node, objects), sign),
    )


def _plus(counts: Mapping[Domain, int], more: Sequence[Domain], sign: int) -> Mapping[Domain, int]:
    if not more:
        return counts
    changed = dict(counts)
    for domain in more:
        changed[domain] = changed.get(domain, 0) + sign
        if not changed[domain]:
            del changed[domain]
    return changed


def _is_in(counts: Mapping[Domain, int], labels: Mapping[str, str]) -> bool:
    return any(domain in counts for domain in labels.items())


def _like(
    liked: Counter[Domain], terms: Sequence[Term], about: PodInfo, node: NodeInfo, objects: Objects, factor: int
) -> None:
    for term in terms:
        if factor and term.matches(about, objects):
            for domain in domains([term], node):
                liked[domain] += factor * term.weight
