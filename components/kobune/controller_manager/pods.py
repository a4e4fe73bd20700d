"""Questions about pods that several controllers ask."""

from collections.abc import Iterable

from kobune.api.core.v1 import Pod, PodCondition, PodTemplateSpec
from kobune.apimachinery.kinds import Object
from kobune.apimachinery.meta import controller_reference, is_deleting, seconds_of
from kobune.client import Action, RequeueAfter


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


def soonest_available(pods: Iterable[Pod], min_ready_seconds: int, now: float) -> list[Action]:
    """Return when to come back for the next ready pod that will count as available, if there is one."""
    waits = [wait for pod in pods if (wait := available_in(pod, min_ready_seconds, now))]
    return [RequeueAfter(min(waits) + 0.1)] if waits else []


def pod_from(template: PodTemplateSpec, owner: Object) -> Pod:
    """Return a pod made after a template, which its owner controls; it still needs a name."""
    pod = Pod(spec=template.spec)
    meta = pod.metadata
    meta.namespace = owner.metadata.namespace
    meta.labels.update(template.metadata.labels)
    meta.annotations.update(template.metadata.annotations)
    meta.finalizers.extend(template.metadata.finalizers)
    meta.ownerReferences.append(controller_reference(owner))
    return pod
