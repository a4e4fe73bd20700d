"""Which functions there are: their types for the checker, what they do, and what they cost."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final

from kobune.apimachinery.cel.types import Type
from kobune.apimachinery.cel.values import kind_of

LIBRARIES: Final = (
    "operators",
    "conversions",
    "times",
    "strings",
    "lists",
    "sets",
    "regexes",
    "urls",
    "addresses",
    "quantities",
    "formats",
    "versions",
    "optionals",
    "numbers",
    "authorization",
)


@dataclass(frozen=True)
class Overload:
    """One way to call a function. The target of a method is its first parameter."""

    name: str
    parameters: tuple[Type, ...]
    result: Type
    run: Callable[..., Any]
    method: bool = False
    cost: Callable[..., int] | None = None
    """What a call costs beyond the usual 1, from the same arguments."""

    def accepts(self, arguments: Iterable[Any]) -> bool:
        """Whether the overload is for values like these."""
        return all(_fits(type, value) for type, value in zip(self.parameters, arguments, strict=True))


Functions = Mapping[str, tuple[Overload, ...]]


def function(
    name: str, parameters: Iterable[Type], result: Type, run: Callable[..., Any], cost: Any = None
) -> Overload:
    """Declare a function."""
    return Overload(name, tuple(parameters), result, run, False, cost)


def method(name: str, parameters: Iterable[Type], result: Type, run: Callable[..., Any], cost: Any = None) -> Overload:
    """Declare a method of the first parameter."""
    return Overload(name, tuple(parameters), result, run, True, cost)


@cache
def functions() -> Functions:
    """Return all functions that expressions in Kubernetes can use."""
    found: dict[str, list[Overload]] = {}
    for library in LIBRARIES:
        for overload in import_module(f"kobune.apimachinery.cel.libraries.{library}").overloads():
            found.setdefault(overload.name, []).append(overload)
    return {name: tuple(overloads) for name, overloads in found.items()}


def _fits(type: Type, value: Any) -> bool:
    wanted = type.kind
    if wanted in ("dyn", "parameter"):
        return True
    kind = kind_of(value)
    if kind == "opaque":
        return wanted == "opaque" and value.cel_type == type.name
    return kind == wanted or (wanted == "object" and kind == "map")
