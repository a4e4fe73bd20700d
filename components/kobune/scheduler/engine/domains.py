"""Labels as numbers: the domain that each node is in, for one topology key."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from kobune.scheduler.engine.arrays import Ints

FIRST_ROWS: Final = 64
MISSING: Final = -1
EMPTY: Final = 0


class Domains:
    """The values of one label: numbered, from none at all as 0 on, and the number of each row."""

    def __init__(self) -> None:
        self.number_of: dict[str, int] = {"": 0}
        self._ids: Ints = np.full(FIRST_ROWS, MISSING, np.int64)
        self._given: dict[tuple[int, int], Ints] = {}
        """What was asked for since the last change."""

    @property
    def values(self) -> Sequence[str]:
        """The value of each domain."""
        return list(self.number_of)

    def __len__(self) -> int:
        return len(self.number_of)

    def set(self, row: int, value: str | None) -> None:
        """Note the value of a row; None if the node has no such label, or is gone."""
        self._given.clear()
        if row >= len(self._ids):
            self._ids = np.concatenate([self._ids, np.full(row, MISSING, np.int64)])
        self._ids[row] = MISSING if value is None else self.number_of.setdefault(value, len(self.number_of))

    def ids(self, rows: int, missing: int) -> Ints:
        """Return the numbers of the first rows, with another number in place of missing ones; not to be changed."""
        given = self._given.get((rows, missing))
        if given is None:
            found = self._ids[:rows]
            given = self._given[rows, missing] = np.where(found == MISSING, missing, found)
        return given
