"""What a deployment's status says, in Kubernetes' words."""

from collections.abc import Sequence

from kobune.api.apps.v1 import Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet
from kobune.apimachinery.meta import seconds_of, time_of
from kobune.controller_manager.rollout.limits import limits_of
from kobune.controller_manager.rollout.revisions import Rollout
from kobune.controller_manager.rollout.scaling import wanted

NO_DEADLINE = 2**31 - 1
COMPLETE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"
PAUSED = "DeploymentPaused"


def counted(rollout: Rollout) -> DeploymentStatus:
    """Return the status with its numbers, its conditions as they were."""
    deployment = rollout.deployment
    items = rollout.all
    available = sum(item.status.availableReplicas for item in items)
    status = DeploymentStatus(conditions=deployment.status.conditions)
    status.observedGeneration = deployment.metadata.generation
    numbers = {
        "replicas": sum(item.status.replicas for item in items),
        "updatedReplicas": rollout.new.status.replicas if rollout.new is not None else 0,
        "readyReplicas": sum(item.status.readyReplicas for item in items),
        "availableReplicas": available,
        "unavailableReplicas": max(wanted(items) - available, 0),
    }
    for name, number in numbers.items():
        if number:
            setattr(status, name, number)
    status.terminatingReplicas = sum(item.status.terminatingReplicas for item in items)
    if deployment.status.HasField("collisionCount"):
        status.collisionCount = deployment.status.collisionCount
    return status


def with_availability(status: DeploymentStatus, rollout: Rollout, now: float) -> None:
    """Set the Available condition."""
    if status.availableReplicas >= limits_of(rollout.deployment).minimum_available:
        available = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        available = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    set_condition(status, "Available", *available, now=now)


def with_pause(status: DeploymentStatus, deployment: Deployment, now: float) -> None:
    """Set the Progressing condition when a rollout was paused or resumed."""
    current = condition_of(status, "Progressing")
    if not has_deadline(deployment) or (current is not None and current.reason == TIMED_OUT):
        return
    was_paused = current is not None and current.reason == PAUSED
    if deployment.spec.paused and not was_paused:
        set_condition(status, "Progressing", "Unknown", PAUSED, "Deployment is paused", now=now)
    elif was_paused and not deployment.spec.paused:
        set_condition(status, "Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed", now=now)


def with_progress(status: DeploymentStatus, rollout: Rollout, now: float) -> None:
    """Set the Progressing and ReplicaFailure conditions."""
    deployment = rollout.deployment
    if not has_deadline(deployment):
        remove_condition(status, "Progressing")
    else:
        _progress(status, rollout, now)
    failure = replica_failure(rollout)
    if failure is None:
        remove_condition(status, "ReplicaFailure")
    else:
        set_condition(status, "ReplicaFailure", failure[0], failure[1], failure[2], now=now)


def _progress(status: DeploymentStatus, rollout: Rollout, now: float) -> None:
    deployment = rollout.deployment
    current = condition_of(status, "Progressing")
    if current is None and rollout.new is not None:
        message = f'Found new replica set "{rollout.new.metadata.name}"'
        set_condition(status, "Progressing", "True", "FoundNewReplicaSet", message, now=now)
        current = condition_of(status, "Progressing")
    if status.replicas == status.updatedReplicas and current is not None and current.reason == COMPLETE:
        return  # complete, and it was said: more or fewer ready pods are no rollout
    name = deployment.metadata.name
    subject = f'ReplicaSet "{rollout.new.metadata.name}"' if rollout.new is not None else f'Deployment "{name}"'
    if is_complete(deployment, status):
        message = f"{subject} has successfully progressed."
        set_condition(status, "Progressing", "True", COMPLETE, message, now=now)
    elif has_progressed(deployment.status, status):
        since = current.lastTransitionTime.seconds if current is not None and current.status == "True" else None
        remove_condition(status, "Progressing")  # so that its time of update is the time of this step
        set_condition(status, "Progressing", "True", "ReplicaSetUpdated", f"{subject} is progressing.", now=now)
        if since is not None:
            status.conditions[-1].lastTransitionTime.seconds = since
    elif is_late(deployment, status, now):
        set_condition(status, "Progressing", "False", TIMED_OUT, f"{subject} has timed out progressing.", now=now)


def is_complete(deployment: Deployment, status: DeploymentStatus) -> bool:
    """Whether all pods are of the current template and available."""
    replicas = limits_of(deployment).replicas
    counts = {status.updatedReplicas, status.replicas, status.availableReplicas}
    return counts == {replicas} and status.observedGeneration >= deployment.metadata.generation


def has_progressed(before: DeploymentStatus, after: DeploymentStatus) -> bool:
    """Whether a rollout has come further."""
    return (
        after.updatedReplicas > before.updatedReplicas
        or after.replicas - after.updatedReplicas < before.replicas - before.updatedReplicas
        or after.readyReplicas > before.readyReplicas
        or after.availableReplicas > before.availableReplicas
    )


def is_late(deployment: Deployment, status: DeploymentStatus, now: float) -> bool:
    """Whether a rollout has made no progress for as long as its deadline."""
    current = condition_of(status, "Progressing")
    if current is None or current.reason == COMPLETE:
        return False
    if current.reason == TIMED_OUT:
        return True
    return seconds_of(current.lastUpdateTime) + deployment.spec.progressDeadlineSeconds < now


def deadline_in(deployment: Deployment, status: DeploymentStatus, now: float) -> float | None:
    """Return the seconds until a rollout that stands still is late; None if it is complete, late or not going on."""
    current = condition_of(status, "Progressing")
    if not has_deadline(deployment) or deployment.spec.paused or current is None:
        return None
    if current.reason in (COMPLETE, TIMED_OUT, PAUSED) or is_complete(deployment, status):
        return None
    return max(seconds_of(current.lastUpdateTime) + deployment.spec.progressDeadlineSeconds - now, 0) + 1


def has_deadline(deployment: Deployment) -> bool:
    """Whether the deployment watches over its progress."""
    spec = deployment.spec
    return spec.HasField("progressDeadlineSeconds") and spec.progressDeadlineSeconds != NO_DEADLINE


def replica_failure(rollout: Rollout) -> tuple[str, str, str] | None:
    """Return status, reason and message of a ReplicaSet that cannot make its pods; the new one's if it has any."""
    newest_first: Sequence[ReplicaSet] = list(reversed(rollout.all))
    for item in newest_first:
        for condition in item.status.conditions:
            if condition.type == "ReplicaFailure":
                return condition.status, condition.reason, condition.message
    return None


def condition_of(status: DeploymentStatus, type_: str) -> DeploymentCondition | None:
    """Return the condition of a type, or None."""
    return next((condition for condition in status.conditions if condition.type == type_), None)


def set_condition(status: DeploymentStatus, type_: str, value: str, reason: str, message: str, *, now: float) -> None:
    """Set a condition; one with the same status and reason is left as it is."""
    current = condition_of(status, type_)
    if current is not None and current.status == value and current.reason == reason:
        return
    changed = current.lastTransitionTime if current is not None and current.status == value else time_of(now)
    made = DeploymentCondition(
        type=type_,
        status=value,
        reason=reason,
        message=message,
        lastUpdateTime=time_of(now),
        lastTransitionTime=changed,
    )
    remove_condition(status, type_)
    status.conditions.append(made)


def remove_condition(status: DeploymentStatus, type_: str) -> None:
    """Drop the condition of a type."""
    kept = [condition for condition in status.conditions if condition.type != type_]
    if len(kept) != len(status.conditions):
        copies = DeploymentStatus(conditions=kept)
        del status.conditions[:]
        status.conditions.extend(copies.conditions)
