"""Issue a token of a service account. Source: *TokenRequest* in the API reference."""

from typing import Any

from kobune.api.authentication.v1 import TokenRequest
from kobune.apimachinery.errors import BadRequest, Conflict, Invalid, NotFound
from kobune.apimachinery.meta import time_of
from kobune.apiserver.registry.validation.causes import invalid
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.modify import must_get

SHORTEST = 600
DEFAULT = 3600
LONGEST = 2**32
BINDABLE = {"Node": "nodes", "Pod": "pods", "Secret": "secrets"}


def create_token(api: Api, call: Call, request: TokenRequest) -> TokenRequest:
    """Return the request with a token in its status; `Invalid` if it asks for too short a life."""
    account: Any = must_get(api, call).message
    seconds = request.spec.expirationSeconds if request.spec.HasField("expirationSeconds") else DEFAULT
    if not SHORTEST <= seconds <= LONGEST:
        why = "less than 10 minutes" if seconds < SHORTEST else "larger than 2^32 seconds"
        cause = invalid("spec.expirationSeconds", seconds, f"may not specify a duration {why}")
        raise Invalid.named("authentication.k8s.io", "TokenRequest", "", [cause])
    bound = request.spec.boundObjectRef if request.spec.HasField("boundObjectRef") else None
    node = _check_bound(api, call, bound) if bound is not None else None
    token, expires = api.tokens.issue(account, list(request.spec.audiences), seconds, bound, node)
    request.spec.expirationSeconds = seconds
    request.metadata.name, request.metadata.namespace = call.name, call.namespace
    request.metadata.creationTimestamp.CopyFrom(time_of(api.now()))
    request.status.token = token
    request.status.expirationTimestamp.CopyFrom(time_of(expires))
    return request


def _check_bound(api: Api, call: Call, bound: Any) -> Any:
    """Note the uid of the object that a token is to be bound to; return the metadata of the node of a pod.

    Raises `BadRequest`, `NotFound` or `Conflict` if there is no such object.
    """
    plural = BINDABLE.get(bound.kind)
    if plural is None or bound.apiVersion not in ("", "v1"):
        group, _, version = bound.apiVersion.rpartition("/")
        raise BadRequest(f"cannot bind token to object of type {group}/{version}, Kind={bound.kind}")
    found = api.find(plural, "" if plural == "nodes" else call.namespace, bound.name)
    if found is None:
        raise NotFound.named("", plural, bound.name)
    if plural == "pods" and found.spec.serviceAccountName != call.name:
        why = f'cannot bind token for serviceaccount "{call.name}" to pod running with different serviceaccount name.'
        raise BadRequest(why)
    uid = found.metadata.uid
    if bound.uID and bound.uID != uid:
        why = f"the UID in the bound object reference ({bound.uID}) does not match the UID in record. "
        raise Conflict.named("", bound.kind, bound.name, why + "The object might have been deleted and then recreated")
    bound.uID = uid
    node = api.find("nodes", "", found.spec.nodeName) if plural == "pods" and found.spec.nodeName else None
    return None if node is None else node.metadata
