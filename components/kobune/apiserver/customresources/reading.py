"""From what a client sends to a custom resource: its tree, pruned and filled in as its definition says."""

from typing import TYPE_CHECKING, Any

from kobune.apimachinery import codec
from kobune.apimachinery.custom import CustomObject
from kobune.apimachinery.errors import BadRequest
from kobune.apiserver import body as bodies
from kobune.apiserver import duplicates
from kobune.apiserver.customresources.schema import embedded
from kobune.apiserver.customresources.schema.defaulting import default, drop_nulls
from kobune.apiserver.customresources.schema.pruning import prune
from kobune.apiserver.media import is_protobuf

if TYPE_CHECKING:
    from kobune.apiserver.customresources.resource import CustomResource

NO_PROTOBUF = (
    "object *unstructured.Unstructured does not implement the protobuf marshalling interface and cannot be encoded to "
    "a protobuf message"
)
MOST_NESTED = 180
"""How deep a tree may nest; deeper ones would end in the middle of walking them."""


def read(
    resource: "CustomResource", content_type: str, body: bytes, field_validation: str
) -> tuple[CustomObject, list[str]]:
    """Return the object that a body holds, and warnings; `BadRequest` in Kubernetes' words if there is none in it."""
    kind = resource.kind
    if is_protobuf(content_type):
        raise bodies.unhandled(kind.name, kind.version, "", NO_PROTOBUF)
    body, odd = bodies.to_json(kind.name, content_type, body)
    _, _, body, tree = bodies.type_of(kind.name, body)
    if not tree.get("kind"):
        text = body.decode(errors="replace")
        raise bodies.unrecognized(kind.name, f"Object 'Kind' is missing in '{text}'", body)
    version = tree.get("apiVersion") or ""
    if version != kind.api_version:
        raise BadRequest(
            f"the API version in the data ({version}) does not match the expected API version ({kind.api_version})"
        )
    # YAML tells of its duplicates itself; reading uses the tree up.
    suspected = not odd and field_validation != "Ignore" and duplicates.suspected(body, tree)
    try:
        item, unknown = from_tree(resource, tree)
    except Unfit as error:
        raise bodies.unhandled(kind.name, kind.version, tree["kind"], str(error)) from None
    twice = duplicates.find(body) if suspected else ()
    words = [*odd, *(f'duplicate field "{path}"' for path in twice), *(f'unknown field "{path}"' for path in unknown)]
    if words and field_validation == "Strict":
        raise bodies.unhandled(kind.name, kind.version, tree["kind"], f"strict decoding error: {', '.join(words)}")
    return item, words if field_validation == "Warn" else []


class Unfit(codec.Undecodable):
    """A tree that is no object; the message says why."""


def from_tree(resource: "CustomResource", tree: dict[str, Any]) -> tuple[CustomObject, list[str]]:
    """Return the object of a tree, which is used up, and the paths of what was dropped; `Unfit` if it is none."""
    if not nests_at_most(tree, MOST_NESTED):
        raise Unfit("exceeded max depth")
    fields = dict(tree)
    api_version, kind = str(fields.pop("apiVersion", "")), str(fields.pop("kind", ""))
    try:
        metadata, odd = embedded.read_metadata(fields.pop("metadata", None))
        unknown = [f"metadata.{name}" for name in odd]
        if kind == resource.kind.name:
            unknown += coerce(resource, fields)
    except (codec.Undecodable, embedded.Misfit) as error:
        raise Unfit(str(error)) from None
    return CustomObject(api_version, kind, metadata, fields), unknown


def coerce(resource: "CustomResource", fields: dict[str, Any]) -> list[str]:
    """Prune and fill in the fields of an object, in place; return the paths of what was dropped."""
    schema = resource.structural
    unknown = []
    if not resource.preserves_unknown:
        unknown = prune(fields, schema)
        drop_nulls(fields, schema)
    unknown += embedded.coerce(fields, schema)
    default(fields, schema)
    return unknown


def nests_at_most(tree: Any, levels: int) -> bool:
    """Whether no value of a tree is deeper than that."""
    layer = [tree]
    while layer and levels > 0:
        levels -= 1
        layer = [
            item
            for value in layer
            for item in (value.values() if type(value) is dict else value)
            if type(item) is dict or type(item) is list
        ]
    return not layer
