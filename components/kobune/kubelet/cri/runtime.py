"""A container runtime, as the kubelet calls it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import grpc
import grpc.aio

from kobune.kubelet.annotations import FIRST_PORT_INFO, NODE, PORT_OFFSET_INFO
from kobune.kubelet.cri.observed import observed_of
from kobune.kubelet.lifecycle.events import Observed
from kobune.node.v1 import ExecStart
from kobune.vendor.cri import (
    AttachRequest,
    ContainerConfig,
    ContainerStats,
    ContainerStatusRequest,
    CreateContainerRequest,
    ExecRequest,
    ExecSyncRequest,
    ExecSyncResponse,
    GetEventsRequest,
    ImageSpec,
    ListContainerStatsRequest,
    ListPodSandboxRequest,
    PodSandboxConfig,
    PodSandboxStatusRequest,
    PullImageRequest,
    RemoveContainerRequest,
    RemovePodSandboxRequest,
    RunPodSandboxRequest,
    StartContainerRequest,
    StatusRequest,
    StopContainerRequest,
    StopPodSandboxRequest,
    VersionRequest,
)
from kobune.vendor.cri.runtime_pb2_grpc import ImageServiceStub, RuntimeServiceStub

TIMEOUT = 120.0
"""Seconds that a call may take, beyond what is asked of the runtime to wait."""
SUBSCRIBED_WITHIN = 0.5
"""Seconds after which events are taken to flow where the runtime does not say so."""
OPTIONS = (("grpc.max_receive_message_length", 64 << 20), ("grpc.use_local_subchannel_pool", 1))
CODES = {code: "".join(word.title() for word in code.name.split("_")) for code in grpc.StatusCode}

R = TypeVar("R")


class RuntimeFailed(Exception):
    """The runtime refused a call, or is not there. Its text is in the words that Kubernetes shows."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(f"rpc error: code = {CODES[code]} desc = {details}")
        self.code = code


@dataclass(frozen=True)
class RuntimeInfo:
    """What a runtime says of itself."""

    name: str
    version: str
    first_port: int = 1
    """The lowest port that its containers can listen on."""
    port_offset: int = 0
    """What is added to those below."""

    def actual_port(self, port: int) -> int:
        """Return where a container that listens on a port is reached."""
        return port if port >= self.first_port else port + self.port_offset


@dataclass(frozen=True)
class Found:
    """A sandbox that the runtime has."""

    uid: str
    """Of its pod."""
    node: str
    observed: Observed


class Runtime:
    """Calls a CRI runtime. Every failure is `RuntimeFailed`."""

    def __init__(self, runtime: Any, images: Any) -> None:
        """`runtime` and `images` are stubs of CRI's two services."""
        self._runtime = runtime
        self._images = images

    @classmethod
    @asynccontextmanager
    async def at(cls, endpoint: str) -> AsyncIterator[Self]:
        """Give the runtime that serves at an endpoint, `unix:///…`."""
        async with grpc.aio.insecure_channel(endpoint, options=OPTIONS) as channel:
            yield cls(RuntimeServiceStub(channel), ImageServiceStub(channel))

    async def info(self) -> RuntimeInfo:
        """Return what the runtime says of itself."""
        version = await call(self._runtime.Version(VersionRequest(), timeout=TIMEOUT, wait_for_ready=True))
        status = await call(self._runtime.Status(StatusRequest(verbose=True), timeout=TIMEOUT))
        return RuntimeInfo(
            name=version.runtime_name,
            version=version.runtime_version,
            first_port=int(status.info.get(FIRST_PORT_INFO, "1")),
            port_offset=int(status.info.get(PORT_OFFSET_INFO, "0")),
        )

    async def stats(self) -> Sequence[ContainerStats]:
        """Return what the containers use that run; nothing where the runtime does not measure that."""
        try:
            answer = await call(self._runtime.ListContainerStats(ListContainerStatsRequest(), timeout=TIMEOUT))
        except RuntimeFailed as error:
            if error.code is grpc.StatusCode.UNIMPLEMENTED:
                return ()
            raise
        return list(answer.stats)

    async def run_sandbox(self, config: PodSandboxConfig, handler: str = "") -> str:
        """Make a sandbox; returns its id."""
        request = RunPodSandboxRequest(config=config, runtime_handler=handler)
        answer = await call(self._runtime.RunPodSandbox(request, timeout=TIMEOUT))
        return str(answer.pod_sandbox_id)

    async def stop_sandbox(self, id: str) -> None:
        """Take a sandbox down."""
        await call(self._runtime.StopPodSandbox(StopPodSandboxRequest(pod_sandbox_id=id), timeout=TIMEOUT))

    async def remove_sandbox(self, id: str) -> None:
        """Have a sandbox forgotten."""
        await call(self._runtime.RemovePodSandbox(RemovePodSandboxRequest(pod_sandbox_id=id), timeout=TIMEOUT))

    async def pull_image(self, image: str, sandbox: PodSandboxConfig) -> str:
        """Pull an image; returns by what the runtime knows it. Takes as long as it takes."""
        request = PullImageRequest(image=ImageSpec(image=image), sandbox_config=sandbox)
        return str((await call(self._images.PullImage(request))).image_ref)

    async def create_container(self, sandbox: str, config: ContainerConfig, sandbox_config: PodSandboxConfig) -> str:
        """Create a container; returns its id."""
        request = CreateContainerRequest(pod_sandbox_id=sandbox, config=config, sandbox_config=sandbox_config)
        return str((await call(self._runtime.CreateContainer(request, timeout=TIMEOUT))).container_id)

    async def start_container(self, id: str) -> None:
        """Start a created container."""
        await call(self._runtime.StartContainer(StartContainerRequest(container_id=id), timeout=TIMEOUT))

    async def stop_container(self, id: str, grace: float) -> None:
        """End a container, after `grace` seconds with force."""
        request = StopContainerRequest(container_id=id, timeout=int(grace))
        await call(self._runtime.StopContainer(request, timeout=grace + TIMEOUT))

    async def remove_container(self, id: str) -> None:
        """Have a container forgotten."""
        await call(self._runtime.RemoveContainer(RemoveContainerRequest(container_id=id), timeout=TIMEOUT))

    async def log_path(self, id: str) -> str:
        """Return the file that a container's log is in; empty if it has none."""
        request = ContainerStatusRequest(container_id=id)
        return str((await call(self._runtime.ContainerStatus(request, timeout=TIMEOUT))).status.log_path)

    async def exec_url(self, id: str, start: ExecStart) -> str:
        """Return where the streams of a command are to be had."""
        request = ExecRequest(
            container_id=id,
            cmd=start.command,
            tty=start.tty,
            stdin=start.stdin,
            stdout=start.stdout,
            stderr=start.stderr and not start.tty,
        )
        return str((await call(self._runtime.Exec(request, timeout=TIMEOUT))).url)

    async def attach_url(self, id: str, start: ExecStart) -> str:
        """Return where the streams of a container are to be had."""
        request = AttachRequest(
            container_id=id,
            tty=start.tty,
            stdin=start.stdin,
            stdout=start.stdout,
            stderr=start.stderr and not start.tty,
        )
        return str((await call(self._runtime.Attach(request, timeout=TIMEOUT))).url)

    async def exec(self, id: str, command: Iterable[str], timeout: float) -> ExecSyncResponse:
        """Run a command in a container and return what came of it."""
        request = ExecSyncRequest(container_id=id, cmd=command, timeout=int(timeout))
        answer: ExecSyncResponse = await call(self._runtime.ExecSync(request, timeout=timeout + TIMEOUT))
        return answer

    async def pods(self) -> list[Found]:
        """Return all sandboxes that the runtime has of our pods; those of others are none of our business."""
        listing = await call(self._runtime.ListPodSandbox(ListPodSandboxRequest(), timeout=TIMEOUT))
        found = []
        for item in listing.items:
            if NODE not in item.annotations:
                continue
            with suppress(RuntimeFailed):  # it went in the meantime
                request = PodSandboxStatusRequest(pod_sandbox_id=item.id)
                answer = await call(self._runtime.PodSandboxStatus(request, timeout=TIMEOUT))
                observed = observed_of(answer.status, answer.containers_statuses)
                found.append(Found(item.metadata.uid, item.annotations[NODE], observed))
        return found

    async def events(self) -> AsyncIterator[tuple[str, Observed] | None]:
        """Return what happens to pods: their uid, and how they are now. None first: from then on nothing is missed."""
        stream = self._runtime.GetContainerEvents(GetEventsRequest(), wait_for_ready=True)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(SUBSCRIBED_WITHIN):
                    await stream.initial_metadata()
            yield None
            async for event in stream:
                status = event.pod_sandbox_status
                yield status.metadata.uid, observed_of(status, event.containers_statuses)
        except grpc.aio.AioRpcError as error:
            raise RuntimeFailed(error.code(), error.details() or "") from None
        finally:
            stream.cancel()


async def call(answer: Awaitable[R]) -> R:
    """Return the answer of a call, or raise `RuntimeFailed`."""
    try:
        return await answer
    except grpc.aio.AioRpcError as error:
        raise RuntimeFailed(error.code(), error.details() or "") from None
