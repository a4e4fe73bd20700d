"""Why a pod fits on none of thousands of nodes: a few refusals, and which of them goes for each node."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from kobune.scheduler.engine.arrays import Codes, Ints
from kobune.scheduler.engine.table import Table
from kobune.scheduler.framework import No
from kobune.scheduler.framework.decision import Tallied

NOTHING = -1


class Refusals(Tallied):
    """What was said about each node, by its name."""

    def __init__(self, rows: Mapping[str, int], said: Sequence[No], which: Ints) -> None:
        """`which` of the things that were `said` goes for each row; none where the pod fits."""
        self._rows = rows
        self._said = said
        self._which = which

    @classmethod
    def of(
        cls,
        table: Table,
        askers: Sequence[tuple[Codes, Callable[[int], No]]],
        only: frozenset[str] | None,
        restricted: No,
    ) -> "Refusals":
        """Return what the first who objects says about each node, of those who are asked in order.

        `restricted` is what is said of nodes that do not come into question, as `only` some do.
        """
        which = np.full(len(table), NOTHING, np.int64)
        said: list[No] = []
        rows = dict(table.rows)
        is_open = np.zeros(len(table), np.bool_)
        is_open[list(rows.values())] = True
        if only is not None:
            allowed = np.zeros(len(table), np.bool_)
            allowed[[rows[name] for name in only if name in rows]] = True
            which[is_open & ~allowed] = 0
            is_open &= allowed
            said.append(restricted)
        for codes, refusal in askers:
            objects = is_open & (codes != 0)
            for code in np.unique(codes[objects]).tolist():
                which[objects & (codes == code)] = len(said)
                said.append(refusal(code))
            is_open &= ~objects
        return cls(rows, said, which)

    def __getitem__(self, name: str) -> No:
        which = int(self._which[self._rows[name]])
        if which == NOTHING:
            raise KeyError(name)
        return self._said[which]

    def __iter__(self) -> Iterator[str]:
        which = self._which.tolist()
        return (name for name, row in self._rows.items() if which[row] != NOTHING)

    def __len__(self) -> int:
        return int(np.count_nonzero(self._which != NOTHING))

    def tally(self) -> Sequence[tuple[No, int]]:
        counts = np.bincount(self._which[self._which != NOTHING], minlength=len(self._said)).tolist()
        return [(no, count) for no, count in zip(self._said, counts, strict=True) if count]
