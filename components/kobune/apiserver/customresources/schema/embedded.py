"""Whole Kubernetes objects inside of others: their types and metadata are checked without being asked."""

from collections.abc import Iterator
from typing import Any

import orjson

from kobune.api.meta.v1 import ObjectMeta
from kobune.apimachinery import codec, names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.customresources.causes import child, invalid, required
from kobune.apiserver.customresources.schema.structural import Structural
from kobune.apiserver.verbs import checks


class Misfit(Exception):
    """A field of the type or the metadata is of a wrong type."""

    def __init__(self, cause: FieldError) -> None:
        super().__init__(f"{cause.field}: {cause.message}")
        self.cause = cause


def coerce(tree: Any, schema: Structural | None, path: str = "") -> list[str]:
    """Drop what metadata does not know, in place, and return the paths of that; `Misfit` if a type is wrong."""
    unknown: list[str] = []
    if schema is not None and schema.has_embedded:
        _coerce(tree, schema, path, unknown)
    return sorted(unknown)


def _coerce(value: Any, schema: Structural | None, path: str, unknown: list[str]) -> None:
    if schema is None:
        return
    if type(value) is dict:
        if schema.embedded:
            _coerce_object(value, path, unknown)
        for name, item in value.items():
            if name in schema.properties:
                _coerce(item, schema.properties[name], child(path, name), unknown)
            elif schema.values is not None:
                _coerce(item, schema.values, f"{path}[{name}]", unknown)
    elif type(value) is list:
        for index, item in enumerate(value):
            _coerce(item, schema.items, f"{path}[{index}]", unknown)


def _coerce_object(value: dict[str, Any], path: str, unknown: list[str]) -> None:
    for name in ("apiVersion", "kind"):
        if name in value and type(value[name]) is not str:
            raise Misfit(invalid(child(path, name), value[name], "must be a string"))
    if "metadata" in value:
        at = child(path, "metadata")
        try:
            meta, odd = read_metadata(value["metadata"])
        except codec.Undecodable as error:
            raise Misfit(invalid(at, value["metadata"], str(error))) from None
        unknown += [f"{at}.{name}" for name in odd]
        value["metadata"] = orjson.loads(orjson.dumps(codec.encode(meta)))


def read_metadata(tree: Any) -> tuple[ObjectMeta, list[str]]:
    """Return metadata, and the names of what it does not know; `codec.Undecodable` if a type is wrong."""
    return codec.decode(ObjectMeta, orjson.dumps({} if tree is None else tree))


def violations(tree: Any, schema: Structural | None, path: str = "") -> Iterator[FieldError]:
    """Yield what is wrong with the types and the metadata of embedded objects."""
    if schema is None or not schema.has_embedded:
        return
    if type(tree) is dict:
        if schema.embedded:
            yield from _object_violations(tree, path)
        for name, item in tree.items():
            if name in schema.properties:
                yield from violations(item, schema.properties[name], child(path, name))
            elif schema.values is not None:
                yield from violations(item, schema.values, f"{path}[{name}]")
    elif type(tree) is list:
        for index, item in enumerate(tree):
            yield from violations(item, schema.items, f"{path}[{index}]")


def _object_violations(tree: dict[str, Any], path: str) -> Iterator[FieldError]:
    for name in ("apiVersion", "kind"):
        if name not in tree:
            yield required(child(path, name))
        elif type(tree[name]) is not str:
            yield invalid(child(path, name), tree[name], "must be a string")
        elif not tree[name]:
            yield invalid(child(path, name), "", "must not be empty")
        elif name == "apiVersion" and tree[name].count("/") > 1:
            yield invalid(child(path, name), tree[name], f"unexpected GroupVersion string: {tree[name]}")
        elif name == "kind" and (problems := names.dns_label_1035(tree[name].lower())):
            why = "may have mixed case, but should otherwise match: " + ",".join(problems)
            yield invalid(child(path, name), tree[name], why)
    if "metadata" in tree:
        at = child(path, "metadata")
        try:
            meta, _ = read_metadata(tree["metadata"])
        except codec.Undecodable as error:
            yield invalid(at, tree["metadata"], str(error))
            return
        for cause in checks.embedded_metadata(meta):
            yield FieldError(cause.reason, cause.field.replace("metadata", at, 1), cause.message)
