"""Commands in containers, and connections to ports of pods: the kubelet that has the pod does it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import aclosing, suppress
from typing import Any, Final, Protocol

import grpc
import orjson

from kobune.api.core.v1 import PodExecOptions
from kobune.apimachinery.errors import ApiError, BadRequest, InternalError
from kobune.apiserver import media
from kobune.apiserver.kubelets.kubelets import Flow, Kubelet, Refused, Undialed
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.containers import container_of, node_of, pod_of
from kobune.node.v1 import ExecInput, ExecOutput, ExecStart, ForwardInput, ForwardStart

STALLED: Final = 5.0
"""Seconds after which it is checked whether the client of a stream that does not move is still there."""


class Client(Protocol):
    """Whoever runs a command, on either face."""

    def inputs(self) -> AsyncIterator[ExecInput]:
        """Yield what is said, until they leave."""

    async def send(self, output: ExecOutput) -> None:
        """Send what the command says, and in the end how it ended. `ConnectionError` if they left."""

    async def check(self) -> None:
        """Raise `ConnectionError` if they left."""


class Execution:
    """A command that can be run, or a container that can be attached to: everything is checked but the kubelet."""

    def __init__(self, api: Api, call: Call, options: PodExecOptions) -> None:
        """Find out what is meant; `BadRequest` or `NotFound` if that cannot be."""
        pod = pod_of(api, call)
        start = ExecStart(
            pod_uid=pod.metadata.uid,
            container=container_of(pod, options.container),
            command=options.command,
            stdin=options.stdin,
            stdout=options.stdout,
            stderr=options.stderr and not options.tty,
            tty=options.tty,
        )
        self._kubelet: Kubelet = api.kubelets.of(api, node_of(pod))
        if not (options.stdin or options.stdout or options.stderr):
            raise BadRequest("you must specify at least 1 of stdin, stdout, stderr")
        self._start = ExecInput(start=start)
        self._attach = call.subresource == "attach"

    async def open(self) -> Flow:
        """Start it; raise an `InternalError` that says why that cannot be."""
        stub = self._kubelet.stub
        flow = Flow((stub.Attach if self._attach else stub.Exec)(), self._kubelet)
        try:
            await flow.tell(self._start)
            await flow.opened()
        except ConnectionError:
            await _explain(flow)
        except (Refused, Undialed) as error:
            raise failure(error) from None
        return flow


async def _explain(flow: Flow) -> None:
    """Raise why a call was over before it began."""
    try:
        await flow.opened()
    except (Refused, Undialed) as error:
        raise failure(error) from None
    raise InternalError("Internal error occurred: unable to upgrade connection: the kubelet has hung up")


def failure(error: Refused | Undialed) -> ApiError:
    """Return what a client is told whose stream was not opened."""
    if isinstance(error, Undialed):
        return InternalError(f"Internal error occurred: error dialing backend: {error}")
    return InternalError(f"Internal error occurred: unable to upgrade connection: {error}")


async def run(flow: Flow, client: Client) -> None:
    """Let a client and a command talk until one of them is done; in the end neither is left behind."""
    try:
        with suppress(ConnectionError):
            await first_of(_listen(flow, client), _talk(flow, client))
    finally:
        flow.close()


async def _listen(flow: Flow, client: Client) -> None:
    async with aclosing(client.inputs()) as inputs:  # type: ignore[type-var]
        async for one in inputs:
            try:
                await patiently(flow.tell(one), client.check)
            except ConnectionResetError:
                # The command has ended, and what it said last is perhaps on its way.
                await asyncio.get_running_loop().create_future()


async def _talk(flow: Flow, client: Client) -> None:
    ended = False
    try:
        async for output in flow.said():
            ended = ended or output.HasField("status")
            await client.send(output)
        if not ended:
            await client.send(ExecOutput(status=SUCCESS))
    except (Refused, Undialed) as error:
        if not ended:
            await client.send(ExecOutput(status=status_json(failure(error))))


SUCCESS: Final = orjson.dumps({"metadata": {}, "status": "Success"})


def status_json(error: ApiError) -> bytes:
    """Return the status of a command that could not be run."""
    return orjson.dumps(media.tree_of(error.status()))


async def first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Wait until one of several things is done, and stop the others; raises what the first one raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def patiently(work: Awaitable[object], check: Callable[[], Awaitable[None]]) -> None:
    """Wait for something that may take for ever, and now and then check that it still matters."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait([task], timeout=STALLED))[0]:
            await check()
        await task
    finally:
        task.cancel()


class Forwarding:
    """A pod whose ports can be connected to."""

    def __init__(self, api: Api, call: Call) -> None:
        """Find the pod; `BadRequest` or `NotFound` if that cannot be."""
        pod = pod_of(api, call)
        self.pod = pod.metadata.name
        self.namespace = pod.metadata.namespace
        self.uid = pod.metadata.uid
        self._kubelet = api.kubelets.of(api, node_of(pod))

    async def connect(self, port: int) -> Flow:
        """Return a connection to a port; raise `Refused` or `Undialed`."""
        flow = Flow(self._kubelet.stub.PortForward(), self._kubelet)
        try:
            await flow.tell(ForwardInput(start=ForwardStart(pod_uid=self.uid, port=port)))
        except ConnectionError:
            await flow.opened()
            raise Refused("the kubelet has hung up", grpc.StatusCode.ABORTED) from None
        await flow.opened()
        return flow

    def complaint(self, port: int, error: Exception) -> str:
        """Return what is said of a connection that failed."""
        return f"error forwarding port {port} to pod {self.uid}, uid : {error}"
