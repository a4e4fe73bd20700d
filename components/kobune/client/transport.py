"""How requests travel: method names and bytes, nothing else."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import grpc
import grpc.aio

from kobune.api.meta.v1 import Status
from kobune.apimachinery import errors
from kobune.apimachinery.errors import ApiError, InternalError, ServiceUnavailable
from kobune.component_base.credentials import Credentials

STATUS_TRAILER = "kobune-status-bin"
"""The trailing metadata that carries the bytes of a `Status`."""
MESSAGE_LIMIT = 256 * 1024 * 1024
OPTIONS = (
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # A restarted apiserver is found again in a fraction of a second: gRPC's own defaults wait up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # Each client has a connection of its own: two components in one process share nothing.
    ("grpc.use_local_subchannel_pool", 1),
)


class Transport(Protocol):
    """Carries requests to an apiserver. Every error is an `ApiError`; a lost apiserver is `ServiceUnavailable`."""

    async def __aenter__(self) -> Self:
        """Get ready to carry requests."""

    async def __aexit__(self, *_: object) -> None:
        """Break off what is under way."""

    async def unary(self, method: str, request: bytes) -> bytes:
        """Return the answer to one request. `method` is like `/kobune.api.core.v1.Pods/Get`."""

    def stream(self, method: str, request: bytes) -> AsyncIterator[bytes]:
        """Return the messages of a stream, in order, until the server ends it.

        The first one may be empty and says nothing but that the server has accepted the request.
        """


@dataclass(frozen=True)
class ClientConfig:
    """How a component reaches the apiserver over gRPC with mTLS."""

    address: str
    """127.0.0.1:6444."""
    ca: Path
    certificate: Path
    key: Path


class GrpcTransport:
    """A `Transport` over one gRPC channel with mTLS."""

    def __init__(self, config: ClientConfig, *, timeout: float = 60.0) -> None:
        self._config = config
        self._timeout = timeout
        self._channel: grpc.aio.Channel | None = None
        self._unaries: dict[str, grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]] = {}
        self._streams: dict[str, grpc.aio.UnaryStreamMultiCallable[bytes, bytes]] = {}

    async def __aenter__(self) -> Self:
        files = Credentials(self._config.ca, self._config.certificate, self._config.key).read()
        credentials = grpc.ssl_channel_credentials(files.ca, files.key, files.certificate)
        self._channel = grpc.aio.secure_channel(self._config.address, credentials, options=OPTIONS)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._channel is not None:
            await self._channel.close(None)
            self._channel = None
            self._unaries.clear()
            self._streams.clear()

    async def unary(self, method: str, request: bytes) -> bytes:
        call = self._unaries.get(method)
        if call is None:
            call = self._unaries[method] = self._open().unary_unary(method, None, None)
        try:
            answer: bytes = await call(request, timeout=self._timeout)
        except grpc.aio.AioRpcError as error:
            raise api_error(error) from None
        return answer

    async def stream(self, method: str, request: bytes) -> AsyncIterator[bytes]:
        start = self._streams.get(method)
        if start is None:
            start = self._streams[method] = self._open().unary_stream(method, None, None)
        call = start(request)
        try:
            await call.initial_metadata()
            if not call.done():  # a call that failed has metadata too: none
                yield b""
            async for message in call:
                yield message
        except grpc.aio.AioRpcError as error:
            raise api_error(error) from None
        finally:
            call.cancel()

    def _open(self) -> grpc.aio.Channel:
        if self._channel is None:
            raise RuntimeError("the transport is used outside its `async with`")
        return self._channel


def api_error(error: grpc.aio.AioRpcError) -> ApiError:
    """Return the error that the server described, or what the bare gRPC code says."""
    metadata: Any = error.trailing_metadata() or ()
    for key, value in metadata:
        if key == STATUS_TRAILER:
            return errors.from_status(Status.FromString(value))
    code: int = error.code().value[0]
    message = error.details() or error.code().name
    if error.code() is grpc.StatusCode.CANCELLED:  # the server hung up: nobody here cancels and then looks
        return ServiceUnavailable(message)
    kind = next((kind for kind in ApiError.__subclasses__() if kind.grpc == code), InternalError)
    return kind(message)
