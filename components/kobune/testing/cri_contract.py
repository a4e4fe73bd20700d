"""What every container runtime has to do for the kubelet, as checks that an implementer runs with pytest.

    class TestMyRuntime(CriContract):
        @pytest.fixture
        async def channel(self):
            async with grpc.aio.insecure_channel("unix:///run/containerd/containerd.sock") as channel:
                yield channel

Fixtures `image` and `missing_image` may be overridden, too: an image with a shell, and one that no registry has. Each
check makes a sandbox of its own and takes it away again, so that the runtime may be in use.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from kobune.vendor.cri import (
    ContainerConfig,
    ContainerFilter,
    ContainerMetadata,
    ContainerStatus,
    ContainerStatusRequest,
    CreateContainerRequest,
    ExecRequest,
    ExecSyncRequest,
    GetEventsRequest,
    ImageSpec,
    ImageStatusRequest,
    LinuxPodSandboxConfig,
    ListContainersRequest,
    ListPodSandboxRequest,
    PodSandboxConfig,
    PodSandboxFilter,
    PodSandboxMetadata,
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
from kobune.vendor.cri.runtime_pb2 import (
    CONTAINER_CREATED,
    CONTAINER_EXITED,
    CONTAINER_RUNNING,
    CONTAINER_STARTED_EVENT,
    CONTAINER_STOPPED_EVENT,
    SANDBOX_NOTREADY,
    SANDBOX_READY,
)
from kobune.vendor.cri.runtime_pb2_grpc import ImageServiceStub, RuntimeServiceStub

SLEEP = ("sleep", "3600")
DEADLINE = 30.0


@dataclass(frozen=True)
class Box:
    """A sandbox to try things in."""

    runtime: Any
    images: Any
    config: PodSandboxConfig
    id: str
    image: str

    async def create(self, *command: str, name: str = "main", attempt: int = 0) -> str:
        """Create a container and return its id."""
        config = ContainerConfig(
            metadata=ContainerMetadata(name=name, attempt=attempt),
            image=ImageSpec(image=self.image),
            command=command or SLEEP,
            labels={"check": self.config.metadata.name, "name": name},
            annotations={"kept": "as it is"},
            log_path=f"{name}/{attempt}.log",
        )
        request = CreateContainerRequest(pod_sandbox_id=self.id, config=config, sandbox_config=self.config)
        return str((await self.runtime.CreateContainer(request)).container_id)

    async def start(self, *command: str, name: str = "main", attempt: int = 0) -> str:
        """Create and start a container, and return its id."""
        id = await self.create(*command, name=name, attempt=attempt)
        await self.runtime.StartContainer(StartContainerRequest(container_id=id))
        return id

    async def status(self, id: str) -> ContainerStatus:
        """Return how a container is."""
        status: ContainerStatus = (await self.runtime.ContainerStatus(ContainerStatusRequest(container_id=id))).status
        return status

    async def ended(self, id: str) -> ContainerStatus:
        """Return how a container is once it has ended."""
        async with asyncio.timeout(DEADLINE):
            while True:
                status = await self.status(id)
                if status.state == CONTAINER_EXITED:
                    return status
                await asyncio.sleep(0.01)  # noqa: TID251 - the runtime has its own clock


class CriContract:
    """Sandboxes, containers, images and events."""

    _count = itertools.count(1)

    @pytest.fixture
    def image(self) -> str:
        return "docker.io/library/busybox:1.36"

    @pytest.fixture
    def missing_image(self) -> str:
        return "docker.io/library/does-not-exist:1"

    @pytest.fixture
    async def box(self, channel: grpc.aio.Channel, image: str, tmp_path: Any) -> AsyncIterator[Box]:
        async with sandbox(channel, image, str(tmp_path), next(self._count)) as box:
            yield box

    # About itself.

    async def test_it_says_what_it_is_and_that_it_is_ready(self, channel: grpc.aio.Channel) -> None:
        runtime: Any = RuntimeServiceStub(channel)
        version = await runtime.Version(VersionRequest())
        assert version.runtime_name
        assert version.runtime_version
        assert version.runtime_api_version == "v1"
        conditions = (await runtime.Status(StatusRequest())).status.conditions
        assert {condition.type: condition.status for condition in conditions} == {
            "RuntimeReady": True,
            "NetworkReady": True,
        }

    # Images.

    async def test_a_pulled_image_is_there(self, box: Box) -> None:
        pulled = (await box.images.PullImage(PullImageRequest(image=ImageSpec(image=box.image)))).image_ref
        assert pulled
        found = (await box.images.ImageStatus(ImageStatusRequest(image=ImageSpec(image=box.image)))).image
        assert found.id
        assert found.size > 0
        again = (await box.images.ImageStatus(ImageStatusRequest(image=ImageSpec(image=pulled)))).image
        assert again.id == found.id

    async def test_an_image_that_no_registry_has_is_not_found(self, box: Box, missing_image: str) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await box.images.PullImage(PullImageRequest(image=ImageSpec(image=missing_image)))
        assert failure.value.code() is not grpc.StatusCode.OK
        assert missing_image.rpartition("/")[2].partition(":")[0] in (failure.value.details() or "")
        answer = await box.images.ImageStatus(ImageStatusRequest(image=ImageSpec(image=missing_image)))
        assert not answer.HasField("image")

    # Sandboxes.

    async def test_a_sandbox_is_ready_and_has_an_address(self, box: Box) -> None:
        status = (await box.runtime.PodSandboxStatus(PodSandboxStatusRequest(pod_sandbox_id=box.id))).status
        assert status.state == SANDBOX_READY
        assert status.network.ip
        assert status.metadata == box.config.metadata
        assert dict(status.labels) == dict(box.config.labels)
        assert dict(status.annotations) == dict(box.config.annotations)

    async def test_sandboxes_have_addresses_of_their_own(
        self, box: Box, channel: grpc.aio.Channel, image: str, tmp_path: Any
    ) -> None:
        async with sandbox(channel, image, str(tmp_path), next(self._count)) as other:
            addresses = set()
            for one in (box, other):
                request = PodSandboxStatusRequest(pod_sandbox_id=one.id)
                addresses.add((await one.runtime.PodSandboxStatus(request)).status.network.ip)
            assert len(addresses) == 2

    async def test_the_same_attempt_of_a_pod_is_refused_while_the_first_is_there(self, box: Box) -> None:
        with pytest.raises(grpc.aio.AioRpcError):
            await box.runtime.RunPodSandbox(RunPodSandboxRequest(config=box.config))

    async def test_sandboxes_are_listed_by_id_label_and_state(self, box: Box) -> None:
        for wanted in (PodSandboxFilter(id=box.id), PodSandboxFilter(label_selector=dict(box.config.labels))):
            items = (await box.runtime.ListPodSandbox(ListPodSandboxRequest(filter=wanted))).items
            assert [(item.id, item.state) for item in items] == [(box.id, SANDBOX_READY)]
        nobody = PodSandboxFilter(label_selector={**box.config.labels, "other": "x"})
        assert not (await box.runtime.ListPodSandbox(ListPodSandboxRequest(filter=nobody))).items

    async def test_stopping_a_sandbox_ends_its_containers_and_can_be_repeated(self, box: Box) -> None:
        id = await box.start()
        for _ in range(2):
            await box.runtime.StopPodSandbox(StopPodSandboxRequest(pod_sandbox_id=box.id))
        status = (await box.runtime.PodSandboxStatus(PodSandboxStatusRequest(pod_sandbox_id=box.id))).status
        assert status.state == SANDBOX_NOTREADY
        assert (await box.ended(id)).exit_code != 0

    async def test_a_removed_sandbox_is_gone_with_its_containers_and_can_be_removed_again(self, box: Box) -> None:
        id = await box.start()
        await box.runtime.StopPodSandbox(StopPodSandboxRequest(pod_sandbox_id=box.id))
        for _ in range(2):
            await box.runtime.RemovePodSandbox(RemovePodSandboxRequest(pod_sandbox_id=box.id))
        assert not (await list_ids(box)) & {id}
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await box.runtime.PodSandboxStatus(PodSandboxStatusRequest(pod_sandbox_id=box.id))
        assert failure.value.code() is grpc.StatusCode.NOT_FOUND

    # Containers.

    async def test_a_container_is_created_started_and_stopped(self, box: Box) -> None:
        id = await box.create()
        created = await box.status(id)
        assert created.state == CONTAINER_CREATED
        assert created.created_at > 0
        assert created.metadata == ContainerMetadata(name="main", attempt=0)
        assert dict(created.annotations) == {"kept": "as it is"}
        assert created.image_ref
        await box.runtime.StartContainer(StartContainerRequest(container_id=id))
        running = await box.status(id)
        assert running.state == CONTAINER_RUNNING
        assert running.started_at >= running.created_at
        await box.runtime.StopContainer(StopContainerRequest(container_id=id, timeout=1))
        ended = await box.status(id)
        assert ended.state == CONTAINER_EXITED
        assert ended.finished_at >= ended.started_at

    @pytest.mark.parametrize(("script", "code", "reason"), [("exit 0", 0, "Completed"), ("exit 3", 3, "Error")])
    async def test_a_container_that_ends_says_how(self, box: Box, script: str, code: int, reason: str) -> None:
        ended = await box.ended(await box.start("sh", "-c", script))
        assert (ended.exit_code, ended.reason) == (code, reason)

    async def test_what_has_ended_can_be_stopped_and_what_is_gone_removed(self, box: Box) -> None:
        id = await box.start("sh", "-c", "exit 0")
        await box.ended(id)
        await box.runtime.StopContainer(StopContainerRequest(container_id=id, timeout=1))
        for _ in range(2):
            await box.runtime.RemoveContainer(RemoveContainerRequest(container_id=id))
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await box.status(id)
        assert failure.value.code() is grpc.StatusCode.NOT_FOUND

    async def test_a_running_container_that_is_removed_is_ended(self, box: Box) -> None:
        id = await box.start()
        await box.runtime.RemoveContainer(RemoveContainerRequest(container_id=id))
        assert id not in await list_ids(box)

    async def test_a_container_is_started_once_and_each_attempt_is_another(self, box: Box) -> None:
        first = await box.start()
        with pytest.raises(grpc.aio.AioRpcError):
            await box.runtime.StartContainer(StartContainerRequest(container_id=first))
        with pytest.raises(grpc.aio.AioRpcError):
            await box.create()
        second = await box.create(attempt=1)
        assert await list_ids(box) >= {first, second}

    async def test_containers_are_listed_by_sandbox_label_and_state(self, box: Box) -> None:
        running, created = await box.start(name="one"), await box.create(name="two")
        both = ContainerFilter(pod_sandbox_id=box.id)
        listed = (await box.runtime.ListContainers(ListContainersRequest(filter=both))).containers
        assert {one.id: one.state for one in listed} == {running: CONTAINER_RUNNING, created: CONTAINER_CREATED}
        one = ContainerFilter(label_selector={"check": box.config.metadata.name, "name": "two"})
        listed = (await box.runtime.ListContainers(ListContainersRequest(filter=one))).containers
        assert [item.id for item in listed] == [created]
        nothing = ContainerFilter(id="there-is-no-such-id")
        assert not (await box.runtime.ListContainers(ListContainersRequest(filter=nothing))).containers

    async def test_what_does_not_exist_is_not_found(self, box: Box) -> None:
        for call in (
            box.runtime.ContainerStatus(ContainerStatusRequest(container_id="none")),
            box.runtime.StartContainer(StartContainerRequest(container_id="none")),
            box.runtime.PodSandboxStatus(PodSandboxStatusRequest(pod_sandbox_id="none")),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as failure:
                await call
            assert failure.value.code() is grpc.StatusCode.NOT_FOUND

    async def test_a_container_whose_image_is_not_there_is_not_created(self, box: Box, missing_image: str) -> None:
        config = ContainerConfig(metadata=ContainerMetadata(name="x"), image=ImageSpec(image=missing_image))
        with pytest.raises(grpc.aio.AioRpcError):
            await box.runtime.CreateContainer(
                CreateContainerRequest(pod_sandbox_id=box.id, config=config, sandbox_config=box.config)
            )

    async def test_a_start_leaves_a_line_in_the_log(self, box: Box) -> None:
        id = await box.start("sh", "-c", "echo hello")
        path = (await box.ended(id)).log_path
        assert path == os.path.join(box.config.log_directory, "main/0.log")
        lines = [line.split(" ", 3) for line in Path(path).read_text().splitlines()]
        assert ["stdout", "F", "hello"] in [line[1:] for line in lines]
        assert all(line[0].endswith("Z") or "+" in line[0] for line in lines)

    # Commands.

    async def test_a_command_tells_its_exit_code_and_output(self, box: Box) -> None:
        id = await box.start()
        answer = await box.runtime.ExecSync(ExecSyncRequest(container_id=id, cmd=["sh", "-c", "echo hi; exit 2"]))
        assert (answer.exit_code, answer.stdout) == (2, b"hi\n")

    async def test_a_command_in_a_container_that_does_not_run_is_refused(self, box: Box) -> None:
        id = await box.create()
        with pytest.raises(grpc.aio.AioRpcError):
            await box.runtime.ExecSync(ExecSyncRequest(container_id=id, cmd=["true"]))

    async def test_streams_are_served_or_refused_by_name(self, box: Box) -> None:
        id = await box.start()
        try:
            answer = await box.runtime.Exec(ExecRequest(container_id=id, cmd=["true"], stdout=True))
        except grpc.aio.AioRpcError as error:
            assert error.code() is grpc.StatusCode.UNIMPLEMENTED
            assert "Exec" in (error.details() or "")
        else:
            assert answer.url

    # Events.

    async def test_events_tell_what_happens_with_the_pod_as_it_is_then(self, box: Box) -> None:
        async with events_of(box) as heard:
            id = await box.start()
            started = await until(heard, id, CONTAINER_STARTED_EVENT)
            assert started.pod_sandbox_status.metadata.uid == box.config.metadata.uid
            assert started.pod_sandbox_status.network.ip
            assert [(one.id, one.state) for one in started.containers_statuses] == [(id, CONTAINER_RUNNING)]
            await box.runtime.StopContainer(StopContainerRequest(container_id=id, timeout=1))
            stopped = await until(heard, id, CONTAINER_STOPPED_EVENT)
            assert [(one.id, one.state) for one in stopped.containers_statuses] == [(id, CONTAINER_EXITED)]

    async def test_every_listener_hears_everything(self, box: Box) -> None:
        async with events_of(box) as one, events_of(box) as other:
            id = await box.start("sh", "-c", "exit 0")
            for heard in (one, other):
                await until(heard, id, CONTAINER_STARTED_EVENT)
                await until(heard, id, CONTAINER_STOPPED_EVENT)


@asynccontextmanager
async def sandbox(channel: grpc.aio.Channel, image: str, logs: str, number: int) -> AsyncIterator[Box]:
    """Give a sandbox with an image that is there, and take it away in the end."""
    runtime: Any = RuntimeServiceStub(channel)
    images: Any = ImageServiceStub(channel)
    name = f"kobune-check-{os.getpid()}-{number}"
    config = PodSandboxConfig(
        metadata=PodSandboxMetadata(name=name, uid=f"uid-{name}", namespace="default", attempt=0),
        hostname=name,
        log_directory=os.path.join(logs, name),
        labels={"check": name},
        annotations={"kobune.dev/check": "yes"},
        linux=LinuxPodSandboxConfig(),
    )
    await images.PullImage(PullImageRequest(image=ImageSpec(image=image), sandbox_config=config))
    id = (await runtime.RunPodSandbox(RunPodSandboxRequest(config=config))).pod_sandbox_id
    try:
        yield Box(runtime, images, config, id, image)
    finally:
        await runtime.StopPodSandbox(StopPodSandboxRequest(pod_sandbox_id=id))
        await runtime.RemovePodSandbox(RemovePodSandboxRequest(pod_sandbox_id=id))


@asynccontextmanager
async def events_of(box: Box) -> AsyncIterator[Any]:
    """Give the stream of events, from now on."""
    stream = box.runtime.GetContainerEvents(GetEventsRequest())
    try:
        async with asyncio.timeout(1.0):
            await stream.initial_metadata()
    except TimeoutError:
        pass  # it says nothing before the first event
    try:
        yield stream
    finally:
        stream.cancel()


async def until(stream: Any, id: str, kind: int) -> Any:
    """Return the event of a kind that is about a container."""
    async with asyncio.timeout(DEADLINE):
        while True:
            event = await stream.read()
            if event.container_id == id and event.container_event_type == kind:
                return event


async def list_ids(box: Box) -> set[str]:
    """Return the ids of all containers."""
    containers: Sequence[Any] = (await box.runtime.ListContainers(ListContainersRequest())).containers
    return {container.id for container in containers}
