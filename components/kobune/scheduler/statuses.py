"""What the scheduler writes into the status of pods."""

from typing import Any

from kobune.api.core.v1 import Pod
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
