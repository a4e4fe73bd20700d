"""Empties a namespace that is being deleted, then lets it go.

Active ──(deleted)──► Terminating: delete what is in it ──► look again ──► nothing left: finalize ──► gone
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kobune.api.apiextensions.v1 import CustomResourceDefinition
from kobune.api.core.v1 import Namespace, NamespaceCondition, NamespaceStatus
from kobune.api.meta.v1 import PartialObjectMetadata
from kobune.apimachinery.errors import MethodNotAllowed, NotFound
from kobune.apimachinery.kinds import ALPHA, Object, kind_of, messages
from kobune.apimachinery.meta import is_deleting, time_of
from kobune.client import Action, Client, Controller, Delete, Effect, Finalize, RequeueAfter, View, status_written
from kobune.client.client import list_options
from kobune.client.custom import defined_kinds
from kobune.client.informer import metadata_of

FINALIZER = "kubernetes"
AGAIN = 0.25
"""Seconds until it looks whether what it deleted is gone; pods take their grace period."""
CONTENT = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}
"""The conditions of a namespace that is being deleted, with reason and message for the good case."""


@dataclass(frozen=True)
class Empty(Effect):
    """Delete all objects of a kind in a namespace."""

    namespace: str
    kind: type[Object]


Content = Mapping[type[Object], Sequence[PartialObjectMetadata]]


def reconcile(namespace: Namespace, content: Content, now: float) -> list[Action]:
    """Plan the deletion of what is in the namespace, or its end."""
    left = {kind: items for kind, items in content.items() if items}
    if not left:
        copy = copy_of(namespace)
        kept = [name for name in namespace.spec.finalizers if name != FINALIZER]
        del copy.spec.finalizers[:]
        copy.spec.finalizers.extend(kept)
        return [Finalize(copy)]
    actions: list[Action] = []
    for kind, items in left.items():
        alive = [item.metadata for item in items if not is_deleting(item.metadata)]
        if alive and "deletecollection" in kind_of(kind).verbs:
            actions.append(Empty(namespace.metadata.name, kind))
        else:
            actions += [Delete(kind, item.name, item.namespace, item.uid, propagation="Background") for item in alive]
    status = status_of(namespace, left, now)
    actions += status_written(namespace, status)
    return [*actions, RequeueAfter(AGAIN)]


def status_of(namespace: Namespace, left: Content, now: float) -> NamespaceStatus:
    """Return the status that says what keeps the namespace."""
    said = dict.fromkeys(CONTENT, "False")
    words = dict(CONTENT)
    counts = [f"{resource_name(kind)} has {len(items)} resource instances" for kind, items in left.items()]
    words["NamespaceContentRemaining"] = ("SomeResourcesRemain", f"Some resources are remaining: {', '.join(counts)}")
    said["NamespaceContentRemaining"] = "True"
    finalizers = finalizer_counts(left)
    if finalizers:
        text = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(finalizers.items()))
        said["NamespaceFinalizersRemaining"] = "True"
        words["NamespaceFinalizersRemaining"] = (
            "SomeFinalizersRemain",
            f"Some content in the namespace has finalizers remaining: {text}",
        )
    status = NamespaceStatus(phase="Terminating")
    before = {condition.type: condition for condition in namespace.status.conditions}
    for name, (reason, message) in words.items():
        old = before.get(name)
        since = old.lastTransitionTime if old is not None and old.status == said[name] else time_of(now)
        status.conditions.append(
            NamespaceCondition(type=name, status=said[name], reason=reason, message=message, lastTransitionTime=since)
        )
    return status


def finalizer_counts(left: Content) -> dict[str, int]:
    """Return in how many objects each finalizer is."""
    counts: dict[str, int] = {}
    for items in left.values():
        for item in items:
            for name in item.metadata.finalizers:
                counts[name] = counts.get(name, 0) + 1
    return counts


def resource_name(kind: type[Object]) -> str:
    """Return the name by which the message calls a kind: `pods.`, `deployments.apps`."""
    known = kind_of(kind)
    return f"{known.plural}.{known.group}"


def copy_of(namespace: Namespace) -> Namespace:
    """Return a namespace that may be changed."""
    copy = Namespace()
    copy.CopyFrom(namespace)
    return copy


def contained_kinds() -> list[type[Object]]:
    """Return every kind that lives in namespaces, also what is not always served; of several versions, one."""
    kinds: dict[tuple[str, str], type[Object]] = {}
    for kind in messages(ALPHA):
        known = kind_of(kind)
        if known.namespaced and {"list", "delete"} <= set(known.verbs):
            kinds.setdefault((known.group, known.plural), kind)
    # An event of one group is an event of the other: they are one resource.
    return [kind for (group, plural), kind in kinds.items() if (group, plural) != ("events.k8s.io", "events")]


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return what `reconcile` takes, for a namespace that is being deleted and that we have not let go."""
    namespace = view.get(Namespace, key)
    if namespace is None or not is_deleting(namespace.metadata) or FINALIZER not in namespace.spec.finalizers:
        return None

    async def items(kind: type[Object]) -> Sequence[PartialObjectMetadata]:
        try:
            return (await view.client.list_as(kind, metadata_of, key, list_options("", ""))).items
        except (NotFound, MethodNotAllowed):  # this apiserver does not serve the kind
            return ()

    definitions = (await view.client.list(CustomResourceDefinition)).items
    custom = [kind for kind in defined_kinds(definitions) if kind_of(kind).namespaced]
    kinds = [*contained_kinds(), *custom]
    return namespace, dict(zip(kinds, await asyncio.gather(*map(items, kinds)), strict=True)), view.now


def namespace(client: Client) -> Controller:
    """Return the controller, which empties namespaces with a client."""

    async def perform(effect: Empty) -> Sequence[Action]:
        await client.delete_collection(effect.kind, effect.namespace, propagation="Background")
        return ()

    return Controller(name="namespace", root=Namespace, observe=observe, reconcile=reconcile, perform=perform)
