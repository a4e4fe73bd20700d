"""HTTP answers made of objects, in the form that the client wants."""

from typing import Any

import orjson
import yaml
from google.protobuf.message import Message

from kobune.api.meta.v1 import Status
from kobune.apimachinery.errors import ApiError, NotAcceptable
from kobune.apiserver import media
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.grpc.wire import list_bytes
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.rest import table
from kobune.apiserver.rest.accept import Wish
from kobune.apiserver.rest.whole import Whole
from kobune.apiserver.verbs.read import Listing

_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_PLAIN: Any = yaml.resolver.Resolver()


class _Dumper(_Base):  # type: ignore[misc]
    """Writes YAML as Go does: texts that could be something else in double quotes, those of several lines as blocks."""


def _write_text(dumper: Any, text: str) -> Any:
    style = None
    if "\n" in text:
        style = "|"
    elif _PLAIN.resolve(yaml.ScalarNode, text, (True, False)) != "tag:yaml.org,2002:str" or not text:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _write_text)


def from_json(body: bytes, wish: Wish, status: int = 200, warnings: list[str] | None = None) -> Whole:
    """Return an answer whose JSON is there already."""
    content_type = media.JSON
    if wish.encoding == media.YAML:
        body, content_type = yaml.dump(orjson.loads(body), Dumper=_Dumper, sort_keys=True).encode(), media.YAML
    elif wish.pretty:
        body = orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2) + b"\n"
    return _response(body, content_type, status, warnings)


def from_tree(tree: Any, wish: Wish, status: int = 200) -> Whole:
    """Return an answer of a JSON tree."""
    return from_json(orjson.dumps(tree), wish, status)


def from_stored(
    resource: Resource, stored: Stored, wish: Wish, now: float, include: str, status: int = 200, warnings: Any = None
) -> Whole:
    """Return an answer of one object."""
    shown = resource.view(stored)
    if wish.transform == "Table":
        meta = {"resourceVersion": str(stored.revision)}
        return from_json(table.table(resource, [stored], meta, now, include, wish.api_version), wish, status, warnings)
    if wish.transform:
        if wish.transform.endswith("List"):
            raise _other_shape(wish, "not a list", resource.kind.group, resource.kind.name)
        if wish.encoding == media.PROTOBUF:
            return _response(table.partial_binary(shown, wish.api_version), media.PROTOBUF, status, warnings)
        return from_json(orjson.dumps(table.partial(shown, wish.api_version)), wish, status, warnings)
    if wish.encoding == media.PROTOBUF:
        return _response(resource.wrap(shown.proto), media.PROTOBUF, status, warnings)
    return from_json(shown.json, wish, status, warnings)


def from_message(message: Message, wish: Wish, status: int = 200, warnings: Any = None) -> Whole:
    """Return an answer of a message that is not stored: a Status, a Scale, a review."""
    if wish.encoding == media.PROTOBUF:
        return _response(media.envelope(message), media.PROTOBUF, status, warnings)
    return from_json(orjson.dumps(media.tree_of(message)), wish, status, warnings)


def from_listing(
    resource: Resource, listing: Listing, wish: Wish, now: float, include: str, warnings: Any = None
) -> Whole:
    """Return an answer of a list."""
    meta = table.list_meta(listing)
    if wish.transform == "Table":
        return from_json(
            table.table(resource, listing.items, meta, now, include, wish.api_version), wish, 200, warnings
        )
    if wish.transform:
        if not wish.transform.endswith("List"):
            raise _other_shape(wish, "a list", resource.kind.group, resource.kind.list_name)
        items = [resource.view(item) for item in listing.items]
        if wish.encoding == media.PROTOBUF:
            body = table.partial_list_binary(items, meta, wish.api_version)
            return _response(body, media.PROTOBUF, 200, warnings)
        return from_json(orjson.dumps(table.partial_list(items, meta, wish.api_version)), wish, 200, warnings)
    if wish.encoding == media.PROTOBUF:
        kind = resource.kind
        body = media.wrap(kind.api_version, kind.list_name, list_bytes(resource, listing))
        return _response(body, media.PROTOBUF, 200, warnings)
    return from_json(media.list_json(resource, listing), wish, 200, warnings)


def _other_shape(wish: Wish, what: str, group: str, name: str) -> NotAcceptable:
    go_name = f"*{group.partition('.')[0] or 'core'}.{name}"
    return NotAcceptable(f"you requested {wish.transform}, but the requested object is {what} ({go_name})")


def from_error(error: ApiError, wish: Wish) -> Whole:
    """Return the answer that describes a failure."""
    status: Status = error.status()
    response = from_message(status, wish, error.http, error.warnings)
    if status.details.retryAfterSeconds or error.http == 429:
        response.headers["Retry-After"] = str(status.details.retryAfterSeconds or 1)
    return response


def _response(body: bytes, content_type: str, status: int, warnings: list[str] | None) -> Whole:
    response = Whole(body, status, {"Content-Type": content_type, "Cache-Control": "no-cache, private"})
    for warning in warnings or ():
        response.headers.add("Warning", warning_text(warning))
    return response


def warning_text(warning: str) -> str:
    """Return a warning as a header has it."""
    text = warning.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'299 - "{text}"'
