"""The webhooks and policies that there are, compiled, and which of them a kind of write concerns.

Kept current from the cache: whenever one of the resources they are made from has changed, what changed is compiled
again. A write that nothing concerns costs the look whether something has changed, and one into a dictionary.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from kobune.apiserver.admission.matching import EXEMPT, Asked, Matcher
from kobune.apiserver.cache.cacher import Cacher
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.registry.registry import Registry
from kobune.apiserver.registry.resource import Resource


class Concern(Protocol):
    """A webhook or policy."""

    @property
    def matcher(self) -> Matcher: ...


C = TypeVar("C", bound=Concern)


class Configurations(Generic[C]):
    """What a resource holds, as `compile` makes concerns from each object, in order of their names."""

    def __init__(
        self, registry: Registry, cacher: Cacher, plural: str, compile: Callable[[Any], Sequence[C]], *others: str
    ) -> None:
        """`others` are the plurals of what is looked up in the cache while compiling."""
        self._registry = registry
        self._rings = [cacher.ring(registry[name]) for name in (plural, *others)]
        self._compile = compile
        self._seen: list[int] = []
        self._compiled: dict[bytes, tuple[Stored, Sequence[C]]] = {}
        self._all: list[C] = []
        self._concerned: dict[tuple[str, Resource, str], Sequence[tuple[C, tuple[Resource, ...]]]] = {}

    def concerned(
        self, operation: str, resource: Resource, subresource: str
    ) -> Sequence[tuple[C, tuple[Resource, ...]]]:
        """Return what looks at such writes, each with the versions that the same objects are served in."""
        seen = [ring.revision for ring in self._rings]
        if seen != self._seen:
            self._refresh()
            self._seen = seen
        if not self._all:
            return ()
        key = (operation, resource, subresource)
        found = self._concerned.get(key)
        if found is None:
            found = self._concerned[key] = self._find(Asked(operation, resource, subresource))
        return found

    def _find(self, asked: Asked) -> Sequence[tuple[C, tuple[Resource, ...]]]:
        if asked.resource.kind.group == EXEMPT:
            return ()
        versions = self._equivalents(asked.resource)
        # What depends on the name is decided for each write.
        return [(concern, versions) for concern in self._all if _may_match(concern.matcher, asked, versions)]

    def _equivalents(self, resource: Resource) -> tuple[Resource, ...]:
        stored = resource.stored
        others = [row for row in self._registry if row is not resource and row.stored is stored]
        return (resource, *others)

    def _refresh(self) -> None:
        ring, *others = self._rings
        keep = not others or self._seen[1:] == [other.revision for other in others]
        before, self._compiled = self._compiled if keep else {}, {}
        for key, stored in ring.objects.items():
            if not stored.is_sound():
                continue
            known = before.get(key)
            same = known is not None and known[0] is stored
            self._compiled[key] = known if same and known else (stored, self._compile(stored.message))
        self._all = [concern for _, concerns in self._compiled.values() for concern in concerns]
        self._concerned = {}


def _may_match(matcher: Matcher, asked: Asked, versions: Sequence[Resource]) -> bool:
    considered = versions if matcher.equivalent else versions[:1]
    return any(rule.covers(asked, resource) for rule in matcher.rules for resource in considered)
