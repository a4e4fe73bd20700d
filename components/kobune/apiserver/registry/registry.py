"""The table of all resources: one row each, made from the schema and the strategies of the kinds that differ."""

from collections.abc import Iterator, Mapping

from kobune.apimachinery.kinds import kind_of, messages
from kobune.apiserver.registry.conversions import CONVERSIONS
from kobune.apiserver.registry.resource import Conversion, Resource
from kobune.apiserver.registry.strategies import strategies
from kobune.apiserver.registry.strategy import Strategy


class Registry:
    """What is served."""

    def __init__(self, rows: Mapping[tuple[str, str, str], Resource]) -> None:
        self._rows = dict(rows)
        self._by_plural = {row.kind.plural: row for row in rows.values() if row.conversion is None}

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """Return the resource at `/apis/group/version/plural`, or None."""
        return self._rows.get((group, version, plural))

    def __getitem__(self, name: str) -> Resource:
        """Return the stored resource of a plural, for code that needs one it knows: `registry["pods"]`."""
        return self._by_plural[name]

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._rows.values())


def built_in() -> Registry:
    """Return the registry of everything that the schema knows."""
    special = strategies()
    rows: dict[tuple[str, str, str], Resource] = {}
    for message in messages():
        kind = kind_of(message)
        if (kind.api_version, kind.plural) in CONVERSIONS:
            continue
        strategy = special.get((kind.group, kind.plural)) or Strategy()
        rows[kind.group, kind.version, kind.plural] = Resource(kind, strategy)
    for message in messages():
        kind = kind_of(message)
        if (convert := CONVERSIONS.get((kind.api_version, kind.plural))) is None:
            continue
        (group, version), to_stored, from_stored = convert
        stored = rows[group, version, kind.plural]
        rows[kind.group, kind.version, kind.plural] = Resource(
            kind, stored.strategy, Conversion(stored, to_stored, from_stored)
        )
    return Registry(rows)
