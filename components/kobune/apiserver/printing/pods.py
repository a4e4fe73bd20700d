"""The columns of pods: their status in one word, as `kubectl get pods` shows it."""

from typing import Any

from kobune.apimachinery.meta import seconds_of
from kobune.apiserver.printing.column import AGE, NAME, Column, human_duration, show, text

UNREACHABLE = "NodeLost"


def status(pod: Any) -> str:
    """Return what a pod is doing, in one word: why it waits, how it ended, or its phase."""
    reason = pod.status.reason or pod.status.phase
    if any(c.type == "PodScheduled" and c.reason == "SchedulingGated" for c in pod.status.conditions):
        reason = "SchedulingGated"
    sidecars = {c.name for c in pod.spec.initContainers if c.restartPolicy == "Always"}
    initializing = _initializing(pod, sidecars)
    if initializing:
        reason = initializing
    if not initializing or _initialized(pod):
        reason = _running(pod, reason)
    if pod.metadata.HasField("deletionTimestamp"):
        return "Unknown" if pod.status.reason == UNREACHABLE else "Terminating" if not _ended(pod) else reason
    return str(reason)


def _ended(pod: Any) -> bool:
    return pod.status.phase in ("Succeeded", "Failed")


def _initialized(pod: Any) -> bool:
    return any(c.type == "Initialized" and c.status == "True" for c in pod.status.conditions)


def _initializing(pod: Any, sidecars: set[str]) -> str:
    for index, container in enumerate(pod.status.initContainerStatuses):
        state = container.state
        if state.HasField("terminated") and state.terminated.exitCode == 0:
            continue
        if container.name in sidecars and container.started:
            continue
        if state.HasField("terminated"):
            return f"Init:{_ending(state.terminated)}"
        if state.waiting.reason not in ("", "PodInitializing"):
            return f"Init:{state.waiting.reason}"
        return f"Init:{index}/{len(pod.spec.initContainers)}"
    return ""


def _running(pod: Any, reason: str) -> str:
    running = False
    for container in reversed(pod.status.containerStatuses):
        state = container.state
        if state.waiting.reason:
            reason = state.waiting.reason
        elif state.HasField("terminated"):
            reason = _ending(state.terminated)
        elif container.ready and state.HasField("running"):
            running = True
    if reason == "Completed" and running:
        ready = any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions)
        return "Running" if ready else "NotReady"
    return reason


def _ending(terminated: Any) -> str:
    if terminated.reason:
        return str(terminated.reason)
    return f"Signal:{terminated.signal}" if terminated.signal else f"ExitCode:{terminated.exitCode}"


def _ready(pod: Any, now: float) -> str:
    sidecars = {c.name for c in pod.spec.initContainers if c.restartPolicy == "Always"}
    ready = sum(1 for c in pod.status.containerStatuses if c.ready and c.state.HasField("running"))
    ready += sum(1 for c in pod.status.initContainerStatuses if c.name in sidecars and c.ready)
    return f"{ready}/{len(pod.spec.containers) + len(sidecars)}"


def _restarts(pod: Any, now: float) -> str:
    statuses = pod.status.containerStatuses
    total = sum(container.restartCount for container in statuses)
    ends = [
        seconds_of(container.lastState.terminated.finishedAt)
        for container in statuses
        if container.lastState.HasField("terminated")
    ]
    return f"{total} ({human_duration(now - max(ends))} ago)" if total and ends else str(total)


def _gates(pod: Any, now: float) -> str:
    gates = [gate.conditionType for gate in pod.spec.readinessGates]
    true = {condition.type for condition in pod.status.conditions if condition.status == "True"}
    return f"{sum(gate in true for gate in gates)}/{len(gates)}" if gates else "<none>"


COLUMNS: tuple[Column, ...] = (
    NAME,
    text("Ready", _ready),
    text("Status", lambda pod, now: status(pod)),
    text("Restarts", _restarts),
    AGE,
    text(
        "IP", lambda pod, now: pod.status.podIPs[0].ip if pod.status.podIPs else pod.status.podIP or "<none>", wide=True
    ),
    text("Node", show("spec.nodeName", "<none>"), wide=True),
    text("Nominated Node", show("status.nominatedNodeName", "<none>"), wide=True),
    text("Readiness Gates", _gates, wide=True),
)
