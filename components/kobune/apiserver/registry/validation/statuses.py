"""What the statuses of workloads may say of the numbers of their pods."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import invalid, not_negative_fields

BEYOND: Final = "cannot be greater than status.replicas"
COUNTS: Final[Mapping[str, tuple[str, ...]]] = {
    "DaemonSet": (
        *("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"),
        *("observedGeneration", "updatedNumberScheduled", "numberAvailable", "numberUnavailable", "collisionCount"),
    ),
    "Deployment": (
        *("observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas"),
        *("unavailableReplicas", "collisionCount"),
    ),
    "ReplicaSet": ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"),
    "StatefulSet": (
        *("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"),
        *("observedGeneration", "collisionCount"),
    ),
    "PodDisruptionBudget": ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"),
    "HorizontalPodAutoscaler": ("currentReplicas", "desiredReplicas"),
}
"""By kind: the numbers of a status that are never negative."""
PARTS: Final = ("fullyLabeledReplicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")


def counts(kind: str) -> Callable[[Any, Any], Iterator[FieldError]]:
    """Return the rule of a kind's status."""
    names = COUNTS["ReplicaSet" if kind == "ReplicationController" else kind]
    parts = [name for name in PARTS if name in names and "replicas" in names]

    def check(new: Any, old: Any) -> Iterator[FieldError]:
        status = new.status
        yield from not_negative_fields("status", status, *names)
        for name in parts:
            if (value := getattr(status, name)) > status.replicas:
                yield invalid(f"status.{name}", value, BEYOND)
        if "availableReplicas" in parts and status.availableReplicas > status.readyReplicas:
            ready = "status.readyReplicas" if kind == "StatefulSet" else "readyReplicas"
            yield invalid("status.availableReplicas", status.availableReplicas, f"cannot be greater than {ready}")
        if "collisionCount" in names and status.collisionCount < old.status.collisionCount:
            yield invalid("status.collisionCount", status.collisionCount, "cannot be decremented")

    return check
