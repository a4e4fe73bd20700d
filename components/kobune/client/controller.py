"""A controller is a value: what it watches, and a pure function from what it sees to what it wants done.

```python
def reconcile(wanted: ReplicaSet, pods: Sequence[Pod], now: float) -> list[Action]: ...

replicaset = Controller(name="replicaset", root=ReplicaSet, owns=[Pod], reconcile=reconcile)
```
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from kobune.apimachinery.kinds import Object, kind_of
from kobune.apimachinery.meta import controller_of, key_of
from kobune.client.actions import Action
from kobune.client.informers import Source
from kobune.client.view import View

Keys: TypeAlias = Callable[[View, Any], Iterable[str]]
"""Which keys to reconcile when an object changes; asked for the object before and after."""
Observe: TypeAlias = Callable[[View, str], Awaitable[tuple[Any, ...] | None]]
"""The arguments of `reconcile` for a key; None when there is nothing to do."""
Perform: TypeAlias = Callable[[Any], Awaitable[Sequence[Action]]]
"""Does what an `Effect` says, and returns what follows from that; an exception has it tried again later."""
When: TypeAlias = Callable[[Any | None, Any | None], bool]
"""Whether a change matters, given the object before and after."""
OnChange: TypeAlias = Callable[[View, Any | None, Any | None], Iterable[str]]
"""Which keys to reconcile, given the object before and after."""


def nothing(view: View, item: Any) -> Iterable[str]:
    """Wake nobody."""
    return ()


def always(old: Any | None, new: Any | None) -> bool:
    """Every change matters."""
    return True


@dataclass(frozen=True)
class Watch:
    """Another kind that a controller looks at."""

    kind: type[Object]
    keys: Keys = nothing
    when: When = always
    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""
    on_change: OnChange | None = None
    """Instead of `keys` and `when`, for who needs to see the object before and after at once."""
    metadata_only: bool = False
    """Content with objects that have nothing but metadata, and with seeing them later than the others."""

    @property
    def source(self) -> Source:
        return Source(self.kind, self.namespace, self.label_selector, self.field_selector)


@dataclass(frozen=True)
class Controller:
    """What the runner needs to know of a controller.

    `reconcile` must be level-based: it gets the state of the world and may not know which event woke it. Without
    `observe` it gets the root, for each kind in `owns` the objects that the root controls, and the time.
    """

    name: str
    reconcile: Callable[..., list[Action]]
    root: type[Object] | None = None
    """Its objects' keys are the keys that are reconciled. None where `watches` make up the keys."""
    owns: Sequence[type[Object]] = ()
    """Kinds whose objects wake the root that controls them."""
    watches: Sequence[Watch] = ()
    observe: Observe | None = None
    root_when: When = always
    reporter: str = ""
    """In whose name events are recorded; in that of the component if empty."""
    perform: Perform | None = None
    """For the effects that `reconcile` returns, if it returns any. May take its time: other keys go on."""

    def sources(self) -> Iterable[tuple[Watch, bool]]:
        """Everything that is watched: the root, the owned kinds, and the rest."""
        if self.root is not None:
            yield Watch(self.root, key_of_object, self.root_when), True
        for kind in self.owns:
            yield Watch(kind, self.owner_keys), True
        for watch in self.watches:
            yield watch, False

    def owner_keys(self, view: View, item: Any) -> Iterable[str]:
        """Return the key of the root that controls an object."""
        owner = controller_of(item.metadata)
        if owner is None or self.root is None:
            return ()
        kind = kind_of(self.root)
        if owner.kind != kind.name or owner.apiVersion.partition("/")[0] != kind.api_version.partition("/")[0]:
            return ()
        return (key_of(item.metadata.namespace if kind.namespaced else "", owner.name),)

    async def facts(self, view: View, key: str) -> tuple[Any, ...] | None:
        """Return the arguments of `reconcile`."""
        if self.observe is not None:
            return await self.observe(view, key)
        if self.root is None:
            raise ValueError(f"{self.name} has no root, so it needs an observe")
        root: Any = view.get(self.root, key)
        if root is None:
            return None
        return (root, *(view.owned(kind, root.metadata.uid) for kind in self.owns), view.now)


def key_of_object(view: View, item: Any) -> Iterable[str]:
    """Return an object's own key."""
    return (key_of(item.metadata.namespace, item.metadata.name),)
