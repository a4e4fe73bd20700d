"""The nodes as columns of numbers. Rows keep the order in which nodes came; the row of a node that left stays empty."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from kobune.scheduler.engine.arrays import Bools, Floats, Ints
from kobune.scheduler.engine.domains import Domains
from kobune.scheduler.engine.population import Population
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.objects import Objects
from kobune.scheduler.podinfo import PodInfo

__all__ = ["Bools", "Floats", "Ints", "Table"]

FIRST_ROWS: Final = 64
PODS: Final = "pods"


class Rows:
    """Some rows of a table, column by column; each is read once."""

    def __init__(self, table: "Table", index: Ints) -> None:
        self.index = index
        self.pod_counts: Ints = table.pod_counts[index]
        self._table = table
        self._read: dict[tuple[str, str], Ints] = {}

    def __len__(self) -> int:
        return len(self.index)

    @property
    def nodes(self) -> list[NodeInfo]:
        """The nodes of the rows."""
        return [node for row in self.index.tolist() if (node := self._table.nodes[row]) is not None]

    def allocatable(self, resource: str) -> Ints:
        """Return what there is of a resource."""
        return self._column("allocatable", resource)

    def requested(self, resource: str) -> Ints:
        """Return what pods ask for of a resource."""
        return self._column("requested", resource)

    def counted(self, resource: str) -> Ints:
        """Return the same with small amounts for pods that ask for nothing."""
        return self._column("counted", resource)

    def _column(self, what: str, resource: str) -> Ints:
        found = self._read.get((what, resource))
        if found is None:
            column = self._table.column_of(resource)
            found = self._read[what, resource] = getattr(self._table, what)[self.index, column]
        return found


class Table:
    """What nodes have and what is taken of it, by row and resource."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        """Objects of other kinds that decisions look at."""
        self.population = Population()
        """The pods."""
        self._domains: dict[str, Domains] = {}
        self.rows: dict[str, int] = {}
        self.nodes: list[NodeInfo | None] = []
        self.columns: dict[str, int] = {}
        """By resource: its column."""
        self.allocatable: Ints = np.zeros((FIRST_ROWS, 4), np.int64)
        self.requested: Ints = np.zeros_like(self.allocatable)
        self.counted: Ints = np.zeros_like(self.allocatable)
        self.pod_counts: Ints = np.zeros(FIRST_ROWS, np.int64)
        self.changes = 0
        """How often a node was new or changed…"""
        self.changed_at: Ints = np.zeros(FIRST_ROWS, np.int64)
        """…and which of these changes was the last of each row."""
        for name in (PODS, "cpu", "memory"):
            self.column_of(name)

    def __len__(self) -> int:
        return len(self.nodes)

    def column_of(self, resource: str) -> int:
        """Return the column of a resource, which is new if need be."""
        column = self.columns.get(resource)
        if column is None:
            column = self.columns[resource] = len(self.columns)
            if column >= self.allocatable.shape[1]:
                self._widen(self.allocatable.shape[0], 2 * column)
        return column

    def vector(self, amounts: Mapping[str, int]) -> Ints:
        """Return amounts as a row; of resources that no node and no pod has named yet, too."""
        columns = {self.column_of(name): amount for name, amount in amounts.items()}
        row = np.zeros(self.allocatable.shape[1], np.int64)
        for column, amount in columns.items():
            row[column] = amount
        return row

    def domains(self, key: str) -> Domains:
        """Return which domain of a topology each row is in."""
        found = self._domains.get(key)
        if found is None:
            found = self._domains[key] = Domains()
            for row, node in enumerate(self.nodes):
                found.set(row, node.node.metadata.labels.get(key) if node is not None else None)
        return found

    def set_node(self, node: NodeInfo) -> int:
        """Take in a new or changed node, and return its row."""
        row = self.rows.get(node.name)
        if row is None:
            row = self.rows[node.name] = len(self.nodes)
            self.nodes.append(node)
            if row >= len(self.pod_counts):
                self._widen(2 * row, self.allocatable.shape[1])
            for pod in node.pods:
                self.count(row, pod, 1)
        self.nodes[row] = node
        for key, domains in self._domains.items():
            domains.set(row, node.node.metadata.labels.get(key))
        self.changes += 1
        self.changed_at[row] = self.changes
        amounts = self.vector(node.allocatable)
        self.allocatable[row] = 0
        self.allocatable[row, : len(amounts)] = amounts
        return row

    def remove_node(self, name: str) -> int:
        """Leave the row of a node empty, and return it."""
        row = self.rows.pop(name)
        gone = self.nodes[row]
        assert gone is not None
        for pod in gone.pods:
            self.population.count(row, pod, -1)
        for domains in self._domains.values():
            domains.set(row, None)
        self.nodes[row] = None
        for column in (self.allocatable, self.requested, self.counted):
            column[row] = 0
        self.pod_counts[row] = 0
        return row

    def count(self, row: int, pod: PodInfo, sign: int) -> PodInfo:
        """Count a pod in or out. Return one that stands for all with the same traits."""
        self.pod_counts[row] += sign
        kin = self.population.count(row, pod, sign)
        for column, amounts in ((self.requested, pod.requests), (self.counted, pod.counted_requests)):
            for name, amount in amounts.items():
                at = self.columns.get(name)
                if at is None:
                    at = self.column_of(name)
                    column = self.requested if amounts is pod.requests else self.counted  # it may have been widened
                column[row, at] += sign * amount
        return kin

    def amounts(self, row: int) -> bytes:
        """Return what is equal for nodes that have, and of which pods take, as much of everything."""
        columns = (self.pod_counts, self.allocatable, self.requested, self.counted)
        return b"".join([column[row].tobytes() for column in columns])

    def _widen(self, rows: int, columns: int) -> None:
        def wider(old: Ints) -> Ints:
            new = np.zeros((rows, columns)[: old.ndim], np.int64)
            new[tuple(slice(size) for size in old.shape)] = old
            return new

        self.allocatable, self.requested, self.counted = map(wider, (self.allocatable, self.requested, self.counted))
        self.pod_counts, self.changed_at = wider(self.pod_counts), wider(self.changed_at)
