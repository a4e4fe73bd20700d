"""Patch: change parts of an object, in one of the languages of patches."""

from collections.abc import Sequence
from typing import Any

import orjson
from google.protobuf.descriptor import Descriptor

from kobune.api.meta.v1 import StatusDetails
from kobune.apimachinery import codec
from kobune.apimachinery.errors import BadRequest, Invalid, RequestEntityTooLarge, Unexplained, UnsupportedMediaType
from kobune.apimachinery.patch import (
    NoMergeKey,
    PatchTooLarge,
    Unpatchable,
    apply_json_patch,
    apply_merge_patch,
    apply_strategic_patch,
)
from kobune.apimachinery.schema import descriptor_of
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.verbs import misfit
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.modify import modify

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
SUPPORTED = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH)
CUSTOM_SUPPORTED = (JSON_PATCH, MERGE_PATCH)
"""For custom resources, of whose lists nobody says how they merge."""


async def patch(api: Api, call: Call, content_type: str, body: bytes) -> Stored:
    """Change an object as a patch says, and return it as it is then.

    The patch is made again when somebody else was faster, unless it names a `resourceVersion`.
    """
    document = parse(content_type, body, CUSTOM_SUPPORTED if call.resource.is_custom else SUPPORTED)

    def change(current: Stored) -> Any:
        resource = call.resource
        tree = orjson.loads(resource.view(current).json)
        patched = apply(content_type, tree, document, None if resource.is_custom else descriptor_of(resource.message))
        try:
            new = read_patched(call, resource, patched)
        except codec.Undecodable as error:
            if content_type == STRATEGIC_PATCH:
                raise misfit.as_tree(document, str(error)) from None
            shape = None if resource.is_custom else descriptor_of(resource.message)
            raise misfit.as_text(patched, tree, shape, str(error)) from None
        if not _insists(content_type, document):
            new.metadata.ClearField("resourceVersion")
        return resource.to_stored(new)

    return await modify(api, call, change)


def parse(content_type: str, body: bytes, languages: Sequence[str] = SUPPORTED) -> Any:
    """Return the tree of a patch; `UnsupportedMediaType` for an unknown language, `BadRequest` for no JSON."""
    if content_type not in languages:
        supported = ", ".join((*languages, APPLY_PATCH) if languages is CUSTOM_SUPPORTED else languages)
        raise UnsupportedMediaType(
            f"the body of the request was in an unknown format - accepted media types include: {supported}"
        )
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"error decoding patch: {error}") from None


def apply(content_type: str, tree: Any, document: Any, descriptor: Descriptor | None) -> Any:
    """Return the patched tree; `Invalid` or `BadRequest` if the patch does not fit."""
    try:
        if content_type == JSON_PATCH:
            patched = apply_json_patch(tree, document)
        elif content_type == MERGE_PATCH:
            patched = apply_merge_patch(tree, document)
        else:
            patched = apply_strategic_patch(tree, document, descriptor)
    except PatchTooLarge as error:
        raise RequestEntityTooLarge(str(error)) from None
    except NoMergeKey as error:
        raise Unexplained(str(error)) from None
    except Unpatchable as error:
        if content_type == JSON_PATCH:
            raise Invalid("the server rejected our request due to an error in our request", StatusDetails()) from None
        raise BadRequest(str(error)) from None
    except RecursionError:
        raise BadRequest("the patch exceeds the max depth") from None
    if not isinstance(patched, dict):
        raise BadRequest("the patch leaves no object")
    return patched


def read_patched(call: Call, resource: Resource, tree: Any) -> Any:
    """Return the object of a patched tree; `Undecodable` if it no longer is one."""
    try:
        body = orjson.dumps(tree)
    except TypeError as error:  # too deep, or a number that is none
        raise BadRequest(f"the patched object cannot be encoded: {error}") from None
    if resource.is_custom:
        message, unknown = resource.read_tree(orjson.loads(body))
    else:
        message, unknown = codec.decode(resource.message, body)
    words = [f'unknown field "{path}"' for path in unknown]
    if words and call.field_validation == "Strict":
        raise BadRequest(
            f'{resource.kind.name} in version "{resource.kind.version}" cannot be handled as a '
            f"{resource.kind.name}: strict decoding error: {', '.join(words)}"
        )
    if call.field_validation == "Warn":
        # The patch may be made again on a newer object: what it says stays the same.
        call.warnings.extend(word for word in words if word not in call.warnings)
    return message


def _insists(content_type: str, document: Any) -> bool:
    """Whether the patch itself says which version it is for."""
    if content_type == JSON_PATCH:
        return any(
            isinstance(step, dict) and str(step.get("path", "")).startswith("/metadata/resourceVersion")
            for step in document
        )
    metadata = document.get("metadata") if isinstance(document, dict) else None
    return isinstance(metadata, dict) and "resourceVersion" in metadata
