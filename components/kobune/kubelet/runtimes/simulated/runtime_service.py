"""`runtime.v1.RuntimeService` of the simulated runtime."""

from collections.abc import AsyncIterator
from typing import Any

import grpc

from kobune.apimachinery.clock import Clock
from kobune.component_base.status import version
from kobune.kubelet.annotations import FIRST_PORT_INFO, PORT_OFFSET_INFO
from kobune.kubelet.runtimes.simulated.engine import Engine
from kobune.kubelet.runtimes.simulated.events import Overrun
from kobune.kubelet.runtimes.simulated.network import OFFSET
from kobune.kubelet.runtimes.simulated.refusal import Impossible, Invalid, Missing, TooSlow, answers, unsupported
from kobune.kubelet.runtimes.simulated.selection import containers_that_match, sandboxes_that_match
from kobune.kubelet.runtimes.simulated.shell import Outcome, understand
from kobune.kubelet.runtimes.simulated.streaming import StreamingServer
from kobune.vendor.cri import (
    AttachRequest,
    AttachResponse,
    ContainerFilter,
    ContainerStatsRequest,
    ContainerStatsResponse,
    ContainerStatusRequest,
    ContainerStatusResponse,
    CreateContainerRequest,
    CreateContainerResponse,
    ExecRequest,
    ExecResponse,
    ExecSyncRequest,
    ExecSyncResponse,
    GetEventsRequest,
    ListContainersRequest,
    ListContainersResponse,
    ListContainerStatsRequest,
    ListContainerStatsResponse,
    ListPodSandboxRequest,
    ListPodSandboxResponse,
    PodSandboxStatusRequest,
    PodSandboxStatusResponse,
    RemoveContainerRequest,
    RemoveContainerResponse,
    RemovePodSandboxRequest,
    RemovePodSandboxResponse,
    ReopenContainerLogRequest,
    ReopenContainerLogResponse,
    RunPodSandboxRequest,
    RunPodSandboxResponse,
    RuntimeCondition,
    RuntimeStatus,
    StartContainerRequest,
    StartContainerResponse,
    StatusRequest,
    StatusResponse,
    StopContainerRequest,
    StopContainerResponse,
    StopPodSandboxRequest,
    StopPodSandboxResponse,
    UpdateRuntimeConfigRequest,
    UpdateRuntimeConfigResponse,
    VersionRequest,
    VersionResponse,
)
from kobune.vendor.cri.runtime_pb2_grpc import RuntimeServiceServicer

NAME = "simulated"
NOTHING_INSIDE = "nothing runs inside"
NOTHING_MEASURED = "they use nothing that could be measured"


class RuntimeService(RuntimeServiceServicer):
    """Sandboxes and containers over gRPC. What the methods promise stands in CRI's own contract."""

    def __init__(self, engine: Engine, streaming: StreamingServer, clock: Clock, first_port: int) -> None:
        self._engine = engine
        self._streaming = streaming
        self._clock = clock
        self._first_port = first_port

    @answers
    async def Version(self, request: VersionRequest) -> VersionResponse:  # noqa: N802 - the contract's names
        return VersionResponse(version="0.1.0", runtime_name=NAME, runtime_version=version(), runtime_api_version="v1")

    @answers
    async def Status(self, request: StatusRequest) -> StatusResponse:  # noqa: N802
        conditions = [RuntimeCondition(type=type, status=True) for type in ("RuntimeReady", "NetworkReady")]
        info = {}
        if request.verbose and self._first_port > 1:
            info = {FIRST_PORT_INFO: str(self._first_port), PORT_OFFSET_INFO: str(OFFSET)}
        return StatusResponse(status=RuntimeStatus(conditions=conditions), info=info)

    @answers
    async def UpdateRuntimeConfig(self, request: UpdateRuntimeConfigRequest) -> UpdateRuntimeConfigResponse:  # noqa: N802
        return UpdateRuntimeConfigResponse()

    @answers
    async def RunPodSandbox(self, request: RunPodSandboxRequest) -> RunPodSandboxResponse:  # noqa: N802
        return RunPodSandboxResponse(
            pod_sandbox_id=self._engine.run_sandbox(request.config, request.runtime_handler).id
        )

    @answers
    async def StopPodSandbox(self, request: StopPodSandboxRequest) -> StopPodSandboxResponse:  # noqa: N802
        self._engine.stop_sandbox(request.pod_sandbox_id)
        return StopPodSandboxResponse()

    @answers
    async def RemovePodSandbox(self, request: RemovePodSandboxRequest) -> RemovePodSandboxResponse:  # noqa: N802
        self._engine.remove_sandbox(request.pod_sandbox_id)
        return RemovePodSandboxResponse()

    @answers
    async def PodSandboxStatus(self, request: PodSandboxStatusRequest) -> PodSandboxStatusResponse:  # noqa: N802
        sandbox = self._engine.sandbox(request.pod_sandbox_id)
        return PodSandboxStatusResponse(
            status=sandbox.status(),
            containers_statuses=[container.status() for container in sandbox.containers.values()],
            timestamp=self._engine.now(),
        )

    @answers
    async def ListPodSandbox(self, request: ListPodSandboxRequest) -> ListPodSandboxResponse:  # noqa: N802
        found = sandboxes_that_match(self._engine.inventory.sandboxes, request.filter)
        return ListPodSandboxResponse(items=[sandbox.item() for sandbox in found])

    @answers
    async def CreateContainer(self, request: CreateContainerRequest) -> CreateContainerResponse:  # noqa: N802
        if not request.config.metadata.name:
            raise Invalid("a container needs a name")
        container = self._engine.create_container(request.pod_sandbox_id, request.config)
        return CreateContainerResponse(container_id=container.id)

    @answers
    async def StartContainer(self, request: StartContainerRequest) -> StartContainerResponse:  # noqa: N802
        self._engine.start_container(request.container_id)
        return StartContainerResponse()

    @answers
    async def StopContainer(self, request: StopContainerRequest) -> StopContainerResponse:  # noqa: N802
        await self._engine.stop_container(request.container_id, request.timeout)
        return StopContainerResponse()

    @answers
    async def RemoveContainer(self, request: RemoveContainerRequest) -> RemoveContainerResponse:  # noqa: N802
        self._engine.remove_container(request.container_id)
        return RemoveContainerResponse()

    @answers
    async def ListContainers(self, request: ListContainersRequest) -> ListContainersResponse:  # noqa: N802
        found = containers_that_match(self._engine.inventory.containers, request.filter)
        return ListContainersResponse(containers=[container.item() for container in found])

    @answers
    async def ContainerStatus(self, request: ContainerStatusRequest) -> ContainerStatusResponse:  # noqa: N802
        return ContainerStatusResponse(status=self._engine.container(request.container_id).status())

    @answers
    async def ReopenContainerLog(self, request: ReopenContainerLogRequest) -> ReopenContainerLogResponse:  # noqa: N802
        # No log is ever held open, so the next line goes to the new file anyway.
        self._engine.container(request.container_id)
        return ReopenContainerLogResponse()

    @answers
    async def ExecSync(self, request: ExecSyncRequest) -> ExecSyncResponse:  # noqa: N802
        """Pretend to run a command: well, unless it is one of the few that are understood."""
        if not self._engine.container(request.container_id).is_running:
            raise Impossible(f'container "{request.container_id}" is not running')
        outcome = understand(list(request.cmd)) or Outcome()
        if request.timeout and outcome.seconds > request.timeout:
            await self._clock.sleep(request.timeout)
            raise TooSlow(f"the command did not end in {request.timeout} s")
        await self._clock.sleep(outcome.seconds)
        output = "".join(f"{line}\n" for line in outcome.output)
        return ExecSyncResponse(stdout=output.encode(), exit_code=outcome.code)

    @answers
    async def Exec(self, request: ExecRequest) -> ExecResponse:  # noqa: N802
        if not request.cmd:
            raise Invalid("no command was given")
        container = self._engine.container(request.container_id)
        command = tuple(request.cmd)
        return ExecResponse(url=await self._streaming.url(container, command, stdin=request.stdin, tty=request.tty))

    @answers
    async def Attach(self, request: AttachRequest) -> AttachResponse:  # noqa: N802
        container = self._engine.container(request.container_id)
        return AttachResponse(url=await self._streaming.url(container, (), stdin=request.stdin, tty=request.tty))

    async def GetContainerEvents(self, request: GetEventsRequest, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        with self._engine.events.listening() as events:
            await context.send_initial_metadata(())  # from here on, nothing is missed
            try:
                while True:
                    yield await events.next()
            except Overrun:
                await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too slow: events were missed, list again")

    @answers
    async def ContainerStats(self, request: ContainerStatsRequest) -> ContainerStatsResponse:  # noqa: N802
        """Return what a container uses."""
        container = self._engine.container(request.container_id)
        if not container.is_running:
            raise Missing(f'container "{container.id}" is not running')
        return ContainerStatsResponse(stats=container.stats(self._clock.now()))

    @answers
    async def ListContainerStats(self, request: ListContainerStatsRequest) -> ListContainerStatsResponse:  # noqa: N802
        """Return what the containers use that run and match."""
        asked = request.filter
        wanted = ContainerFilter(id=asked.id, pod_sandbox_id=asked.pod_sandbox_id, label_selector=asked.label_selector)
        found = containers_that_match(self._engine.inventory.containers, wanted)
        now = self._clock.now()
        return ListContainerStatsResponse(stats=[each.stats(now) for each in found if each.is_running])

    PortForward: Any = unsupported("PortForward", "connect to the pod's address")
    CheckpointContainer: Any = unsupported("CheckpointContainer", NOTHING_INSIDE)
    UpdateContainerResources: Any = unsupported("UpdateContainerResources", "they have no resources")
    UpdatePodSandboxResources: Any = unsupported("UpdatePodSandboxResources", "they have no resources")
    PodSandboxStats: Any = unsupported("PodSandboxStats", "only containers use something")
    ListPodSandboxStats: Any = unsupported("ListPodSandboxStats", "use ListContainerStats")
    ListMetricDescriptors: Any = unsupported("ListMetricDescriptors", NOTHING_MEASURED)
    ListPodSandboxMetrics: Any = unsupported("ListPodSandboxMetrics", NOTHING_MEASURED)
    RuntimeConfig: Any = unsupported("RuntimeConfig", "they have no cgroups")
    StreamPodSandboxes: Any = unsupported("StreamPodSandboxes", "use ListPodSandbox")
    StreamContainers: Any = unsupported("StreamContainers", "use ListContainers")
    StreamContainerStats: Any = unsupported("StreamContainerStats", "use ListContainerStats")
    StreamPodSandboxStats: Any = unsupported("StreamPodSandboxStats", "use ListContainerStats")
    StreamPodSandboxMetrics: Any = unsupported("StreamPodSandboxMetrics", NOTHING_MEASURED)
