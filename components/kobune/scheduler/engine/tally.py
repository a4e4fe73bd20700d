"""How many pods that matter each domain of a topology has, kept up to date one pod at a time."""

import numpy as np

from kobune.scheduler.engine.arrays import Bools, Counts, Ints
from kobune.scheduler.engine.domains import EMPTY
from kobune.scheduler.engine.population import Kin
from kobune.scheduler.engine.table import Table


class Tally:
    """Counts by domain, for as many rows as the table has now."""

    def __init__(
        self, table: Table, key: str, counting: Bools | None = None, *, missing_as_empty: bool = False
    ) -> None:
        """`counting` says which rows count at all; nodes without the label are in no domain, or as if it were empty."""
        domains = table.domains(key)
        self.nowhere = len(domains)
        """The number, past those of the domains, of the rows that are in none; their count stays 0."""
        self.ids: Ints = domains.ids(len(table), EMPTY if missing_as_empty else self.nowhere)
        """The domain of each row."""
        self.counts: Counts = np.zeros(self.nowhere + 1, np.int32)
        self.total = 0
        """The sum of all that was counted."""
        self._counted: Ints = self.ids if counting is None else np.where(counting, self.ids, self.nowhere)

    def add(self, row: int, amount: int) -> None:
        """Count pods on a row in, or out."""
        domain = self._counted[row]
        if domain != self.nowhere:
            self.counts[domain] += amount
            self.total += amount

    def add_kin(self, kin: Kin, amount: int) -> None:
        """Count all pods of a kind in."""
        rows, counts = kin.counts()
        np.add.at(self.counts, self._counted[rows], amount * counts)
        self.counts[self.nowhere] = 0
        self.total = int(self.counts.sum())

    def present(self) -> Ints:
        """Return the domains that have rows which count."""
        found = np.bincount(self._counted, minlength=self.nowhere + 1)[: self.nowhere]
        result: Ints = np.flatnonzero(found)
        return result


class RowTally:
    """Counts by row."""

    def __init__(self, table: Table) -> None:
        self.counts: Counts = np.zeros(len(table), np.int32)

    def add(self, row: int, amount: int) -> None:
        """Count pods on a row in, or out."""
        self.counts[row] += amount

    def add_kin(self, kin: Kin, amount: int) -> None:
        """Count all pods of a kind in."""
        rows, counts = kin.counts()
        self.counts[rows] += amount * counts
