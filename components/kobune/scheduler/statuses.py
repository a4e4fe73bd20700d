"""What the scheduler writes into the status of pods and of their groups."""

from typing import Any

from kobune.api.core.v1 import Pod
from kobune.api.scheduling.v1alpha2 import PodGroup
from kobune.apimachinery.codec.scalars import format_time
from kobune.client import PatchOf, PatchType
from kobune.scheduler.podinfo import PodInfo


def not_scheduled(pod: PodInfo, reason: str, message: str, now: float) -> PatchOf | None:
    """Return what says that a pod has no node; None if its status says so already."""
    known = next((c for c in pod.status.conditions if c.type == "PodScheduled"), None)
    if known is not None and (known.status, known.reason, known.message) == ("False", reason, message):
        return None
    return _condition(pod, "PodScheduled", "False", reason, message, now)


def disruption(victim: PodInfo, scheduler: str, now: float) -> PatchOf:
    """Return what says that a pod makes room for another."""
    message = f"{scheduler}: preempting to accommodate a higher priority pod"
    return _condition(victim, "DisruptionTarget", "True", "PreemptionByScheduler", message, now)


def nomination(pod: PodInfo, node: str) -> PatchOf:
    """Return what says where room is being made for a pod."""
    return _status(pod, {"nominatedNodeName": node})


def group_scheduled(group: PodGroup | None, why_not: str, now: float) -> PatchOf | None:
    """Return what says whether enough pods of a group have a node; None if its status says so already.

    A group that was scheduled once stays so: what becomes of further pods is theirs.
    """
    if group is None:
        return None
    status, reason = ("False", "Unschedulable") if why_not else ("True", "Scheduled")
    known = next((one for one in group.status.conditions if one.type == "PodGroupScheduled"), None)
    if known is not None and (known.status == "True" or (known.status, known.message) == (status, why_not)):
        return None
    condition = {
        "type": "PodGroupScheduled",
        "status": status,
        "reason": reason,
        "message": why_not,
        "lastTransitionTime": format_time(int(now)),
        "observedGeneration": group.metadata.generation,
    }
    patch = {"metadata": {"uid": group.metadata.uid}, "status": {"conditions": [condition]}}
    meta = group.metadata
    return PatchOf(PodGroup, meta.name, meta.namespace, patch, type=PatchType.STRATEGIC, subresource="status")


def _condition(pod: PodInfo, type: str, status: str, reason: str, message: str, now: float) -> PatchOf:
    condition = {
        "type": type,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": format_time(int(now)),
    }
    return _status(pod, {"conditions": [condition]})


def _status(pod: PodInfo, status: Any) -> PatchOf:
    return PatchOf(
        Pod,
        pod.metadata.name,
        pod.metadata.namespace,
        {"status": status},
        type=PatchType.STRATEGIC,
        subresource="status",
    )
