"""Defaults must be what their schema demands, and nothing that it drops."""

from collections.abc import Iterator

from kobune.apimachinery.custom import deep_copy, same_tree
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.customresources.causes import child, invalid
from kobune.apiserver.customresources.schema import embedded, values
from kobune.apiserver.customresources.schema.pruning import prune
from kobune.apiserver.customresources.schema.structural import Structural

META_FIELDS = ("apiVersion", "kind", "metadata")


def violations(schema: Structural, path: str, *, must_be_pruned: bool) -> Iterator[FieldError]:
    """Yield what is wrong with the defaults in the schema of a whole object."""
    yield from _node(schema.as_resource(), path, must_be_pruned, in_meta=False)


def _node(schema: Structural, path: str, must_be_pruned: bool, *, in_meta: bool) -> Iterator[FieldError]:
    if schema.embedded:
        in_meta = False
    if schema.has_default:
        yield from _default(schema, child(path, "default"), must_be_pruned and not in_meta)
    if schema.items is not None:
        yield from _node(schema.items, child(path, "items"), must_be_pruned, in_meta=in_meta)
    for name, inner in schema.properties.items():
        inside = in_meta or (schema.embedded and name in META_FIELDS)
        yield from _node(inner, f"{child(path, 'properties')}[{name}]", must_be_pruned, in_meta=inside)


def _default(schema: Structural, path: str, must_be_pruned: bool) -> Iterator[FieldError]:
    if must_be_pruned:
        pruned = deep_copy(schema.default)
        prune(pruned, schema)
        if not same_tree(pruned, schema.default):
            yield invalid(path, schema.default, "must not have unknown fields")
    try:
        embedded.coerce(deep_copy(schema.default), schema, path)
    except embedded.Misfit as misfit:
        yield misfit.cause
        return
    found = list(embedded.violations(schema.default, schema, path))
    # Defaults are checked by the structure, which knows no int-or-string unless its branches say so.
    yield from found or values.violations(schema.schema, schema.default, path)
