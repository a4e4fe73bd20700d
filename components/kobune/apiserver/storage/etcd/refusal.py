"""How the store says no to etcd's clients: errors in etcd's words, and methods that are refused by name."""

from collections.abc import Awaitable, Callable
from functools import wraps
from types import SimpleNamespace
from typing import Any, Final, TypeVar

import grpc
import grpc.aio

from kobune.apiserver.storage.errors import (
    Compacted,
    DuplicateKey,
    FutureRevision,
    KeyNotFound,
    LeaseExists,
    LeaseNotFound,
    LeaseTooLong,
    StoreClosed,
    StoreError,
    StoreFailed,
)
from kobune.vendor.etcd import rpc_pb2

Context = grpc.aio.ServicerContext[Any, Any]
Handler = TypeVar("Handler", bound=Callable[..., Awaitable[object]])

WORDS: Final[dict[type[StoreError], tuple[grpc.StatusCode, str]]] = {
    Compacted: (grpc.StatusCode.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted"),
    FutureRevision: (grpc.StatusCode.OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision"),
    DuplicateKey: (grpc.StatusCode.INVALID_ARGUMENT, "etcdserver: duplicate key given in txn request"),
    KeyNotFound: (grpc.StatusCode.INVALID_ARGUMENT, "etcdserver: key not found"),
    LeaseNotFound: (grpc.StatusCode.NOT_FOUND, "etcdserver: requested lease not found"),
    LeaseExists: (grpc.StatusCode.FAILED_PRECONDITION, "etcdserver: lease already exists"),
    LeaseTooLong: (grpc.StatusCode.OUT_OF_RANGE, "etcdserver: too large lease TTL"),
    StoreClosed: (grpc.StatusCode.UNAVAILABLE, "etcdserver: server stopped"),
    StoreFailed: (grpc.StatusCode.UNAVAILABLE, "etcdserver: the disk failed, no writes are taken"),
}


class Malformed(Exception):
    """A request that etcd would refuse before looking at its store; the argument is what to say."""


def answering(handler: Handler) -> Handler:
    """Turn what a handler raises into the status that etcd's clients know."""

    @wraps(handler)
    async def answer(servicer: object, request: object, context: Context) -> object:
        try:
            return await handler(servicer, request, context)
        except Malformed as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"etcdserver: {error}")
        except StoreError as error:
            code, words = WORDS.get(type(error), (grpc.StatusCode.UNKNOWN, f"etcdserver: {error}"))
            await context.abort(code, words)

    return answer  # type: ignore[return-value]  # the same shape as what it wraps


def refusing(service: str, servicer: object) -> SimpleNamespace:
    """Return a servicer of a whole etcd service that refuses, by name, what `servicer` does not have."""
    methods = rpc_pb2.DESCRIPTOR.services_by_name[service].methods
    return SimpleNamespace(
        **{method.name: getattr(servicer, method.name, _refusal(f"{service}/{method.name}")) for method in methods}
    )


def _refusal(method: str) -> Callable[[object, Context], Awaitable[None]]:
    async def refuse(request: object, context: Context) -> None:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, f"kobune does not serve etcdserverpb.{method}")

    return refuse
