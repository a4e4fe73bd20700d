"""Pods of a kind are spread over zones, hosts or whatever else nodes have labels for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log
from typing import TYPE_CHECKING, Final

from kobune.api.core.v1 import TopologySpreadConstraint
from kobune.apimachinery.selectors import Selector
from kobune.scheduler.framework import SKIP, No, Scores
from kobune.scheduler.framework.answers import Skip
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.objects import Objects
from kobune.scheduler.plugins.counts import Counts
from kobune.scheduler.plugins.scaling import HIGHEST
from kobune.scheduler.plugins.spread_constraints import (
    HOSTNAME,
    SOFT,
    ZONE,
    Constraint,
    Spreading,
    by_default,
    own,
    selector_of,
)
from kobune.scheduler.podinfo import PodInfo, Traits
from kobune.scheduler.snapshot import Snapshot

if TYPE_CHECKING:
    from kobune.scheduler.engine.spread_column import SpreadColumn
    from kobune.scheduler.engine.table import Table

TOO_MANY = No(("node(s) didn't match pod topology spread constraints",))
NOWHERE = No(("node(s) didn't match pod topology spread constraints (missing required label)",), final=True)
REFUSALS = (TOO_MANY, NOWHERE)

SYSTEM: Final = (
    TopologySpreadConstraint(topologyKey=HOSTNAME, maxSkew=3, whenUnsatisfiable=SOFT),
    TopologySpreadConstraint(topologyKey=ZONE, maxSkew=5, whenUnsatisfiable=SOFT),
)
"""What goes for pods that have no constraints."""
LEFT_OUT: Final = -1.0
"""The score, before it is normalized, of nodes that cannot be compared."""


class Like:
    """The pods that count for a constraint of a pod. It is looked at once for all pods with the same traits."""

    def __init__(self, constraint: Constraint, pod: PodInfo) -> None:
        self.constraint = constraint
        self._namespace = pod.metadata.namespace
        self._known: dict[Traits, bool] = {}

    def on(self, node: NodeInfo) -> int:
        """Return how many there are on a node."""
        return sum(self.has(other) for other in node.pods)

    def has(self, other: PodInfo) -> bool:
        """Whether a pod is one of them."""
        known = self._known.get(other.traits)
        if known is None:
            known = self._known[other.traits] = self.constraint.matches(self._namespace, other)
        return known


@dataclass(frozen=True)
class Spread:
    """Where the pods are that count, for each constraint: how many in each domain that comes into question."""

    constraints: Sequence[Constraint]
    counts: Sequence[Counts[str]]


@dataclass(frozen=True)
class Evenness:
    """How domains compare, for each constraint: how many pods they have, and how much one counts."""

    spreading: Spreading
    like: Sequence[Like]
    counts: Sequence[Mapping[str, int]]
    factors: Sequence[float]


@dataclass(frozen=True)
class PodTopologySpread:
    """Rules out nodes in domains that have too many more pods of a kind than others, and prefers those with few.

    Source: the documentation's *Pod Topology Spread Constraints*, the reference of `PodTopologySpreadArgs`.
    """

    weight: int = 2
    default_constraints: Sequence[TopologySpreadConstraint] = ()
    defaulting_type: str = "System"
    """Which constraints go for pods that have none: of the `System`, or those of the `List` above."""

    events = (
        "Pod/Add",
        "Pod/UpdatePodLabel",
        "Pod/Delete",
        "Node/Add",
        "Node/Delete",
        "Node/UpdateNodeLabel",
        "Node/UpdateNodeTaint",
    )

    def pre_filter(self, pod: PodInfo, cluster: Snapshot) -> Spread | Skip:
        if not pod.spec.topologySpreadConstraints and self.defaulting_type != "List":
            return SKIP  # what the system wants is never required
        constraints = self.spreading(pod, cluster.objects).hard
        if not constraints:
            return SKIP
        counts: list[dict[str, int]] = [{} for _ in constraints]
        like = [Like(constraint, pod) for constraint in constraints]
        for node in cluster.nodes:
            for constraint, found, counted in zip(_counting(constraints, pod, node), counts, like, strict=True):
                if constraint is not None:
                    value = node.node.metadata.labels[constraint.topology_key]
                    found[value] = found.get(value, 0) + counted.on(node)
        return Spread(constraints, [Counts.of(found) for found in counts])

    def added(self, state: Spread, pod: PodInfo, other: PodInfo, node: NodeInfo) -> Spread:
        return _changed(state, pod, other, node, 1)

    def removed(self, state: Spread, pod: PodInfo, other: PodInfo, node: NodeInfo) -> Spread:
        return _changed(state, pod, other, node, -1)

    def filter(self, pod: PodInfo, node: NodeInfo, state: Spread) -> No | None:
        labels = node.node.metadata.labels
        for constraint, counts in zip(state.constraints, state.counts, strict=True):
            value = labels.get(constraint.topology_key)
            if value is None:
                return NOWHERE
            least = counts.least if len(counts) >= constraint.min_domains else 0
            itself = constraint.selector.matches(pod.metadata.labels)
            if counts.at(value) + itself - least > constraint.max_skew:
                return TOO_MANY
        return None

    def pre_score(self, pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Snapshot) -> Evenness | Skip:
        spreading = self.spreading(pod, cluster.objects)
        if not spreading.soft:
            return SKIP
        compared = [node for node in nodes if _is_compared(spreading, node)]
        counts: list[dict[str, int]] = [
            {node.node.metadata.labels.get(constraint.topology_key, ""): 0 for node in compared}
            for constraint in spreading.soft
        ]
        # Each node is a host of its own, whatever it is called.
        sizes = [
            len(compared) if constraint.topology_key == HOSTNAME else len(found)
            for constraint, found in zip(spreading.soft, counts, strict=True)
        ]
        like = [Like(constraint, pod) for constraint in spreading.soft]
        for node in cluster.nodes:
            if not _is_compared(spreading, node):
                continue
            for constraint, found, counted in zip(spreading.soft, counts, like, strict=True):
                value = node.node.metadata.labels.get(constraint.topology_key, "")
                if value in found and constraint.topology_key != HOSTNAME and constraint.counts(pod, node):
                    found[value] += counted.on(node)
        return Evenness(spreading, like, counts, [factor(size) for size in sizes])

    def score(self, pod: PodInfo, node: NodeInfo, state: Evenness) -> float:
        if not _is_compared(state.spreading, node):
            return LEFT_OUT
        labels = node.node.metadata.labels
        score = 0.0
        for like, counts, each in zip(state.like, state.counts, state.factors, strict=True):
            constraint = like.constraint
            value = labels.get(constraint.topology_key)
            if value is not None:
                count = like.on(node) if constraint.topology_key == HOSTNAME else counts[value]
                score += count * each + (constraint.max_skew - 1)
        return floor(score + 0.5)

    def normalize(self, scores: Scores) -> Scores:
        found = [score for score in scores.values() if score != LEFT_OUT]
        least, most = min(found, default=0), max(found, default=0)
        return {name: _normalized(score, least, most) for name, score in scores.items()}

    def concerns(self, pod: PodInfo) -> bool:
        return (
            bool(pod.spec.topologySpreadConstraints) or self.defaulting_type != "List" or bool(self.default_constraints)
        )

    def depends(self, pod: PodInfo, objects: Objects) -> Selector | None:
        return None if pod.spec.topologySpreadConstraints else selector_of(pod, objects)

    def column(self, pod: PodInfo, table: "Table") -> "SpreadColumn":
        from kobune.scheduler.engine.spread_column import SpreadColumn

        return SpreadColumn(pod, self.spreading(pod, table.objects), table, factor)

    def state(self, pod: PodInfo, column: "SpreadColumn") -> Spread | Skip:
        found = column.counts()
        return Spread(column.constraints, [Counts.of(counts) for counts in found]) if found else SKIP

    def refusal(self, pod: PodInfo, code: int) -> No:
        return REFUSALS[code - 1]

    def spreading(self, pod: PodInfo, objects: Objects) -> Spreading:
        """Return the constraints of a pod, its own or the default ones."""
        if pod.spec.topologySpreadConstraints:
            return own(pod)
        is_listed = self.defaulting_type == "List"
        defaults = self.default_constraints if is_listed else SYSTEM
        return by_default(defaults, selector_of(pod, objects), is_listed) if defaults else Spreading()


def factor(domains: int) -> float:
    """Return how much a pod counts: the more domains there are, the fewer pods each has."""
    return log(domains + 2)


def _normalized(score: float, least: float, most: float) -> float:
    if score == LEFT_OUT:
        return 0.0
    return HIGHEST * (most + least - score) // most if most else HIGHEST


def _is_compared(spreading: Spreading, node: NodeInfo) -> bool:
    return not spreading.needs_all_keys or _has_all(spreading.soft, node)


def _has_all(constraints: Sequence[Constraint], node: NodeInfo) -> bool:
    labels = node.node.metadata.labels
    return all(constraint.topology_key in labels for constraint in constraints)


def _counting(constraints: Sequence[Constraint], pod: PodInfo, node: NodeInfo) -> Sequence[Constraint | None]:
    """Return the constraints for which the pods on a node count, None in place of the others."""
    if not _has_all(constraints, node):
        return [None] * len(constraints)
    return [constraint if constraint.counts(pod, node) else None for constraint in constraints]


def _changed(state: Spread, pod: PodInfo, other: PodInfo, node: NodeInfo, sign: int) -> Spread:
    counts = list(state.counts)
    for at, constraint in enumerate(_counting(state.constraints, pod, node)):
        if constraint is not None and constraint.matches(pod.metadata.namespace, other):
            value = node.node.metadata.labels[constraint.topology_key]
            counts[at] = counts[at].plus(value, sign)
    return Spread(state.constraints, counts)
