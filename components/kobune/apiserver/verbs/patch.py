"""Patch: change parts of an object, in one of the languages of patches."""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from google.protobuf.descriptor import Descriptor

from kobune.api.meta.v1 import StatusDetails
from kobune.apimachinery import codec
from kobune.apimachinery.errors import BadRequest, Invalid, RequestEntityTooLarge, Unexplained
from kobune.apimachinery.patch import (
    Misplaced,
    NoMergeKey,
    PatchTooLarge,
    Unpatchable,
    apply_json_patch,
    apply_merge_patch,
    apply_strategic_patch,
)
from kobune.apimachinery.schema import descriptor_of
from kobune.apiserver.body import mistaken
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.verbs import misfit
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.modify import modify, must_get
from kobune.apiserver.verbs.patch_document import (
    CUSTOM_SUPPORTED,
    JSON_PATCH,
    MERGE_PATCH,
    STRATEGIC_PATCH,
    SUPPORTED,
    PatchDocument,
    check_language,
    parse,
)

REJECTED: Final = "the server rejected our request due to an error in our request"


async def patch(api: Api, call: Call, content_type: str, body: bytes) -> Stored:
    """Change an object as a patch says, and return it as it is then.

    The patch is made again when somebody else was faster, unless it names a `resourceVersion`.
    """
    resource = call.resource
    check_language(content_type, CUSTOM_SUPPORTED if resource.is_custom else SUPPORTED)
    must_get(api, call)  # what is not there is told before what is wrong with the patch
    document = parse(content_type, body, call.field_validation)
    shape = None if resource.is_custom else descriptor_of(resource.message)

    def change(current: Stored) -> Any:
        tree = orjson.loads(resource.view(current).json)
        patched = apply(document, tree, shape)
        try:
            new, odd = decode_patched(resource, patched, as_text=content_type != STRATEGIC_PATCH)
        except codec.Undecodable as error:
            raise _misfit(document, patched, tree, shape, str(error)) from None
        if words := [*document.odd, *odd]:
            if call.field_validation == "Strict":
                why = f"strict decoding error: {', '.join(words)}"
                raise _misfit(document, patched, tree, shape, why)
            warn(call, words)
        _check_place(call, new)
        if not _insists(document):
            new.metadata.ClearField("resourceVersion")
        return resource.to_stored(new)

    return await modify(api, call, change)


def _misfit(document: PatchDocument, patched: Any, tree: Any, shape: Descriptor | None, why: str) -> Invalid:
    if document.language == STRATEGIC_PATCH:
        return misfit.as_tree(document.tree, why)
    return misfit.as_text(patched, tree, shape, why)


def _check_place(call: Call, new: Any) -> None:
    """Raise `BadRequest` if the patch has made the object one that is elsewhere, or nowhere."""
    meta = new.metadata
    if meta.namespace and call.namespace and meta.namespace != call.namespace:
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    if not meta.name:
        raise BadRequest(f"the name of the object ({call.name} based on URL) was undeterminable: name must be provided")


def apply(document: PatchDocument, tree: Any, descriptor: Descriptor | None) -> Any:
    """Return the patched tree; `Invalid` or `BadRequest` if the patch does not fit."""
    try:
        if document.language == JSON_PATCH:
            patched = apply_json_patch(tree, document.tree or [])
        elif document.language == MERGE_PATCH:
            patched = apply_merge_patch(tree, document.tree)
        else:
            patched = apply_strategic_patch(tree, document.tree or {}, descriptor)
    except PatchTooLarge as error:
        raise RequestEntityTooLarge(str(error)) from None
    except Misplaced:
        raise Invalid(REJECTED, StatusDetails()) from None
    except NoMergeKey as error:
        raise Unexplained(str(error)) from None
    except Unpatchable as error:
        if document.language == JSON_PATCH:
            raise Invalid(REJECTED, StatusDetails()) from None
        raise BadRequest(str(error)) from None
    except RecursionError:
        raise BadRequest("the patch exceeds the max depth") from None
    if not isinstance(patched, dict):
        raise BadRequest("the patch leaves no object")
    return patched


def read_patched(call: Call, resource: Resource, tree: Any) -> Any:
    """Return the object of a tree to which something was applied; `Undecodable` if it no longer is one."""
    message, words = decode_patched(resource, tree)
    if words and call.field_validation == "Strict":
        raise BadRequest(
            f'{resource.kind.name} in version "{resource.kind.version}" cannot be handled as a '
            f"{resource.kind.name}: strict decoding error: {', '.join(words)}"
        )
    warn(call, words)
    return message


def decode_patched(resource: Resource, tree: Any, *, as_text: bool = False) -> tuple[Any, list[str]]:
    """Return the object of a tree, and what is odd about it; `Undecodable` if it no longer is one.

    What was patched `as_text` is read as whatever it says that it is.
    """
    try:
        body = orjson.dumps(tree)
    except TypeError as error:  # too deep, or a number that is none
        raise BadRequest(f"the patched object cannot be encoded: {error}") from None
    if resource.is_custom:
        message, unknown = resource.read_tree(orjson.loads(body))
    else:
        if as_text and (
            why := mistaken(resource.message, str(tree.get("apiVersion") or ""), str(tree.get("kind") or ""))
        ):
            raise codec.Undecodable(why)
        message, unknown = codec.decode(resource.message, body)
    return message, [f'unknown field "{path}"' for path in unknown]


def warn(call: Call, words: Sequence[str]) -> None:
    """Warn of what is odd, if that is asked for. A patch may be made again on a newer object: it is told once."""
    if call.field_validation == "Warn":
        call.warnings.extend(word for word in words if word not in call.warnings)


def _insists(document: PatchDocument) -> bool:
    """Whether the patch itself says which version it is for."""
    tree = document.tree
    if document.language == JSON_PATCH:
        return any(
            isinstance(step, dict) and str(step.get("path", "")).startswith("/metadata/resourceVersion")
            for step in tree or ()
        )
    metadata = tree.get("metadata") if isinstance(tree, dict) else None
    return isinstance(metadata, dict) and "resourceVersion" in metadata
