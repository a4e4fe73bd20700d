"""Who controls whom: adopting what a selector selects, releasing what it no longer does."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic

from kobune.apimachinery.kinds import M, Object
from kobune.apimachinery.meta import controller_of, controller_reference, is_deleting, key_of, owned_by
from kobune.apimachinery.selectors import Selector, from_label_selector
from kobune.client import Action, Update, View
from kobune.client.controller import Keys


@dataclass(frozen=True)
class Claim(Generic[M]):
    """What an owner controls, and the writes that make it so."""

    objects: list[M]
    actions: list[Action]


def claim(
    owner: Object,
    selector: Selector,
    owned: Iterable[M],
    orphans: Iterable[M],
    adoptable: Callable[[M], bool] = lambda item: True,
) -> Claim[M]:
    """Keep what is owned and selected, release what is no longer selected, adopt what is selected and free.

    An owner that is being deleted neither adopts nor releases.
    """
    deleting = is_deleting(owner.metadata)
    kept: list[M] = []
    actions: list[Action] = []
    for item in owned:
        if selector.matches(item.metadata.labels):
            kept.append(item)
        elif not deleting and not is_deleting(item.metadata):
            actions.append(Update(released(item, owner.metadata.uid)))
    if not deleting and selector:  # an empty selector would adopt everything
        for item in orphans:
            if selector.matches(item.metadata.labels) and not is_deleting(item.metadata) and adoptable(item):
                kept.append(item)
                actions.append(Update(adopted(item, owner)))
    return Claim(kept, actions)


def adopted(item: M, owner: Object) -> M:
    """Return the object with the owner as its controller."""
    copy = type(item)()
    copy.CopyFrom(item)
    copy.metadata.ownerReferences.append(controller_reference(owner))
    return copy


def released(item: M, uid: str) -> M:
    """Return the object without the owner of that uid."""
    copy = type(item)()
    copy.CopyFrom(item)
    others = [owner for owner in item.metadata.ownerReferences if owner.uid != uid]
    del copy.metadata.ownerReferences[:]
    copy.metadata.ownerReferences.extend(others)
    return copy


def adopters(kind: type[M], selects: Callable[[M, Any], bool]) -> Keys:
    """Return which keys to wake when an object changes that nobody controls: of those who would adopt it."""

    def keys(view: View, item: Any) -> Iterable[str]:
        if controller_of(item.metadata) is None:
            for owner in view.in_namespace(kind, item.metadata.namespace):
                if selects(owner, item):
                    yield key_of(owner.metadata.namespace, owner.metadata.name)

    return keys


def selects(owner: Any, item: Any) -> bool:
    """Whether an owner's label selector selects an object."""
    return from_label_selector(owner.spec.selector).matches(item.metadata.labels)


def controlled_by(owner: Object, items: Iterable[M]) -> list[M]:
    """Return those of the objects that an owner controls."""
    return [item for item in items if owned_by(item.metadata, owner.metadata.uid)]
