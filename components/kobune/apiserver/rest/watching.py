"""A watch over HTTP: one line of JSON, or one frame of protobuf, for each event, for as long as the client stays.

Over a WebSocket, each event is a message of its own.
"""

import asyncio
from collections.abc import Callable

import orjson
from aiohttp import web

from kobune.api.meta.v1 import ListOptions, WatchEvent
from kobune.api.runtime.v1 import RawExtension
from kobune.apimachinery.errors import ApiError
from kobune.apiserver import media
from kobune.apiserver.cache.ring import Change
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.rest import table
from kobune.apiserver.rest.accept import Wish
from kobune.apiserver.rest.streams import Lines, Messages, is_upgrade
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.watch import BOOKMARK, duration, watch

Encode = Callable[[Change], bytes]


async def serve_watch(
    api: Api, call: Call, options: ListOptions, wish: Wish, include: str, request: web.BaseRequest
) -> web.StreamResponse:
    """Send the events until the client leaves, its timeout ends, or an error ends the watch."""
    batches = watch(api, call, options)
    is_protobuf = wish.encoding == media.PROTOBUF
    stream = Messages(is_text=not is_protobuf) if is_upgrade(request) else Lines(is_protobuf, call.warnings)
    encode = _encoder(api, call.resource, wish, include)
    try:
        await stream.begin(request)
        async with asyncio.timeout(duration(options)):
            async for changes in batches:
                if call.resource.calls_out:
                    await call.resource.convert([change.object for change in changes])
                await stream.send(list(map(encode, changes)))
    except TimeoutError:
        pass
    except ApiError as error:
        await stream.send([_error(error, is_protobuf=is_protobuf)])
    except (ConnectionError, RuntimeError):
        # The client is gone; a closed transport says so in either way.
        return stream.response
    finally:
        await batches.aclose()
    await stream.end()
    return stream.response


def _encoder(api: Api, resource: Resource, wish: Wish, include: str) -> Encode:
    if wish.transform == "Table":
        return _table_encoder(api, resource, include, wish.api_version)
    if wish.transform:
        version = wish.api_version
        if wish.encoding == media.PROTOBUF:
            return lambda change: _frame(change.type, table.partial_binary(resource.view(change.object), version))
        return lambda change: _line(change.type, orjson.dumps(table.partial(resource.view(change.object), version)))
    if wish.encoding == media.PROTOBUF:
        return lambda change: _cached(
            change, (resource, "frame"), lambda: _frame(change.type, _enveloped(resource, change))
        )
    key = (resource, "line")
    return lambda change: _cached(change, key, lambda: _line(change.type, resource.view(change.object).json))


def _cached(change: Change, key: object, make: Callable[[], bytes]) -> bytes:
    encoded = change.encoded.get(key)
    if encoded is None:
        encoded = change.encoded[key] = make()
    return encoded


def _table_encoder(api: Api, resource: Resource, include: str, version: str) -> Encode:
    head = True

    def encode(change: Change) -> bytes:
        nonlocal head
        if change.type == BOOKMARK:
            return _line(change.type, resource.view(change.object).json)
        meta = {"resourceVersion": str(change.revision)}
        body = table.table(resource, [change.object], meta, api.now(), include, version, head=head)
        head = False
        return _line(change.type, body)

    return encode


def _line(type: str, body: bytes) -> bytes:
    return b'{"type":"%b","object":%b}\n' % (type.encode(), body)


def _enveloped(resource: Resource, change: Change) -> bytes:
    return resource.wrap(resource.view(change.object).proto)


def _frame(type: str, body: bytes) -> bytes:
    event = WatchEvent(type=type, object=RawExtension(raw=body)).SerializeToString()
    return len(event).to_bytes(4, "big") + event


def _error(error: ApiError, *, is_protobuf: bool) -> bytes:
    status = error.status()
    if is_protobuf:
        return _frame("ERROR", media.envelope(status))
    return _line("ERROR", orjson.dumps(media.tree_of(status)))
