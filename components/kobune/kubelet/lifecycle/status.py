"""The status of a pod, worked out from its state: the one place where a pod's phase is decided."""

import math
from dataclasses import dataclass

from kobune.api.core.v1 import (
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    HostIP,
    Pod,
    PodIP,
    PodStatus,
)
from kobune.apimachinery import codec
from kobune.apimachinery.meta import time_of
from kobune.kubelet.lifecycle.conditions import conditions
from kobune.kubelet.lifecycle.containers import backoff
from kobune.kubelet.lifecycle.order import is_initialized, is_over
from kobune.kubelet.lifecycle.plan import ContainerPlan, PodPlan, Role
from kobune.kubelet.lifecycle.qos import qos_class
from kobune.kubelet.lifecycle.state import (
    Active,
    Closing,
    Container,
    Ended,
    Exited,
    Gone,
    Preparing,
    Running,
    State,
    Stopping,
    Terminated,
    Terminating,
    Waiting,
)

TERMINAL = ("Succeeded", "Failed")


@dataclass(frozen=True)
class Place:
    """Where a pod is."""

    node_ip: str
    runtime: str
    """The runtime's name, as in `containerID: simulated://…`."""


def status_of(plan: PodPlan, pod: Pod, state: State, place: Place, *, since: float, now: float) -> PodStatus:
    """Return the status that the pod should have; once it is Succeeded or Failed, it stays as it is.

    `since` is when the node took the pod on.
    """
    status = PodStatus()
    status.CopyFrom(pod.status)
    if status.phase in TERMINAL or isinstance(state, Gone):
        return status
    status.phase = phase_of(plan, state)
    if pod.metadata.generation:
        status.observedGeneration = pod.metadata.generation
    if not status.HasField("startTime"):
        status.startTime.CopyFrom(time_of(since))
    if not status.qosClass:
        status.qosClass = qos_class(pod)
    _addresses(status, pod, state, place)
    failure = state.failure if isinstance(state, Terminated) else None
    status.reason, status.message = (failure.reason, failure.message) if failure else ("", "")
    _containers(plan, status, state, place)
    must_be_ready = [one for one in status.initContainerStatuses if one.name in {p.name for p in plan.sidecars()}]
    made = conditions(
        plan,
        pod,
        state.containers,
        phase=status.phase,
        has_sandbox=isinstance(state, Active | Terminating),
        statuses=[*must_be_ready, *status.containerStatuses],
        now=now,
    )
    del status.conditions[:]
    status.conditions.extend(made)
    codec.normalize(status)  # as the API gives it back, so that only real news are written
    return status


def phase_of(plan: PodPlan, state: State) -> str:
    """Return Pending, Running, Succeeded or Failed. Source: *Pod phase* in the documentation."""
    containers = state.containers
    apps = [containers[known.name].run for known in plan.apps]
    if isinstance(state, Terminated):
        if state.failure is not None:
            return "Failed"
        if all(isinstance(run, Exited) for run in apps):
            codes = [run.ended.exit_code for run in apps if isinstance(run, Exited)]
            return "Failed" if any(codes) else "Succeeded"
        if is_over(plan, containers):
            return "Failed"  # an init container has failed
    if any(not is_initialized(known, containers[known.name]) for known in plan.init):
        return "Pending"
    if any(_never_ran(containers[known.name]) for known in plan.apps):
        return "Pending"
    return "Running"


def _never_ran(container: Container) -> bool:
    return container.runs == 0 and not isinstance(container.run, Exited)


def _addresses(status: PodStatus, pod: Pod, state: State, place: Place) -> None:
    status.hostIP = place.node_ip
    del status.hostIPs[:]
    status.hostIPs.append(HostIP(ip=place.node_ip))
    sandbox = None if isinstance(state, Preparing | Gone) else state.sandbox
    if sandbox is not None:
        # One whose sandbox is gone keeps showing the address that it had.
        ip = place.node_ip if pod.spec.hostNetwork else sandbox.ip
        if ip:
            status.podIP = ip
            del status.podIPs[:]
            status.podIPs.append(PodIP(ip=ip))


def _containers(plan: PodPlan, status: PodStatus, state: State, place: Place) -> None:
    del status.initContainerStatuses[:]
    del status.containerStatuses[:]
    containers = state.containers
    if isinstance(state, Terminated) and state.failure and all(_never_ran(one) for one in containers.values()):
        return  # it was turned away: there is nothing to tell of its containers
    over = isinstance(state, Terminating | Closing | Terminated)
    idle = "PodInitializing" if plan.init else "ContainerCreating"
    for known in plan.init:
        status.initContainerStatuses.append(_container(plan, known, containers[known.name], place, idle, over=over))
    for known in plan.apps:
        status.containerStatuses.append(_container(plan, known, containers[known.name], place, idle, over=over))


def _container(
    pod: PodPlan, plan: ContainerPlan, container: Container, place: Place, idle: str, *, over: bool
) -> ContainerStatus:
    status = ContainerStatus(
        name=plan.name,
        ready=False,
        restartCount=container.restarts,
        image=container.image or plan.image,
        imageID=container.image_id,
        started=False,
    )
    last = container.last
    match container.run:
        case Running(id, started_at, started, ready):
            status.state.CopyFrom(_running(started_at))
            status.started, status.ready = started, ready
            status.containerID = f"{place.runtime}://{id}"
        case Stopping(id, started_at, ready):
            status.state.CopyFrom(_running(started_at))
            status.started, status.ready = True, ready
            status.containerID = f"{place.runtime}://{id}"
        case Exited(ended, restart_at) if over or restart_at == math.inf:
            status.state.CopyFrom(_terminated(ended, place))
            status.containerID = f"{place.runtime}://{ended.id}"
            # One that has prepared the pod well is as ready as it can be.
            status.ready = plan.role is Role.INIT and ended.exit_code == 0
        case Exited(ended):
            last = ended
            status.state.waiting.CopyFrom(_crash_loop(pod, plan, container))
            status.containerID = f"{place.runtime}://{ended.id}"
        case Waiting(reason, message):
            status.state.waiting.CopyFrom(ContainerStateWaiting(reason=reason or idle, message=message or None))
        case _:
            status.state.waiting.reason = idle
    if last is not None:
        status.lastState.CopyFrom(_terminated(last, place))
        if not status.containerID:
            status.containerID = f"{place.runtime}://{last.id}"
    return status


def _crash_loop(pod: PodPlan, plan: ContainerPlan, container: Container) -> ContainerStateWaiting:
    delay = backoff(container.crashes - 1)
    minutes, seconds = divmod(int(delay), 60)
    wait = f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
    message = f"back-off {wait} restarting failed container={plan.name} pod={pod.described}"
    return ContainerStateWaiting(reason="CrashLoopBackOff", message=message)


def _running(started_at: float) -> ContainerState:
    return ContainerState(running=ContainerStateRunning(startedAt=time_of(started_at)))


def _terminated(ended: Ended, place: Place) -> ContainerState:
    return ContainerState(
        terminated=ContainerStateTerminated(
            exitCode=ended.exit_code,
            reason=ended.reason or None,
            message=ended.message or None,
            startedAt=time_of(ended.started_at),
            finishedAt=time_of(ended.finished_at),
            containerID=f"{place.runtime}://{ended.id}",
        )
    )
