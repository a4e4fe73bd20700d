"""Logs, commands and connections to ports over gRPC: `Pods/Logs`, `Exec`, `Attach`, `PortForward`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import grpc

from kobune.api.core.v1.services_pb2 import (
    PodData,
    PodExecInput,
    PodExecOutput,
    PodLogsRequest,
    PodPortForwardInput,
)
from kobune.api.meta.v1 import Status
from kobune.apimachinery import codec
from kobune.apimachinery.errors import BadRequest, ServiceUnavailable
from kobune.apiserver.front import Front
from kobune.apiserver.kubelets.kubelets import Refused, Undialed
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.logs import open_log
from kobune.apiserver.verbs.remote import Execution, Forwarding, first_of, run
from kobune.node.v1 import ExecInput, ExecOutput, ForwardInput

Begin = Callable[[str, str], Call]
"""Makes the call of a namespace and a name, once it is known that it is allowed."""
MOST_PIECES = 4


async def logs(front: Front, begin: Begin, request: PodLogsRequest) -> AsyncIterator[bytes]:
    """Yield a container's log; nothing for a pod that is on no node yet."""
    pieces = await open_log(front.api, begin(request.namespace, request.name), request.options)
    if pieces is None:
        return
    async with aclosing(pieces):  # type: ignore[type-var]
        async for piece in pieces:
            yield PodData(data=piece).SerializeToString()


async def execute(front: Front, begin: Begin, requests: AsyncIterator[PodExecInput]) -> AsyncIterator[bytes]:
    """Yield what a command says, and how it ended."""
    start = (await _first(requests)).start
    execution = Execution(front.api, begin(start.namespace, start.name), start.options)
    flow = await execution.open()
    client = _Client(requests, asyncio.Queue(MOST_PIECES))
    async with aclosing(_said(client.said, run(flow, client))) as said:  # type: ignore[type-var]
        async for one in said:
            yield one


async def forward(front: Front, begin: Begin, requests: AsyncIterator[PodPortForwardInput]) -> AsyncIterator[bytes]:
    """Yield what comes from a port of a pod."""
    start = (await _first(requests)).start
    forwarding = Forwarding(front.api, begin(start.namespace, start.name))
    if not 0 < start.port < 2**16:
        raise BadRequest(f'unable to parse "{start.port}" as a port')
    try:
        flow = await forwarding.connect(start.port)
    except (Refused, Undialed) as error:
        raise ServiceUnavailable(forwarding.complaint(start.port, error)) from None

    async def send() -> None:
        async for one in requests:
            await flow.tell(ForwardInput(data=one.data))
        await flow.finish()
        await asyncio.get_running_loop().create_future()

    queue: asyncio.Queue[bytes | None] = asyncio.Queue(MOST_PIECES)

    async def receive() -> None:
        async for message in flow.said():
            await queue.put(PodData(data=message.data).SerializeToString())

    try:
        async with aclosing(_said(queue, first_of(send(), receive()))) as said:  # type: ignore[type-var]
            async for one in said:
                yield one
    except (Refused, Undialed) as error:
        raise ServiceUnavailable(forwarding.complaint(start.port, error)) from None
    finally:
        flow.close()


@dataclass(frozen=True)
class _Client:
    """Whoever runs a command over gRPC."""

    requests: AsyncIterator[PodExecInput]
    said: "asyncio.Queue[bytes | None]"

    async def inputs(self) -> AsyncIterator[ExecInput]:
        async for one in self.requests:
            # The same fields under the same numbers, but for the start.
            one.ClearField("start")
            yield ExecInput.FromString(one.SerializeToString())
        # A client that has nothing more to say still listens; one that leaves cancels the call.
        yield ExecInput(stdin_closed=True)
        await asyncio.get_running_loop().create_future()

    async def send(self, output: ExecOutput) -> None:
        sent = PodExecOutput()
        for name in ("stdout", "stderr"):
            if output.HasField(name):
                setattr(sent, name, getattr(output, name))
        if output.HasField("status"):
            sent.status.CopyFrom(codec.decode(Status, output.status)[0])
        await self.said.put(sent.SerializeToString())

    async def check(self) -> None:
        return


async def _said(queue: "asyncio.Queue[bytes | None]", work: Any) -> AsyncIterator[bytes]:
    """Yield what some work puts into a queue until it is done; it is stopped when nobody listens."""

    async def finish() -> None:
        try:
            await work
        finally:
            ended.set()

    ended = asyncio.Event()
    working = asyncio.create_task(finish())
    waiting = asyncio.create_task(ended.wait())
    try:
        while True:
            getting = asyncio.create_task(queue.get())
            await asyncio.wait([getting, waiting], return_when=asyncio.FIRST_COMPLETED)
            if not getting.done():
                getting.cancel()
                break
            if (one := getting.result()) is not None:
                yield one
        while not queue.empty():
            if (one := queue.get_nowait()) is not None:
                yield one
        await working
    finally:
        for task in (working, waiting):
            task.cancel()
        await asyncio.gather(working, waiting, return_exceptions=True)


async def _first(requests: AsyncIterator[Any]) -> Any:
    try:
        return await anext(requests)
    except StopAsyncIteration:
        raise BadRequest("the first message must have start") from None


Answerer = Callable[[Front, Begin, Any], AsyncIterator[bytes]]
STREAMS: Mapping[str, tuple[Any, Any, Answerer]] = {
    "Logs": (grpc.unary_stream_rpc_method_handler, PodLogsRequest, logs),
    "Exec": (grpc.stream_stream_rpc_method_handler, PodExecInput, execute),
    "Attach": (grpc.stream_stream_rpc_method_handler, PodExecInput, execute),
    "PortForward": (grpc.stream_stream_rpc_method_handler, PodPortForwardInput, forward),
}
"""By method: the shape of the call, what comes in, and what answers."""
