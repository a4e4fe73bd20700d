"""The columns of every kind."""

from collections.abc import Sequence

from kobune.apiserver.printing.column import AGE, NAME, Column
from kobune.apiserver.registry.resource import Resource


def columns_of(resource: Resource) -> Sequence[Column]:
    """Return the columns of a resource."""
    return (NAME, AGE)
