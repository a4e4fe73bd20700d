"""What pods say about the pods beside them: the terms of pod affinity and anti-affinity, parsed once.

Source: the documentation's *Assigning Pods to Nodes*, the reference of `PodAffinityTerm`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from kobune.api.core.v1 import Pod, PodAffinityTerm
from kobune.apimachinery.selectors import NOTHING, Selector, from_label_selector

if TYPE_CHECKING:
    from kobune.scheduler.objects import Objects
    from kobune.scheduler.podinfo import PodInfo, Traits

REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"


@dataclass(frozen=True)
class Term:
    """Pods of certain namespaces with certain labels, and how near they are: in the same domain of `topology_key`."""

    topology_key: str
    selector: Selector
    namespaces: frozenset[str]
    namespace_selector: Selector
    """Selects further namespaces by their labels."""
    weight: int = 1

    def matches(self, pod: "PodInfo", objects: "Objects") -> bool:
        """Whether the term is about a pod."""
        metadata = pod.metadata
        return self.covers(metadata.namespace, objects) and self.selector.matches(metadata.labels)

    def covers(self, namespace: str, objects: "Objects") -> bool:
        """Whether the term is about the pods of a namespace."""
        if namespace in self.namespaces:
            return True
        if self.namespace_selector is NOTHING:
            return False
        found = objects.get("namespaces", "", namespace)
        return self.namespace_selector.matches(found.metadata.labels if found is not None else {})


@dataclass(frozen=True)
class Terms:
    """All that a pod says about the pods beside it."""

    near: Sequence[Term] = ()
    """It has to be near pods that match all of these…"""
    apart: Sequence[Term] = ()
    """…and apart from those that match any of these."""
    rather_near: Sequence[Term] = ()
    rather_apart: Sequence[Term] = ()
    """Its wishes, by weight."""

    @cached_property
    def anchors(self) -> frozenset[tuple[str, str]] | None:
        """Labels of which every pod that a term is about has one; None if there may be others."""
        return joined(term.selector for term in (*self.near, *self.apart, *self.rather_near, *self.rather_apart))

    def __bool__(self) -> bool:
        return bool(self.near or self.apart or self.rather_near or self.rather_apart)


def joined(selectors: Iterable[Selector]) -> frozenset[tuple[str, str]] | None:
    """Return labels of which whatever any of them selects has one; None if it may have none of a few."""
    found: set[tuple[str, str]] = set()
    for selector in selectors:
        if selector.anchors is None:
            return None
        found |= selector.anchors
    return frozenset(found)


NONE: Final = Terms()


AVOIDING, AVOIDED, WANTED, LIKED = range(1, 5)
"""What pods can be to a pod: they keep apart from it, it keeps apart from them, it wants to be near them; and how much
it likes them and they like it."""

MOST_REMEMBERED: Final = 10_000


class Regard:
    """What other pods are to one pod. It is looked at once for all pods with the same traits."""

    def __init__(self, pod: "PodInfo", objects: "Objects", hard_weight: int = 1, hears_others: bool = True) -> None:
        """`hard_weight` is what it counts that others have to be near; `hears_others`, whether their wishes count."""
        self.pod = pod
        self.own: Terms = pod.terms
        self._objects = objects
        has_wishes = bool(self.own.rather_near or self.own.rather_apart)
        self._hard_weight = hard_weight
        self._hears_others = hears_others or has_wishes
        self._known: dict[Traits, Sequence[tuple[int, str, int]]] = {}
        self.is_own_like = self._wants(pod)
        """Whether it is one of those that it wants to be near."""

    def of(self, other: "PodInfo") -> Sequence[tuple[int, str, int]]:
        """Return what a pod is to this one: for each term that says so, in which topology, and how much it counts."""
        if not self._may_matter(other):
            return ()  # thousands of kinds of pods are not worth remembering that
        known = self._known.get(other.traits)
        if known is None:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            known = self._known[other.traits] = list(self._look_at(other))
        return known

    def _may_matter(self, other: "PodInfo") -> bool:
        anchors, traits = self.own.anchors, other.traits
        if anchors is None or not anchors.isdisjoint(traits.labels):
            return True
        if not traits.terms:
            return False
        theirs = other.terms.anchors
        return theirs is None or not theirs.isdisjoint(self.pod.traits.labels)

    def _look_at(self, other: "PodInfo") -> Iterable[tuple[int, str, int]]:
        own, theirs = self.own, other.terms
        if self._wants(other):
            for term in own.near:
                yield WANTED, term.topology_key, 1
        for term in self._about(own.apart, other):
            yield AVOIDED, term.topology_key, 1
        for term in self._about(theirs.apart, self.pod):
            yield AVOIDING, term.topology_key, 1
        for term in self._about(own.rather_near, other):
            yield LIKED, term.topology_key, term.weight
        for term in self._about(own.rather_apart, other):
            yield LIKED, term.topology_key, -term.weight
        if not self._hears_others:
            return
        for term in self._about(theirs.near, self.pod) if self._hard_weight else ():
            yield LIKED, term.topology_key, self._hard_weight
        for term in self._about(theirs.rather_near, self.pod):
            yield LIKED, term.topology_key, term.weight
        for term in self._about(theirs.rather_apart, self.pod):
            yield LIKED, term.topology_key, -term.weight

    def _wants(self, other: "PodInfo") -> bool:
        return bool(self.own.near) and all(term.matches(other, self._objects) for term in self.own.near)

    def _about(self, terms: Sequence[Term], pod: "PodInfo") -> Iterable[Term]:
        return [term for term in terms if term.matches(pod, self._objects)]


def has_terms(pod: Pod) -> bool:
    """Whether a pod says anything about the pods beside it."""
    if not pod.spec.HasField("affinity"):
        return False
    affinity = pod.spec.affinity
    return any(
        getattr(wishes, REQUIRED) or getattr(wishes, PREFERRED)
        for wishes in (affinity.podAffinity, affinity.podAntiAffinity)
    )


def terms_of(pod: Pod) -> Terms:
    """Return what a pod says about the pods beside it."""
    if not has_terms(pod):
        return NONE
    near, apart = pod.spec.affinity.podAffinity, pod.spec.affinity.podAntiAffinity
    namespace = pod.metadata.namespace
    return Terms(
        [_term(term, namespace) for term in getattr(near, REQUIRED)],
        [_term(term, namespace) for term in getattr(apart, REQUIRED)],
        _weighted(getattr(near, PREFERRED), namespace),
        _weighted(getattr(apart, PREFERRED), namespace),
    )


def _weighted(terms: Iterable[Any], namespace: str) -> Sequence[Term]:
    return [_term(term.podAffinityTerm, namespace, term.weight) for term in terms]


def _term(term: PodAffinityTerm, own: str, weight: int = 1) -> Term:
    selected = term.HasField("namespaceSelector")
    return Term(
        term.topologyKey,
        from_label_selector(term.labelSelector if term.HasField("labelSelector") else None),
        frozenset(term.namespaces or (() if selected else (own,))),
        from_label_selector(term.namespaceSelector if selected else None),
        weight,
    )
