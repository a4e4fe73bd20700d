"""`kobune.node.v1.Streams`: finds the pod and the run that is meant, and opens what was asked for."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import orjson
from cryptography import x509
from cryptography.x509.oid import NameOID

from kobune.api.core.v1 import PodStatus
from kobune.apimachinery import codec
from kobune.apimachinery.clock import Clock
from kobune.kubelet.cri.runtime import Runtime, RuntimeFailed
from kobune.kubelet.lifecycle.state import Preparing
from kobune.kubelet.pods import Pods
from kobune.kubelet.streams import choice
from kobune.kubelet.streams.commands import converse
from kobune.kubelet.streams.following import read
from kobune.kubelet.streams.refusal import Refused, not_found
from kobune.kubelet.tracked import Tracked
from kobune.node.v1 import (
    Data,
    ExecInput,
    ExecOutput,
    ExecStart,
    ForwardInput,
    LogsRequest,
    PageRequest,
    PageResponse,
)
from kobune.node.v1.streams_pb2_grpc import StreamsServicer

MASTERS = "system:masters"
PIECE = 1 << 16


class Streams(StreamsServicer):
    """Answers the apiserver. Refusals carry the words for the client of the API."""

    def __init__(self, pods: Pods, runtime: Runtime, actual_port: Callable[[int], int], clock: Clock) -> None:
        self._pods = pods
        self._runtime = runtime
        self._actual_port = actual_port
        self._clock = clock

    async def Logs(self, request: LogsRequest, context: Any) -> AsyncIterator[Data]:  # noqa: N802 - gRPC's names
        """Yield a container's log."""
        try:
            await check_peer(context)
            tracked, options = self._tracked(request.pod_uid), request.options
            pod, container = tracked.pod.metadata.name, options.container
            id = choice.logged_run(pod, self._status(tracked), container, previous=options.previous)
            path = await self._runtime.log_path(id)
            await context.send_initial_metadata(())

            def is_running() -> bool:
                found = self._pods.tracked.get(request.pod_uid)
                return found is not None and choice.is_running(self._status(found), id)

            if path:
                async for data in read(Path(path), options, self._clock, is_running):
                    yield Data(data=data)
        except (Refused, RuntimeFailed) as error:
            await context.abort(error.code, str(error))

    async def Exec(self, requests: AsyncIterator[ExecInput], context: Any) -> AsyncIterator[ExecOutput]:  # noqa: N802
        """Run a command."""
        async for output in self._converse(requests, context, attach=False):
            yield output

    async def Attach(self, requests: AsyncIterator[ExecInput], context: Any) -> AsyncIterator[ExecOutput]:  # noqa: N802
        """Take part in what a container does."""
        async for output in self._converse(requests, context, attach=True):
            yield output

    async def _converse(
        self, requests: AsyncIterator[ExecInput], context: Any, *, attach: bool
    ) -> AsyncIterator[ExecOutput]:
        try:
            await check_peer(context)
            start: ExecStart = (await anext(requests)).start
            tracked = self._tracked(start.pod_uid)
            id = choice.running(tracked.pod.metadata.name, self._status(tracked), start.container)
            url = await (self._runtime.attach_url(id, start) if attach else self._runtime.exec_url(id, start))
            await context.send_initial_metadata(())
            async for output in converse(url, requests):
                yield output
        except StopAsyncIteration:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "nothing was said of what to run")
        except (Refused, RuntimeFailed) as error:
            await context.abort(error.code, str(error))

    async def PortForward(self, requests: AsyncIterator[ForwardInput], context: Any) -> AsyncIterator[Data]:  # noqa: N802
        """Connect to a port of a pod."""
        writer: asyncio.StreamWriter | None = None
        sending: asyncio.Task[None] | None = None
        try:
            await check_peer(context)
            start = (await anext(requests)).start
            tracked = self._tracked(start.pod_uid)
            reader, writer = await self._dial(tracked, start.port)
            await context.send_initial_metadata(())
            sending = asyncio.create_task(_send(requests, writer))
            with suppress(ConnectionError):
                while data := await reader.read(PIECE):
                    yield Data(data=data)
        except StopAsyncIteration:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "nothing was said of where to connect")
        except Refused as error:
            await context.abort(error.code, str(error))
        finally:
            if sending is not None:
                sending.cancel()
            if writer is not None:
                writer.transport.abort()  # whatever is still to be sent, nobody waits for it

    async def Page(self, request: PageRequest, context: Any) -> PageResponse:  # noqa: N802
        """Return one of the few pages there are."""
        try:
            await check_peer(context)
        except Refused as error:
            await context.abort(error.code, str(error))
        match request.path.partition("?")[0].rstrip("/"):
            case "/healthz":
                return PageResponse(status=200, content_type="text/plain; charset=utf-8", body=b"ok")
            case "/pods":
                items = [codec.encode(tracked.pod) for tracked in self._pods.of_node(request.node)]
                tree = {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items}
                return PageResponse(status=200, content_type="application/json", body=orjson.dumps(tree))
        return PageResponse(status=404, content_type="text/plain; charset=utf-8", body=b"404 page not found\n")

    async def _dial(self, tracked: Tracked, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        state = tracked.state
        sandbox = None if isinstance(state, Preparing) else getattr(state, "sandbox", None)
        if sandbox is None:
            raise Refused("network namespace for sandbox is closed")
        host = sandbox.ip or tracked.member.ip
        try:
            return await asyncio.open_connection(host, self._actual_port(port))
        except OSError as error:
            why = os.strerror(error.errno).lower() if error.errno else str(error)
            raise Refused(
                f"failed to connect to {host}:{port} inside the pod: connect: {why}", grpc.StatusCode.UNAVAILABLE
            ) from None

    def _tracked(self, uid: str) -> Tracked:
        tracked = self._pods.tracked.get(uid)
        if tracked is None:
            raise not_found(f'the kubelet has no pod with the uid "{uid}"')
        return tracked

    def _status(self, tracked: Tracked) -> PodStatus:
        return self._pods.status(tracked)


async def _send(requests: AsyncIterator[ForwardInput], writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, OSError):
        async for request in requests:
            writer.write(request.data)
            await writer.drain()
        writer.write_eof()


async def check_peer(context: Any) -> None:
    """Raise `Refused` for anyone but the cluster's masters, of whom the apiserver is one."""
    certificates = context.auth_context().get("x509_pem_cert")
    if not certificates:
        return  # served in plain text: to anyone who can connect, as configured
    subject = x509.load_pem_x509_certificate(certificates[0]).subject
    groups = [str(attribute.value) for attribute in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    if MASTERS not in groups:
        raise Refused("only the apiserver may ask for this", grpc.StatusCode.PERMISSION_DENIED)
