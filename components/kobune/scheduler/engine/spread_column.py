"""Spreading pods of a kind, for all nodes at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import numpy as np

from kobune.scheduler.affinity import joined
from kobune.scheduler.engine.arrays import Bools, Codes, Floats
from kobune.scheduler.engine.column import Counted
from kobune.scheduler.engine.domains import MISSING
from kobune.scheduler.engine.table import Table
from kobune.scheduler.engine.tally import RowTally, Tally
from kobune.scheduler.plugins.spread_constraints import HOSTNAME, Constraint, Spreading
from kobune.scheduler.podinfo import PodInfo, Traits

TOO_MANY, NOWHERE = 1, 2
MOST_KINDS: Final = 10_000
"""Of so many kinds of pods it is remembered which constraints they count for."""


class SpreadColumn:
    """Where the pods of one template may go if they are to be spread, and how well they are spread there."""

    def __init__(self, pod: PodInfo, spreading: Spreading, table: Table, factor: Callable[[int], float]) -> None:
        self._namespace = pod.metadata.namespace
        self.constraints = spreading.hard
        """Those that rule nodes out."""
        self._hard = [_Hard(constraint, pod, spreading.hard, table) for constraint in spreading.hard]
        keys = {constraint.topology_key for constraint in spreading.soft} if spreading.needs_all_keys else set[str]()
        self._compared = _with_all(keys, table)
        self._soft = [
            _Hosts(constraint, table)
            if constraint.topology_key == HOSTNAME
            else _Soft(constraint, pod, self._compared, table)
            for constraint in spreading.soft
        ]
        self._factor = factor
        self._sides: Sequence[Side] = [*self._hard, *self._soft]
        self._matches: dict[Traits, Sequence[Side]] = {}
        self._anchors = joined(side.constraint.selector for side in self._sides)
        self._codes: Codes | None = None
        self._is_settled = not self._hard
        for kin in table.population.having(self._anchors):
            for side in self._matching(kin.pod):
                side.tally.add_kin(kin, 1)

    def update(self, changes: Sequence[Counted]) -> None:
        if not self._sides:
            return
        matches = self._matches
        for row, pod, sign in changes:
            if self._anchors is not None and self._anchors.isdisjoint(pod.traits.labels):
                continue
            found = matches.get(pod.traits)
            if found is None:
                found = self._matching(pod)
            for side in found:
                side.tally.add(row, sign)
                self._is_settled = False

    def counts(self) -> Sequence[Mapping[str, int]]:
        """Return how many pods count for each hard constraint, by the domains that come into question."""
        return [side.found() for side in self._hard]

    def codes(self) -> Codes | None:
        if not self._is_settled:
            codes: Codes | None = None
            for side in self._hard:
                found = side.codes()
                codes = found if codes is None else np.where(codes, codes, found)
            self._codes = codes
            self._is_settled = True
        return self._codes

    def scores(self, fitting: Bools) -> Floats | None:
        if not self._soft:
            return None
        compared = fitting if self._compared is None else fitting & self._compared
        count = int(np.count_nonzero(compared))
        if not count:
            return None
        is_all = count == len(compared)
        total: Floats = np.zeros(len(fitting))
        for side in self._soft:
            total = total + side.scores(compared, count, self._factor)
        raw = np.floor(total + 0.5).astype(np.int64)
        some = raw if is_all else raw[compared]
        least, most = int(some.min()), int(some.max())
        if self._compared is None and least == most:
            return None
        scores = (100 * (most + least - raw) // most if most else np.full(len(raw), 100)).astype(np.float64)
        return scores if self._compared is None else np.where(self._compared, scores, 0.0)

    def _matching(self, other: PodInfo) -> "Sequence[Side]":
        known = self._matches.get(other.traits)
        if known is None:
            if len(self._matches) >= MOST_KINDS:
                self._matches.clear()
            known = [side for side in self._sides if side.constraint.matches(self._namespace, other)]
            self._matches[other.traits] = known
        return known


class Side(Protocol):
    """One constraint, and the pods that count for it."""

    constraint: Constraint

    @property
    def tally(self) -> Tally | RowTally:
        """What is counted."""


class _Hard:
    """A constraint that rules nodes out."""

    def __init__(self, constraint: Constraint, pod: PodInfo, all: Sequence[Constraint], table: Table) -> None:
        self.constraint = constraint
        counting = _and(_with_all({each.topology_key for each in all}, table), _counting(constraint, pod, table))
        self.tally = Tally(table, constraint.topology_key, counting)
        self._present = self.tally.present()
        self._table = table
        self._most = constraint.max_skew - constraint.selector.matches(pod.metadata.labels)

    def found(self) -> Mapping[str, int]:
        """Return how many pods each domain has that comes into question."""
        values = self._table.domains(self.constraint.topology_key).values
        return {values[domain]: int(self.tally.counts[domain]) for domain in self._present.tolist()}

    def codes(self) -> Codes:
        counts = self.tally.counts
        least = counts[self._present].min() if len(self._present) >= self.constraint.min_domains else 0
        codes = (counts > self._most + least).view(np.int8)
        codes[self.tally.nowhere] = NOWHERE
        return codes[self.tally.ids]


class _Soft:
    """A constraint that rates nodes by how many pods their domain has."""

    def __init__(self, constraint: Constraint, pod: PodInfo, compared: Bools | None, table: Table) -> None:
        self.constraint = constraint
        counting = _and(compared, _counting(constraint, pod, table))
        self.tally = Tally(table, constraint.topology_key, counting, missing_as_empty=True)
        self._has_key = _with_all({constraint.topology_key}, table)
        self._domains = len(np.unique(self.tally.ids))

    def scores(self, compared: Bools, count: int, factor: Callable[[int], float]) -> Floats:
        ids = self.tally.ids
        domains = self._domains if count == len(ids) else np.count_nonzero(np.bincount(ids[compared]))
        by_domain = self.tally.counts * factor(int(domains)) + (self.constraint.max_skew - 1)
        scores: Floats = np.asarray(by_domain[ids], np.float64)
        if self._has_key is not None:
            scores[~self._has_key] = 0
        return scores


class _Hosts:
    """A constraint that rates each node by how many pods are on it."""

    def __init__(self, constraint: Constraint, table: Table) -> None:
        self.constraint = constraint
        self.tally = RowTally(table)
        self._has_key = _with_all({constraint.topology_key}, table)

    def scores(self, compared: Bools, count: int, factor: Callable[[int], float]) -> Floats:
        scores: Floats = np.asarray(self.tally.counts * factor(count) + (self.constraint.max_skew - 1), np.float64)
        if self._has_key is not None:
            scores[~self._has_key] = 0
        return scores


def _and(one: Bools | None, other: Bools | None) -> Bools | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _with_all(keys: set[str], table: Table) -> Bools | None:
    """Return which rows have all the labels; None if every node has them."""
    found: Bools | None = None
    for key in keys:
        found = _and(found, table.domains(key).ids(len(table), MISSING) != MISSING)
    if found is None or all(found[row] for row in table.rows.values()):
        return None
    return found


def _counting(constraint: Constraint, pod: PodInfo, table: Table) -> Bools | None:
    """Return which rows count when the pod is placed; None for all."""
    if not constraint.asks_nodes(pod):
        return None
    return np.fromiter((node is not None and constraint.counts(pod, node) for node in table.nodes), np.bool_)
