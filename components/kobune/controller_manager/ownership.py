"""Who owns whom, over all kinds: what garbage collection decides by.

There is no second copy of the objects here: whether an owner exists is asked of the informers. Kept are only, for each
owner's uid, the names of its dependents, and the uids that were seen to go.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from kobune.api.meta.v1 import ObjectMeta, OwnerReference
from kobune.apimachinery.kinds import Object, kind_of, messages
from kobune.apimachinery.meta import is_deleting, key_of

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
REMEMBERED = 20_000
NEVER = {("", "events"), ("events.k8s.io", "events"), ("coordination.k8s.io", "leases")}
"""Kinds that come and go too often, and expire or are small."""


class Ownership:
    """The names of dependents by the uid of their owner. A name is `plural.group|namespace/name`."""

    def __init__(self, asked: Collection[str] = ()) -> None:
        self.kinds = {name_of(kind): kind for kind in collected_kinds(asked)}
        self._by_reference = {(kind_of(kind).group, kind_of(kind).name): kind for kind in self.kinds.values()}
        self._dependents: dict[str, dict[str, None]] = {}
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._strangers: dict[tuple[str, str], dict[str, None]] = {}
        """Dependents of owners of kinds that are not known here, by group and kind."""

    def add(self, kind: type[Object]) -> list[str]:
        """Take a further kind into account; return the names of objects that said already that one of it owns them."""
        self.kinds[name_of(kind)] = kind
        known = kind_of(kind).group, kind_of(kind).name
        self._by_reference[known] = kind
        return list(self._strangers.pop(known, ()))

    def remove(self, kind: type[Object]) -> None:
        """Take a kind into account no longer."""
        self.kinds.pop(name_of(kind), None)
        self._by_reference.pop((kind_of(kind).group, kind_of(kind).name), None)

    def dependents(self, uid: str) -> list[str]:
        """Return the names of the objects that the object with that uid owns."""
        return list(self._dependents.get(uid, ()))

    def is_gone(self, uid: str) -> bool:
        """Whether the object with that uid was seen to go."""
        return uid in self._gone

    def note_gone(self, uid: str) -> None:
        """Remember that the object with that uid does not exist."""
        self._gone[uid] = None
        if len(self._gone) > REMEMBERED:
            self._gone.popitem(last=False)

    def split(self, name: str) -> tuple[type[Object], str] | None:
        """Return the kind and the key of a name; None if the kind is no longer there."""
        resource, _, key = name.partition("|")
        kind = self.kinds.get(resource)
        return (kind, key) if kind is not None else None

    def owner(self, reference: OwnerReference, namespace: str) -> tuple[type[Object], str] | None:
        """Return the kind and the key of an owner; None for a kind that is not known here."""
        kind = self._by_reference.get(reference_kind(reference))
        if kind is None:
            return None
        return kind, key_of(namespace if kind_of(kind).namespaced else "", reference.name)

    def changed(self, kind: type[Object], old: Any | None, new: Any | None) -> Iterable[str]:
        """Follow a change of an object; return the names of those that are to be looked at because of it."""
        before: ObjectMeta | None = old.metadata if old is not None else None
        after: ObjectMeta | None = new.metadata if new is not None else None
        if before is not None and after is not None and not differs(before, after):
            return ()
        meta = after if after is not None else before
        if meta is None:
            return ()
        name = f"{name_of(kind)}|{key_of(meta.namespace, meta.name)}"
        lost = self._relink(name, before, after)
        woken = dict.fromkeys(self._names(lost, meta.namespace))
        if after is None:
            self.note_gone(meta.uid)
            woken |= dict.fromkeys(self.dependents(meta.uid))
        else:
            if after.ownerReferences or is_deleting(after):
                woken[name] = None
            if is_waiting(after):
                woken |= dict.fromkeys(self.dependents(after.uid))
        return woken

    def _relink(self, name: str, before: ObjectMeta | None, after: ObjectMeta | None) -> list[OwnerReference]:
        kept = {reference.uid for reference in after.ownerReferences} if after is not None else set()
        lost = [reference for reference in before.ownerReferences if reference.uid not in kept] if before else []
        for reference in lost:
            names = self._dependents.get(reference.uid)
            if names is not None:
                names.pop(name, None)
                if not names:
                    del self._dependents[reference.uid]
        for reference in before.ownerReferences if before is not None and self._strangers else ():
            if (names := self._strangers.get(reference_kind(reference))) is not None:
                names.pop(name, None)
        for uid in kept:
            self._dependents.setdefault(uid, {})[name] = None
        for reference in after.ownerReferences if after is not None else ():
            known = reference_kind(reference)
            if known not in self._by_reference:
                self._strangers.setdefault(known, {})[name] = None
        return lost

    def _names(self, references: Iterable[OwnerReference], namespace: str) -> Iterator[str]:
        """Yield the names of owners: they may have waited for a dependent to go."""
        for reference in references:
            found = self.owner(reference, namespace)
            if found is not None:
                yield f"{name_of(found[0])}|{found[1]}"


def reference_kind(reference: OwnerReference) -> tuple[str, str]:
    """Return the group and the kind of an owner."""
    return reference.apiVersion.rpartition("/")[0], reference.kind


def differs(before: ObjectMeta, after: ObjectMeta) -> bool:
    """Whether a change is one of ownership or deletion."""
    return (
        list(before.ownerReferences) != list(after.ownerReferences)
        or is_deleting(before) != is_deleting(after)
        or (is_deleting(after) and list(before.finalizers) != list(after.finalizers))
    )


def is_waiting(meta: ObjectMeta) -> bool:
    """Whether an object is being deleted and waits for its dependents to go first."""
    return is_deleting(meta) and FOREGROUND in meta.finalizers


def collected_kinds(asked: Collection[str] = ()) -> Iterable[type[Object]]:
    """Return every kind that can own or be owned; of several versions of one kind, one.

    `asked` are alpha versions that are served.
    """
    kinds: dict[tuple[str, str], type[Object]] = {}
    for kind in messages(asked):
        known = kind_of(kind)
        if {"list", "watch", "delete"} <= set(known.verbs) and (known.group, known.plural) not in NEVER:
            kinds.setdefault((known.group, known.plural), kind)
    return kinds.values()


def name_of(kind: type[Object]) -> str:
    """Return a kind's name: `pods.`, `deployments.apps`."""
    known = kind_of(kind)
    return f"{known.plural}.{known.group}"
