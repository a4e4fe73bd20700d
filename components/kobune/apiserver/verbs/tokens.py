"""Issue a token of a service account. Source: *TokenRequest* in the API reference."""

from typing import Any

from kobune.api.authentication.v1 import TokenRequest
from kobune.apimachinery.errors import BadRequest, Conflict, FieldError, Invalid, NotFound
from kobune.apimachinery.meta import time_of
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.modify import must_get

SHORTEST = 600
DEFAULT = 3600
BINDABLE = {"Pod": "pods", "Secret": "secrets"}


def create_token(api: Api, call: Call, request: TokenRequest) -> TokenRequest:
    """Return the request with a token in its status; `Invalid` if it asks for too short a life."""
    account: Any = must_get(api, call).message
    seconds = request.spec.expirationSeconds if request.spec.HasField("expirationSeconds") else DEFAULT
    if seconds < SHORTEST:
        cause = FieldError(
            "FieldValueInvalid",
            "spec.expirationSeconds",
            f"Invalid value: {seconds}: may not specify a duration less than 10 minutes",
        )
        raise Invalid.named("authentication.k8s.io", "TokenRequest", "", [cause])
    bound = request.spec.boundObjectRef if request.spec.HasField("boundObjectRef") else None
    if bound is not None:
        _check_bound(api, call, bound)
    token, expires = api.tokens.issue(account, list(request.spec.audiences), seconds, bound)
    request.spec.expirationSeconds = seconds
    request.metadata.name, request.metadata.namespace = call.name, call.namespace
    request.metadata.creationTimestamp.CopyFrom(time_of(api.now()))
    request.status.token = token
    request.status.expirationTimestamp.CopyFrom(time_of(expires))
    return request


def _check_bound(api: Api, call: Call, bound: Any) -> None:
    """Raise an error unless the object that a token is to be bound to is there; note its uid."""
    plural = BINDABLE.get(bound.kind)
    if plural is None or bound.apiVersion not in ("", "v1"):
        raise BadRequest(f'cannot bind token for serviceaccount "{call.name}" to object type {bound.kind}')
    found = api.find(plural, call.namespace, bound.name)
    if found is None:
        raise NotFound.named("", plural, bound.name)
    uid = found.metadata.uid
    if bound.uID and bound.uID != uid:
        why = f"the UID in the bound object reference ({bound.uID}) does not match the UID in record. "
        raise Conflict.named("", plural, bound.name, why + "The object might have been deleted and then recreated")
    bound.uID = uid
