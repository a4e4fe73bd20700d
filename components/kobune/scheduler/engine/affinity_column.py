"""Affinity between pods, for all nodes at once: one tally for each thing that terms can be about, and topology key."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from kobune.scheduler.affinity import Term
from kobune.scheduler.engine.arrays import Bools, Codes, Floats, Ints
from kobune.scheduler.engine.column import Counted
from kobune.scheduler.engine.table import Table
from kobune.scheduler.engine.tally import Tally
from kobune.scheduler.podinfo import PodInfo, Traits

AVOIDING, AVOIDED, WANTED, LIKED = range(1, 5)
"""What is counted: pods that keep apart from this one, those it keeps apart from, those it wants to be near, and how
much it likes and is liked."""
UNWELCOME, NOT_APART, NOT_NEAR = 1, 2, 3
"""Why not; of several reasons the highest is the one that is asked for first."""
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
        self._codes: Codes | None = None
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

    def codes(self) -> Codes | None:
        if not self._is_settled:
            self._codes = self._settle()
            self._is_settled = True
        return self._codes

    def scores(self, fitting: Bools) -> Floats | None:
        total: Ints | None = None
        for tally in self._of(LIKED).values():
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

    def _settle(self) -> Codes | None:
        """Return why not, by row."""
        starts = self._is_own_like and not any(tally.total for tally in self._of(WANTED).values())
        by_key: dict[str, Codes] = {}
        for what, refusal in ((AVOIDING, UNWELCOME), (AVOIDED, NOT_APART), (WANTED, NOT_NEAR)):
            for key, tally in self._of(what).items():
                if what != WANTED and not tally.total:
                    continue
                bad = tally.counts <= 0 if what == WANTED else tally.counts > 0
                if what == WANTED and starts:
                    bad[: tally.nowhere] = False
                found = bad.view(np.int8) * np.int8(refusal)
                by_key[key] = np.maximum(by_key[key], found) if key in by_key else found
        codes: Codes | None = None
        for key, domains in by_key.items():
            rows = domains[self._ids(key)]
            codes = rows if codes is None else np.maximum(codes, rows)
        return codes

    def _of(self, what: int) -> Mapping[str, Tally]:
        return {key: tally for (counted, key), tally in self._tallies.items() if counted == what}

    def _ids(self, key: str) -> Ints:
        return next(tally.ids for (_, at), tally in self._tallies.items() if at == key)

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
