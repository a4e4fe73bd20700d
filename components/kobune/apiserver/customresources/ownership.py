"""What server-side apply has to know about a custom kind, from the structure in its definition."""

from kobune.api.meta.v1 import ObjectMeta
from kobune.apimachinery.apply import Type, type_of
from kobune.apimachinery.apply.types import BOOLEAN, NUMBER, STRING, UNTYPED, UNTYPED_SCALAR, Key, List, Map
from kobune.apimachinery.schema import descriptor_of
from kobune.apiserver.customresources.schema.structural import Structural

SCALARS = {"string": STRING, "integer": NUMBER, "number": NUMBER, "boolean": BOOLEAN}


def resource_type(schema: Structural) -> Type:
    """Return the type of a whole custom resource."""
    own = _named(schema)
    head = {"apiVersion": STRING, "kind": STRING, "metadata": type_of(descriptor_of(ObjectMeta))}
    return Map(lambda: {**own, **head}, element=UNTYPED if schema.preserve_unknown else None)


def typed(schema: Structural) -> Type:
    """Return the type of the values of a node."""
    if schema.type == "array":
        return _list(schema)
    if schema.type == "object":
        return _object(schema)
    return SCALARS.get(schema.type, UNTYPED_SCALAR if schema.int_or_string else UNTYPED)


def _object(schema: Structural) -> Type:
    atomic = schema.map_type == "atomic"
    element = typed(schema.values) if schema.values is not None else None
    if element is None and (schema.preserve_unknown or schema.additional is not None or not schema.properties):
        element = UNTYPED
    if schema.embedded:
        head = {"apiVersion": STRING, "kind": STRING, "metadata": type_of(descriptor_of(ObjectMeta))}
        return Map(lambda: {**_named(schema), **head}, element=element, atomic=atomic)
    return Map(lambda: _named(schema), element=element, atomic=atomic)


def _named(schema: Structural) -> dict[str, Type]:
    return {name: typed(inner) for name, inner in schema.properties.items()}


def _list(schema: Structural) -> Type:
    if schema.items is None:
        return List(UNTYPED)
    element = typed(schema.items)
    if schema.list_type == "set":
        return List(element, atomic=False)
    if schema.list_type == "map":
        items = schema.items
        keys = tuple(_key(items, name) for name in schema.list_map_keys)
        return List(element, atomic=False, keys=keys)
    return List(element)


def _key(items: Structural, name: str) -> Key:
    known = items.properties.get(name)
    return Key(name, known.default if known is not None and known.has_default else None)
