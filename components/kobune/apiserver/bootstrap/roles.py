"""The roles and bindings of RBAC that every cluster has. Source: *Default roles and role bindings*."""

from collections.abc import Iterator
from typing import Any


def roles() -> Iterator[tuple[str, Any]]:
    """Yield the plural of the resource and the object."""
    yield from ()
