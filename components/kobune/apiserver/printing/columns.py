"""The columns of every kind."""

from collections.abc import Mapping, Sequence

from kobune.apiserver.printing import cluster, network, pods, workloads
from kobune.apiserver.printing.column import AGE, NAME, Column

COLUMNS: Mapping[str, Sequence[Column]] = {
    **cluster.COLUMNS,
    **network.COLUMNS,
    **workloads.COLUMNS,
    "pods": pods.COLUMNS,
}


def columns_of(plural: str) -> Sequence[Column]:
    """Return the columns of a resource by its plural: name and age where nothing else is known."""
    return COLUMNS.get(plural, (NAME, AGE))
