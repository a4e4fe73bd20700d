"""Objects as rows of a table, and by their metadata only: what `kubectl get` asks for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from kobune.api.autoscaling.v1 import Scale
from kobune.api.meta.v1 import PartialObjectMetadata, PartialObjectMetadataList
from kobune.apimachinery import codec
from kobune.apimachinery.errors import BadRequest
from kobune.apiserver import media
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.printing.column import Column
from kobune.apiserver.printing.columns import columns_of
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.verbs.read import Listing


def table(
    resource: Resource,
    items: Iterable[Stored],
    meta: dict[str, Any],
    now: float,
    include: str,
    version: str,
    *,
    head: bool = True,
) -> bytes:
    """Return the JSON of a `Table` of a version, such as `meta.k8s.io/v1`, with a row for each object.

    `include` says what of the object a row carries: None, Metadata (also if empty) or Object. Without `head` the
    columns are not described again: in a watch only the first event does that.
    """
    if include not in ("", "None", "Metadata", "Object"):
        why = f"includeObject: Invalid value: \"{include}\": must be 'Metadata', 'Object', 'None', or empty"
        raise BadRequest(f"Unable to convert to Table as requested: {why}")
    columns = resource.columns or columns_of(resource.kind.plural)
    tree = {
        "kind": "Table",
        "apiVersion": version,
        "metadata": meta,
        "columnDefinitions": [_definition(column) for column in columns] if head else None,
        "rows": [_row(resource, item, columns, now, include, version) for item in items],
    }
    return orjson.dumps(tree)


def scale_table(scale: Scale, now: float, include: str, version: str) -> bytes:
    """Return the JSON of a `Table` with a scale in its only row."""
    columns = columns_of("scales")
    row: dict[str, Any] = {"cells": [column.cell(scale, now) for column in columns], "object": None}
    if include == "Object":
        row["object"] = media.tree_of(scale)
    elif include != "None":
        metadata = codec.encode(scale.metadata)
        row["object"] = {"kind": "PartialObjectMetadata", "apiVersion": version, "metadata": metadata}
    tree = {
        "kind": "Table",
        "apiVersion": version,
        "metadata": {"resourceVersion": scale.metadata.resourceVersion},
        "columnDefinitions": [_definition(column) for column in columns],
        "rows": [row],
    }
    return orjson.dumps(tree)


def list_meta(listing: Listing) -> dict[str, Any]:
    """Return the metadata of a list."""
    meta: dict[str, Any] = {"resourceVersion": str(listing.revision)}
    if listing.next:
        meta["continue"] = listing.next
    if listing.remaining is not None:
        meta["remainingItemCount"] = listing.remaining
    return meta


def partial_binary(stored: Stored, version: str) -> bytes:
    """Return an object reduced to its metadata, as protobuf in Kubernetes' envelope."""
    raw = PartialObjectMetadata(metadata=stored.message.metadata).SerializeToString()
    return media.wrap(version, "PartialObjectMetadata", raw)


def partial_list_binary(items: Iterable[Stored], meta: Mapping[str, Any], version: str) -> bytes:
    """Return a list of objects reduced to their metadata, as protobuf in Kubernetes' envelope."""
    found = PartialObjectMetadataList(items=(PartialObjectMetadata(metadata=item.message.metadata) for item in items))
    for name, value in meta.items():
        setattr(found.metadata, name, value)
    return media.wrap(version, "PartialObjectMetadataList", found.SerializeToString())


def partial(stored: Stored, version: str) -> dict[str, Any]:
    """Return an object reduced to its metadata."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": version,
        "metadata": codec.encode(stored.message.metadata),
    }


def partial_list(items: Iterable[Stored], meta: dict[str, Any], version: str) -> dict[str, Any]:
    """Return a list of objects reduced to their metadata."""
    return {
        "kind": "PartialObjectMetadataList",
        "apiVersion": version,
        "metadata": meta,
        "items": [partial(item, version) for item in items],
    }


def _definition(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": column.description,
        "priority": column.priority,
    }


def _row(
    resource: Resource, stored: Stored, columns: Sequence[Column], now: float, include: str, version: str
) -> dict[str, Any]:
    # Cells are of the stored version, so that every version of a kind shows the same.
    message = resource.working(stored).message
    row: dict[str, Any] = {"cells": [column.cell(message, now) for column in columns]}
    if include == "Object":
        row["object"] = orjson.loads(resource.view(stored).json)
    elif include != "None":
        row["object"] = partial(stored, version)
    else:
        row["object"] = None
    return row
