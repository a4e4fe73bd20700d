"""What becomes of one container."""

import math
from dataclasses import replace

from kobune.kubelet.lifecycle.actions import Action, EnsureImage, Record, RemoveContainer, StartContainer, StopContainer
from kobune.kubelet.lifecycle.events import ImageFailed, Probe, Probed, Seen, StartFailed
from kobune.kubelet.lifecycle.plan import ContainerPlan, PodPlan
from kobune.kubelet.lifecycle.state import (
    Container,
    Ended,
    Exited,
    Pulling,
    Running,
    Starting,
    Stopping,
    Waiting,
    with_run,
)

FIRST_BACKOFF = 10.0
LONGEST_BACKOFF = 300.0
HEALTHY_SECONDS = 2 * LONGEST_BACKOFF
"""Who ran for so long is no longer held to have crashed before."""
ERROR_SHOWN_SECONDS = 1.0
"""For how long the bare error is shown before the back-off that follows it."""

Change = tuple[Container, list[Action]]


def backoff(failures: int) -> float:
    """Return the seconds to wait after so many failures: 0, 10, 20, 40, … 300."""
    return min(FIRST_BACKOFF * 2 ** min(failures - 1, 10), LONGEST_BACKOFF) if failures > 0 else 0.0


def begin(plan: ContainerPlan, container: Container) -> Change:
    """Set out to run a container that waits or ended."""
    actions: list[Action] = [EnsureImage(plan.name)]
    if isinstance(container.run, Exited):
        if container.last is not None:
            actions.append(RemoveContainer(container.last.id))  # one ended run is kept, for its log
        container = replace(container, last=container.run.ended)
    return with_run(container, Pulling()), actions


def start(plan: ContainerPlan, container: Container, sandbox: str) -> Change:
    """Start a container whose image is there."""
    return (
        replace(container, run=Starting(), image=plan.image),
        [StartContainer(sandbox, plan.name, container.runs)],
    )


def image_failed(plan: ContainerPlan, container: Container, event: ImageFailed, now: float) -> Change:
    """Wait after an image could not be had."""
    failures = container.failures + 1
    if event.reason == "ErrImagePull":
        said = f'Failed to pull image "{plan.image}": {event.message}'
    elif event.reason == "ErrImageNeverPull":
        said = f'Container image "{plan.image}" is not present with pull policy of Never'
    else:
        said = event.message
    waiting = Waiting(
        event.reason,
        event.message,
        until=now + backoff(failures),
        looks_at=now + ERROR_SHOWN_SECONDS if event.reason == "ErrImagePull" else math.inf,
    )
    return replace(container, run=waiting, failures=failures), [
        Record("Warning", "Failed", said, plan.name),
        Record("Warning", "Failed", f"Error: {event.reason}", plan.name),
    ]


def show_pull_backoff(plan: ContainerPlan, container: Container, waiting: Waiting) -> Change:
    """Show the back-off instead of the error that led to it."""
    message = f'Back-off pulling image "{plan.image}": ErrImagePull: {waiting.message}'
    shown = Waiting("ImagePullBackOff", message, until=waiting.until)
    return with_run(container, shown), [
        Record("Normal", "BackOff", f'Back-off pulling image "{plan.image}"', plan.name),
        Record("Warning", "Failed", "Error: ImagePullBackOff", plan.name),
    ]


def start_failed(plan: ContainerPlan, container: Container, event: StartFailed, now: float) -> Change:
    """Wait after a container could not be created or started."""
    failures = container.failures + 1
    waiting = Waiting(event.reason, event.message, until=now + backoff(failures))
    return replace(container, run=waiting, failures=failures), [
        Record("Warning", "Failed", f"Error: {event.message}", plan.name)
    ]


def observe(pod: PodPlan, plan: ContainerPlan, container: Container, seen: Seen, now: float) -> Change:
    """Take note of how the runtime has a container. What it says of earlier runs is not news."""
    if seen.attempt < container.runs - 1 or seen.state == "created" or not container.is_alive:
        return container, []
    if seen.attempt == container.runs and isinstance(container.run, Starting):
        container = replace(
            container, run=_running(plan, seen), runs=container.runs + 1, failures=0, image_id=seen.image_id
        )
        container = _begun(container)
    run = container.run
    if seen.state == "exited" and isinstance(run, Running | Stopping) and seen.id == run.id:
        return exited(pod, plan, container, ended_of(seen), now)
    return container, []


def exited(pod: PodPlan, plan: ContainerPlan, container: Container, ended: Ended, now: float) -> Change:
    """Decide whether a container that ended runs again, and when."""
    if container.image != plan.image:
        return with_run(container, Exited(ended, restart_at=now)), []
    if not plan.restarts_after(ended.exit_code):
        return with_run(container, Exited(ended)), []
    healthy = ended.finished_at - ended.started_at >= HEALTHY_SECONDS
    crashes = 0 if healthy else container.crashes
    delay = backoff(crashes)
    container = replace(container, run=Exited(ended, restart_at=now + delay), crashes=crashes + 1)
    if not delay:
        return container, []
    said = f"Back-off restarting failed container {plan.name} in pod {pod.described}"
    return container, [Record("Warning", "BackOff", said, plan.name)]


def probed(pod: PodPlan, plan: ContainerPlan, container: Container, event: Probed) -> Change:
    """Follow the verdict of a probe."""
    run = container.run
    if not isinstance(run, Running) or run.id != event.id:
        return container, []  # about an earlier run
    match event.probe, event.passed:
        case Probe.READINESS, passed:
            return with_run(container, replace(run, ready=passed and run.started)), []
        case Probe.STARTUP, True:
            return _begun(with_run(container, replace(run, started=True, ready=not plan.readiness_probe))), []
        case _, True:
            return container, []
    container = with_run(container, replace(run, ready=False))
    said = f"Container {plan.name} failed {event.probe.value.lower()} probe"
    return stop(plan, container, pod.grace, f"{said}, will be restarted" if plan.restart != "Never" else said)


def stop(plan: ContainerPlan, container: Container, grace: float, why: str) -> Change:
    """End a container that runs, or hurry one that is told to already."""
    run = container.run
    if not isinstance(run, Running | Stopping):
        return container, []
    said: list[Action] = [Record("Normal", "Killing", why, plan.name)] if why else []
    return with_run(container, Stopping(run.id, run.started_at, run.ready)), [
        *said,
        StopContainer(plan.name, run.id, grace),
    ]


def lost(container: Container, now: float) -> Container:
    """Return a container whose runtime has forgotten it: it has ended, nobody knows how."""
    match container.run:
        case Running(id, started_at) | Stopping(id, started_at):
            message = "The container could not be located when the pod was terminated"
            return with_run(container, Exited(Ended(id, 137, "ContainerStatusUnknown", message, started_at, now)))
        case Pulling() | Starting():
            return with_run(container, Waiting())
        case _:
            return container


def ended_of(seen: Seen) -> Ended:
    """Return how a run ended, as the runtime has it."""
    reason = seen.reason or ("Completed" if seen.exit_code == 0 else "Error")
    return Ended(seen.id, seen.exit_code, reason, seen.message, seen.started_at, seen.finished_at)


def _running(plan: ContainerPlan, seen: Seen) -> Running:
    started = not plan.startup_probe
    return Running(seen.id, seen.started_at, started=started, ready=started and not plan.readiness_probe)


def _begun(container: Container) -> Container:
    run = container.run
    return replace(container, begun=True) if isinstance(run, Running) and run.started else container
