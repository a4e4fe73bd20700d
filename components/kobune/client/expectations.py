"""Remembering what a controller has written, until its informers have seen it.

Between a write and its event the cache is stale, and a controller that looked at it would create the same pod twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kobune.apimachinery.kinds import Object
from kobune.apimachinery.meta import is_deleting, key_of
from kobune.client.informer import Informer, version_of

PATIENCE = 10.0
"""Seconds after which a write that nobody saw is no longer waited for: an informer may be restricted to others."""


@dataclass
class Expectation:
    """What must be seen before one key is looked at again."""

    until: float
    versions: dict[type[Object], int] = field(default_factory=dict)
    deletions: set[tuple[type[Object], str, str]] = field(default_factory=set)
    """Kind, key, uid."""
    woken: bool = False
    """Whether somebody wanted the key reconciled meanwhile."""


class Expectations:
    """Which keys wait for which writes."""

    def __init__(self, informers: Mapping[type[Object], Informer[Any]]) -> None:
        self._informers = informers
        self._waiting: dict[str, Expectation] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def clear(self) -> None:
        """Wait for nothing."""
        self._waiting.clear()

    def wrote(self, key: str, item: Object, now: float) -> None:
        """Expect to see an object as the apiserver returned it."""
        kind = type(item)
        version = version_of(item.metadata.resourceVersion)
        informer = self._informers.get(kind)
        if informer is not None and informer.version < version:
            versions = self._of(key, now).versions
            versions[kind] = max(version, versions.get(kind, 0))

    def deleted(self, key: str, kind: type[Object], namespace: str, name: str, uid: str, now: float) -> None:
        """Expect to see an object go, or at least be marked for deletion."""
        goner = (kind, key_of(namespace, name), uid)
        if kind in self._informers and not self._is_gone(*goner):
            self._of(key, now).deletions.add(goner)

    def blocks(self, key: str, now: float) -> bool:
        """Whether it is too early to reconcile a key; if so, `released` returns it when it no longer is."""
        waiting = self._waiting.get(key)
        if waiting is None:
            return False
        if self._is_met(waiting) or now >= waiting.until:
            del self._waiting[key]
            return False
        waiting.woken = True
        return True

    def released(self) -> list[str]:
        """Return the keys that were blocked and no longer are."""
        met = [(key, waiting) for key, waiting in self._waiting.items() if self._is_met(waiting)]
        for key, _ in met:
            del self._waiting[key]
        return [key for key, waiting in met if waiting.woken]

    def _of(self, key: str, now: float) -> Expectation:
        return self._waiting.setdefault(key, Expectation(now + PATIENCE))

    def _is_met(self, waiting: Expectation) -> bool:
        informers = self._informers
        if any(informers[kind].version < version for kind, version in waiting.versions.items()):
            return False
        return all(self._is_gone(*goner) for goner in waiting.deletions)

    def _is_gone(self, kind: type[Object], key: str, uid: str) -> bool:
        item = self._informers[kind].get(key)
        return item is None or item.metadata.uid != uid or is_deleting(item.metadata)
