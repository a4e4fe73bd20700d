"""What a controller may look at: the objects of its informers, and the time."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from kobune.apimachinery.clock import Clock
from kobune.apimachinery.kinds import M, Object
from kobune.apimachinery.meta import controller_of
from kobune.client.client import Client
from kobune.client.informer import Informer

if TYPE_CHECKING:
    from kobune.client.controller import Watch


@dataclass(frozen=True)
class Refusal:
    """Why the apiserver did not do what a controller wanted done."""

    reason: str
    """That of the event which told people: FailedCreate."""
    message: str


class View:
    """The world as one controller sees it. Nothing here may be changed: copy first."""

    def __init__(
        self,
        informers: dict[type[Object], Informer[Any]],
        client: Client,
        clock: Clock,
        random: Random,
        follow: "Callable[[Watch], Informer[Any]] | None" = None,
        refusals: Mapping[str, Refusal] | None = None,
    ) -> None:
        self._informers = informers
        self._follow = follow
        self._refusals = refusals if refusals is not None else {}
        self._clock = clock
        self.client = client
        """For what no informer knows."""
        self.random = random

    @property
    def now(self) -> float:
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        await self._clock.sleep(seconds)

    def refusal(self, key: str) -> Refusal | None:
        """Return what was refused when the key was reconciled last; None if all was done."""
        return self._refusals.get(key)

    def informer(self, kind: type[M]) -> Informer[M]:
        """Return the informer of a kind that the controller declared."""
        return self._informers[kind]

    def follow(self, watch: "Watch") -> None:
        """Look at the metadata of a further kind from now on: one that was defined while the controller runs."""
        if self._follow is not None and watch.kind not in self._informers:
            self._informers[watch.kind] = self._follow(watch)

    def unfollow(self, kind: type[Object]) -> None:
        """Look at a kind no longer."""
        if (informer := self._informers.pop(kind, None)) is not None:
            informer.stop()

    def get(self, kind: type[M], key: str) -> M | None:
        """Return one object by its key, or None."""
        return self.informer(kind).get(key)

    def all(self, kind: type[M]) -> Iterable[M]:
        """Return all objects of a kind."""
        return self.informer(kind).items()

    def in_namespace(self, kind: type[M], namespace: str) -> list[M]:
        """Return the objects of a kind in a namespace."""
        return self.informer(kind).index("namespace", by_namespace).get(namespace)

    def owned(self, kind: type[M], uid: str) -> list[M]:
        """Return the objects that the object with that uid controls."""
        return self.informer(kind).index("controller", by_controller).get(uid)

    def orphans(self, kind: type[M], namespace: str) -> list[M]:
        """Return the objects in a namespace that nobody controls."""
        return self.informer(kind).index("orphan", by_orphanage).get(namespace)

    def informers(self) -> Iterator[Informer[Any]]:
        """Every informer of the controller."""
        return iter(self._informers.values())


def by_namespace(item: Any) -> Iterable[str]:
    return (item.metadata.namespace,)


def by_controller(item: Any) -> Iterable[str]:
    owner = controller_of(item.metadata)
    return (owner.uid,) if owner is not None else ()


def by_orphanage(item: Any) -> Iterable[str]:
    return (item.metadata.namespace,) if controller_of(item.metadata) is None else ()
