"""Who owns which fields of an object: `metadata.managedFields`, read and written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import orjson

from kobune.api.meta.v1 import ManagedFieldsEntry, ObjectMeta
from kobune.apimachinery.apply.fieldset import Set, union

APPLY: Final = "Apply"
UPDATE: Final = "Update"
MAX_UPDATERS: Final = 10
"""So many managers of updates are kept apart; older ones are put together."""
ANCIENT: Final = "ancient-changes"


class Unreadable(ValueError):
    """Somebody wrote managed fields that are none."""


@dataclass(frozen=True, slots=True)
class Manager:
    """Who changes an object, and how: an applier keeps its fields whatever version of the kind it uses."""

    name: str
    operation: str
    api_version: str = ""
    """Empty for appliers."""
    subresource: str = ""

    def __str__(self) -> str:
        """Return how conflicts name it."""
        words = f'"{self.name}"'
        if self.subresource:
            words += f' with subresource "{self.subresource}"'
        return f"{words} using {self.api_version}" if self.operation == UPDATE else words


@dataclass(frozen=True, slots=True)
class Owned:
    """What a manager owns, in which version of the kind, and since when (seconds since 1970; None: never changed)."""

    fields: Set
    api_version: str
    time: int | None = None

    def owning(self, fields: Set) -> "Owned":
        """Return the same with other fields."""
        return replace(self, fields=fields)


Managers = Mapping[Manager, Owned]


def read_managers(meta: ObjectMeta) -> dict[Manager, Owned]:
    """Return the managers of an object; `Unreadable` if an entry makes no sense."""
    found: dict[Manager, Owned] = {}
    for entry in meta.managedFields:
        if entry.operation not in (APPLY, UPDATE) or entry.fieldsType not in ("FieldsV1", ""):
            raise Unreadable(f"unknown operation or type of fields: {entry.operation!r}, {entry.fieldsType!r}")
        fields = _read(entry.fieldsV1.Raw or b"{}")
        applied = entry.operation == APPLY
        manager = Manager(entry.manager, entry.operation, "" if applied else entry.apiVersion, entry.subresource)
        time = entry.time.seconds if entry.HasField("time") else None
        found[manager] = Owned(fields, entry.apiVersion, time)
    return found


@lru_cache(maxsize=1024)
def _read(raw: bytes) -> Set:
    """Return a set of fields; objects of one template have the same ones, again and again."""
    try:
        fields: Set = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Unreadable(str(error)) from None
    if not _is_set(fields):
        raise Unreadable("fields are a tree of objects")
    return fields


def _is_set(fields: object) -> bool:
    return isinstance(fields, dict) and all(map(_is_set, fields.values()))


def write_managers(meta: ObjectMeta, managers: Managers) -> None:
    """Put the managers into an object: appliers first, then the oldest change first."""
    del meta.managedFields[:]
    meta.managedFields.extend(_entries(managers.items()))


def _entries(managers: Iterable[tuple[Manager, Owned]]) -> Iterable[ManagedFieldsEntry]:
    for manager, owned in sorted(managers, key=_order):
        entry = ManagedFieldsEntry(
            manager=manager.name,
            operation=manager.operation,
            apiVersion=owned.api_version,
            fieldsType="FieldsV1",
            fieldsV1={"Raw": written(owned.fields)},
        )
        if owned.time is not None:
            entry.time.seconds = owned.time
        if manager.subresource:
            entry.subresource = manager.subresource
        yield entry


def written(fields: Set) -> bytes:
    """Return a set of fields as objects hold it."""
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)


def _order(row: tuple[Manager, Owned]) -> tuple[str, int, str, str, str]:
    manager, owned = row
    return manager.operation, owned.time or 0, manager.name, owned.api_version, manager.subresource


def capped(managers: Managers) -> Managers:
    """Return the managers with the oldest updaters of each version put together if there are too many."""
    updaters = [row for row in managers.items() if row[0].operation == UPDATE]
    excess = len(updaters) - MAX_UPDATERS
    if excess <= 0:
        return managers
    out = dict(managers)
    first: dict[str, Manager] = {}
    for manager, owned in sorted(updaters, key=_order):
        if excess <= 0:
            break
        version = owned.api_version
        if version not in first:
            first[version] = manager
            continue
        bucket = Manager(ANCIENT, UPDATE, version)
        if bucket not in out:
            out[bucket] = out.pop(first[version])
        if manager != bucket:
            out[bucket] = replace(owned, fields=union(out[bucket].fields, owned.fields))
            del out[manager]
            excess -= 1
    return out
