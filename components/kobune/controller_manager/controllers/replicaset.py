"""Keeps as many pods alive as a ReplicaSet, or its elder the ReplicationController, asks for."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from kobune.api.apps.v1 import ReplicaSet
from kobune.api.core.v1 import Pod, ReplicationController
from kobune.apimachinery.meta import (
    controller_of,
    is_deleting,
    seconds_of,
    time_of,
)
from kobune.apimachinery.selectors import Selector, from_label_selector, from_labels
from kobune.client import (
    Action,
    Announce,
    Controller,
    Create,
    Refusal,
    View,
    Watch,
    delete,
    status_written,
)
from kobune.controller_manager.claims import adopters, claim
from kobune.controller_manager.pods import available_in, is_active, is_finished, is_ready, pod_from, soonest_available

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
FAILURE = "ReplicaFailure"
PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


Owner: TypeAlias = ReplicaSet | ReplicationController


def reconcile(
    wanted: Owner,
    owned: Sequence[Pod],
    orphans: Sequence[Pod],
    related: Sequence[Pod],
    refusal: Refusal | None,
    now: float,
) -> list[Action]:
    """Plan the adoptions, creations, deletions and the status that make the pods those that are wanted.

    `related` are the pods of this and of sibling ReplicaSets: with more of them on its node, a pod is worth less.
    `refusal` is why the pods could not be made or deleted last time.
    """
    claimed = claim(wanted, selector_of(wanted), owned, orphans, is_active)
    actions = claimed.actions
    live = [pod for pod in claimed.objects if is_active(pod)]
    if not is_deleting(wanted.metadata):
        missing = replicas_of(wanted) - len(live)
        if missing > 0:
            actions += [Create(new_pod(wanted), creation(wanted))] * missing
        elif missing < 0:
            victims = sorted(live, key=least_valuable_first(related, now))[:-missing]
            actions += [delete(pod, announce=deletion(wanted, pod)) for pod in victims]
    status = status_of(wanted, claimed.objects, refusal, now)
    actions += status_written(wanted, status)
    actions += soonest_available(live, wanted.spec.minReadySeconds, now)
    return actions


def selector_of(wanted: Owner) -> Selector:
    """Return which pods it controls."""
    if isinstance(wanted, ReplicationController):
        return from_labels(wanted.spec.selector)
    return from_label_selector(wanted.spec.selector)


def has_selected(wanted: Owner, pod: Pod) -> bool:
    """Whether a pod is one that it wants to control."""
    return selector_of(wanted).matches(pod.metadata.labels)


def replicas_of(wanted: Owner) -> int:
    """Return how many pods are wanted; one if it does not say."""
    return wanted.spec.replicas if wanted.spec.HasField("replicas") else 1


def new_pod(wanted: Owner) -> Pod:
    """Return a pod made after the template."""
    pod = pod_from(wanted.spec.template, wanted)
    pod.metadata.generateName = f"{wanted.metadata.name}-"
    return pod


def creation(wanted: Owner) -> Announce:
    """Return the events of a creation."""
    return Announce(wanted, "SuccessfulCreate", "Created pod: {name}", "FailedCreate", "Error creating: {error}")


def deletion(wanted: Owner, pod: Pod) -> Announce:
    """Return the events of a deletion."""
    failure = f'Error deleting pod "{pod.metadata.name}": {{error}}'
    return Announce(wanted, "SuccessfulDelete", "Deleted pod: {name}", "FailedDelete", failure)


def least_valuable_first(related: Iterable[Pod], now: float) -> Callable[[Pod], Any]:
    """Return the order in which pods are given up. Source: the reference page of ReplicaSet, *Scaling*."""
    crowd = Counter(pod.spec.nodeName for pod in related if is_active(pod))

    def value(pod: Pod) -> Any:
        ready = is_ready(pod)
        since = max((seconds_of(c.lastTransitionTime) for c in pod.status.conditions if c.type == "Ready"), default=now)
        return (
            pod.spec.nodeName != "",
            PHASES.get(pod.status.phase, 0),
            ready,
            deletion_cost(pod),
            -crowd[pod.spec.nodeName],
            magnitude(now - since) if ready else 0,
            -max((status.restartCount for status in pod.status.containerStatuses), default=0),
            magnitude(now - seconds_of(pod.metadata.creationTimestamp)),
            pod.metadata.uid,
        )

    return value


def deletion_cost(pod: Pod) -> int:
    """Return what its annotation says it costs to lose the pod; 0 if it says nothing or nonsense."""
    try:
        return int(pod.metadata.annotations.get(DELETION_COST, "0"))
    except ValueError:
        return 0


def magnitude(seconds: float) -> int:
    """Return the power of two that a span lies in: spans that hardly differ are equal."""
    return int(math.log2(seconds)) + 1 if seconds >= 1 else 0


def status_of(wanted: Owner, pods: Iterable[Pod], refusal: Refusal | None, now: float) -> Any:
    """Return the status that the pods amount to."""
    labels = wanted.spec.template.metadata.labels
    status: Any = type(wanted)().status
    status.replicas = 0
    terminating = 0
    counts = Counter[str]()
    for pod in pods:
        if is_deleting(pod.metadata) and not is_finished(pod):
            terminating += 1
        if not is_active(pod):
            continue
        wait = available_in(pod, wanted.spec.minReadySeconds, now)
        counts["replicas"] += 1
        counts["fullyLabeledReplicas"] += all(pod.metadata.labels.get(key) == value for key, value in labels.items())
        counts["readyReplicas"] += wait is not None
        counts["availableReplicas"] += wait == 0
    for name, count in counts.items():
        if count:
            setattr(status, name, count)
    if isinstance(wanted, ReplicaSet):
        status.terminatingReplicas = terminating
    status.observedGeneration = wanted.metadata.generation
    before = [each for each in wanted.status.conditions if each.type == FAILURE]
    status.conditions.extend(each for each in wanted.status.conditions if each.type != FAILURE)
    if refusal is not None:
        is_same = [each for each in before if each.reason == refusal.reason]
        since = is_same[0].lastTransitionTime if is_same else time_of(now)
        status.conditions.add(
            type=FAILURE, status="True", reason=refusal.reason, message=refusal.message, lastTransitionTime=since
        )
    return status


def replication(kind: type[ReplicaSet] | type[ReplicationController], name: str, reporter: str) -> Controller:
    """Return the controller of a kind."""

    async def observe(view: View, key: str) -> tuple[Any, ...] | None:
        wanted = view.get(kind, key)
        if wanted is None:
            return None
        owned = view.owned(Pod, wanted.metadata.uid)
        parent = controller_of(wanted.metadata)
        siblings = view.owned(kind, parent.uid) if parent is not None else [wanted]
        shrinks = len(owned) > replicas_of(wanted)
        related = [pod for sibling in siblings for pod in view.owned(Pod, sibling.metadata.uid)] if shrinks else []
        return wanted, owned, view.orphans(Pod, wanted.metadata.namespace), related, view.refusal(key), view.now

    return Controller(
        name=name,
        reporter=reporter,
        root=kind,
        owns=[Pod],
        watches=[Watch(Pod, adopters(kind, has_selected))],
        observe=observe,
        reconcile=reconcile,
    )


replicaset = replication(ReplicaSet, "replicaset", "replicaset-controller")
replicationcontroller = replication(ReplicationController, "replicationcontroller", "replication-controller")
