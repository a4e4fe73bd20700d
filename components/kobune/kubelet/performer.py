"""Carries out what the lifecycle of pods asks for, by calls of the container runtime."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from kobune.api.core.v1 import Container, LifecycleHandler, Pod, ProbeHandler
from kobune.apimachinery.clock import Clock
from kobune.client import EventRecorder
from kobune.kubelet.cri.configs import container_config, sandbox_config
from kobune.kubelet.cri.runtime import Runtime, RuntimeFailed
from kobune.kubelet.images import Images
from kobune.kubelet.lifecycle.actions import (
    Action,
    EnsureImage,
    Record,
    RemoveContainer,
    RemoveSandbox,
    RunSandbox,
    StartContainer,
    StopContainer,
    StopSandbox,
)
from kobune.kubelet.lifecycle.events import (
    Event,
    SandboxFailed,
    SandboxStopFailed,
    SandboxStopped,
    StartFailed,
    StopFailed,
)
from kobune.kubelet.lifecycle.plan import Role
from kobune.kubelet.lifecycle.state import Preparing
from kobune.kubelet.probes.check import Target, check
from kobune.kubelet.tracked import Tracked
from kobune.kubelet.volumes import NotReady, Volumes, has_volumes, mounts_of

log = logging.getLogger(__name__)

STARTS_AT_ONCE = 64
LEAST_GRACE = 2.0
"""Seconds that a container has to end after its preStop hook, however long that took."""

Post = Callable[[str, Event], None]


class Performer:
    """Turns actions into calls, and what comes of them into events of the pod."""

    def __init__(
        self,
        runtime: Runtime,
        recorder: EventRecorder,
        clock: Clock,
        *,
        logs: Path,
        actual_port: Callable[[int], int],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        post: Post,
        volumes: Volumes,
        uses: Callable[[str], None],
    ) -> None:
        """`uses` is told the name of a node that has a volume more in use."""
        self._volumes = volumes
        self._uses = uses
        self.images = Images(runtime, clock)
        self._runtime = runtime
        self._recorder = recorder
        self._clock = clock
        self._logs = logs
        self._actual_port = actual_port
        self._spawn = spawn
        self._post = post
        self._starting = asyncio.Semaphore(STARTS_AT_ONCE)

    def perform(self, tracked: Tracked, action: Action) -> None:
        """Set out to do something for a pod."""
        match action:
            case Record(type, reason, message, container):
                self.record(tracked, type, reason, message, container)
            case RunSandbox(attempt):
                self._spawn(self._run_sandbox(tracked, attempt))
            case EnsureImage(name):
                self._spawn(self._ensure_image(tracked, container_of(tracked.pod, name)))
            case StartContainer(sandbox, name, attempt):
                self._spawn(self._start(tracked, sandbox, container_of(tracked.pod, name), attempt))
            case StopContainer(name, id, grace):
                self._spawn(self._stop(tracked, container_of(tracked.pod, name), id, grace))
            case StopSandbox(id):
                self._spawn(self._stop_sandbox(tracked, id))
            case RemoveContainer(id):
                self._spawn(self._tidy(self._runtime.remove_container(id)))
            case RemoveSandbox(id):
                self._spawn(self.remove_sandbox(id))

    def record(self, tracked: Tracked, type: str, reason: str, message: str, container: str = "") -> None:
        """Tell people of something by an event."""
        self._recorder.event(tracked.reference(container), type, reason, message, host=tracked.member.name)

    async def remove_sandbox(self, id: str) -> None:
        """Take down and forget a sandbox that no pod needs any more."""
        await self._tidy(self._runtime.stop_sandbox(id))
        await self._tidy(self._runtime.remove_sandbox(id))

    async def _run_sandbox(self, tracked: Tracked, attempt: int) -> None:
        config = sandbox_config(tracked.pod, tracked.member, attempt, self._logs)
        if has_volumes(tracked.pod):
            try:
                await self._get_volumes(tracked)
            except NotReady as why:
                self._post(tracked.uid, SandboxFailed(str(why), "FailedMount"))
                return
        async with self._starting:
            try:
                await self._runtime.run_sandbox(config, tracked.pod.spec.runtimeClassName)
            except RuntimeFailed as error:
                self._post(tracked.uid, SandboxFailed(f"Failed to create pod sandbox: {error}"))

    async def _get_volumes(self, tracked: Tracked) -> None:
        def is_wanted() -> bool:
            return getattr(tracked.state, "end", None) is None

        try:
            tracked.volumes = await self._volumes.prepare(tracked.pod, tracked.member.name, is_wanted)
        except OSError as error:
            raise NotReady(f"{error.filename}: {error.strerror}") from None
        if tracked.volumes.in_use:
            self._uses(tracked.member.name)

    async def _ensure_image(self, tracked: Tracked, container: Container) -> None:
        config = sandbox_config(tracked.pod, tracked.member, 0, self._logs)

        def record(type: str, reason: str, message: str) -> None:
            self.record(tracked, type, reason, message, container.name)

        outcome = await self.images.ensure(tracked.pod, container, tracked.member, config, record)
        self._post(tracked.uid, outcome)

    async def _start(self, tracked: Tracked, sandbox: str, container: Container, attempt: int) -> None:
        name = container.name
        role = next(known.role for known in tracked.plan.containers() if known.name == name)
        if tracked.volumes is None and has_volumes(tracked.pod):
            try:
                await self._get_volumes(tracked)  # its sandbox is from before this kubelet
            except NotReady as why:
                self._post(tracked.uid, StartFailed(sandbox, name, "CreateContainerError", str(why)))
                return
        paths = tracked.volumes.paths if tracked.volumes is not None else {}
        config = container_config(tracked.pod, container, role, attempt, list(mounts_of(container, paths)))
        of_pod = sandbox_config(tracked.pod, tracked.member, 0, self._logs)
        async with self._starting:
            try:
                id = await self._runtime.create_container(sandbox, config, of_pod)
            except RuntimeFailed as error:
                self._post(tracked.uid, StartFailed(sandbox, name, "CreateContainerError", str(error)))
                return
            self.record(tracked, "Normal", "Created", "Container created", name)
            try:
                await self._runtime.start_container(id)
            except RuntimeFailed as error:
                await self._tidy(self._runtime.remove_container(id))
                self._post(tracked.uid, StartFailed(sandbox, name, "RunContainerError", str(error)))
                return
        self.record(tracked, "Normal", "Started", "Container started", name)
        log.info("kubelet: started %s of %s on %s", name, tracked.name, tracked.member.name)
        if role is not Role.INIT and container.lifecycle.HasField("postStart"):
            await self._post_start(tracked, container, id)

    async def _post_start(self, tracked: Tracked, container: Container, id: str) -> None:
        failure = await self._hook(tracked, container, id, container.lifecycle.postStart, tracked.plan.grace)
        if failure:
            self.record(tracked, "Warning", "FailedPostStartHook", f"PostStartHook failed: {failure}", container.name)
            await self._tidy(self._runtime.stop_container(id, tracked.plan.grace))

    async def _stop(self, tracked: Tracked, container: Container, id: str, grace: float) -> None:
        if container.lifecycle.HasField("preStop") and grace > 0:
            began = self._clock.now()
            failure = await self._hook(tracked, container, id, container.lifecycle.preStop, grace)
            if failure:
                self.record(tracked, "Warning", "FailedPreStopHook", f"PreStopHook failed: {failure}", container.name)
            grace = max(grace - (self._clock.now() - began), LEAST_GRACE)
        try:
            await self._runtime.stop_container(id, grace)
        except RuntimeFailed as error:
            message = f"error killing container {container.name}: {error}"
            self._post(tracked.uid, StopFailed(container.name, message))

    async def _hook(
        self, tracked: Tracked, container: Container, id: str, handler: LifecycleHandler, longest: float
    ) -> str:
        """Perform a hook; return what went wrong, empty if nothing did."""
        if handler.HasField("sleep"):
            await self._clock.sleep(min(handler.sleep.seconds, longest))
            return ""
        state = tracked.state
        sandbox = None if isinstance(state, Preparing) else getattr(state, "sandbox", None)
        ip = sandbox.ip if sandbox is not None and sandbox.ip else tracked.member.ip
        request = ProbeHandler()
        request.MergeFromString(handler.SerializeToString())  # hooks and probes share the fields that we know
        target = Target(container, id, ip, self._actual_port)
        result = await check(self._runtime, target, request, max(longest, 1.0))
        return "" if result.passed else result.message or "it failed"

    async def _stop_sandbox(self, tracked: Tracked, id: str) -> None:
        try:
            await self._runtime.stop_sandbox(id)
        except RuntimeFailed as error:
            self._post(tracked.uid, SandboxStopFailed(str(error)))
        else:
            log.info("kubelet: stopped %s on %s", tracked.name, tracked.member.name)
            self._post(tracked.uid, SandboxStopped())

    async def _tidy(self, call: Coroutine[Any, Any, None]) -> None:
        """Do what nobody waits for; what is left over is found when the kubelet starts the next time."""
        try:
            await call
        except RuntimeFailed as error:
            log.warning("the runtime keeps what nobody needs: %s", error)


def container_of(pod: Pod, name: str) -> Container:
    """Return a pod's container by its name."""
    return next(one for one in [*pod.spec.initContainers, *pod.spec.containers] if one.name == name)
