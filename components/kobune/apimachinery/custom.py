"""Objects of kinds that have no message: typed metadata, and a JSON tree for everything else.

A custom resource is one of these wherever a built-in kind is a message. What every part of the apiserver asks of
objects, it asks the row of their resource, which knows whether they are messages or these.
"""

from typing import Any, Self

import orjson

from kobune.api.meta.v1 import ObjectMeta
from kobune.apimachinery import codec

TYPE_FIELDS = frozenset({"apiVersion", "kind", "metadata"})


class CustomObject:
    """An object without a message. `fields` is its tree without `apiVersion`, `kind` and `metadata`."""

    __slots__ = ("api_version", "fields", "kind", "metadata")

    def __init__(self, api_version: str, kind: str, metadata: ObjectMeta, fields: dict[str, Any]) -> None:
        self.api_version = api_version
        self.kind = kind
        self.metadata = metadata
        self.fields = fields

    def HasField(self, field_name: str) -> bool:  # noqa: N802 - protobuf's name
        """Whether the object has a field."""
        return field_name == "metadata" or field_name in self.fields

    def copy(self) -> Self:
        """Return an object of its own that says the same."""
        metadata = ObjectMeta()
        metadata.CopyFrom(self.metadata)
        return type(self)(self.api_version, self.kind, metadata, deep_copy(self.fields))

    def tree(self) -> dict[str, Any]:
        """Return the whole JSON tree. Parts of it are shared: nobody may change it."""
        return {
            **self.fields,
            "apiVersion": self.api_version,
            "kind": self.kind,
            "metadata": codec.encode(self.metadata),
        }

    def encode(self) -> bytes:
        """Return the object's JSON, with its fields in order of their names as Kubernetes writes trees."""
        body = orjson.dumps(self.tree(), option=orjson.OPT_SORT_KEYS)
        # Go knows no difference between 1 and 1.0, and writes the former.
        return orjson.dumps(whole_numbers(orjson.loads(body))) if b".0" in body else body

    def says_the_same(self, other: "CustomObject") -> bool:
        """Whether two objects say the same."""
        return (
            self.api_version == other.api_version
            and self.kind == other.kind
            and self.fields == other.fields
            and (self.metadata == other.metadata or codec.same(self.metadata, other.metadata))
        )


def deep_copy(value: Any) -> Any:
    """Return a JSON tree that shares nothing with `value`."""
    if type(value) is dict:
        return {key: deep_copy(item) for key, item in value.items()}
    if type(value) is list:
        return [deep_copy(item) for item in value]
    return value


def whole_numbers(value: Any) -> Any:
    """Return a JSON tree in which numbers without a fraction are whole numbers."""
    if type(value) is dict:
        return {key: whole_numbers(item) for key, item in value.items()}
    if type(value) is list:
        return [whole_numbers(item) for item in value]
    if type(value) is float and value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value


def same_tree(one: Any, other: Any) -> bool:
    """Whether two JSON trees are equal; unlike Python, JSON tells truth values from numbers."""
    if type(one) is not type(other):
        return type(one) in (int, float) and type(other) in (int, float) and one == other
    if type(one) is dict:
        return one.keys() == other.keys() and all(same_tree(value, other[key]) for key, value in one.items())
    if type(one) is list:
        return len(one) == len(other) and all(map(same_tree, one, other))
    return bool(one == other)
