"""How a pod stands when the kubelet comes back: what the runtime still has of it, what its status says.

The runtime knows best. What only the status knows, ran on a node that has since lost its containers: they have ended
as `ContainerStatusUnknown`, and count as runs.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from kobune.api.core.v1 import ContainerStateTerminated, ContainerStatus, Pod
from kobune.apimachinery.meta import seconds_of
from kobune.kubelet.lifecycle.containers import ended_of, exited, lost
from kobune.kubelet.lifecycle.events import Observed, Seen
from kobune.kubelet.lifecycle.plan import ContainerPlan, PodPlan
from kobune.kubelet.lifecycle.state import (
    Active,
    Closing,
    Container,
    End,
    Ended,
    Exited,
    Failure,
    Preparing,
    Running,
    Sandbox,
    State,
    Terminated,
    Waiting,
)
from kobune.kubelet.lifecycle.step import fresh, lose

TERMINAL = ("Succeeded", "Failed")


def restore(plan: PodPlan, pod: Pod, observed: Observed | None, now: float) -> State:
    """Return the state of a pod that this kubelet has not followed up to now. It needs a `Tick` to go on."""
    told = {status.name: status for status in [*pod.status.initContainerStatuses, *pod.status.containerStatuses]}
    containers = {known.name: _from_status(known, told.get(known.name)) for known in plan.containers()}
    sandbox = Sandbox(observed.sandbox, observed.ip, observed.attempt) if observed is not None else None
    if pod.status.phase in TERMINAL:
        failure = Failure(pod.status.reason, pod.status.message) if pod.status.reason else None
        ended = {name: lost(container, now) for name, container in containers.items()}
        if sandbox is not None and observed is not None and observed.ready:
            return Closing(sandbox, ended, End(plan.grace, failure), retry_at=now)
        return Terminated(sandbox, ended, failure)
    if sandbox is not None and observed is not None and observed.ready:
        for known in plan.containers():
            seen = _latest(observed.containers, known.name)
            containers[known.name] = _adopt(plan, known, containers[known.name], told.get(known.name), seen, now)
        return Active(sandbox, containers)
    if all(container.runs == 0 for container in containers.values()):
        start = fresh(plan)
        assert isinstance(start, Preparing)
    else:
        start = Preparing(lose(plan, containers, now))
    return replace(start, attempt=observed.attempt + 1) if observed is not None else start


def _from_status(plan: ContainerPlan, status: ContainerStatus | None) -> Container:
    """Return a container as the pod's status has it."""
    if status is None:
        return Container()
    last = _ended(status.lastState.terminated) if status.lastState.HasField("terminated") else None
    container = Container(
        last=last,
        runs=status.restartCount + 1 if last or not status.state.HasField("waiting") else 0,
        crashes=status.restartCount,
        image=plan.image,
        image_id=status.imageID,
    )
    id = status.containerID.partition("://")[2]
    if status.state.HasField("running"):
        started_at = seconds_of(status.state.running.startedAt)
        run = Running(id, started_at, started=status.started, ready=status.ready)
        return replace(container, run=run, begun=status.started)
    if status.state.HasField("terminated"):
        return replace(container, run=Exited(_ended(status.state.terminated)))
    return replace(container, begun=last is not None)


def _adopt(
    pod: PodPlan,
    plan: ContainerPlan,
    container: Container,
    status: ContainerStatus | None,
    seen: Seen | None,
    now: float,
) -> Container:
    """Return a container as the runtime has it, with what only its status knows."""
    if seen is None or seen.state == "created":
        # Not started: its run does not count, and the runtime will refuse its number. It takes the next.
        runs = max(container.runs, seen.attempt + 1 if seen is not None else 0)
        return replace(_settled(pod, plan, container, now), runs=runs)
    container = replace(
        container, runs=seen.attempt + 1, image=seen.image or plan.image, image_id=seen.image_id, begun=True
    )
    if seen.state == "exited":
        return _settled(pod, plan, replace(container, run=Exited(ended_of(seen))), now)
    known = status is not None and status.containerID.endswith(seen.id)
    started = not plan.startup_probe or (known and status is not None and status.started)
    ready = started and (not plan.readiness_probe or (known and status is not None and status.ready))
    return replace(container, run=Running(seen.id, seen.started_at, started=started, ready=ready))


def _settled(pod: PodPlan, plan: ContainerPlan, container: Container, now: float) -> Container:
    """Return a container that does not run, with the decision whether it does so again."""
    container = lost(container, now)
    if isinstance(container.run, Exited) and container.run.restart_at == math.inf:
        container, _ = exited(pod, plan, container, container.run.ended, now)
    elif isinstance(container.run, Waiting):
        container = replace(container, run=Waiting())
    return container


def _latest(seen: Sequence[Seen], name: str) -> Seen | None:
    return max((one for one in seen if one.name == name), key=lambda one: one.attempt, default=None)


def _ended(state: ContainerStateTerminated) -> Ended:
    return Ended(
        id=state.containerID.partition("://")[2],
        exit_code=state.exitCode,
        reason=state.reason,
        message=state.message,
        started_at=seconds_of(state.startedAt),
        finished_at=seconds_of(state.finishedAt),
    )
