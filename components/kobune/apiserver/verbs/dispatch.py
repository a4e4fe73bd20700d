"""From a write, in whatever encoding it came, to the verb or subresource that carries it out."""

from typing import Any, cast

from google.protobuf.message import Message

from kobune.api.authentication.v1 import TokenRequest
from kobune.api.autoscaling.v1 import Scale
from kobune.api.core.v1 import Binding
from kobune.api.meta.v1 import StatusDetails
from kobune.api.policy.v1 import Eviction
from kobune.apimachinery.errors import MethodNotAllowed
from kobune.apiserver.admission.chain import Write
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.apply import apply_configuration
from kobune.apiserver.verbs.binding import bind
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.create import create
from kobune.apiserver.verbs.eviction import evict
from kobune.apiserver.verbs.finalize import finalize
from kobune.apiserver.verbs.patch import patch as patch_object
from kobune.apiserver.verbs.patch_document import APPLY_PATCH
from kobune.apiserver.verbs.reviews import REVIEWS
from kobune.apiserver.verbs.scale import get_scale, update_scale
from kobune.apiserver.verbs.scale_patch import patch_scale
from kobune.apiserver.verbs.tokens import create_token
from kobune.apiserver.verbs.update import update

BODIES: dict[str, type[Message]] = {
    "binding": Binding,
    "eviction": Eviction,
    "scale": Scale,
    "token": TokenRequest,
}
"""What is written to a subresource, where it is not the object itself."""

NOT_ALLOWED = "the server does not allow this method on the requested resource"

Answer = Stored | Message


def body_type(resource: Resource, subresource: str) -> type[Message] | Resource:
    """Return the message that a write of this resource or subresource carries; or a resource whose objects are none."""
    if resource.is_custom and subresource not in BODIES:
        return resource
    return BODIES.get(subresource) or resource.message


def check_served(call: Call, verb: str) -> None:
    """Raise `MethodNotAllowed` if the resource or subresource has no such verb."""
    verbs = call.resource.kind.verbs
    if call.subresource:
        found = call.resource.kind.subresource(call.subresource)
        verbs = found.verbs if found else ()
    if verb not in verbs:
        raise MethodNotAllowed(NOT_ALLOWED, StatusDetails())


async def post(api: Api, call: Call, new: Any) -> Answer:
    """Carry out a POST: create an object, or what a subresource creates."""
    match call.subresource:
        case "":
            if call.resource.is_custom:
                return await create(api, call, new)
            if call.plural == "bindings":
                return await bind(api, _as_pod(api, call), new)
            if call.plural in REVIEWS:
                return cast(Message, REVIEWS[call.plural](api, call, new))
            return await create(api, call, call.resource.to_stored(new))
        case "binding":
            return await bind(api, call, new)
        case "eviction":
            await api.admission.review(Write(api, call, "CREATE", new, None))
            return await evict(api, call, new)
        case "token":
            await api.admission.review(Write(api, call, "CREATE", new, None))
            return create_token(api, call, new)
    raise MethodNotAllowed(f"{call.plural}/{call.subresource} takes no POST")


async def put(api: Api, call: Call, new: Any) -> Answer:
    """Carry out a PUT: replace an object, or a part of it."""
    match call.subresource:
        case "scale":
            return await update_scale(api, call, new)
        case "finalize":
            return await finalize(api, call, new)
        case "" | "status" | "approval" | "resize" | "ephemeralcontainers":
            return await update(api, call, call.resource.to_stored(new))
    raise MethodNotAllowed(f"{call.plural}/{call.subresource} takes no PUT")


async def patch(api: Api, call: Call, content_type: str, body: bytes) -> Answer:
    """Carry out a PATCH: change an object, or a part of it."""
    if call.subresource == "scale":
        return await patch_scale(api, call, content_type, body)
    if content_type == APPLY_PATCH:
        return await apply_configuration(api, call, body)
    return await patch_object(api, call, content_type, body)


async def scale(api: Api, call: Call) -> Scale:
    """Return the scale of an object."""
    return await get_scale(api, call)


def _as_pod(api: Api, call: Call) -> Call:
    return Call(call.user, api.registry["pods"], call.namespace, "", "binding", dry_run=call.dry_run)
