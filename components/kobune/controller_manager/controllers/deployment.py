"""Rolls a Deployment's template out: makes a ReplicaSet for each template and moves the pods from the old to the new.

template changed ──► new ReplicaSet made ──► new grows, old shrink ──► complete ──► old ones cleaned up
▲                        │ resized or paused: each takes its share
└── a known template: its ReplicaSet again, with the next revision (rollback)
"""

from collections.abc import Iterable, Sequence
from typing import Any

from kobune.api.apps.v1 import Deployment, DeploymentStatus, ReplicaSet
from kobune.api.core.v1 import Pod
from kobune.apimachinery.meta import controller_of, is_deleting, key_of
from kobune.apimachinery.selectors import from_label_selector
from kobune.client import (
    Action,
    Announce,
    Controller,
    Create,
    Patch,
    RecordEvent,
    RequeueAfter,
    Update,
    View,
    Watch,
    delete,
    status_written,
)
from kobune.controller_manager.claims import adopters, claim, selects
from kobune.controller_manager.pods import is_finished
from kobune.controller_manager.rollout import revisions, scaling, status
from kobune.controller_manager.rollout.limits import limits_of
from kobune.controller_manager.rollout.revisions import Rollout


def reconcile(
    wanted: Deployment,
    owned: Sequence[ReplicaSet],
    orphans: Sequence[ReplicaSet],
    namesake: ReplicaSet | None,
    pods: Sequence[Pod],
    now: float,
) -> list[Action]:
    """Plan the next step of a rollout.

    `namesake` is the ReplicaSet that has the name which a new one would get. `pods` are those of all its ReplicaSets,
    needed for `Recreate` only.
    """
    selector = from_label_selector(wanted.spec.selector)
    if not selector:
        message = "This deployment is selecting all pods. A non-empty selector is required."
        return [RecordEvent(wanted, "Warning", "SelectingAll", message)]
    claimed = claim(wanted, selector, owned, orphans)
    if claimed.actions:
        return claimed.actions
    rollout = revisions.rollout_of(wanted, claimed.objects)
    if is_deleting(wanted.metadata):
        return report(rollout, status.counted(rollout), now)
    if wanted.spec.paused or scaling.is_resized(rollout):
        return follow(rollout, now)
    if rollout.new is None and (wanted.spec.strategy.type != "Recreate" or is_empty(rollout, pods)):
        return begin(rollout, namesake, now)
    if wanted.spec.strategy.type == "Recreate":
        sizes = recreate(rollout, pods)
    else:
        sizes = scaling.rolling(rollout)
    return progress(rollout, sizes, now)


def begin(rollout: Rollout, namesake: ReplicaSet | None, now: float) -> list[Action]:
    """Make the ReplicaSet of a template that has none."""
    deployment = rollout.deployment
    counts = status.counted(rollout)
    if namesake is not None:  # another template has the same hash: try the next one
        counts.collisionCount = deployment.status.collisionCount + 1
        return status_written(deployment, counts)
    if deployment.spec.strategy.type == "Recreate":
        size = limits_of(deployment).replicas
    else:
        size = scaling.initial(rollout)
    item = revisions.new_replica_set(rollout, size)
    name = item.metadata.name
    announce = Announce(
        deployment,
        "ScalingReplicaSet" if size else "",
        f"Scaled up replica set {name} from 0 to {size}",
        "ReplicaSetCreateError",
        f'Failed to create new replica set "{name}": {{error}}',
    )
    status.with_pause(counts, deployment, now)
    if status.has_deadline(deployment):
        message = f'Created new replica set "{name}"'
        status.set_condition(counts, "Progressing", "True", "NewReplicaSetCreated", message, now=now)
    status.with_availability(counts, rollout, now)
    return [Create(item, announce), *status_written(deployment, counts), *number(deployment, item)]


def progress(rollout: Rollout, sizes: scaling.Sizes, now: float) -> list[Action]:
    """Take a step of a rollout, and say how far it is."""
    counts = status.counted(rollout)
    status.with_pause(counts, rollout.deployment, now)
    status.with_availability(counts, rollout, now)
    status.with_progress(counts, rollout, now)
    actions = resize(rollout, sizes)
    if not actions and status.is_complete(rollout.deployment, counts):
        actions += clean_up(rollout)
    return [*actions, *report(rollout, counts, now)]


def follow(rollout: Rollout, now: float) -> list[Action]:
    """Let the ReplicaSets of a resized or paused deployment take their shares."""
    counts = status.counted(rollout)
    status.with_pause(counts, rollout.deployment, now)
    status.with_availability(counts, rollout, now)
    actions = resize(rollout, scaling.proportional(rollout))
    if rollout.deployment.spec.paused:
        actions += clean_up(rollout)
    return [*actions, *report(rollout, counts, now)]


def report(rollout: Rollout, counts: DeploymentStatus, now: float) -> list[Action]:
    """Write the status if it changed, and the revision; come back when the rollout would be late."""
    deployment = rollout.deployment
    actions = status_written(deployment, counts)
    if rollout.new is not None and not is_deleting(deployment.metadata):
        actions += number(deployment, renumbered(rollout, rollout.new))
    wait = status.deadline_in(deployment, counts, now)
    if wait is not None:
        actions.append(RequeueAfter(wait))
    return actions


def resize(rollout: Rollout, sizes: scaling.Sizes) -> list[Action]:
    """Give ReplicaSets their sizes, and the new one its revision and the deployment's annotations."""
    deployment = rollout.deployment
    actions: list[Action] = []
    for item in rollout.all:
        name, before = item.metadata.name, item.spec.replicas
        size = sizes.get(name, before)
        copy = renumbered(rollout, item) if item is rollout.new else copy_of(item)
        if size != before or name in sizes or item is rollout.new:
            revisions.annotate_size(copy, deployment)
        copy.spec.replicas = size
        announce = None
        if size != before:
            direction = "up" if size > before else "down"
            message = f"Scaled {direction} replica set {name} from {before} to {size}"
            announce = Announce(deployment, "ScalingReplicaSet", message)
        if copy != item:
            actions.append(Update(copy, announce))
    return actions


def renumbered(rollout: Rollout, new: ReplicaSet) -> ReplicaSet:
    """Return the current ReplicaSet with the revision and annotations that it must have."""
    copy = copy_of(new)
    revisions.annotate_revision(copy, rollout.deployment, revisions.next_revision(rollout))
    if copy.spec.minReadySeconds != rollout.deployment.spec.minReadySeconds:
        copy.spec.minReadySeconds = rollout.deployment.spec.minReadySeconds
    return copy


def number(deployment: Deployment, new: ReplicaSet) -> list[Action]:
    """Write the current revision on the deployment, if it is another."""
    revision = new.metadata.annotations.get(revisions.REVISION, "")
    if not revision or deployment.metadata.annotations.get(revisions.REVISION) == revision:
        return []
    meta = deployment.metadata
    # The uid is a precondition: never number a namesake.
    patch = {"metadata": {"uid": meta.uid, "annotations": {revisions.REVISION: revision}}}
    return [Patch(Deployment, meta.name, meta.namespace, patch)]


def recreate(rollout: Rollout, pods: Sequence[Pod]) -> scaling.Sizes:
    """Return the sizes of a `Recreate`: nothing old before anything new."""
    sizes = {item.metadata.name: 0 for item in rollout.old if item.spec.replicas > 0}
    if sizes or rollout.new is None or not is_empty(rollout, pods):
        return sizes
    return {rollout.new.metadata.name: limits_of(rollout.deployment).replicas}


def is_empty(rollout: Rollout, pods: Iterable[Pod]) -> bool:
    """Whether no pod of an old template is left, nor wanted."""
    new = rollout.new.metadata.uid if rollout.new is not None else ""
    if any(item.spec.replicas > 0 for item in rollout.old):
        return False
    for pod in pods:
        owner = controller_of(pod.metadata)
        if not is_finished(pod) and owner is not None and owner.uid != new:
            return False
    return True


def clean_up(rollout: Rollout) -> list[Action]:
    """Delete the oldest revisions beyond the limit of the history; never one that still has or wants pods."""
    spec = rollout.deployment.spec
    if not spec.HasField("revisionHistoryLimit"):
        return []
    candidates = [item for item in rollout.old if not is_deleting(item.metadata)]
    excess = max(len(candidates) - spec.revisionHistoryLimit, 0)
    oldest = sorted(candidates, key=revisions.revision_of)[:excess]
    return [
        delete(item)
        for item in oldest
        if not item.spec.replicas
        and not item.status.replicas
        and item.metadata.generation <= item.status.observedGeneration
    ]


def copy_of(item: ReplicaSet) -> ReplicaSet:
    """Return a ReplicaSet that may be changed."""
    copy = ReplicaSet()
    copy.CopyFrom(item)
    return copy


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return what `reconcile` takes."""
    wanted = view.get(Deployment, key)
    if wanted is None:
        return None
    namespace = wanted.metadata.namespace
    owned = view.owned(ReplicaSet, wanted.metadata.uid)
    namesake = view.get(ReplicaSet, key_of(namespace, revisions.new_name(wanted)))
    pods: list[Pod] = []
    if wanted.spec.strategy.type == "Recreate":
        pods = [pod for item in owned for pod in view.owned(Pod, item.metadata.uid)]
    return wanted, owned, view.orphans(ReplicaSet, namespace), namesake, pods, view.now


def deployment_of(view: View, pod: Pod) -> Iterable[str]:
    """Return the key of the deployment whose ReplicaSet controls a pod, if it waits for its pods to end."""
    owner = controller_of(pod.metadata)
    if owner is None or owner.kind != "ReplicaSet":
        return
    item = view.get(ReplicaSet, key_of(pod.metadata.namespace, owner.name))
    parent = controller_of(item.metadata) if item is not None else None
    if parent is not None and parent.kind == "Deployment":
        key = key_of(pod.metadata.namespace, parent.name)
        wanted = view.get(Deployment, key)
        if wanted is not None and wanted.spec.strategy.type == "Recreate":
            yield key


def ended(old: Pod | None, new: Pod | None) -> bool:
    """Whether a pod is gone or has finished."""
    return new is None or (is_finished(new) and (old is None or not is_finished(old)))


deployment = Controller(
    name="deployment",
    reporter="deployment-controller",
    root=Deployment,
    owns=[ReplicaSet],
    watches=[Watch(ReplicaSet, adopters(Deployment, selects)), Watch(Pod, deployment_of, ended)],
    observe=observe,
    reconcile=reconcile,
)
