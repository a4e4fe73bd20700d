"""What pods and volumes say of the nodes that they can be on.

Source: the documentation's *Assigning Pods to Nodes*.
"""

from collections.abc import Iterable, Mapping, Sequence

from kobune.api.core.v1 import NodeAffinity, NodeSelectorTerm, PodSpec
from kobune.apimachinery.selectors import Requirement

NAME = "metadata.name"
"""The only field of a node that can be selected by."""


def is_selected(spec: PodSpec, name: str, labels: Mapping[str, str]) -> bool:
    """Whether the node of that name, with those labels, is one that a pod's selector and required affinity allow."""
    if any(labels.get(key) != value for key, value in spec.nodeSelector.items()):
        return False
    required = required_terms(spec.affinity.nodeAffinity)
    return not required or matches_any(required, name, labels)


def required_terms(affinity: NodeAffinity) -> Sequence[NodeSelectorTerm]:
    """Return the terms of which a node must match one; none if any node will do."""
    if not affinity.HasField("requiredDuringSchedulingIgnoredDuringExecution"):
        return ()
    return affinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms


def matches_any(terms: Iterable[NodeSelectorTerm], name: str, labels: Mapping[str, str]) -> bool:
    """Whether a node satisfies one of the terms."""
    return any(matches(term, name, labels) for term in terms)


def matches(term: NodeSelectorTerm, name: str, labels: Mapping[str, str]) -> bool:
    """Whether a node satisfies every expression of a term; an empty term matches nothing."""
    if not term.matchExpressions and not term.matchFields:
        return False
    return all(
        Requirement(expression.key, expression.operator, tuple(expression.values)).matches(found)
        for expressions, found in ((term.matchExpressions, labels), (term.matchFields, {NAME: name}))
        for expression in expressions
    )
