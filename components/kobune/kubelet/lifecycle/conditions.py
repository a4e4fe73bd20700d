"""The conditions of a pod's status."""

from collections.abc import Iterable

from kobune.api.core.v1 import ContainerStatus, Pod, PodCondition
from kobune.apimachinery.meta import time_of
from kobune.kubelet.lifecycle.order import is_initialized
from kobune.kubelet.lifecycle.plan import PodPlan
from kobune.kubelet.lifecycle.state import Containers

OURS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady")


def conditions(
    plan: PodPlan,
    pod: Pod,
    containers: Containers,
    *,
    phase: str,
    has_sandbox: bool,
    statuses: Iterable[ContainerStatus],
    now: float,
) -> list[PodCondition]:
    """Return all conditions: ours, and what others have said of the pod. `statuses` are those that must be ready."""
    readiness = _containers_ready(phase, statuses)
    made = [
        PodCondition(type="PodReadyToStartContainers", status=_word(has_sandbox)),
        _initialized(plan, containers, phase),
        _ready(pod, readiness),
        readiness,
    ]
    before = {condition.type: condition for condition in pod.status.conditions}
    if "PodScheduled" not in before:
        made.append(PodCondition(type="PodScheduled", status="True"))
    for condition in made:
        if pod.metadata.generation:
            condition.observedGeneration = pod.metadata.generation
        known = before.get(condition.type)
        same = known is not None and known.status == condition.status
        condition.lastTransitionTime.CopyFrom(known.lastTransitionTime if known and same else time_of(now))
    return [*made, *(condition for condition in pod.status.conditions if condition.type not in OURS)]


def _initialized(plan: PodPlan, containers: Containers, phase: str) -> PodCondition:
    missing = [known.name for known in plan.init if not is_initialized(known, containers[known.name])]
    if phase == "Succeeded":
        return PodCondition(type="Initialized", status="True", reason="PodCompleted")
    if not missing:
        return PodCondition(type="Initialized", status="True")
    message = f"containers with incomplete status: [{' '.join(missing)}]"
    return PodCondition(type="Initialized", status="False", reason="ContainersNotInitialized", message=message)


def _containers_ready(phase: str, statuses: Iterable[ContainerStatus]) -> PodCondition:
    kind = "ContainersReady"
    if phase in ("Succeeded", "Failed"):
        reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
        return PodCondition(type=kind, status="False", reason=reason)
    unready = [status.name for status in statuses if not status.ready]
    if not unready:
        return PodCondition(type=kind, status="True")
    message = f"containers with unready status: [{' '.join(unready)}]"
    return PodCondition(type=kind, status="False", reason="ContainersNotReady", message=message)


def _ready(pod: Pod, readiness: PodCondition) -> PodCondition:
    if readiness.status != "True":
        ready = PodCondition()
        ready.CopyFrom(readiness)
        ready.type = "Ready"
        return ready
    said = {condition.type: condition.status for condition in pod.status.conditions}
    missing = []
    for gate in pod.spec.readinessGates:
        status = said.get(gate.conditionType)
        if status is None:
            missing.append(f'corresponding condition of pod readiness gate "{gate.conditionType}" does not exist.')
        elif status != "True":
            missing.append(f'the status of pod readiness gate "{gate.conditionType}" is not "True", but {status}')
    if missing:
        return PodCondition(type="Ready", status="False", reason="ReadinessGatesNotReady", message=", ".join(missing))
    return PodCondition(type="Ready", status="True")


def _word(truth: bool) -> str:
    return "True" if truth else "False"
