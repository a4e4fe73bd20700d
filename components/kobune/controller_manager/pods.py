"""Questions about pods that several controllers ask."""

from kobune.api.core.v1 import Pod, PodCondition
from kobune.apimachinery.meta import is_deleting, seconds_of


def is_finished(pod: Pod) -> bool:
    """Whether the pod has ended for good."""
    return pod.status.phase in ("Succeeded", "Failed")


def is_active(pod: Pod) -> bool:
    """Whether the pod runs or will: neither finished nor being deleted."""
    return not is_finished(pod) and not is_deleting(pod.metadata)


def ready_condition(pod: Pod) -> PodCondition | None:
    """Return the pod's Ready condition, if it has one."""
    return next((condition for condition in pod.status.conditions if condition.type == "Ready"), None)


def is_ready(pod: Pod) -> bool:
    """Whether the pod can serve."""
    condition = ready_condition(pod)
    return condition is not None and condition.status == "True"


def available_in(pod: Pod, min_ready_seconds: int, now: float) -> float | None:
    """Return the seconds until a ready pod counts as available, 0 if it does already; None if it is not ready."""
    condition = ready_condition(pod)
    if condition is None or condition.status != "True":
        return None
    if min_ready_seconds == 0:
        return 0.0
    return max(seconds_of(condition.lastTransitionTime) + min_ready_seconds - now, 0.0)
