"""Selectors that depend on the pod's own labels, as those of a revision do. Source: KEP-3633, KEP-3243."""

from collections.abc import Iterable, Mapping
from typing import Any

from kobune.api.core.v1 import Pod


def take_label_keys(pod: Pod) -> None:
    """Add to the selectors of affinity and spreading what `matchLabelKeys` and `mismatchLabelKeys` mean for a pod."""
    labels = pod.metadata.labels
    for term in (*_terms(pod), *pod.spec.topologySpreadConstraints):
        if term.HasField("labelSelector"):
            _add(term.labelSelector, term.matchLabelKeys, "In", labels)
            _add(term.labelSelector, getattr(term, "mismatchLabelKeys", ()), "NotIn", labels)


def _terms(pod: Pod) -> Iterable[Any]:
    if not pod.spec.HasField("affinity"):
        return
    for wishes in (pod.spec.affinity.podAffinity, pod.spec.affinity.podAntiAffinity):
        yield from wishes.requiredDuringSchedulingIgnoredDuringExecution
        for weighted in wishes.preferredDuringSchedulingIgnoredDuringExecution:
            yield weighted.podAffinityTerm


def _add(selector: Any, keys: Iterable[str], operator: str, labels: Mapping[str, str]) -> None:
    for key in keys:
        if key in labels:
            selector.matchExpressions.add(key=key, operator=operator, values=[labels[key]])
