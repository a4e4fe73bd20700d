"""Labels of nodes that have got other names."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from kobune.apimachinery import names


def _renamed(since: str, label: str) -> str:
    return f'deprecated since {since}; use "{label}" instead'


DEPRECATED: Final[Mapping[str, str]] = {
    "beta.kubernetes.io/arch": _renamed("v1.14", "kubernetes.io/arch"),
    "beta.kubernetes.io/os": _renamed("v1.14", "kubernetes.io/os"),
    "failure-domain.beta.kubernetes.io/region": _renamed("v1.17", "topology.kubernetes.io/region"),
    "failure-domain.beta.kubernetes.io/zone": _renamed("v1.17", "topology.kubernetes.io/zone"),
    "beta.kubernetes.io/instance-type": _renamed("v1.17", "node.kubernetes.io/instance-type"),
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}
"""By label: what to say of it."""


def term_warnings(at: str, term: Any, *, values: bool = False) -> Iterator[str]:
    """Yield what is odd about a term of a node selector; with `values`, also values that no label can have."""
    for index, expression in enumerate(term.matchExpressions):
        here = f"{at}.matchExpressions[{index}]"
        if expression.key in DEPRECATED:
            yield f"{here}.key: {expression.key} is {DEPRECATED[expression.key]}"
        if values:
            for position, value in enumerate(expression.values):
                for problem in names.label_value(value):
                    yield f"{here}.values[{position}]: {value} is invalid, {problem}"


def selector_warnings(at: str, selector: Any) -> Iterator[str]:
    """Yield what is odd about a label selector for nodes."""
    yield from term_warnings(at, selector)
    for key in selector.matchLabels:
        if key in DEPRECATED:
            yield f"{at}.matchLabels.{key}: {DEPRECATED[key]}"


def name_warnings(name: str, use: str) -> Iterator[str]:
    """Yield a word if a name becomes part of host names, and does not fit."""
    if problems := names.dns_label(name):
        words = " ".join(problems)
        why = "which can result in surprising behavior; a DNS label is recommended"
        yield f"metadata.name: this is used in {use}, {why}: [{words}]"


def topology_warnings(at: str, terms: Iterable[Any]) -> Iterator[str]:
    """Yield what is odd about the topologies that a storage class allows."""
    for index, term in enumerate(terms):
        for position, expression in enumerate(term.matchLabelExpressions):
            if expression.key in DEPRECATED:
                here = f"{at}[{index}].matchLabelExpressions[{position}].key"
                yield f"{here}: {expression.key} is {DEPRECATED[expression.key]}"
