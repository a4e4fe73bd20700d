"""The typed services: `kobune.api.core.v1.Pods` and its like, one set of handlers for all of them.

Every kind has messages of its own for what carries an object, but they are byte for byte the common ones of
`kobune.api.verbs.v1`. So the handlers read and write the common ones, and an object that is passed on is never parsed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

import grpc
import grpc.aio
from google.protobuf.message import DecodeError, Message

from kobune.api.verbs.v1 import (
    CreateRequest,
    DeleteCollectionRequest,
    DeleteRequest,
    GetRequest,
    ListRequest,
    PatchRequest,
    UpdateRequest,
    WatchRequest,
)
from kobune.apimachinery.errors import ApiError, BadRequest, MethodNotAllowed
from kobune.apiserver import media
from kobune.apiserver.audit.objects import note_answer, note_listing, note_sent
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.front import Front, delete_call, write_call
from kobune.apiserver.grpc import wire
from kobune.apiserver.grpc.errors import abort
from kobune.apiserver.grpc.peer import Peers, agent_of
from kobune.apiserver.grpc.rpc import Rpc
from kobune.apiserver.grpc.streams import STREAMS
from kobune.apiserver.grpc.streams import Answerer as FlowAnswerer
from kobune.apiserver.grpc.table import Method
from kobune.apiserver.verbs import dispatch
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.delete import delete
from kobune.apiserver.verbs.delete_collection import delete_collection
from kobune.apiserver.verbs.read import get, list_objects
from kobune.apiserver.verbs.watch import duration, watch

Context = Any
"""`grpc.aio.ServicerContext`, which is generic over messages that do not matter here."""


if TYPE_CHECKING:
    Handler = grpc.GenericRpcHandler[Any, Any]
else:
    Handler = grpc.GenericRpcHandler  # generic in its stubs only


class TypedServices(Handler):
    """Answers every method of every typed service."""

    def __init__(self, front: Front, methods: list[Method]) -> None:
        self._front = front
        self._peers = Peers(front.authenticator, front.authorizer)
        self._handlers = {method.path: self._handler(method) for method in methods}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Any, Any] | None":
        """Return what answers a call, None if it is not ours."""
        return self._handlers.get(handler_call_details.method)

    def _handler(self, method: Method) -> Any:
        if method.name == "Watch":
            return grpc.unary_stream_rpc_method_handler(self._streamed(method), WatchRequest.FromString)
        if method.name in STREAMS:
            make, message, flow = STREAMS[method.name]
            return make(self._flowing(method, flow), message.FromString)
        request, answer = ANSWERS.get(method.name, (UpdateRequest, _update))
        return grpc.unary_unary_rpc_method_handler(self._guarded(method, answer), request.FromString)

    def _call(self, method: Method, rpc: Rpc, namespace: str, name: str = "", subresource: str = "") -> Call:
        user = rpc.user
        call = Call(
            user, method.resource, namespace, name, method.subresource or subresource, user_agent=agent_of(user)
        )
        rpc.begin(call, method.verb)
        self._front.authorize(call, method.verb)
        dispatch.check_served(call, method.verb)
        return call

    def _guarded(self, method: Method, answer: "Answerer") -> Callable[[Any, Context], Awaitable[bytes | None]]:
        async def handle(request: Any, context: Context) -> bytes | None:
            failure: ApiError
            rpc = Rpc(self._front, self._peers, context, method.path)
            try:
                level = await rpc.enter(
                    method.verb, method.resource, method.subresource, getattr(request, "namespace", "")
                )
                try:
                    body = await answer(self._front, method, lambda *names: self._call(method, rpc, *names), request)
                finally:
                    level.give()
                self._front.count(method.verb, method.resource, 200)
                rpc.completed()
                return body
            except ApiError as error:
                failure = error
            except Exception as error:
                failure = rpc.panicked(error)
            self._front.count(method.verb, method.resource, failure.http)
            rpc.failed(failure)
            await abort(context, failure)
            return None

        return handle

    def _flowing(self, method: Method, flow: FlowAnswerer) -> Callable[[Any, Context], AsyncIterator[bytes]]:
        async def handle(request: Any, context: Context) -> AsyncIterator[bytes]:
            failure: ApiError
            rpc = Rpc(self._front, self._peers, context, method.path)

            def begin(namespace: str, name: str) -> Call:
                call = self._call(method, rpc, namespace, name)
                rpc.started()
                return call

            try:
                (await rpc.enter(method.verb, method.resource, method.subresource, "")).give()
                async with aclosing(flow(self._front, begin, request)) as answers:  # type: ignore[type-var]
                    async for answer in answers:
                        yield answer
                self._front.count(method.verb, method.resource, 200)
                return
            except ApiError as error:
                failure = error
                rpc.failed(error)
            except Exception as error:
                failure = rpc.panicked(error)
            finally:
                rpc.completed()
            self._front.count(method.verb, method.resource, failure.http)
            await abort(context, failure)

        return handle

    def _streamed(self, method: Method) -> Callable[[Any, Context], AsyncIterator[bytes]]:
        async def handle(request: WatchRequest, context: Context) -> AsyncIterator[bytes]:
            failure: ApiError
            rpc = Rpc(self._front, self._peers, context, method.path)
            try:
                # Whoever stays takes no seat from those who come and go.
                (await rpc.enter(method.verb, method.resource, "", request.namespace)).give()
                call = self._call(method, rpc, request.namespace)
                rpc.started()
                # Headers now, so that the client knows that the watch is on before anything happens.
                await context.send_initial_metadata(())
                async with asyncio.timeout(duration(request.options)):
                    async for changes in watch(self._front.api, call, request.options):
                        yield wire.events_bytes(call.resource, changes)
                return
            except TimeoutError:
                return
            except ApiError as error:
                failure = error
                rpc.failed(error)
            except Exception as error:
                failure = rpc.panicked(error)
            finally:
                rpc.completed()
            await abort(context, failure)

        return handle


Begin = Callable[..., Call]
"""Makes the call of a namespace and a name, once it is known that it is allowed."""
Answerer = Callable[[Front, Method, Begin, Any], Awaitable[bytes]]


async def _get(front: Front, method: Method, begin: Begin, request: GetRequest) -> bytes:
    call = begin(request.namespace, request.name)
    if call.subresource == "scale":
        return (await dispatch.scale(front.api, call)).SerializeToString()
    stored = get(front.api, call, request.options.resourceVersion)
    note_answer(call, stored)
    return call.resource.view(stored).proto


async def _list(front: Front, method: Method, begin: Begin, request: ListRequest) -> bytes:
    call = begin(request.namespace)
    listing = list_objects(front.api, call, request.options)
    note_listing(call, listing)
    return wire.list_bytes(call.resource, listing)


async def _create(front: Front, method: Method, begin: Begin, request: CreateRequest) -> bytes:
    new = _sent(method, request.object)
    if method.subresource:
        call = _addressed(begin, new, request.namespace, request.name)
    else:
        # A new object is not yet there to be named: rights to create are for all names.
        call = begin(request.namespace or new.metadata.namespace)
    write_call(call, method.verb, request.options)
    note_sent(call, media.PROTOBUF, request.object, new)
    return encode(call, await dispatch.post(front.api, call, new))


def _addressed(begin: Begin, new: Any, namespace: str = "", name: str = "") -> Call:
    """Begin the call with the namespace and name that the object itself tells, where the request does not."""
    return begin(namespace or new.metadata.namespace, name or new.metadata.name)


async def _update(front: Front, method: Method, begin: Begin, request: UpdateRequest) -> bytes:
    new = _sent(method, request.object)
    call = _addressed(begin, new)
    write_call(call, method.verb, request.options)
    note_sent(call, media.PROTOBUF, request.object, new)
    return encode(call, await dispatch.put(front.api, call, new))


async def _patch(front: Front, method: Method, begin: Begin, request: PatchRequest) -> bytes:
    call = begin(request.namespace, request.name, request.subresource)
    write_call(call, method.verb, request.options, content_type=request.content_type)
    if call.subresource == "scale":
        raise MethodNotAllowed("Patch answers with the whole object: use UpdateScale")
    note_sent(call, request.content_type, request.patch)
    return encode(call, await dispatch.patch(front.api, call, request.content_type, request.patch))


async def _delete(front: Front, method: Method, begin: Begin, request: DeleteRequest) -> bytes:
    call = delete_call(begin(request.namespace, request.name), request.options)
    stored, _ = await delete(front.api, call, request.options)
    return call.resource.view(stored).proto


async def _delete_collection(front: Front, method: Method, begin: Begin, request: DeleteCollectionRequest) -> bytes:
    call = delete_call(begin(request.namespace), request.options)
    return wire.list_bytes(call.resource, await delete_collection(front.api, call, request.list, request.options))


ANSWERS: dict[str, tuple[type[Message], Answerer]] = {
    "Get": (GetRequest, _get),
    "GetScale": (GetRequest, _get),
    "List": (ListRequest, _list),
    "Create": (CreateRequest, _create),
    "Bind": (CreateRequest, _create),
    "Evict": (CreateRequest, _create),
    "CreateToken": (CreateRequest, _create),
    "Patch": (PatchRequest, _patch),
    "Delete": (DeleteRequest, _delete),
    "DeleteCollection": (DeleteCollectionRequest, _delete_collection),
}


def _sent(method: Method, body: bytes) -> Any:
    """Return the message that a write carries; only kinds with messages have typed services."""
    return parse(cast(type[Message], dispatch.body_type(method.resource, method.subresource)), body)


def parse(message: type[Message], body: bytes) -> Any:
    """Return the message; `BadRequest` if the bytes are none."""
    try:
        return message.FromString(body)
    except DecodeError:
        raise BadRequest(f"the body is no {message.DESCRIPTOR.full_name}") from None


def encode(call: Call, answer: "dispatch.Answer") -> bytes:
    """Return the bytes of what a verb answered."""
    note_answer(call, answer)
    if isinstance(answer, Stored):
        return call.resource.view(answer).proto
    return answer.SerializeToString()
