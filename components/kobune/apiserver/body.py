"""What clients send: JSON, YAML, or protobuf in Kubernetes' envelope or bare; from bytes to a message."""

from functools import cache
from typing import Any, Final, cast

import orjson
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message

from kobune.api.meta.v1 import DeleteOptions
from kobune.api.runtime.v1 import Unknown
from kobune.apimachinery import codec
from kobune.apimachinery.errors import BadRequest, UnsupportedMediaType
from kobune.apimachinery.kinds import kind_of, messages
from kobune.apimachinery.schema import descriptor_of, package_options
from kobune.apiserver import duplicates, json_problems, yaml_documents
from kobune.apiserver.media import JSON, PROTOBUF, YAML, api_version, is_protobuf
from kobune.apiserver.registry.resource import MAGIC, Resource

SUMMARY: Final = 30
"""How many bytes of a body that makes no sense are shown in the complaint."""
NO_TYPE: Final = "couldn't get version/kind; json parse error"
GO_TYPE: Final = r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }'
SCHEME: Final = "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"
LEGACY_SCHEME: Final = "pkg/api/legacyscheme/scheme.go:30"
FORMER_GROUP: Final = "extensions"
SHAPES: Final = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}


def read(
    message: type[Message] | Resource, content_type: str, body: bytes, field_validation: str
) -> tuple[Any, list[str]]:
    """Return the message that a body holds, and warnings; of a resource without messages, the object.

    `field_validation` says what happens to fields that the kind does not know: Strict refuses them, Warn warns, Ignore
    drops them. Raises `BadRequest` in Kubernetes' words, or `UnsupportedMediaType`.
    """
    if isinstance(message, Resource):
        return message.read(content_type, body, field_validation)
    if is_protobuf(content_type):
        return _from_protobuf(message, body), []
    body, odd = to_json(message.DESCRIPTOR.name, content_type, body)
    return _from_json(message, body, odd, field_validation)


def to_json(wanted: str, content_type: str, body: bytes) -> tuple[bytes, list[str]]:
    """Return a body of text as JSON, and what is odd about it; raises `UnsupportedMediaType` if it is none."""
    media_type = content_type.partition(";")[0].strip() or JSON
    if media_type == YAML:
        try:
            return yaml_documents.to_json(body)
        except yaml_documents.BadYaml as error:
            raise unrecognized(wanted, str(error), body) from None
    if media_type != JSON:
        raise UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: "
            f"{JSON}, {YAML}, {PROTOBUF}"
        )
    return body, []


def _from_json(message: type[Message], body: bytes, odd: list[str], field_validation: str) -> tuple[Any, list[str]]:
    version, kind, body, tree = type_of(message.DESCRIPTOR.name, body)
    _check_type(message, version, kind)
    # YAML tells of its duplicates itself.
    suspected = not odd and field_validation != "Ignore" and duplicates.suspected(body, tree)
    try:
        decoded, unknown = codec.decode(message, body, tree)
    except codec.Undecodable as error:
        raise _unhandled(message, version, kind, str(error)) from None
    except RecursionError:
        raise _unhandled(message, version, kind, "exceeded max depth") from None
    if _nests(descriptor_of(message)):
        _check_depth(message, decoded)
    twice = duplicates.find(body, unknown) if suspected else ()
    words = [*(f'duplicate field "{path}"' for path in twice), *(f'unknown field "{path}"' for path in unknown), *odd]
    if words and field_validation == "Strict":
        raise _unhandled(message, version, kind, f"strict decoding error: {', '.join(words)}")
    return decoded, words if field_validation == "Warn" else []


def read_options(content_type: str, body: bytes) -> DeleteOptions:
    """Return the options of a deletion that a body holds. What is wrong with them is said in other words than usual."""
    try:
        if is_protobuf(content_type):
            return cast(DeleteOptions, _from_protobuf(DeleteOptions, body))
        version, kind, body, tree = _type_of(to_json("DeleteOptions", content_type, body)[0])
        if kind not in ("", "DeleteOptions"):
            raise BadRequest(f'no kind "{kind}" is registered for version "{version}" in scheme "{SCHEME}"')
        return codec.decode(DeleteOptions, body, tree)[0]
    except (_Untyped, codec.Undecodable) as error:
        raise BadRequest(str(error)) from None


class _Untyped(ValueError):
    """JSON that does not even say what it is; says why."""


def type_of(wanted: str, body: bytes) -> tuple[str, str, bytes, Any]:
    """Return the apiVersion and kind that JSON says it has, empty where it says nothing; the JSON; and its tree."""
    try:
        return _type_of(body)
    except _Untyped as error:
        raise unrecognized(wanted, str(error), body) from None


def _type_of(body: bytes) -> tuple[str, str, bytes, Any]:
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _Untyped(f"{NO_TYPE}: {json_problems.problem(body, error)}") from None
    if tree is None:
        return "", "", b"{}", {}
    if not isinstance(tree, dict):
        why = f"json: cannot unmarshal {SHAPES[type(tree)]} into Go value of type {GO_TYPE}"
        raise _Untyped(f"{NO_TYPE}: {why}")
    found = {}
    for name, go_name in (("apiVersion", "APIVersion"), ("kind", "Kind")):
        value = tree.get(name)
        if not isinstance(value, str | None):
            shape = SHAPES.get(type(value), "object")
            why = f"json: cannot unmarshal {shape} into Go struct field .{name} of type string"
            raise _Untyped(f"{NO_TYPE}: {why}")
        found[go_name] = value or ""
    return found["APIVersion"], found["Kind"], body, tree


def _from_protobuf(message: type[Message], body: bytes) -> Any:
    version = kind = ""
    try:
        if body.startswith(MAGIC):
            envelope = Unknown.FromString(body[len(MAGIC) :])
            version, kind, body = envelope.typeMeta.apiVersion, envelope.typeMeta.kind, envelope.raw
            _check_type(message, version, kind)
        return message.FromString(body)
    except DecodeError:
        if kind:
            raise _unhandled(message, version, kind, "unexpected EOF or a field of the wrong type") from None
        prefix = "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
        why = "unexpected EOF" if body.startswith(MAGIC) else prefix
        raise unrecognized(message.DESCRIPTOR.name, why, body) from None


def _check_type(message: type[Message], version: str, kind: str) -> None:
    """Raise `BadRequest` if the body says that it is something else than what is wanted."""
    wanted = message.DESCRIPTOR.name
    if why := mistaken(message, version, kind):
        short = version.rpartition("/")[2]
        raise BadRequest(f'{kind or wanted} in version "{short}" cannot be handled as a {wanted}: {why}')
    if version and version != (wanted_version := api_version(message)):
        if package_options(descriptor_of(message)).group == "meta.k8s.io":
            return  # options are of every group
        raise BadRequest(
            f"the API version in the data ({version}) does not match the expected API version ({wanted_version})"
        )


def mistaken(message: type[Message], version: str, kind: str) -> str:
    """Return why what says that it is of this version and kind is no such message; empty if it may be one."""
    wanted = message.DESCRIPTOR.name
    group = package_options(descriptor_of(message)).group
    if group == "meta.k8s.io":
        return ""  # options are of every group
    own = api_version(message)
    version, kind = version or own, kind or wanted
    if (version, kind) == (own, wanted):
        return ""
    if (version, kind) not in _registered() and not _is_former(version, group):
        return f'no kind "{kind}" is registered for version "{version}" in scheme "{LEGACY_SCHEME}"'
    if kind == wanted:
        return ""
    short = version.rpartition("/")[2]
    return f"converting ({short}.{kind}) to ({group.partition('.')[0] or 'core'}.{wanted}): unknown conversion"


@cache
def _registered() -> frozenset[tuple[str, str]]:
    """Return the versions and names of all kinds."""
    return frozenset((kind.api_version, kind.name) for kind in map(kind_of, messages()))


def _is_former(version: str, group: str) -> bool:
    """Whether a version is one of those that the group had before: they are still known, though not served."""
    of_group, _, name = version.rpartition("/")
    return of_group in (group, FORMER_GROUP) and ("alpha" in name or "beta" in name)


def _unhandled(message: type[Message], version: str, kind: str, why: str) -> BadRequest:
    short = (version or api_version(message)).rpartition("/")[2]
    return unhandled(message.DESCRIPTOR.name, short, kind, why)


def unhandled(wanted: str, short: str, kind: str, why: str) -> BadRequest:
    """Return the error that says: this is no such object."""
    return BadRequest(f'{kind or wanted} in version "{short}" cannot be handled as a {wanted}: {why}')


def unrecognized(wanted: str, why: str, body: bytes) -> BadRequest:
    """Return the error that says: this is not even an object."""
    # What could be JSON is shown as it is.
    summary = body[:SUMMARY].decode(errors="replace") if body.startswith(b"{") else body[:SUMMARY].hex()
    shown = summary + (" ..." if len(body) > SUMMARY else "") if body else "<empty>"
    return BadRequest(f"the object provided is unrecognized (must be of type {wanted}): {why} ({shown})")


@cache
def _nests(descriptor: Descriptor) -> bool:
    """Whether messages of this type can contain themselves, and so nest without end."""
    return _reaches_itself(descriptor, ())


def _reaches_itself(descriptor: Descriptor, above: tuple[str, ...]) -> bool:
    if descriptor.full_name in above:
        return True
    below = (*above, descriptor.full_name)
    return any(
        _reaches_itself(field.message_type, below) for field in descriptor.fields if field.message_type is not None
    )


def _check_depth(message: type[Message], decoded: Message) -> None:
    """Raise `BadRequest` if the message nests so deep that nobody could read it again."""
    try:
        message.FromString(decoded.SerializeToString())
    except (DecodeError, ValueError):
        raise _unhandled(message, "", "", "exceeded max depth") from None
