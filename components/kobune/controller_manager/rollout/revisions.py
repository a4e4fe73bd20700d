"""A deployment's revisions: each distinct pod template has a ReplicaSet of its own, numbered in order of use."""

from collections.abc import Sequence
from dataclasses import dataclass

from kobune.api.apps.v1 import Deployment, ReplicaSet
from kobune.apimachinery.meta import controller_reference, seconds_of
from kobune.controller_manager.rollout.limits import limits_of
from kobune.controller_manager.rollout.templates import HASH_LABEL, hash_of, same_template

REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAX = "deployment.kubernetes.io/max-replicas"
OWN_ANNOTATIONS = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "deprecated.deployment.rollback.to",
        REVISION,
        HISTORY,
        DESIRED,
        MAX,
    }
)
"""Annotations that mean the object they are on: not copied from a deployment to its ReplicaSets."""


@dataclass(frozen=True)
class Rollout:
    """A deployment and its ReplicaSets: the one of the current template, and all others, oldest first."""

    deployment: Deployment
    new: ReplicaSet | None
    old: Sequence[ReplicaSet]

    @property
    def all(self) -> list[ReplicaSet]:
        return [*self.old, self.new] if self.new is not None else list(self.old)

    @property
    def active(self) -> list[ReplicaSet]:
        """Those that want pods."""
        return [item for item in self.all if item.spec.replicas > 0]


def rollout_of(deployment: Deployment, replica_sets: Sequence[ReplicaSet]) -> Rollout:
    """Tell the current ReplicaSet from the old ones."""
    by_age = sorted(replica_sets, key=age)
    wanted = deployment.spec.template
    new = next((item for item in by_age if same_template(item.spec.template, wanted)), None)
    return Rollout(deployment, new, [item for item in by_age if item is not new])


def age(item: ReplicaSet) -> tuple[float, str]:
    """Return what sorts ReplicaSets oldest first."""
    return seconds_of(item.metadata.creationTimestamp), item.metadata.name


def label_of(deployment: Deployment) -> str:
    """Return the hash label of the current template."""
    status = deployment.status
    return hash_of(deployment.spec.template, status.collisionCount if status.HasField("collisionCount") else None)


def new_name(deployment: Deployment) -> str:
    """Return the name of the current template's ReplicaSet, should it have to be made."""
    return f"{deployment.metadata.name}-{label_of(deployment)}"


def revision_of(item: ReplicaSet | Deployment) -> int:
    """Return the number of a revision; 0 if it has none."""
    text = item.metadata.annotations.get(REVISION, "0")
    return int(text) if text.isdecimal() else 0


def next_revision(rollout: Rollout) -> int:
    """Return the number that the current revision must have: one more than every old one."""
    return max((revision_of(item) for item in rollout.old), default=0) + 1


def new_replica_set(rollout: Rollout, replicas: int) -> ReplicaSet:
    """Return the ReplicaSet of the current template."""
    deployment = rollout.deployment
    label = label_of(deployment)
    item = ReplicaSet()
    item.metadata.name = new_name(deployment)
    item.metadata.namespace = deployment.metadata.namespace
    item.metadata.labels.update(deployment.spec.template.metadata.labels)
    item.metadata.labels[HASH_LABEL] = label
    item.metadata.ownerReferences.append(controller_reference(deployment))
    item.spec.replicas = replicas
    if deployment.spec.HasField("minReadySeconds"):
        item.spec.minReadySeconds = deployment.spec.minReadySeconds
    item.spec.selector.CopyFrom(deployment.spec.selector)
    item.spec.selector.matchLabels[HASH_LABEL] = label
    item.spec.template.CopyFrom(deployment.spec.template)
    item.spec.template.metadata.labels[HASH_LABEL] = label
    annotate_revision(item, deployment, next_revision(rollout))
    annotate_size(item, deployment)
    return item


def annotate_revision(item: ReplicaSet, deployment: Deployment, revision: int) -> None:
    """Give a ReplicaSet the deployment's annotations and a revision; remember the revision that it had before."""
    annotations = item.metadata.annotations
    for key, value in deployment.metadata.annotations.items():
        if key not in OWN_ANNOTATIONS and annotations.get(key) != value:
            annotations[key] = value
    before = revision_of(item)
    if before >= revision:
        return
    if before:
        history = annotations.get(HISTORY, "")
        annotations[HISTORY] = f"{history},{before}" if history else str(before)
    annotations[REVISION] = str(revision)


def annotate_size(item: ReplicaSet, deployment: Deployment) -> None:
    """Note on a ReplicaSet how large its deployment was when it was scaled: what later scaling is in proportion to."""
    limits = limits_of(deployment)
    item.metadata.annotations[DESIRED] = str(limits.replicas)
    item.metadata.annotations[MAX] = str(limits.replicas + limits.surge)


def number_in(item: ReplicaSet, annotation: str) -> int | None:
    """Return the number that an annotation holds, or None."""
    text = item.metadata.annotations.get(annotation, "")
    return int(text) if text.isdecimal() else None
