"""Requests for resources: from method, path, query and body to a verb, and from its answer to HTTP."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from kobune.api.meta.v1 import StatusDetails
from kobune.apimachinery.errors import ApiError, MethodNotAllowed, NotFound, RequestEntityTooLarge, Timeout
from kobune.apiserver import body
from kobune.apiserver.aggregation.connecting import Connecting
from kobune.apiserver.audit.objects import note_answer, note_listing, note_sent
from kobune.apiserver.audit.trail import Trail
from kobune.apiserver.auth.user import User
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.front import Front, delete_call, write_call
from kobune.apiserver.rest import accept, answer, options
from kobune.apiserver.rest.path import Target
from kobune.apiserver.rest.table import scale_table
from kobune.apiserver.rest.watching import serve_watch
from kobune.apiserver.rest.whole import Whole
from kobune.apiserver.verbs import dispatch
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.delete import delete, success
from kobune.apiserver.verbs.delete_collection import delete_collection
from kobune.apiserver.verbs.read import Listing, get, list_objects

if TYPE_CHECKING:
    from kobune.apiserver.rest.remote.transport import Transport

BODY_LIMIT = 3 * 1024 * 1024
BODY_WITHIN = 34.0
"""For how many seconds a body is waited for: whoever sends slowly keeps others from being served."""
PROXY = "proxy"
FLOWS = frozenset({"attach", "exec", "log", "portforward", PROXY})
"""The subresources that are no objects."""
PASSED_ON = {
    "DELETE": "delete",
    "GET": "get",
    "HEAD": "get",
    "OPTIONS": "",
    "PATCH": "patch",
    "POST": "create",
    "PUT": "update",
}
"""What the methods are called of requests that are passed on."""


class NoSuchPage(Exception):
    """A path that belongs to no group and version that is served: it is not even an API's."""


class Resources:
    """Serves everything under a resource's path."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._api = front.api
        self._transport: Transport | None = None

    async def close(self) -> None:
        """Close the connections to those whom requests were passed on to."""
        if self._transport is not None:
            await self._transport.close()

    async def serve_elsewhere(
        self, request: web.BaseRequest, item: Any, user: User, connecting: Connecting
    ) -> web.StreamResponse:
        """Answer a request for an API that another server has, as its APIService says."""
        from kobune.apiserver.rest.remote.aggregated import serve_aggregated

        return await serve_aggregated(self._api, item, connecting, self._onward(), user, request)

    def _onward(self) -> "Transport":
        from kobune.apiserver.rest.remote.transport import Transport

        if self._transport is None:
            self._transport = Transport()
        return self._transport

    async def serve(
        self, request: web.BaseRequest, target: Target, user: User, trail: Trail | None = None
    ) -> web.StreamResponse:
        """Answer a request, and leave in the audit log what is to be left; raises an `ApiError` for what cannot be."""
        resource = self._api.registry.find(target.group, target.version, target.resource)
        if resource is None:
            if (target.group, target.version) not in self._api.registry.built_in_versions:
                raise NoSuchPage
            raise NotFound("the server could not find the requested resource", StatusDetails())
        if target.subresource and not resource.kind.subresource(target.subresource):
            if resource.is_custom:
                raise NotFound.named(target.group, target.resource, target.name)
            raise NotFound("the server could not find the requested resource", StatusDetails())
        call = Call(user, resource, target.namespace, target.name, target.subresource)
        call.field_selector = request.query.get("fieldSelector", "")
        call.trail = trail
        _check_place(call)
        verb = _verb(request.method, call, request.query, is_watch=target.is_watch)
        if resource.warning:
            call.warnings.append(resource.warning)
        try:
            response = await self._answer(request, call, verb)
        except ApiError as error:
            self._front.count(verb, resource, error.http)
            error.warnings = tuple(call.warnings)
            raise
        self._front.count(verb, resource, response.status)
        return response

    async def _answer(self, request: web.BaseRequest, call: Call, verb: str) -> web.StreamResponse:
        resource, query = call.resource, request.query
        self._front.authorize(call, verb)
        if call.subresource != PROXY:
            dispatch.check_served(call, verb)
        if call.subresource in FLOWS and not resource.is_custom:
            # Only whoever uses them pays for them.
            from kobune.apiserver.rest.remote.serving import serve_flow

            if call.trail is not None:
                call.trail.started()
            return await serve_flow(self._front, self._onward(), call, verb, request)
        pretty = query.get("pretty", "") in ("1", "true")
        # A scale is a message, whatever it is the scale of.
        has_message = not resource.is_custom or call.subresource == "scale"
        wish = accept.parse(request.headers.get("Accept", ""), pretty, has_message)
        include = query.get("includeObject", "")
        match verb:
            case "get":
                return await self._get(call, wish, include, query.get("resourceVersion", ""))
            case "list":
                listing = list_objects(self._api, call, options.list_options(query))
                note_listing(call, listing)
                return await self._listed(call, listing, wish, include)
            case "watch":
                if call.trail is not None:
                    call.trail.started()
                return await serve_watch(self._api, call, options.list_options(query), wish, include, request)
            case "delete" | "deletecollection":
                return await self._delete(request, call, wish)
        return await self._write(request, call, verb, wish)

    async def _get(self, call: Call, wish: accept.Wish, include: str, resource_version: str) -> Whole:
        if call.subresource == "scale":
            scale = await dispatch.scale(self._api, call)
            if wish.transform == "Table":
                body = scale_table(scale, self._api.now(), include, wish.api_version)
                return answer.from_json(body, wish, 200, call.warnings)
            return answer.from_message(scale, wish, 200, call.warnings)
        stored = get(self._api, call, resource_version)
        note_answer(call, stored)
        return await self._shown(call, stored, wish, include)

    async def _shown(self, call: Call, stored: Stored, wish: accept.Wish, include: str, status: int = 200) -> Whole:
        if call.resource.calls_out:
            await call.resource.convert([stored])
        return answer.from_stored(call.resource, stored, wish, self._api.now(), include, status, call.warnings)

    async def _listed(self, call: Call, listing: Listing, wish: accept.Wish, include: str) -> Whole:
        if call.resource.calls_out:
            await call.resource.convert(listing.items)
        return answer.from_listing(call.resource, listing, wish, self._api.now(), include, call.warnings)

    async def _write(self, request: web.BaseRequest, call: Call, verb: str, wish: accept.Wish) -> Whole:
        query = request.query
        call.user_agent = request.headers.get("User-Agent", "")
        content_type = request.headers.get("Content-Type", "")
        if verb == "patch":
            language = content_type.partition(";")[0].strip()
            write_call(call, verb, options.patch_options(query), "Warn", language)
            sent = await read_body(request)
            note_sent(call, language, sent)
            done: dispatch.Answer = await dispatch.patch(self._api, call, language, sent)
        else:
            write_call(call, verb, options.write_options(query), "Warn")
            sent = await read_body(request)
            message = dispatch.body_type(call.resource, call.subresource)
            new, warnings = body.read(message, content_type, sent, call.field_validation)
            call.warnings.extend(warnings)
            note_sent(call, content_type, sent, new)
            done = await (dispatch.post if verb == "create" else dispatch.put)(self._api, call, new)
        note_answer(call, done)
        status = 201 if verb == "create" or call.created else 200
        if isinstance(done, Stored):
            return await self._shown(call, done, wish, query.get("includeObject", ""), status)
        return answer.from_message(done, wish, status, call.warnings)

    async def _delete(self, request: web.BaseRequest, call: Call, wish: accept.Wish) -> Whole:
        sent = await read_body(request)
        given = None
        if sent:
            given = body.read_options(request.headers.get("Content-Type", ""), sent)
        wanted = options.delete_options(request.query, given)
        call = delete_call(call, wanted)
        if sent:
            note_sent(call, request.headers.get("Content-Type", ""), sent, wanted)
        if not call.name:
            listing = await delete_collection(self._api, call, options.list_options(request.query), wanted)
            note_listing(call, listing)
            return await self._listed(call, listing, wish, "")
        stored, gone = await delete(self._api, call, wanted)
        note_answer(call, stored)
        if gone and not call.resource.strategy.returns_deleted:
            return answer.from_message(success(call, stored), wish, 200, call.warnings)
        return await self._shown(call, stored, wish, "")


def _check_place(call: Call) -> None:
    """Raise `NotFound` for a path that leads nowhere: into a namespace, or past it, where the kind does not live."""
    lost = call.name and not call.namespace if call.resource.kind.namespaced else call.namespace
    if lost and call.resource.is_custom:
        raise NoSuchPage
    if lost and call.plural != "namespaces":
        raise NotFound("the server could not find the requested resource", StatusDetails())


def _verb(method: str, call: Call, query: Mapping[str, str], *, is_watch: bool) -> str:
    """Return what a method means; `MethodNotAllowed` where it means nothing."""
    if call.subresource == PROXY and not call.resource.is_custom and method in PASSED_ON:
        return PASSED_ON[method]
    is_watch = is_watch or query.get("watch", "") in ("1", "true", "True")
    is_watch = is_watch and method == "GET" and not call.subresource
    across_namespaces = call.resource.kind.namespaced and not call.namespace
    match method, bool(call.name):
        case "GET", is_object:
            return "watch" if is_watch else "get" if is_object else "list"
        case "POST", False if not across_namespaces:
            return "create"
        case "POST", True if call.subresource:
            return "create"
        case "PUT", True:
            return "update"
        case "PATCH", True:
            return "patch"
        case "DELETE", True:
            return "delete"
        case "DELETE", False if not across_namespaces:
            return "deletecollection"
    raise MethodNotAllowed(dispatch.NOT_ALLOWED, StatusDetails())


async def read_body(request: web.BaseRequest) -> bytes:
    """Return the body; `RequestEntityTooLarge` beyond 3 MiB, `Timeout` if it does not come."""
    if request.content.is_eof():
        return await _read_body(request)
    try:
        async with asyncio.timeout(BODY_WITHIN):
            return await _read_body(request)
    except TimeoutError:
        why = "request did not complete within requested timeout - context deadline exceeded"
        raise Timeout(f"Timeout: {why}") from None


async def _read_body(request: web.BaseRequest) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > BODY_LIMIT:
            raise RequestEntityTooLarge(f"Request entity too large: limit is {BODY_LIMIT}")
        chunks.append(chunk)
    return b"".join(chunks)
