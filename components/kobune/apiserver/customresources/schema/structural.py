"""The structure that a schema gives to trees: what is an object, a map, a list or a scalar, and how lists are keyed.

Everything that walks a tree by its schema walks this: pruning, defaulting, uniqueness, server-side apply, rules. The
JSON schema that a node was made from stays with it, for what concerns single values. Source: *Extend the Kubernetes
API with CustomResourceDefinitions*, section on structural schemas.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Literal

import orjson

Kind = Literal["object", "map", "array", "scalar", "any"]

INTEGER_OR_STRING: Final = ({"type": "integer"}, {"type": "string"})


class Missing:
    """What is not there, where null is something."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


@dataclass(frozen=True, eq=False)
class Structural:
    """One node of a schema."""

    schema: Mapping[str, Any]
    """The JSON schema that it was made from."""
    type: str = ""
    properties: Mapping[str, "Structural"] = field(default_factory=dict)
    additional: "Structural | bool | None" = None
    """The schema of the values of a map, or whether properties that are not named are allowed; None if unsaid."""
    items: "Structural | None" = None
    nullable: bool = False
    default: Any = MISSING
    preserve_unknown: bool = False
    embedded: bool = False
    """Whether it is a whole Kubernetes object."""
    int_or_string: bool = False
    list_type: str = ""
    """atomic, set or map; empty means atomic."""
    list_map_keys: tuple[str, ...] = ()
    map_type: str = ""
    """granular or atomic; empty means granular."""
    validations: tuple[Mapping[str, Any], ...] = ()
    """The rules of `x-kubernetes-validations`."""

    @cached_property
    def kind(self) -> Kind:
        """What its values are: an object with named properties, a map with free keys, a list, a scalar, or anything."""
        if self.type == "array":
            return "array"
        if self.type == "object":
            if self.properties:
                return "object"
            if isinstance(self.additional, Structural):
                return "map"
            return "object" if self.embedded else "any"
        return "any" if not self.type and not self.int_or_string else "scalar"

    @property
    def values(self) -> "Structural | None":
        """The schema of the values of a map; None if there is none."""
        return self.additional if isinstance(self.additional, Structural) else None

    def of(self, name: str) -> "Structural | None":
        """Return the schema of a property, None if nothing is known of it."""
        return self.properties.get(name) or self.values

    @property
    def has_default(self) -> bool:
        """Whether it says what its value is when nobody does. A default of null says nothing."""
        return self.default is not MISSING and self.default is not None

    @cached_property
    def default_bytes(self) -> bytes:
        """The default as JSON: whoever takes it parses it, so that nobody shares it."""
        return orjson.dumps(self.default)

    @cached_property
    def gives_defaults(self) -> bool:
        """Whether there is a default anywhere in it; if not, nobody need look."""
        return any(node.has_default for node in self.walk())

    @cached_property
    def has_keyed_lists(self) -> bool:
        """Whether there is a list anywhere in it that must be without duplicates."""
        return any(node.list_type in ("set", "map") for node in self.walk())

    @cached_property
    def has_embedded(self) -> bool:
        """Whether there is a whole Kubernetes object anywhere in it."""
        return any(node.embedded for node in self.walk())

    def walk(self) -> Iterator["Structural"]:
        """Yield this node and all below it."""
        yield self
        for node in (*self.properties.values(), self.values, self.items):
            if node is not None:
                yield from node.walk()

    def as_resource(self) -> "Structural":
        """Return the same node as that of a whole Kubernetes object."""
        return self if self.embedded else replace(self, embedded=True)


def structural(schema: Mapping[str, Any]) -> Structural:
    """Return the structure of a JSON schema, which must be valid as far as its shape goes."""
    additional = schema.get("additionalProperties")
    items = schema.get("items")
    return Structural(
        schema=schema,
        type=schema.get("type", ""),
        properties={name: structural(inner) for name, inner in (schema.get("properties") or {}).items()},
        additional=structural(additional) if isinstance(additional, Mapping) else additional,
        items=structural(items) if isinstance(items, Mapping) else None,
        nullable=bool(schema.get("nullable")),
        default=schema.get("default", MISSING),
        preserve_unknown=bool(schema.get("x-kubernetes-preserve-unknown-fields")),
        embedded=bool(schema.get("x-kubernetes-embedded-resource")),
        int_or_string=bool(schema.get("x-kubernetes-int-or-string")),
        list_type=schema.get("x-kubernetes-list-type") or "",
        list_map_keys=tuple(schema.get("x-kubernetes-list-map-keys") or ()),
        map_type=schema.get("x-kubernetes-map-type") or "",
        validations=tuple(schema.get("x-kubernetes-validations") or ()),
    )
