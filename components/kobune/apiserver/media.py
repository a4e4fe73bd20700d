"""Encodings of objects: JSON, YAML, and protobuf in Kubernetes' envelope or bare. Bytes in, bytes out."""

from typing import Any, Final

import orjson
import yaml
from google.protobuf.message import DecodeError, Message

from kobune.api.runtime.v1 import TypeMeta, Unknown
from kobune.apimachinery import codec
from kobune.apimachinery.codec.shape import is_object
from kobune.apimachinery.errors import BadRequest, UnsupportedMediaType
from kobune.apimachinery.schema import descriptor_of, package_options
from kobune.apiserver.registry.resource import MAGIC, Resource
from kobune.apiserver.verbs.read import Listing

JSON: Final = "application/json"
YAML: Final = "application/yaml"
PROTOBUF: Final = "application/vnd.kubernetes.protobuf"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def is_protobuf(content_type: str) -> bool:
    """Whether a media type is protobuf."""
    return content_type.partition(";")[0].strip() == PROTOBUF


def read(message: type[Message], content_type: str, body: bytes, field_validation: str) -> tuple[Any, list[str]]:
    """Return the message that a body holds, and warnings.

    `field_validation` says what happens to fields that the kind does not know: Strict refuses them, Warn warns, Ignore
    drops them. Raises `BadRequest` in Kubernetes' words, or `UnsupportedMediaType`.
    """
    media_type = content_type.partition(";")[0].strip() or JSON
    if media_type == PROTOBUF:
        return _from_protobuf(message, body), []
    if media_type == YAML:
        body = yaml_to_json(body)
    elif media_type != JSON:
        raise UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: "
            f"{JSON}, {YAML}, {PROTOBUF}"
        )
    return _from_json(message, body, field_validation)


def yaml_to_json(body: bytes) -> bytes:
    """Return the JSON of a YAML document; `BadRequest` if it is none."""
    try:
        tree = yaml.load(body, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadRequest(f"error decoding YAML: error converting YAML to JSON: yaml: {_problem(error)}") from None
    try:
        return orjson.dumps(tree, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME, default=_odd)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise BadRequest(f"error decoding YAML: error converting YAML to JSON: {error}") from None


def _odd(value: Any) -> Any:
    # YAML reads 2026-01-01 as a date; the API means the text.
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else str(value)


def _problem(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)


def type_of(body: bytes, content_type: str) -> tuple[str, str]:
    """Return the apiVersion and kind that a body says it has, empty where it says nothing."""
    if is_protobuf(content_type):
        if not body.startswith(MAGIC):
            return "", ""
        try:
            meta = Unknown.FromString(body[len(MAGIC) :]).typeMeta
        except DecodeError:
            return "", ""
        return meta.apiVersion, meta.kind
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", ""
    if not isinstance(tree, dict):
        return "", ""
    return str(tree.get("apiVersion") or ""), str(tree.get("kind") or "")


def _from_json(message: type[Message], body: bytes, field_validation: str) -> tuple[Any, list[str]]:
    kind = message.DESCRIPTOR.name
    version = _version(message)
    try:
        decoded, unknown = codec.decode(message, body)
    except codec.Undecodable as error:
        text = str(error)
        if text.startswith("invalid JSON"):
            raise BadRequest(f"couldn't get version/kind; json parse error: {text}") from None
        raise BadRequest(f'{kind} in version "{version}" cannot be handled as a {kind}: {text}') from None
    words = [f'unknown field "{path}"' for path in unknown]
    if words and field_validation == "Strict":
        raise BadRequest(
            f'{kind} in version "{version}" cannot be handled as a {kind}: strict decoding error: {", ".join(words)}'
        )
    return decoded, words if field_validation == "Warn" else []


def _from_protobuf(message: type[Message], body: bytes) -> Any:
    try:
        if body.startswith(MAGIC):
            body = Unknown.FromString(body[len(MAGIC) :]).raw
        return message.FromString(body)
    except DecodeError:
        kind, version = message.DESCRIPTOR.name, _version(message)
        raise BadRequest(f'{kind} in version "{version}" cannot be handled as a {kind}: the body is damaged') from None


def tree_of(message: Message) -> Any:
    """Return the JSON tree of a single message, with its kind and version."""
    tree = codec.encode(message)
    if not is_object(message.DESCRIPTOR):
        return tree
    return {"kind": message.DESCRIPTOR.name, "apiVersion": api_version(message), **tree}


def envelope(message: Message) -> bytes:
    """Return a message in Kubernetes' envelope."""
    return wrap(api_version(message), message.DESCRIPTOR.name, message.SerializeToString())


def wrap(version: str, kind: str, raw: bytes) -> bytes:
    """Return an encoded message in Kubernetes' envelope."""
    return MAGIC + Unknown(typeMeta=TypeMeta(apiVersion=version, kind=kind), raw=raw).SerializeToString()


def list_json(resource: Resource, listing: Listing) -> bytes:
    """Return the JSON of a list: a join of what is there."""
    meta: dict[str, Any] = {"resourceVersion": str(listing.revision)}
    if listing.next:
        meta["continue"] = listing.next
    if listing.remaining is not None:
        meta["remainingItemCount"] = listing.remaining
    kind = resource.kind
    head = b'{"kind":"%b","apiVersion":"%b","metadata":%b,"items":[' % (
        kind.list_name.encode(),
        kind.api_version.encode(),
        orjson.dumps(meta),
    )
    return b"".join((head, b",".join([resource.view(stored).bare_json for stored in listing.items]), b"]}"))


def api_version(message: Message | type[Message]) -> str:
    """Return the apiVersion of a message: that of its package."""
    package = package_options(descriptor_of(message))
    if package.group == "meta.k8s.io":
        return str(package.version)
    return f"{package.group}/{package.version}" if package.group else str(package.version)


def _version(message: type[Message]) -> str:
    return api_version(message).rpartition("/")[2]
