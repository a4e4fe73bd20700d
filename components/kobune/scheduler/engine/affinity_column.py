"""Affinity between pods, for all nodes at once: one tally for each thing that terms can be about, and topology key."""

from collections.abc import Mapping, Sequence

import numpy as np

from kobune.scheduler.affinity import AVOIDED, AVOIDING, LIKED, WANTED, Regard
from kobune.scheduler.engine.arrays import Bools, Codes, Floats, Ints
from kobune.scheduler.engine.column import Counted
from kobune.scheduler.engine.table import Table
from kobune.scheduler.engine.tally import Tally

UNWELCOME, NOT_APART, NOT_NEAR = 1, 2, 3
"""Why not; of several reasons the highest is the one that is asked for first."""


class AffinityColumn:
    """Where the pods of one template may go beside the pods that are there, and would like to."""

    def __init__(self, table: Table, regard: Regard) -> None:
        self._table = table
        self.regard = regard
        """What others are to the pods of the template."""
        self._tallies: dict[tuple[int, str], Tally] = {}
        self._codes: Codes | None = None
        self._is_settled = False
        for term in regard.own.near:
            self._tally(WANTED, term.topology_key)
        population = table.population
        self._changes_seen = population.changes_with_terms
        meant = population.having(regard.own.anchors) if regard.own else ()
        kins = {kin.pod.traits: kin for kin in (*meant, *population.speaking_of(regard.pod.traits.labels))}
        for kin in kins.values():
            for what, key, amount in regard.of(kin.pod):
                self._tally(what, key).add_kin(kin, amount)

    def update(self, changes: Sequence[Counted]) -> None:
        population, regard = self._table.population, self.regard
        if not regard.own and population.changes_with_terms == self._changes_seen:
            return  # nobody came or went who could mean this pod
        self._changes_seen = population.changes_with_terms
        for row, pod, sign in changes:
            for what, key, amount in regard.of(pod):
                self._tally(what, key).add(row, sign * amount)
                self._is_settled = self._is_settled and what == LIKED

    def codes(self) -> Codes | None:
        if not self._is_settled:
            self._codes = self._settle()
            self._is_settled = True
        return self._codes

    def scores(self, fitting: Bools) -> Floats | None:
        total: Codes | None = None
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
        starts = self.regard.is_own_like and not any(tally.total for tally in self._of(WANTED).values())
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

    def counts(self, what: int) -> Mapping[tuple[str, str], int]:
        """Return how many pods there are that are this to the pod, by label and value of the domains that have any."""
        found: dict[tuple[str, str], int] = {}
        for key, tally in self._of(what).items():
            values = self._table.domains(key).values
            some = np.flatnonzero(tally.counts[: tally.nowhere]).tolist()
            found.update(((key, values[domain]), int(tally.counts[domain])) for domain in some)
        return found

    def _of(self, what: int) -> Mapping[str, Tally]:
        return {key: tally for (counted, key), tally in self._tallies.items() if counted == what}

    def _ids(self, key: str) -> Ints:
        return next(tally.ids for (_, at), tally in self._tallies.items() if at == key)

    def _tally(self, what: int, key: str) -> Tally:
        tally = self._tallies.get((what, key))
        if tally is None:
            tally = self._tallies[what, key] = Tally(self._table, key)
        return tally
