"""Who owns what after a change: the rules of server-side apply.

Pure: objects are JSON trees in one version of their kind, `convert` shows them in another one. The rules are those of
KEP-555 and of "Server-Side Apply" in the Kubernetes reference.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from kobune.apimachinery.apply.compare import Comparison, compare, field_set
from kobune.apimachinery.apply.fieldset import Set, difference, intersection, paths, union, without
from kobune.apimachinery.apply.managers import APPLY, Manager, Managers, Owned, capped
from kobune.apimachinery.apply.merge import merge, remove, with_named_fields
from kobune.apimachinery.apply.types import Type

Convert = Callable[[Any, str], "tuple[Any, Type] | None"]
"""Shows an object as another version does, with the type it has there; None if there is no such version any more."""

UNOWNED: Final[Set] = {
    "f:apiVersion": {},
    "f:kind": {},
    "f:metadata": {
        ".": {},
        **{
            f"f:{name}": {}
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "clusterName",
                "generation",
                "managedFields",
                "resourceVersion",
            )
        },
    },
}
"""What nobody owns: identity, and what only the server writes."""


class Conflicts(Exception):
    """Somebody applies a value to fields that others own with another value."""

    def __init__(self, found: Mapping[Manager, Set]) -> None:
        self.found = [(manager, path) for manager, fields in found.items() for path in paths(fields)]
        """Who owns what, path by path."""
        self._fields = list(found.values())
        super().__init__(self._words())

    def only_with(self, allowed: Set) -> bool:
        """Whether all the fields in conflict are in a set."""
        return not any(difference(fields, allowed) for fields in self._fields)

    def _words(self) -> str:
        if len(self.found) == 1:
            manager, path = self.found[0]
            return f"Apply failed with 1 conflict: conflict with {manager}: {path}"
        by_manager: dict[str, list[str]] = {}
        for manager, path in self.found:
            by_manager.setdefault(str(manager), []).append(path)
        lines = [f"Apply failed with {len(self.found)} conflicts:"]
        for name in sorted(by_manager):
            lines += [f"conflicts with {name}:", *(f"- {path}" for path in by_manager[name])]
        return " ".join(lines[:2]) + "".join(f"\n{line}" for line in lines[2:])


@dataclass(frozen=True)
class Versioned:
    """How objects look that change: in this version, of this type, and in others by `convert`."""

    api_version: str
    type: Type
    convert: Convert
    ignored: Set = field(default_factory=dict)
    """What this way of writing (the object, its status) does not change whatever is sent."""
    empty: Any = field(default_factory=dict)
    """An object with nothing in it: JSON shows some fields even then."""


def update(live: Any, new: Any, managers: Managers, manager: Manager, by: Versioned, *, now: int) -> Managers:
    """Return who owns what when somebody has replaced or patched an object.

    They own what they have added or given another value, on top of what they owned; others lose what has another value
    now or is gone.
    """
    found = _relevant(compare(live, new, by.type), by)
    if not found:
        return managers
    left, _ = _others(found, live, new, managers, by)
    taken = difference(union(found.added, found.modified), UNOWNED)
    if taken:
        before = left.get(manager)
        fields = union(before.fields, taken) if before else taken
        left[manager] = Owned(fields, by.api_version, now)
    return capped(left)


def created(new: Any, manager: Manager, by: Versioned, *, now: int) -> Managers:
    """Return who owns what of a new object: its creator everything that an empty one has not."""
    return update(by.empty, new, {}, manager, by, now=now)


def apply(
    live: Any, config: Any, managers: Managers, manager: Manager, by: Versioned, *, force: bool, now: int
) -> tuple[Any, Managers]:
    """Return what an object becomes when somebody applies a configuration, and who owns what then.

    The applier owns exactly what the configuration mentions; what it mentioned the last time, does not any more and
    nobody else owns, is removed. Raises `Conflicts` unless `force`, which takes the fields from their owners.
    """
    last = managers.get(manager)
    fields = without(field_set(config, by.type), by.ignored) if by.ignored else field_set(config, by.type)
    owners = {**managers, manager: Owned(fields, by.api_version, last.time if last else None)}
    new = merge(live, config, by.type)
    if last is not None and last.fields:
        new = _prune(new, owners, last, by)
    new = {} if new is None else new
    found = _relevant(compare(live, new, by.type), by)
    left, conflicts = _others(found, live, new, owners, by, applier=manager)
    if conflicts and not force:
        raise Conflicts(conflicts)
    own = difference(left[manager].fields, UNOWNED) if manager in left else {}
    if own:
        left[manager] = Owned(own, by.api_version, now if found else left[manager].time)
    else:
        left.pop(manager, None)
    return new, left


def _relevant(found: Comparison, by: Versioned) -> Comparison:
    if not by.ignored or not found:
        return found
    return Comparison(
        without(found.added, by.ignored), without(found.removed, by.ignored), without(found.modified, by.ignored)
    )


def _others(
    found: Comparison, live: Any, new: Any, managers: Managers, by: Versioned, applier: Manager | None = None
) -> tuple[dict[Manager, Owned], dict[Manager, Set]]:
    """Return the managers without what the change takes from them, and what it takes that others gave a value."""
    seen = {by.api_version: found}
    left: dict[Manager, Owned] = {}
    conflicts: dict[Manager, Set] = {}
    for manager, owned in managers.items():
        comparison = seen.get(owned.api_version)
        if comparison is None:
            converted = _compare_at(owned.api_version, live, new, by)
            if converted is None:
                continue
            comparison = seen[owned.api_version] = converted
        fields = owned.fields
        if manager != applier and (comparison.added or comparison.modified):
            taken = intersection(fields, union(comparison.added, comparison.modified))
            if taken:
                conflicts[manager] = taken
                fields = difference(fields, taken)
        if comparison.removed:
            fields = difference(fields, comparison.removed)
        if fields:
            left[manager] = owned if fields is owned.fields else owned.owning(fields)
    return left, conflicts


def _compare_at(api_version: str, live: Any, new: Any, by: Versioned) -> Comparison | None:
    before, after = by.convert(live, api_version), by.convert(new, api_version)
    if before is None or after is None:
        return None
    return _relevant(compare(before[0], after[0], after[1]), by)


def _prune(merged: Any, owners: Managers, last: Owned, by: Versioned) -> Any:
    """Remove what the applier no longer mentions, except what somebody owns and what was not there because of it."""
    if by.api_version != last.api_version and by.convert(merged, last.api_version) is None:
        return merged
    mentioned = with_named_fields(last.fields, by.type)
    pruned = remove(merged, mentioned, by.type)
    there = with_named_fields(field_set(merged, by.type), by.type)
    owned: Set = {}
    for owner in owners.values():
        owned = union(owned, owner.fields)
    kept = union(with_named_fields(field_set(pruned, by.type), by.type), with_named_fields(owned, by.type))
    pruned = remove(merged, difference(there, kept), by.type)
    left = with_named_fields(field_set(pruned, by.type), by.type)
    return remove(merged, intersection(difference(there, left), mentioned), by.type)


def still_as(config: Any, live: Any, type: Type) -> Set:
    """Return the fields that a configuration mentions and that still have the value it gave them."""
    if not isinstance(config, dict):
        return {}
    found = compare(config, live, type)
    return difference(field_set(config, type), union(found.modified, found.removed))


def before_first_apply(live: Any, by: Versioned, *, now: int | None) -> Managers:
    """Return who owns what of an object that nobody has ever applied and whose managers are unknown."""
    manager = Manager("before-first-apply", "Update", by.api_version)
    owners = created(live, manager, by, now=0)
    return {each: replace(owned, time=now) for each, owned in owners.items()}


__all__ = ["APPLY", "Conflicts", "Convert", "Versioned", "apply", "before_first_apply", "created", "still_as", "update"]
