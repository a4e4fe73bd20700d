"""Affinity between pods, for all nodes at once: one tally for each thing that terms can be about, and topology key."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from kobune.scheduler.affinity import Term
from kobune.scheduler.engine.arrays import Bools, Floats, Ints
from kobune.scheduler.engine.column import Counted
from kobune.scheduler.engine.table import Table
from kobune.scheduler.engine.tally import Tally
from kobune.scheduler.podinfo import PodInfo, Traits

WANTED, AVOIDED, AVOIDING, LIKED = range(4)
"""What is counted: pods that this one wants to be near, those it keeps apart from, those that keep apart from it, and
how much it likes and is liked."""
NOT_NEAR, NOT_APART, UNWELCOME = 1, 2, 3
MOST_KINDS: Final = 10_000
"""Of so many kinds of pods it is remembered what they are to this one."""

Effect = Sequence[tuple[int, str, int]]
"""What a pod changes where it is: what is counted, the topology key, and by how much."""


class AffinityColumn:
    """Where the pods of one template may go beside the pods that are there, and would like to."""

    def __init__(self, pod: PodInfo, table: Table, hard_weight: int, hears_others: bool) -> None:
        """`hard_weight` is what it counts that others have to be near; `hears_others`, whether their wishes count."""
        self._pod = pod
        self._own = pod.terms
        self._table = table
        self._hard_weight = hard_weight
        self._hears_others = hears_others
        self._has_wishes = bool(self._own.rather_near or self._own.rather_apart)
        self._is_own_like = bool(self._own.near) and self._wants(pod)
        self._effects: dict[Traits, Effect] = {}
        self._tallies: dict[tuple[int, str], Tally] = {}
        self._codes: Ints | None = None
        self._is_settled = False
        for term in self._own.near:
            self._tally(WANTED, term.topology_key)
        population = table.population
        self._changes_seen = population.changes_with_terms
        for kin in population.kins if self._own else population.with_terms:
            for what, key, amount in self._effect(kin.pod):
                self._tally(what, key).add_kin(kin, amount)

    def update(self, changes: Sequence[Counted]) -> None:
        population = self._table.population
        if not self._own and population.changes_with_terms == self._changes_seen:
            return  # nobody came or went who could mean this pod
        self._changes_seen = population.changes_with_terms
        effects = self._effects
        for row, pod, sign in changes:
            effect = effects.get(pod.traits)
            if effect is None:
                effect = self._effect(pod)
            for what, key, amount in effect:
                self._tally(what, key).add(row, sign * amount)
                self._is_settled = self._is_settled and what == LIKED

    def codes(self) -> Ints | None:
        if not self._is_settled:
            self._codes = self._settle()
            self._is_settled = True
        return self._codes

    def scores(self, fitting: Bools) -> Floats | None:
        total: Ints | None = None
        for (what, _), tally in self._tallies.items():
            if what == LIKED:
                found = tally.counts[tally.ids]
                total = found if total is None else total + found
        if total is None or not fitting.any():
            return None
        some = total[fitting]
        least, most = some.min(), some.max()
        if least == most:
            return None
        scores: Floats = np.floor(100 * ((total - least) / (most - least)))
        return scores

    def _settle(self) -> Ints | None:
        """Return why not, by row: of several reasons the one that is asked for first."""
        codes: Ints | None = None
        for refusal, what in ((UNWELCOME, AVOIDING), (NOT_APART, AVOIDED)):
            for tally in self._of(what):
                if tally.total:
                    found = np.where(tally.counts > 0, refusal, 0)[tally.ids]
                    codes = found if codes is None else np.where(found, found, codes)
        wanted = list(self._of(WANTED))
        starts = self._is_own_like and not any(tally.total for tally in wanted)
        for tally in wanted:
            unmet = tally.counts <= 0
            if starts:
                unmet[: tally.nowhere] = False
            missing = unmet[tally.ids]
            codes = np.where(missing, NOT_NEAR, 0 if codes is None else codes)
        return codes

    def _of(self, what: int) -> Iterable[Tally]:
        return [tally for (counted, _), tally in self._tallies.items() if counted == what]

    def _tally(self, what: int, key: str) -> Tally:
        tally = self._tallies.get((what, key))
        if tally is None:
            tally = self._tallies[what, key] = Tally(self._table, key)
        return tally

    def _effect(self, other: PodInfo) -> Effect:
        known = self._effects.get(other.traits)
        if known is None:
            if len(self._effects) >= MOST_KINDS:
                self._effects.clear()
            known = self._effects[other.traits] = list(self._look_at(other))
        return known

    def _look_at(self, other: PodInfo) -> Iterable[tuple[int, str, int]]:
        own, theirs = self._own, other.terms
        if own.near and self._wants(other):
            for term in own.near:
                yield WANTED, term.topology_key, 1
        for term in self._about(own.apart, other):
            yield AVOIDED, term.topology_key, 1
        for term in self._about(theirs.apart, self._pod):
            yield AVOIDING, term.topology_key, 1
        for term in self._about(own.rather_near, other):
            yield LIKED, term.topology_key, term.weight
        for term in self._about(own.rather_apart, other):
            yield LIKED, term.topology_key, -term.weight
        if not self._hears_others and not self._has_wishes:
            return
        for term in self._about(theirs.near, self._pod) if self._hard_weight else ():
            yield LIKED, term.topology_key, self._hard_weight
        for term in self._about(theirs.rather_near, self._pod):
            yield LIKED, term.topology_key, term.weight
        for term in self._about(theirs.rather_apart, self._pod):
            yield LIKED, term.topology_key, -term.weight

    def _wants(self, other: PodInfo) -> bool:
        return all(term.matches(other, self._table.objects) for term in self._own.near)

    def _about(self, terms: Sequence[Term], pod: PodInfo) -> Iterable[Term]:
        return [term for term in terms if term.matches(pod, self._table.objects)]
