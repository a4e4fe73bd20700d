"""Which part of the object before belongs to which part of the object now.

Only what can be told apart belongs together: fields of objects, values of maps, elements of lists of type map.
"""

from dataclasses import dataclass
from typing import Any, Self

from kobune.apimachinery.custom import same_tree
from kobune.apiserver.customresources.schema.structural import Structural


@dataclass(frozen=True, slots=True)
class Correlated:
    """A value now and before, and the schema of both."""

    new: Any
    old: Any
    schema: Structural

    def unchanged(self) -> bool:
        """Whether the value is as it was."""
        return same_tree(self.new, self.old)

    def field(self, name: str) -> Self | None:
        """Return the pair of a field; None if it was not there before, or nothing is known of it."""
        schema = self.schema.of(name)
        if schema is None or type(self.new) is not dict or type(self.old) is not dict:
            return None
        if name not in self.new or name not in self.old:
            return None
        return type(self)(self.new[name], self.old[name], schema)

    def element(self, index: int) -> Self | None:
        """Return the pair of an element of a list of type map; None if there was none with its keys."""
        schema = self.schema.items
        if schema is None or self.schema.list_type != "map" or type(self.old) is not list or type(self.new) is not list:
            return None
        keys = self._keys(self.new[index])
        if keys is None:
            return None
        found = [item for item in self.old if self._keys(item) == keys]
        return type(self)(self.new[index], found[0], schema) if len(found) == 1 else None

    def _keys(self, item: Any) -> list[Any] | None:
        if type(item) is not dict:
            return None
        return [item.get(name) for name in self.schema.list_map_keys]
