"""Roles and their bindings."""

from kobune.apimachinery import names
from kobune.apiserver.registry.strategy import UncountedStrategy


class PathNamedStrategy(UncountedStrategy):
    """A kind whose names may have colons and capitals: `system:node`."""

    name_rule = staticmethod(names.path_segment)
