"""What pods say about the pods beside them: the terms of pod affinity and anti-affinity, parsed once.

Source: the documentation's *Assigning Pods to Nodes*, the reference of `PodAffinityTerm`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kobune.api.core.v1 import Pod, PodAffinityTerm
from kobune.apimachinery.selectors import NOTHING, Selector, from_label_selector

if TYPE_CHECKING:
    from kobune.scheduler.podinfo import PodInfo
    from kobune.scheduler.snapshot import Objects

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

    def __bool__(self) -> bool:
        return bool(self.near or self.apart or self.rather_near or self.rather_apart)


NONE: Final = Terms()


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
