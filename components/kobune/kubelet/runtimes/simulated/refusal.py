"""Why the runtime does not do what it is asked, each with its gRPC code."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeVar

import grpc

S = TypeVar("S")
Handler = Callable[[Any, Any, Any], Awaitable[Any]]


class Refusal(Exception):
    """A request that is not carried out."""

    code: ClassVar[grpc.StatusCode]


class Missing(Refusal):
    code = grpc.StatusCode.NOT_FOUND


class AlreadyThere(Refusal):
    code = grpc.StatusCode.ALREADY_EXISTS


class Impossible(Refusal):
    code = grpc.StatusCode.FAILED_PRECONDITION


class Invalid(Refusal):
    code = grpc.StatusCode.INVALID_ARGUMENT


class TooSlow(Refusal):
    code = grpc.StatusCode.DEADLINE_EXCEEDED


def answers(method: Callable[[S, Any], Awaitable[Any]]) -> Handler:
    """Make a method that takes a request into one that serves it; a `Refusal` becomes the call's error."""

    async def serve(self: S, request: Any, context: Any) -> Any:
        try:
            return await method(self, request)
        except Refusal as refusal:
            return await context.abort(refusal.code, str(refusal))

    return serve


def unsupported(name: str, why: str) -> Handler:
    """Return the method that refuses a call by its name."""

    async def serve(self: Any, request: Any, context: Any) -> Any:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{name} is not supported by simulated containers: {why}")

    return serve
