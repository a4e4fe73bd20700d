"""The columns of every kind."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kobune.apiserver.printing import cluster, network, pods, workloads
from kobune.apiserver.printing.column import AGE, NAME, Column
from kobune.apiserver.printing.meanings import meaning


def _described(plural: str, columns: Sequence[Column]) -> tuple[Column, ...]:
    return tuple(replace(column, description=meaning(plural, column.name)) for column in columns)


_KNOWN = {**cluster.COLUMNS, **network.COLUMNS, **workloads.COLUMNS, "pods": pods.COLUMNS}
COLUMNS: Mapping[str, Sequence[Column]] = {plural: _described(plural, columns) for plural, columns in _KNOWN.items()}
USUAL: Sequence[Column] = _described("", (NAME, AGE))


def columns_of(plural: str) -> Sequence[Column]:
    """Return the columns of a resource by its plural: name and age where nothing else is known."""
    return COLUMNS.get(plural, USUAL)
