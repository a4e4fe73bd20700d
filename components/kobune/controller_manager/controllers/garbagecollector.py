"""Deletes what nobody owns any more, and holds deletions that wait for dependents or let go of them.

background   owner gone ──► its dependents are deleted
foreground   owner waits (finalizer `foregroundDeletion`) ──► dependents deleted ──► none blocks: finalizer removed
orphan       owner waits (finalizer `orphan`) ──► dependents lose the reference ──► finalizer removed
"""

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from kobune.api.apiextensions.v1 import CustomResourceDefinition
from kobune.api.core.v1 import ObjectReference
from kobune.api.meta.v1 import ObjectMeta, OwnerReference
from kobune.apimachinery.errors import ApiError, NotFound
from kobune.apimachinery.kinds import Object, kind_of
from kobune.apimachinery.meta import is_deleting, split_key
from kobune.client import Action, Controller, Delete, Patch, RecordEvent, RequeueAfter, View, Watch
from kobune.client.custom import defined_kind
from kobune.controller_manager.ownership import FOREGROUND, ORPHAN, Ownership, is_waiting, name_of

LATER = 0.1
"""Seconds until it looks again for what its informers do not know yet."""


class OwnerState(enum.Enum):
    """What there is to an owner reference."""

    SOLID = "it exists"
    WAITING = "it is being deleted once its dependents are gone"
    ABSENT = "it does not exist"
    UNKNOWN = "nobody can say yet"
    ELSEWHERE = "it lives in another namespace, where no owner can be"
    IMPOSSIBLE = "it would live in a namespace, but its dependent does not"


KEEPING = {OwnerState.SOLID, OwnerState.IMPOSSIBLE}
"""States of owners that keep their dependents: what makes no sense is no reason to delete anything."""

Found = tuple[type[Object], ObjectMeta]


def reconcile(
    kind: type[Object],
    meta: ObjectMeta,
    owners: Mapping[str, OwnerState],
    dependents: Sequence[Found],
    complete: bool,
) -> list[Action]:
    """Plan what becomes of one object.

    `owners` are the states of its owners by uid; `dependents` what it owns. Without `complete`, there may be more of
    the latter than are known.
    """
    if is_deleting(meta):
        if not complete:
            return [RequeueAfter(LATER)] if {FOREGROUND, ORPHAN} & set(meta.finalizers) else []
        if ORPHAN in meta.finalizers:
            freed: list[Action] = [without_owners(found, item, {meta.uid}) for found, item in dependents]
            return freed or [without_finalizer(kind, meta, ORPHAN)]
        if FOREGROUND in meta.finalizers and not any(blocks(item, meta.uid) for _, item in dependents):
            return [without_finalizer(kind, meta, FOREGROUND)]
        return []
    states = set(owners.values())
    said: list[Action] = list(complaints(kind, meta, owners))
    if states <= KEEPING:
        return said
    if OwnerState.UNKNOWN in states:
        return [RequeueAfter(LATER)]
    if states & KEEPING:
        return [*said, without_owners(kind, meta, {uid for uid, state in owners.items() if state not in KEEPING})]
    return [*said, Delete(kind, meta.name, meta.namespace, meta.uid, propagation=propagation(meta, states, dependents))]


def propagation(meta: ObjectMeta, states: set[OwnerState], dependents: Sequence[Found]) -> str:
    """Return how the deletion of an object without owners goes on to its own dependents."""
    if OwnerState.WAITING in states and dependents:
        return "Foreground"  # whoever waits for this object waits for those too
    if ORPHAN in meta.finalizers:
        return "Orphan"
    return "Foreground" if FOREGROUND in meta.finalizers else "Background"


def complaints(kind: type[Object], meta: ObjectMeta, owners: Mapping[str, OwnerState]) -> Iterable[RecordEvent]:
    """Yield what people should hear of references to owners in other namespaces."""
    for reference in meta.ownerReferences:
        if owners.get(reference.uid) in (OwnerState.ELSEWHERE, OwnerState.IMPOSSIBLE):
            where = f"namespace: {meta.namespace}, name: {reference.name}, uid: {reference.uid}"
            message = (
                f"ownerRef [{reference.apiVersion}/{reference.kind}, {where}] does not exist in namespace "
                f'"{meta.namespace}"'
            )
            yield RecordEvent(reference_of(kind, meta), "Warning", "OwnerRefInvalidNamespace", message)


def reference_of(kind: type[Object], meta: ObjectMeta) -> ObjectReference:
    """Return the reference by which an event names an object of which only the metadata is known."""
    known = kind_of(kind)
    return ObjectReference(
        apiVersion=known.api_version,
        kind=known.name,
        namespace=meta.namespace or None,
        name=meta.name,
        uid=meta.uid,
    )


def blocks(meta: ObjectMeta, owner: str) -> bool:
    """Whether a dependent keeps its owner from going."""
    return any(reference.uid == owner and reference.blockOwnerDeletion for reference in meta.ownerReferences)


def without_owners(kind: type[Object], meta: ObjectMeta, uids: set[str]) -> Patch:
    """Return the write that removes owner references."""
    kept = [tree(reference) for reference in meta.ownerReferences if reference.uid not in uids]
    return patch(kind, meta, {"ownerReferences": kept or None})


def without_finalizer(kind: type[Object], meta: ObjectMeta, finalizer: str) -> Patch:
    """Return the write that removes a finalizer."""
    kept = [name for name in meta.finalizers if name != finalizer]
    return patch(kind, meta, {"finalizers": kept or None})


def patch(kind: type[Object], meta: ObjectMeta, change: Mapping[str, Any]) -> Patch:
    """Return the change of an object's metadata."""
    # Preconditions: of exactly this object, and no list that somebody has changed meanwhile.
    precise = {"uid": meta.uid, "resourceVersion": meta.resourceVersion}
    return Patch(kind, meta.name, meta.namespace, {"metadata": {**precise, **change}})


def tree(reference: OwnerReference) -> dict[str, Any]:
    """Return a reference as it is in JSON."""
    made: dict[str, Any] = {
        "apiVersion": reference.apiVersion,
        "kind": reference.kind,
        "name": reference.name,
        "uid": reference.uid,
    }
    if reference.HasField("controller"):
        made["controller"] = reference.controller
    if reference.HasField("blockOwnerDeletion"):
        made["blockOwnerDeletion"] = reference.blockOwnerDeletion
    return made


class Collector:
    """What garbage collection sees: ownership over all kinds."""

    def __init__(self, asked: Collection[str]) -> None:
        self.ownership = Ownership(asked)

    async def observe(self, view: View, name: str) -> tuple[Any, ...] | None:
        """Return what `reconcile` takes."""
        known = self.ownership.split(name)
        if known is None:
            return None
        kind, key = known
        item = view.informer(kind).get(key)
        if item is None:
            return None
        meta = item.metadata
        owners = {reference.uid: await self.state(view, reference, meta) for reference in meta.ownerReferences}
        dependents = []
        for dependent in self.ownership.dependents(meta.uid):
            if (named := self.ownership.split(dependent)) is None:
                continue
            found, at = named
            if (owned := view.informer(found).get(at)) is not None:
                dependents.append((found, owned.metadata))
        complete = not is_deleting(meta) or all(informer.has_synced for informer in view.informers())
        return kind, meta, owners, dependents, complete

    def on_change(self, kind: type[Object], view: View, old: Any | None, new: Any | None) -> Iterable[str]:
        """Follow a change of an object; return the names of those that are to be looked at because of it."""
        return self.ownership.changed(kind, old, new)

    def on_definition(self, view: View, old: Any | None, new: Any | None) -> Iterable[str]:
        """Follow a change of what users define: look at the objects of new kinds, no longer at those of old ones."""
        woken: dict[str, None] = {}
        before = defined_kind(old) if old is not None else None
        after = defined_kind(new) if new is not None else None
        if before is not None and after is not None and kind_of(before) == kind_of(after):
            return ()
        if before is not None and (known := self.ownership.kinds.get(name_of(before))) is not None:
            if new is None:
                # A definition goes last: what it defined is gone, even if nobody has said so yet.
                for item in list(view.informer(known)):
                    woken |= dict.fromkeys(self.ownership.changed(known, item, None))
            view.unfollow(known)
            self.ownership.remove(known)
        if after is not None and name_of(after) not in self.ownership.kinds:
            woken |= dict.fromkeys(self.ownership.add(after))
            view.follow(Watch(after, on_change=partial(self.on_change, after), metadata_only=True))
        return woken

    async def state(self, view: View, reference: OwnerReference, dependent: ObjectMeta) -> OwnerState:
        """Return the state of an owner; asks the apiserver about one that the informers do not know."""
        owner = self.ownership.owner(reference, dependent.namespace)
        if owner is None:
            if self.ownership.is_gone(reference.uid):
                return OwnerState.ABSENT
            # A kind that nobody knows: never delete on a guess. Once it is defined, the dependent is looked at again.
            return OwnerState.SOLID
        kind, key = owner
        informer = view.informer(kind)
        if kind_of(kind).namespaced and not dependent.namespace:
            return OwnerState.IMPOSSIBLE
        item = informer.get(key)
        if item is not None and item.metadata.uid == reference.uid:
            return OwnerState.WAITING if is_waiting(item.metadata) else OwnerState.SOLID
        if self.ownership.is_gone(reference.uid):
            return OwnerState.ABSENT
        if not informer.has_synced:
            return OwnerState.UNKNOWN
        # Nobody saw it go. Before anything is deleted because of that, the apiserver itself is asked.
        namespace, name = split_key(key)
        try:
            if (await view.client.get(kind, name, namespace)).metadata.uid == reference.uid:
                return OwnerState.SOLID
        except NotFound:
            pass
        except ApiError:
            return OwnerState.UNKNOWN
        if any(other.metadata.uid == reference.uid for other in informer.items()):
            return OwnerState.ELSEWHERE
        self.ownership.note_gone(reference.uid)
        return OwnerState.ABSENT


def garbagecollector(asked: Collection[str] = ()) -> Controller:
    """Return the controller; each has a picture of ownership of its own. `asked` are alpha versions that are served."""
    collector = Collector(asked)
    watches = [
        Watch(kind, on_change=partial(collector.on_change, kind), metadata_only=True)
        for kind in collector.ownership.kinds.values()
    ]
    watches.append(Watch(CustomResourceDefinition, on_change=collector.on_definition))
    return Controller(
        name="garbagecollector",
        watches=watches,
        observe=collector.observe,
        reconcile=reconcile,
        reporter="garbage-collector-controller",
    )
