"""Warnings about what is kept and has no effect in this cluster, read off the schema.

Whoever asks for something that nothing acts on is told, once, when they ask for it: not when they repeat it, and not
for what they would have got by default.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from google.protobuf.descriptor import Descriptor

from kobune.apimachinery.codec.shape import Field, fields
from kobune.apimachinery.fidelity import Fidelity, missing, of_field, of_message
from kobune.apimachinery.schema import descriptor_of
from kobune.apiserver.registry.resource import Resource

SHOWN: Final = 10
"""How many fields a warning names."""
NOT_ASKED: Final = ("metadata", "status")
"""What of an object is no wish of whoever writes it."""

Place = tuple[str, Any, str]
"""A field that is set and has no effect: its path, the message that has it, its name there."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A field in which to look."""

    name: str
    path: str
    """How paths go on with it: nothing for one whose fields stand with those around it."""
    is_many: bool
    is_map: bool
    has_zero: bool
    """Whether a zero says something else than nothing: only of pointers."""
    inner: "_Plan | None"
    """Where to look in it; None if it is a field without effect itself."""


_Plan = tuple[_Step, ...]


def warning(resource: Resource, new: Any, old: Any) -> str:
    """Return what whoever writes `new` over `old` (None if there is none) should know; empty if all is well."""
    if resource.is_custom:
        return ""
    why, plan = _about(descriptor_of(resource.message))
    if why:
        return f"{resource.kind.name} is kept, but {why}" if old is None else ""
    if plan is None:
        return ""
    paths = {path: None for path, _, _ in _places(plan, new, "")}
    if paths and old is not None:
        for path, _, _ in _places(plan, old, ""):
            paths.pop(path, None)
    if not paths or not (named := _beyond_defaults(resource, plan, new, paths)):
        return ""
    rest = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    where = f"kobune fidelity {resource.kind.singular}"
    return f"{', '.join(named[:SHOWN])}{rest}: kept, without effect here ({where})"


def _beyond_defaults(resource: Resource, plan: _Plan, new: Any, paths: dict[str, None]) -> list[str]:
    """Return those of the paths at which defaulting would not set the same."""
    wished = resource.copy(new)
    resource.normalize(wished)
    usual = resource.copy(wished)
    wishes = [place for place in _places(plan, wished, "") if place[0] in paths]
    for path, owner, name in list(_places(plan, usual, "")):
        if path in paths:
            owner.ClearField(name)
    resource.strategy.default(usual)
    defaults = _values(_places(plan, usual, ""))
    asked = _values(wishes)
    return [path for path in asked if asked[path] != defaults.get(path)]


def _values(places: Iterable[Place]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for path, owner, name in places:
        value = getattr(owner, name)
        if value not in (known := found.setdefault(path, [])):
            known.append(value)
    return found


def _places(plan: _Plan, message: Any, prefix: str) -> Iterator[Place]:
    for step in plan:
        name = step.name
        if not step.is_many:
            if not message.HasField(name):
                continue
            value = getattr(message, name)
        elif not (value := getattr(message, name)):
            continue
        if step.inner is None:
            if value or step.has_zero:
                yield prefix + step.path, message, name
            continue
        path = f"{prefix}{step.path}." if step.path else prefix
        for each in value.values() if step.is_map else value if step.is_many else (value,):
            yield from _places(step.inner, each, path)


@cache
def _about(descriptor: Descriptor) -> tuple[str, _Plan | None]:
    """Return what is missing for a kind, empty if nothing is; and where in its objects to look, if anywhere."""
    if of_message(descriptor) is Fidelity.STORED:
        return missing(descriptor), None
    return "", _plan(descriptor, (descriptor,), NOT_ASKED)


def _plan(descriptor: Descriptor, above: tuple[Descriptor, ...], skipped: tuple[str, ...] = ()) -> _Plan | None:
    steps: list[_Step] = []
    for field in fields(descriptor):
        if field.name in skipped:
            continue
        if of_field(field) is Fidelity.STORED:
            steps.append(_step(field, None))
        elif field.message is not None and field.message not in above:
            inner = _plan(field.message, (*above, field.message))
            if inner is not None:
                steps.append(_step(field, inner))
    return tuple(steps) or None


def _step(field: Field, inner: _Plan | None) -> _Step:
    has_zero = field.message is not None or field.schema.pointer
    path = "" if inner is not None and field.schema.inline else field.json
    return _Step(field.name, path, bool(field.descriptor.is_repeated), field.is_map, has_zero, inner)
