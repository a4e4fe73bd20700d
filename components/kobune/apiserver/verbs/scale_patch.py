"""Patch the scale of an object, in any language of patches."""

from typing import Any, Final

import orjson
from google.protobuf.message import Message

from kobune.api.autoscaling.v1 import Scale
from kobune.apimachinery import codec
from kobune.apimachinery.apply import write_managers
from kobune.apimachinery.errors import Conflict, Unexplained
from kobune.apimachinery.schema import descriptor_of
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.verbs import misfit, ownership
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.apply import TYPED, check_type, object_of, read_configuration
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.modify import ATTEMPTS, STALE, check_name, modify
from kobune.apiserver.verbs.patch import apply, warn
from kobune.apiserver.verbs.patch_document import APPLY_PATCH, STRATEGIC_PATCH, SUPPORTED, check_language, parse
from kobune.apiserver.verbs.scale import get_scale, update_scale

API_VERSION: Final = "autoscaling/v1"
KIND: Final = "Scale"


async def patch_scale(api: Api, call: Call, content_type: str, body: bytes) -> Message:
    """Change the scale of an object as a patch says, and return it; once more if somebody was faster."""
    check_language(content_type, SUPPORTED)
    for _ in range(ATTEMPTS):
        before = await get_scale(api, call, to_change=True)
        try:
            return await _patch(api, call, content_type, body, before)
        except Conflict:
            now = await get_scale(api, call, to_change=True)
            if now.metadata.resourceVersion == before.metadata.resourceVersion:
                raise  # it is not that somebody was faster: the patch insists on another version
    raise Conflict.named(call.group, call.plural, call.name, STALE)


async def _patch(api: Api, call: Call, content_type: str, body: bytes, before: Scale) -> Message:
    if content_type == APPLY_PATCH:
        return await _apply_scale(api, call, before, read_configuration(call, body))
    document = parse(content_type, body, call.field_validation)
    tree = orjson.loads(orjson.dumps(codec.encode(before)))
    patched = apply(document, tree, descriptor_of(Scale))

    def misfits(why: str) -> Exception:
        if content_type == STRATEGIC_PATCH:
            return misfit.as_tree(document.tree, why)
        return misfit.as_text(patched, tree, descriptor_of(Scale), why)

    try:
        scale, unknown = codec.decode(Scale, orjson.dumps(patched))
    except codec.Undecodable as error:
        raise misfits(str(error)) from None
    if words := [*document.odd, *(f'unknown field "{path}"' for path in unknown)]:
        if call.field_validation == "Strict":
            raise misfits(f"strict decoding error: {', '.join(words)}")
        warn(call, words)
    return await update_scale(api, call, scale)


async def _apply_scale(api: Api, call: Call, before: Scale, config: dict[str, Any]) -> Message:
    """Let the applier own how many replicas there are, and nothing else of the object."""
    check_type(config, API_VERSION, KIND)
    try:
        scale, unknown = codec.decode(Scale, orjson.dumps(config))
    except codec.Undecodable as error:
        raise Unexplained(f"{TYPED} (/; {API_VERSION}, Kind={KIND}): {error}") from None
    if unknown:
        raise Unexplained(f"{TYPED} (/; {API_VERSION}, Kind={KIND}): .{unknown[0]}: field not declared in schema")
    if scale.metadata.name:
        check_name(call, scale.metadata.name)
    await api.admission.review(Write(api, call, "UPDATE", scale, before))
    kind = call.resource.kind
    wanted: dict[str, Any] = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": {}}
    if scale.spec.HasField("replicas"):
        node = wanted
        *above, last = call.resource.replicas_path
        for name in above:
            node = node.setdefault(name, {})
        node[last] = scale.spec.replicas

    def change(current: Stored) -> Any:
        item = call.resource.working(current).message
        tree, managers = ownership.applied(api, call, wanted, item, force=call.force)
        new = object_of(call, wanted, tree)
        new.metadata.resourceVersion = scale.metadata.resourceVersion
        write_managers(new.metadata, managers)
        return new

    await modify(api, call, change, tracked=False)
    return await get_scale(api, call)
