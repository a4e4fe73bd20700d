"""The pods that are on nodes, by what others can tell them by: matching a selector is done once for all of a kind."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from kobune.scheduler.engine.arrays import Ints
from kobune.scheduler.podinfo import PodInfo, Traits

Label: TypeAlias = tuple[str, str]


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


Index: TypeAlias = dict[Label | None, dict[Traits, Kin]]


class Population:
    """All pods that are on nodes."""

    def __init__(self) -> None:
        self._kins: dict[Traits, Kin] = {}
        self._by_label: Index = {}
        self._speaking_of: Index = {}
        """Those that say something about the pods beside them: by labels that these have, or None if it can be any."""
        self.changes_with_terms = 0
        """How often a pod came or went that says something about the pods beside it."""

    @property
    def kins(self) -> Iterable[Kin]:
        """All kinds of pods."""
        return self._kins.values()

    def having(self, anchors: frozenset[Label] | None) -> Iterable[Kin]:
        """Return the pods that have one of these labels; all for None."""
        if anchors is None:
            return self.kins
        return _together(self._by_label.get(label) for label in anchors)

    def speaking_of(self, labels: Iterable[Label]) -> Iterable[Kin]:
        """Return the pods that may say something about a pod with these labels."""
        return _together(self._speaking_of.get(label) for label in (*labels, None))

    def count(self, row: int, pod: PodInfo, sign: int) -> PodInfo:
        """Count a pod in or out. Return a pod with the same traits, the same one for all of a kind."""
        key = pod.traits
        kin = self._kins.get(key)
        if kin is None:
            kin = self._kins[key] = Kin(pod)
            for index, label in self._places(key, pod):
                index.setdefault(label, {})[key] = kin
        elif kin.pod is not pod:
            pod.resemble(kin.pod)  # keep what they have in common only once
        if key.terms:
            self.changes_with_terms += 1
        count = kin.rows.get(row, 0) + sign
        if count:
            kin.rows[row] = count
            return kin.pod
        del kin.rows[row]
        if not kin.rows:
            del self._kins[key]
            for index, label in self._places(key, pod):
                del index[label][key]
                if not index[label]:
                    del index[label]
        return kin.pod

    def _places(self, key: Traits, pod: PodInfo) -> Iterable[tuple[Index, Label | None]]:
        """Yield where pods of a kind are found, and by what."""
        for label in key.labels:
            yield self._by_label, label
        if key.terms:
            anchors = pod.terms.anchors
            for anchor in (None,) if anchors is None else anchors:
                yield self._speaking_of, anchor


def _together(found: Iterable[dict[Traits, Kin] | None]) -> Iterable[Kin]:
    kins: dict[Traits, Kin] = {}
    for some in found:
        kins.update(some or {})
    return kins.values()
