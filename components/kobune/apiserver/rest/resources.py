"""Requests for resources: from method, path, query and body to a verb, and from its answer to HTTP."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from kobune.api.meta.v1 import DeleteOptions
from kobune.apimachinery.errors import ApiError, BadRequest, MethodNotAllowed, NotFound, RequestEntityTooLarge
from kobune.apiserver import media
from kobune.apiserver.auth.user import User
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.front import Front, delete_call, write_call
from kobune.apiserver.rest import accept, answer, options
from kobune.apiserver.rest.path import Target
from kobune.apiserver.rest.watching import serve_watch
from kobune.apiserver.verbs import dispatch
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.delete import delete, success
from kobune.apiserver.verbs.delete_collection import delete_collection
from kobune.apiserver.verbs.patch import patch
from kobune.apiserver.verbs.read import get, list_objects

BODY_LIMIT = 3 * 1024 * 1024
UNSERVED = frozenset({"exec", "attach", "portforward", "proxy", "log"})


class Resources:
    """Serves everything under a resource's path."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._api = front.api

    async def serve(self, request: web.BaseRequest, target: Target, user: User) -> web.StreamResponse:
        """Answer a request; raises an `ApiError` for what cannot be done."""
        resource = self._api.registry.find(target.group, target.version, target.resource)
        if resource is None or (target.subresource and not resource.kind.subresource(target.subresource)):
            raise NotFound("the server could not find the requested resource")
        call = Call(user, resource, target.namespace, target.name, target.subresource)
        verb = _verb(request.method, call, request.query)
        try:
            response = await self._answer(request, call, verb)
        except ApiError as error:
            self._front.count(verb, resource, error.http)
            raise
        self._front.count(verb, resource, response.status)
        return response

    async def _answer(self, request: web.BaseRequest, call: Call, verb: str) -> web.StreamResponse:
        resource, query = call.resource, request.query
        self._front.authorize(call, verb)
        dispatch.check_served(call, verb)
        if call.subresource in UNSERVED:
            raise MethodNotAllowed(f"{call.plural}/{call.subresource} is not supported")
        if not resource.kind.namespaced:
            call.namespace = ""
        wish = accept.parse(request.headers.get("Accept", ""), query.get("pretty", "") in ("1", "true"))
        include = query.get("includeObject", "")
        match verb:
            case "get":
                return self._get(call, wish, include, query.get("resourceVersion", ""))
            case "list":
                listing = list_objects(self._api, call, options.list_options(query))
                return answer.from_listing(resource, listing, wish, self._api.now(), include)
            case "watch":
                return await serve_watch(self._api, call, options.list_options(query), wish, include, request)
            case "delete" | "deletecollection":
                return await self._delete(request, call, wish)
        return await self._write(request, call, verb, wish)

    def _get(self, call: Call, wish: accept.Wish, include: str, resource_version: str) -> web.Response:
        if call.subresource == "scale":
            return answer.from_message(dispatch.scale(self._api, call), wish)
        found = get(self._api, call, resource_version)
        return answer.from_stored(call.resource, found, wish, self._api.now(), include)

    async def _write(self, request: web.BaseRequest, call: Call, verb: str, wish: accept.Wish) -> web.Response:
        query = request.query
        write_call(call, verb, options.write_options(query), "Warn")
        body = await read_body(request)
        content_type = request.headers.get("Content-Type", "")
        if verb == "patch":
            done: dispatch.Answer = await self._patch(call, content_type.partition(";")[0].strip(), body)
        else:
            message = dispatch.body_type(call.resource, call.subresource)
            _check_type(message, content_type, body, call)
            new, warnings = media.read(message, content_type, body, call.field_validation)
            call.warnings.extend(warnings)
            done = await (dispatch.post if verb == "create" else dispatch.put)(self._api, call, new)
        status = 201 if verb == "create" else 200
        if isinstance(done, Stored):
            include = query.get("includeObject", "")
            return answer.from_stored(call.resource, done, wish, self._api.now(), include, status, call.warnings)
        return answer.from_message(done, wish, status, call.warnings)

    async def _patch(self, call: Call, content_type: str, body: bytes) -> "dispatch.Answer":
        if call.subresource == "scale":
            return await dispatch.patch_scale(self._api, call, content_type, body)
        return await patch(self._api, call, content_type, body)

    async def _delete(self, request: web.BaseRequest, call: Call, wish: accept.Wish) -> web.Response:
        body = await read_body(request)
        given = None
        if body:
            given, _ = media.read(DeleteOptions, request.headers.get("Content-Type", ""), body, "Ignore")
        wanted = options.delete_options(request.query, given)
        call = delete_call(call, wanted)
        if not call.name:
            listing = await delete_collection(self._api, call, options.list_options(request.query), wanted)
            return answer.from_listing(call.resource, listing, wish, self._api.now(), "")
        stored, gone = await delete(self._api, call, wanted)
        if gone and not call.resource.strategy.returns_deleted:
            return answer.from_message(success(call, stored), wish)
        return answer.from_stored(call.resource, stored, wish, self._api.now(), "")


def _verb(method: str, call: Call, query: Mapping[str, str]) -> str:
    match method:
        case "GET" | "HEAD" if not call.name:
            return "watch" if query.get("watch", "") in ("1", "true", "True") else "list"
        case "GET" | "HEAD":
            return "watch" if query.get("watch", "") in ("1", "true", "True") and not call.subresource else "get"
        case "POST":
            return "create"
        case "PUT":
            return "update"
        case "PATCH":
            return "patch"
        case "DELETE":
            return "delete" if call.name else "deletecollection"
    raise MethodNotAllowed("the server does not allow this method on the requested resource")


async def read_body(request: web.BaseRequest) -> bytes:
    """Return the body; `RequestEntityTooLarge` beyond 3 MiB."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > BODY_LIMIT:
            raise RequestEntityTooLarge(f"Request entity too large: limit is {BODY_LIMIT}")
        chunks.append(chunk)
    return b"".join(chunks)


def _check_type(message: Any, content_type: str, body: bytes, call: Call) -> None:
    """Raise `BadRequest` if the body says that it is something else than what the path takes."""
    if content_type.partition(";")[0].strip() == media.YAML:
        return
    version, kind = media.type_of(body, content_type)
    wanted_kind, wanted_version = message.DESCRIPTOR.name, media.api_version(message)
    if kind and kind != wanted_kind:
        short = version.rpartition("/")[2]
        raise BadRequest(
            f'{kind} in version "{short}" cannot be handled as a {wanted_kind}: converting ({short}.{kind}) to '
            f"({call.group or 'core'}.{wanted_kind}): unknown conversion"
        )
    if version and version != wanted_version:
        raise BadRequest(
            f"the API version in the data ({version}) does not match the expected API version ({wanted_version})"
        )
