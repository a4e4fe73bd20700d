"""Keeps pods that are somebody: each with its own name, its own claims, and its turn.

template changed ──► revision made ──► pods from the highest number down are deleted ──► made anew after it
"""

from collections.abc import Iterable, Sequence
from typing import Any

from kobune.api.apps.v1 import ControllerRevision, StatefulSet, StatefulSetStatus
from kobune.api.core.v1 import PersistentVolumeClaim, Pod
from kobune.apimachinery.meta import controller_of, is_deleting, key_of
from kobune.apimachinery.selectors import from_label_selector
from kobune.client import Action, Controller, View, Watch, status_written
from kobune.controller_manager.claims import adopters, claim, controlled_by
from kobune.controller_manager.history import History, history_of, surplus
from kobune.controller_manager.pods import available_in, is_ready, soonest_available
from kobune.controller_manager.stateful.identity import by_ordinal, claim_names, ordinal_of, ordinals, revision_of
from kobune.controller_manager.stateful.turns import Scene, turns


def reconcile(
    wanted: StatefulSet,
    owned: Sequence[Pod],
    orphans: Sequence[Pod],
    claims: Sequence[PersistentVolumeClaim],
    revisions: Sequence[ControllerRevision],
    now: float,
) -> list[Action]:
    """Plan the next turn of pods, and the status.

    `claims` are those that the pods may use, `revisions` all in the namespace that this set or nobody controls.
    """
    selector = from_label_selector(wanted.spec.selector)
    pods = claim(wanted, selector, owned, orphans, lambda pod: ordinal_of(pod, wanted) is not None)
    mine = controlled_by(wanted, revisions)
    free = [item for item in revisions if controller_of(item.metadata) is None]
    kept = claim(wanted, selector, mine, free)
    if pods.actions or kept.actions:
        return [*pods.actions, *kept.actions]
    history = history_of(wanted, kept.objects, {item.metadata.name for item in revisions})
    by_number = by_ordinal(wanted, pods.objects)
    status = status_of(wanted, by_number.values(), history, now)
    actions = list(history.actions)
    if not is_deleting(wanted.metadata) and not history.taken:
        by_name = {item.metadata.name: item for item in claims}
        actions += turns(Scene(wanted, by_number, by_name, history, now))
        used = {revision_of(pod) for pod in by_number.values()} | {status.currentRevision}
        actions += surplus(wanted, history, used)
    actions += status_written(wanted, status)
    actions += soonest_available(by_number.values(), wanted.spec.minReadySeconds, now)
    return actions


def has_place_for(wanted: StatefulSet, pod: Pod) -> bool:
    """Whether a pod is called like one of the set's."""
    return ordinal_of(pod, wanted) is not None


def status_of(wanted: StatefulSet, pods: Iterable[Pod], history: History, now: float) -> StatefulSetStatus:
    """Return the status that the pods amount to."""
    update = history.update.metadata.name
    current = wanted.status.currentRevision
    if history.named(current) is None:
        current = update
    there = [pod for pod in pods if pod.status.phase]
    lasting = [pod for pod in there if not is_deleting(pod.metadata)]
    ready = [pod for pod in lasting if pod.status.phase == "Running" and is_ready(pod)]
    status = StatefulSetStatus(
        conditions=wanted.status.conditions,
        observedGeneration=wanted.metadata.generation,
        replicas=len(there),
        availableReplicas=sum(available_in(pod, wanted.spec.minReadySeconds, now) == 0 for pod in ready),
        currentRevision=current,
        updateRevision=update,
        collisionCount=history.collisions,
    )
    updated = sum(revision_of(pod) == update for pod in lasting)
    is_rolling = wanted.spec.updateStrategy.type == "RollingUpdate"
    if is_rolling and updated == len(there) == len(ready) == len(ordinals(wanted)):
        status.currentRevision = current = update
    counts = {
        "readyReplicas": len(ready),
        "currentReplicas": sum(revision_of(pod) == current for pod in lasting),
        "updatedReplicas": updated,
    }
    for name, count in counts.items():
        if count:
            setattr(status, name, count)
    return status


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return what `reconcile` takes."""
    wanted = view.get(StatefulSet, key)
    if wanted is None:
        return None
    namespace = wanted.metadata.namespace
    owned = view.owned(Pod, wanted.metadata.uid)
    numbers = {*ordinals(wanted), *(ordinal for pod in owned if (ordinal := ordinal_of(pod, wanted)) is not None)}
    names = [name for ordinal in numbers for name in claim_names(wanted, ordinal).values()]
    claims = [view.get(PersistentVolumeClaim, key_of(namespace, name)) for name in names]
    return (
        wanted,
        owned,
        view.orphans(Pod, namespace),
        [item for item in claims if item is not None],
        view.in_namespace(ControllerRevision, namespace),
        view.now,
    )


def claimants(view: View, item: PersistentVolumeClaim) -> Iterable[str]:
    """Return the keys of the sets that may be waiting for a claim to come or go."""
    for wanted in view.in_namespace(StatefulSet, item.metadata.namespace):
        ends = f"-{wanted.metadata.name}-"
        if any(item.metadata.name.startswith(each.metadata.name + ends) for each in wanted.spec.volumeClaimTemplates):
            yield key_of(wanted.metadata.namespace, wanted.metadata.name)


statefulset = Controller(
    name="statefulset",
    reporter="statefulset-controller",
    root=StatefulSet,
    owns=[Pod, ControllerRevision],
    watches=[Watch(Pod, adopters(StatefulSet, has_place_for)), Watch(PersistentVolumeClaim, claimants)],
    observe=observe,
    reconcile=reconcile,
)
