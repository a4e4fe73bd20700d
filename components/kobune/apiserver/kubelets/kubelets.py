"""Finds the kubelet of a node, and connects to it.

A node's annotation `kobune.dev/kubelet` says where its kubelet serves `kobune.node.v1.Streams`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import grpc

from kobune.apimachinery.errors import NotFound, Unexplained
from kobune.apiserver.cache.view import View
from kobune.component_base.credentials import Credentials
from kobune.component_base.serving import channel_credentials
from kobune.node.v1 import GetUsageRequest, PodUsage
from kobune.node.v1.nodes_pb2_grpc import NodesStub
from kobune.node.v1.streams_pb2_grpc import StreamsStub

ANNOTATION: Final = "kobune.dev/kubelet"
CONNECT_SECONDS: Final = 10.0
"""How long a kubelet may take to open a stream."""
MOST_CHANNELS: Final = 64
OPTIONS: Final = (
    ("grpc.max_receive_message_length", 64 << 20),
    ("grpc.min_reconnect_backoff_ms", 5000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)
UNREACHABLE: Final = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


class Refused(Exception):
    """A kubelet does not do what it was asked; its text says why."""

    def __init__(self, message: str, code: grpc.StatusCode) -> None:
        super().__init__(message)
        self.code = code


class Undialed(Exception):
    """A kubelet cannot be reached; its text says why."""


@dataclass(frozen=True)
class Kubelet:
    """The kubelet of a node, to be asked."""

    node: str
    address: str
    stub: Any

    def refusal(self, error: grpc.aio.AioRpcError) -> Refused | Undialed:
        """Return what a failed call means."""
        details = error.details() or ""
        if error.code() in UNREACHABLE and "inside the pod" not in details:
            return Undialed(f"dial tcp {self.address}: {_words(details)}")
        return Refused(details, error.code())


@dataclass(frozen=True)
class Flow:
    """An open call to a kubelet: what it says, and if it listens, what it is told."""

    call: Any
    kubelet: Kubelet

    async def opened(self) -> None:
        """Wait until the kubelet has what was asked for; raise `Refused` or `Undialed` if it has not."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self.call.initial_metadata()
                if self.call.done() and await self.call.code() is not grpc.StatusCode.OK:
                    raise self.kubelet.refusal(_failed(await self.call.code(), await self.call.details()))
        except grpc.aio.AioRpcError as error:
            raise self.kubelet.refusal(error) from None
        except TimeoutError:
            self.call.cancel()
            raise Undialed(f"dial tcp {self.kubelet.address}: i/o timeout") from None
        except asyncio.CancelledError:
            self.call.cancel()
            raise

    async def said(self) -> AsyncIterator[Any]:
        """Yield what the kubelet says; raise `Refused` or `Undialed` if it fails meanwhile."""
        try:
            async for message in self.call:
                yield message
        except grpc.aio.AioRpcError as error:
            raise self.kubelet.refusal(error) from None
        finally:
            self.call.cancel()

    async def tell(self, message: Any) -> None:
        """Tell the kubelet something; waits if it does not listen. `ConnectionError` when it has hung up."""
        try:
            await self.call.write(message)
        except (asyncio.InvalidStateError, grpc.aio.AioRpcError):
            raise ConnectionResetError("the kubelet has hung up") from None

    async def finish(self) -> None:
        """Say that nothing more is told."""
        with suppress(asyncio.InvalidStateError, grpc.aio.AioRpcError):  # it has hung up
            await self.call.done_writing()

    def close(self) -> None:
        """Hang up."""
        self.call.cancel()


class Kubelets:
    """Channels to kubelets, opened when they are needed. `close` them in the end."""

    def __init__(self, credentials: Credentials | None = None) -> None:
        self._credentials = credentials
        self._channels: dict[str, grpc.aio.Channel] = {}

    def of(self, view: View, name: str) -> Kubelet:
        """Return the kubelet of a node; `NotFound` if there is no such node, `Unexplained` if it has none."""
        node = view.find("nodes", "", name)
        if node is None:
            raise NotFound.named("", "nodes", name)
        address = self.address_of(node)
        if not address:
            raise Unexplained(f"no preferred addresses found; known addresses: [] (no annotation {ANNOTATION})")
        return Kubelet(name, address, StreamsStub(self._channel(address)))

    def address_of(self, node: Any) -> str:
        """Return where the kubelet of a node serves; empty if it does not say."""
        address: str = node.metadata.annotations.get(ANNOTATION, "")
        return address

    async def usage(self, address: str, seconds: float) -> Sequence[PodUsage]:
        """Return what the pods of a kubelet use; fails as calls do, after so many seconds at the latest."""
        stub: Any = NodesStub(self._channel(address))
        answer = await stub.GetUsage(GetUsageRequest(), timeout=seconds)
        return list(answer.pods)

    async def close(self) -> None:
        """Close all channels."""
        channels, self._channels = list(self._channels.values()), {}
        for channel in channels:
            await channel.close(None)

    def _channel(self, address: str) -> grpc.aio.Channel:
        channel = self._channels.get(address)
        if channel is None:
            if len(self._channels) >= MOST_CHANNELS:
                # Kubelets that moved are the oldest. What is open on a channel keeps it until that ends.
                self._channels.pop(next(iter(self._channels)))
            if self._credentials is None:
                channel = grpc.aio.insecure_channel(address, OPTIONS)
            else:
                channel = grpc.aio.secure_channel(address, channel_credentials(self._credentials), OPTIONS)
            self._channels[address] = channel
        return channel


def _failed(code: Any, details: str | None) -> grpc.aio.AioRpcError:
    nothing = grpc.aio.Metadata()
    return grpc.aio.AioRpcError(code, nothing, nothing, details, None)


def _words(details: str) -> str:
    """Return why a connection failed, as Go would say it."""
    lower = details.lower()
    if "refused" in lower:
        return "connect: connection refused"
    if "deadline" in lower or "timed out" in lower or "timeout" in lower:
        return "i/o timeout"
    return f"connect: {details}"
