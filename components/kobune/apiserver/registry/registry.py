"""The table of all resources: one row each, made from the schema and the strategies of the kinds that differ."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from kobune.apimachinery.kinds import kind_of, messages
from kobune.apiserver.registry.conversions import CONVERSIONS
from kobune.apiserver.registry.resource import Conversion, Resource
from kobune.apiserver.registry.strategies import strategies
from kobune.apiserver.registry.strategy import Strategy


class Registry:
    """What is served: the built-in kinds, and those that are defined at the time."""

    def __init__(self, rows: Mapping[tuple[str, str, str], Resource]) -> None:
        self._built_in = dict(rows)
        self._by_plural = {row.kind.plural: row for row in rows.values() if row.conversion is None}
        self._defined: dict[str, Sequence[Resource]] = {}
        self._rows = self._built_in
        self.built_in_versions = frozenset((group, version) for group, version, _ in rows)
        """The groups and versions that are served whatever is defined."""
        self.edition = 0
        """Counts the changes: what was made from the table is to be made anew when it differs."""

    def define(self, definition: str, rows: Sequence[Resource]) -> None:
        """Serve the rows of a definition, and nothing else of it, from now on."""
        if rows:
            self._defined[definition] = rows
        elif self._defined.pop(definition, None) is None:
            return
        # A new table: whoever iterates over the old one is not disturbed.
        defined = {(r.kind.group, r.kind.version, r.kind.plural): r for one in self._defined.values() for r in one}
        # What is built in stays first, and what it is.
        self._rows = {**self._built_in, **defined, **self._built_in}
        self.edition += 1

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """Return the resource at `/apis/group/version/plural`, or None."""
        return self._rows.get((group, version, plural))

    def __getitem__(self, name: str) -> Resource:
        """Return the stored resource of a plural, for code that needs one it knows: `registry["pods"]`."""
        return self._by_plural[name]

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._rows.values())


def built_in(asked: Collection[str] = ()) -> Registry:
    """Return the registry of everything that the schema knows, of the alpha versions those that are asked for."""
    special = strategies()
    rows: dict[tuple[str, str, str], Resource] = {}
    for message in messages(asked):
        kind = kind_of(message)
        if (kind.api_version, kind.plural) in CONVERSIONS:
            continue
        strategy = special.get((kind.group, kind.plural)) or Strategy()
        rows[kind.group, kind.version, kind.plural] = Resource(kind, strategy)
    for message in messages(asked):
        kind = kind_of(message)
        if (convert := CONVERSIONS.get((kind.api_version, kind.plural))) is None:
            continue
        (group, version), to_stored, from_stored = convert
        stored = rows[group, version, kind.plural]
        rows[kind.group, kind.version, kind.plural] = Resource(
            kind, stored.strategy, Conversion(stored, to_stored, from_stored)
        )
    return Registry(rows)
