"""The dynamic service: objects of any kind, in any encoding, and many writes in one call."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final, cast

import grpc.aio
import orjson

from kobune.api.dynamic.v1 import (
    BatchRequest,
    BatchResponse,
    CollectionRequest,
    DeleteRequest,
    Object,
    ObjectRequest,
    PatchRequest,
    Result,
    WatchEvent,
    WatchEvents,
    Write,
    WriteRequest,
)
from kobune.api.dynamic.v1 import Resource as ResourceName
from kobune.api.dynamic.v1.objects_pb2_grpc import ObjectsServicer
from kobune.api.meta.v1 import CreateOptions, PartialObjectMetadata
from kobune.apimachinery.errors import ApiError, BadRequest, NotAcceptable, NotFound
from kobune.apiserver import body, media
from kobune.apiserver.audit.objects import note_answer, note_listing, note_sent
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.flowcontrol.level import Level
from kobune.apiserver.front import Front, delete_call, write_call
from kobune.apiserver.grpc import wire
from kobune.apiserver.grpc.errors import abort
from kobune.apiserver.grpc.peer import Peers, agent_of
from kobune.apiserver.grpc.rpc import Rpc
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.verbs import dispatch
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.delete import delete
from kobune.apiserver.verbs.read import get, list_objects
from kobune.apiserver.verbs.watch import duration, watch

Context = Any
SERVICE: Final = "kobune.api.dynamic.v1.Objects"


class DynamicService(ObjectsServicer):
    """`kobune.api.dynamic.v1.Objects`."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._peers = Peers(front.authenticator, front.authorizer)

    async def Get(self, request: ObjectRequest, context: Context) -> Object | None:  # noqa: N802
        async with self._serving(context, "get", request.resource) as rpc:
            call = self._call(rpc, "get", request.resource, request.namespace, request.name)
            if call.subresource == "scale":
                return await _object(call, await dispatch.scale(self._front.api, call), request.content_type)
            stored = get(self._front.api, call)
            note_answer(call, stored)
            return await _object(call, stored, request.content_type)
        return None

    async def List(self, request: CollectionRequest, context: Context) -> Object | None:  # noqa: N802
        async with self._serving(context, "list", request.resource) as rpc:
            call = self._call(rpc, "list", request.resource, request.namespace)
            listing = list_objects(self._front.api, call, request.options)
            note_listing(call, listing)
            if request.content_type == media.METADATA:
                items = map(_metadata, listing.items)
                return Object(content_type=media.METADATA, body=wire.list_of(listing, items))
            _check_encoding(call, request.content_type)
            if call.resource.calls_out:
                await call.resource.convert(listing.items)
            if media.is_protobuf(request.content_type):
                return Object(content_type=media.PROTOBUF, body=wire.list_bytes(call.resource, listing))
            return Object(content_type=media.JSON, body=media.list_json(call.resource, listing))
        return None

    async def Watch(self, request: CollectionRequest, context: Context) -> AsyncIterator[WatchEvents]:  # noqa: N802
        async with self._serving(context, "watch", request.resource) as rpc:
            call = self._call(rpc, "watch", request.resource, request.namespace)
            rpc.started()
            await context.send_initial_metadata(())
            with suppress(TimeoutError):
                async with asyncio.timeout(duration(request.options)):
                    async for changes in watch(self._front.api, call, request.options):
                        events = [
                            WatchEvent(
                                type=change.type, object=await _object(call, change.object, request.content_type)
                            )
                            for change in changes
                        ]
                        yield WatchEvents(events=events)

    async def Create(self, request: WriteRequest, context: Context) -> Object | None:  # noqa: N802
        async with self._serving(context, "create", request.resource) as rpc:
            call, answer = await self._write(rpc, "create", request)
            return await _object(call, answer, request.object.content_type)
        return None

    async def Update(self, request: WriteRequest, context: Context) -> Object | None:  # noqa: N802
        async with self._serving(context, "update", request.resource) as rpc:
            call, answer = await self._write(rpc, "update", request)
            return await _object(call, answer, request.object.content_type)
        return None

    async def Patch(self, request: PatchRequest, context: Context) -> Object | None:  # noqa: N802
        async with self._serving(context, "patch", request.resource) as rpc:
            call, answer = await self._patch(rpc, request)
            return await _object(call, answer, request.content_type)
        return None

    async def Delete(self, request: DeleteRequest, context: Context) -> Object | None:  # noqa: N802
        async with self._serving(context, "delete", request.resource) as rpc:
            call, answer = await self._delete(rpc, request)
            return await _object(call, answer, request.content_type)
        return None

    async def Batch(self, request: BatchRequest, context: Context) -> BatchResponse | None:  # noqa: N802
        # One seat for all of them. Together: the store commits what arrives together in one go.
        async with self._serving(context, "create", _resource_of(request), "Batch") as rpc:
            parts = [self._result(rpc.part(), write, request.brief) for write in request.writes]
            return BatchResponse(results=await asyncio.gather(*parts))
        return None

    def _serving(self, context: Context, verb: str, name: ResourceName, method: str = "") -> "Serving":
        rpc = Rpc(self._front, self._peers, context, f"/{SERVICE}/{method or verb.capitalize()}")
        return Serving(self._front, rpc, verb, name)

    async def _result(self, rpc: Rpc, write: Write, brief: bool) -> Result:
        try:
            match write.WhichOneof("write"):
                case "create":
                    call, answer = await self._write(rpc, "create", write.create)
                    encoding = write.create.object.content_type
                case "update":
                    call, answer = await self._write(rpc, "update", write.update)
                    encoding = write.update.object.content_type
                case "patch":
                    call, answer = await self._patch(rpc, write.patch)
                    encoding = write.patch.content_type
                case "delete":
                    call, answer = await self._delete(rpc, write.delete)
                    encoding = write.delete.content_type
                case _:
                    raise BadRequest("a write of the batch is empty")
        except ApiError as error:
            rpc.failed(error)
            return Result(error=error.status())
        except Exception as error:
            # It is this write's alone: the others of the batch have results of their own.
            return Result(error=rpc.panicked(error).status())
        rpc.completed()
        version = str(answer.revision) if isinstance(answer, Stored) else ""
        if brief:
            return Result(resource_version=version)
        return Result(resource_version=version, object=await _object(call, answer, encoding))

    async def _write(self, rpc: Rpc, verb: str, request: WriteRequest) -> tuple[Call, "dispatch.Answer"]:
        resource = self._resource(request.resource)
        message = dispatch.body_type(resource, request.resource.subresource)
        new, warnings = body.read(
            message, request.object.content_type, request.object.body, request.field_validation or "Strict"
        )
        meta = cast(Any, new).metadata
        namespace, name = request.namespace or meta.namespace, request.name or meta.name
        # A new object is not yet there to be named: rights to create are for all names.
        named = "" if verb == "create" and not request.resource.subresource else name
        call = self._call(rpc, verb, request.resource, namespace, named)
        call.warnings.extend(warnings)
        options = CreateOptions(dryRun=request.dry_run, fieldManager=request.field_manager)
        write_call(call, verb, options)
        carry_out = dispatch.post if verb == "create" else dispatch.put
        note_sent(call, request.object.content_type, request.object.body, new)
        answer = await carry_out(self._front.api, call, new)
        note_answer(call, answer)
        return call, answer

    async def _patch(self, rpc: Rpc, request: PatchRequest) -> tuple[Call, "dispatch.Answer"]:
        call = self._call(rpc, "patch", request.resource, request.namespace, request.name)
        write_call(call, "patch", request.options, content_type=request.patch.content_type)
        note_sent(call, request.patch.content_type, request.patch.body)
        answer = await dispatch.patch(self._front.api, call, request.patch.content_type, request.patch.body)
        note_answer(call, answer)
        return call, answer

    async def _delete(self, rpc: Rpc, request: DeleteRequest) -> tuple[Call, Stored]:
        call = self._call(rpc, "delete", request.resource, request.namespace, request.name)
        stored, _ = await delete(self._front.api, delete_call(call, request.options), request.options)
        note_answer(call, stored)
        return call, stored

    def _call(self, rpc: Rpc, verb: str, name: ResourceName, namespace: str, object_name: str = "") -> Call:
        user = rpc.user
        call = Call(user, self._resource(name), namespace, object_name, name.subresource, user_agent=agent_of(user))
        rpc.begin(call, verb)
        self._front.authorize(call, verb)
        dispatch.check_served(call, verb)
        return call

    def _resource(self, name: ResourceName) -> Resource:
        found = self._front.api.registry.find(name.group, name.version, name.resource)
        if found is None:
            raise NotFound("the server could not find the requested resource")
        return found


class Serving:
    """A call while it is worked on: it has a seat; an error inside is its end."""

    def __init__(self, front: Front, rpc: Rpc, verb: str, name: ResourceName) -> None:
        self._front = front
        self._rpc = rpc
        self._wish = verb, name
        self._level: Level | None = None

    async def __aenter__(self) -> Rpc:
        verb, name = self._wish
        try:
            found = self._front.api.registry.find(name.group, name.version, name.resource)
            level = await self._rpc.enter(verb, found, name.subresource, "")
        except Exception as error:
            await self._abort(error)
            raise
        if verb == "watch":
            level.give()  # whoever stays takes no seat from those who come and go
        else:
            self._level = level
        return self._rpc

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if self._level is not None:
            self._level.give()
        if isinstance(error, Exception) and not isinstance(error, grpc.aio.AbortError):
            await self._abort(error)
        self._rpc.completed()
        return False

    async def _abort(self, error: Exception) -> None:
        """End the call with an error."""
        if isinstance(error, ApiError):
            self._rpc.failed(error)
            await abort(self._rpc.context, error)
        else:
            await abort(self._rpc.context, self._rpc.panicked(error))


def _resource_of(batch: BatchRequest) -> ResourceName:
    """Return what the first write of a batch is about."""
    for write in batch.writes[:1]:
        if kind := write.WhichOneof("write"):
            return cast(ResourceName, getattr(write, kind).resource)
    return ResourceName()


def _metadata(stored: Stored) -> bytes:
    """Return an object with nothing but its metadata."""
    return PartialObjectMetadata(metadata=stored.message.metadata).SerializeToString()


def _check_encoding(call: Call, encoding: str) -> None:
    """Raise `NotAcceptable` for what custom resources have not."""
    if call.resource.is_custom and media.is_protobuf(encoding):
        raise NotAcceptable("custom resources have no protobuf: ask for application/json")


async def _object(call: Call, answer: "dispatch.Answer", encoding: str) -> Object:
    if isinstance(answer, Stored):
        if encoding == media.METADATA:
            return Object(content_type=media.METADATA, body=_metadata(answer))
        _check_encoding(call, encoding)
        if call.resource.calls_out:
            await call.resource.convert([answer])
        shown = call.resource.view(answer)
        if media.is_protobuf(encoding):
            return Object(content_type=media.PROTOBUF, body=shown.proto)
        return Object(content_type=media.JSON, body=shown.json)
    if media.is_protobuf(encoding):
        return Object(content_type=media.PROTOBUF, body=answer.SerializeToString())
    return Object(content_type=media.JSON, body=orjson.dumps(media.tree_of(answer)))
