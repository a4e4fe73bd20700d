"""What a StatefulSet or DaemonSet was like before: a ControllerRevision for each distinct pod template.

`kubectl rollout undo` sends a revision's data as a patch, so it is one: it puts the whole template in place.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import orjson

from kobune.api.apps.v1 import ControllerRevision, DaemonSet, StatefulSet
from kobune.api.core.v1 import PodTemplateSpec
from kobune.apimachinery import codec
from kobune.apimachinery.meta import controller_reference, is_deleting
from kobune.client import Action, Create, Update, delete
from kobune.controller_manager.rollout.templates import hash_of, same_template

POD_LABEL = "controller-revision-hash"
"""On pods: which revision they were made after."""
HASH = "controller.kubernetes.io/hash"
KEPT_BY_DEFAULT = 10

Owner = StatefulSet | DaemonSet


@dataclass(frozen=True)
class History:
    """The revisions of one owner, and the one of its template as it is now."""

    update: ControllerRevision
    """It may still have to be made, or moved to the end: `actions` does that."""
    revisions: Sequence[ControllerRevision]
    """All that exist, oldest first; with `update`, as it will be."""
    collisions: int
    actions: list[Action]
    taken: bool = False
    """Whether something else has the name that `update` would get; then there is one more collision."""

    def named(self, name: str) -> ControllerRevision | None:
        """Return the revision of a name."""
        return next((revision for revision in self.revisions if revision.metadata.name == name), None)


def history_of(
    owner: Owner, revisions: Sequence[ControllerRevision], names: Collection[str], label: str = HASH
) -> History:
    """Return an owner's history. `names` are those of all revisions in its namespace, `label` is for the hash.

    An owner that is being deleted makes no revisions.
    """
    ordered = sorted(revisions, key=lambda item: (item.revision, item.metadata.creationTimestamp.seconds))
    collisions = owner.status.collisionCount
    newest = max((item.revision for item in ordered), default=0)
    equal = [item for item in ordered if is_of(item, owner.spec.template)]
    if is_deleting(owner.metadata):  # its revisions may be let go of one by one: they are not missing
        return History(
            equal[-1] if equal else new_revision(owner, newest + 1, collisions, label), ordered, collisions, []
        )
    if not equal:
        made = new_revision(owner, newest + 1, collisions, label)
        if made.metadata.name in names:
            return History(made, ordered, collisions + 1, [], taken=True)
        return History(made, [*ordered, made], collisions, [Create(made)])
    known = equal[-1]
    if all(item.revision < known.revision for item in ordered if item is not known):
        return History(known, ordered, collisions, [])
    moved = ControllerRevision()
    moved.CopyFrom(known)
    moved.revision = newest + 1
    return History(moved, [*(item for item in ordered if item is not known), moved], collisions, [Update(moved)])


def new_revision(owner: Owner, number: int, collisions: int, label: str) -> ControllerRevision:
    """Return the revision of an owner's template."""
    template = owner.spec.template
    digest = hash_of(template, collisions)
    made = ControllerRevision(revision=number)
    meta = made.metadata
    meta.name = f"{owner.metadata.name}-{digest}"
    meta.namespace = owner.metadata.namespace
    meta.labels.update(template.metadata.labels)
    meta.labels[label] = digest
    meta.annotations.update(owner.metadata.annotations)
    meta.ownerReferences.append(controller_reference(owner))
    tree = {"spec": {"template": {**codec.encode(template), "$patch": "replace"}}}
    made.data.raw = orjson.dumps(tree)
    return made


def template_of(revision: ControllerRevision) -> PodTemplateSpec | None:
    """Return the template that a revision keeps; None if it keeps something else."""
    try:
        tree = orjson.loads(revision.data.raw)["spec"]["template"]
        template, _ = codec.decode(PodTemplateSpec, b"", {key: tree[key] for key in tree if key != "$patch"})
    except (ValueError, KeyError, TypeError):
        return None
    return template


def is_of(revision: ControllerRevision, template: PodTemplateSpec) -> bool:
    """Whether a revision is that of a template."""
    kept = template_of(revision)
    return kept is not None and same_template(kept, template)


def surplus(owner: Owner, history: History, used: Collection[str]) -> list[Action]:
    """Return the deletions of the oldest revisions beyond the limit. `used` are the names of those with pods."""
    limit = owner.spec.revisionHistoryLimit if owner.spec.HasField("revisionHistoryLimit") else KEPT_BY_DEFAULT
    idle = [
        item
        for item in history.revisions
        if item.metadata.name not in used
        and item.metadata.name != history.update.metadata.name
        and not is_deleting(item.metadata)
    ]
    return [delete(item) for item in idle[: max(len(idle) - limit, 0)]]
