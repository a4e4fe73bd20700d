"""Keeps the table of resources as the definitions say, from the moment that a definition is written.

What a definition serves is made anew when its spec or its accepted names change; watches of the old end then, as they
do when the definition goes.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from kobune.apiserver.cache.cacher import Cacher
from kobune.apiserver.customresources.state import is_served, is_terminating
from kobune.apiserver.registry.registry import Registry
from kobune.apiserver.storage.store import Event, Store

if TYPE_CHECKING:
    from kobune.apiserver.customresources.conversion import Converter
    from kobune.apiserver.customresources.resource import Versions

log = logging.getLogger(__name__)

DEFINITIONS = "customresourcedefinitions"
MakeConverter = Callable[[Any], "Converter"]


@dataclass(frozen=True)
class Served:
    """What a definition serves, and what of the definition that depends on."""

    identity: tuple[Any, ...]
    is_terminating: bool
    versions: "Versions"


class DefinitionServing:
    """Follows the definitions in the store, once started."""

    def __init__(self, registry: Registry, cacher: Cacher, store: Store, make_converter: MakeConverter) -> None:
        self._registry = registry
        self._cacher = cacher
        self._store = store
        self._make_converter = make_converter
        self._row = registry[DEFINITIONS]
        self._served: dict[str, Served] = {}

    def start(self) -> Callable[[], None]:
        """Serve what is defined, and follow from now on; returns the way to stop. Nothing is missed between."""
        for stored in self._cacher.ring(self._row).select(b""):
            self._update(stored.message.metadata.name)
        return self._store.subscribe(self._follow)

    def versions(self, name: str) -> "Versions | None":
        """Return the rows of a definition, None if it serves nothing."""
        found = self._served.get(name)
        return found.versions if found is not None else None

    def _follow(self, events: Sequence[Event]) -> None:
        prefix = self._row.prefix()
        for event in events:
            if event.entry.key.startswith(prefix):
                self._update(event.entry.key[len(prefix) :].decode())

    def _update(self, name: str) -> None:
        stored = self._cacher.get(self._row, "", name)
        definition: Any = stored.message if stored is not None else None
        try:
            if definition is not None and is_served(definition):
                self._serve(name, definition)
            else:
                self._drop(name)
        except Exception:
            # The store must go on; this one definition is not served.
            log.exception("cannot serve the definition %s", name)

    def _serve(self, name: str, definition: Any) -> None:
        identity = (
            definition.metadata.uid,
            definition.spec.SerializeToString(deterministic=True),
            definition.status.acceptedNames.SerializeToString(),
        )
        known = self._served.get(name)
        terminating = is_terminating(definition)
        if known is not None and (known.identity, known.is_terminating) == (identity, terminating):
            return
        # Only whoever defines kinds pays for them.
        from kobune.apiserver.customresources.rows import rows_of, served

        versions = rows_of(definition, self._make_converter(definition))
        rows = [row for row in served(versions) if self._is_free(row)]
        self._served[name] = Served(identity, terminating, versions)
        self._registry.define(name, cast(Any, rows))
        if known is None or known.identity != identity:
            self._cacher.open(versions.storage)

    def _is_free(self, row: Any) -> bool:
        """Whether nothing built in has the same address: that would go first."""
        kind = row.kind
        found = self._registry.find(kind.group, kind.version, kind.plural)
        return found is None or found.is_custom

    def _drop(self, name: str) -> None:
        known = self._served.pop(name, None)
        if known is not None:
            self._registry.define(name, ())
            self._cacher.forget(known.versions.storage)
