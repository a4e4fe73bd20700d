"""The pods that are on nodes, by what others can tell them by: matching a selector is done once for all of a kind."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from kobune.scheduler.engine.arrays import Ints
from kobune.scheduler.podinfo import PodInfo, Traits


@dataclass
class Kin:
    """Pods with the same traits."""

    pod: PodInfo
    """One of them, or one that was."""
    rows: dict[int, int] = field(default_factory=dict)
    """How many there are, by row."""

    def counts(self) -> tuple[Ints, Ints]:
        """Return the rows where there are any, and how many."""
        rows = np.fromiter(self.rows.keys(), np.int64, len(self.rows))
        return rows, np.fromiter(self.rows.values(), np.int64, len(self.rows))


class Population:
    """All pods that are on nodes."""

    def __init__(self) -> None:
        self._kins: dict[Traits, Kin] = {}
        self._with_terms: dict[Traits, Kin] = {}
        self.changes_with_terms = 0
        """How often a pod came or went that says something about the pods beside it."""

    @property
    def kins(self) -> Iterable[Kin]:
        """All kinds of pods."""
        return self._kins.values()

    @property
    def with_terms(self) -> Iterable[Kin]:
        """Those that say something about the pods beside them."""
        return self._with_terms.values()

    def count(self, row: int, pod: PodInfo, sign: int) -> None:
        """Count a pod in or out."""
        key = pod.traits
        kin = self._kins.get(key)
        if kin is None:
            kin = self._kins[key] = Kin(pod)
            if key.terms:
                self._with_terms[key] = kin
        elif kin.pod is not pod:
            pod.resemble(kin.pod)  # keep what they have in common only once
        if key.terms:
            self.changes_with_terms += 1
        count = kin.rows.get(row, 0) + sign
        if count:
            kin.rows[row] = count
            return
        del kin.rows[row]
        if not kin.rows:
            del self._kins[key]
            self._with_terms.pop(key, None)
