"""The rules of a kind, by when they are asked."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kobune.apimachinery.errors import FieldError

Rule = Callable[[Any], Iterable[FieldError]]
"""What an object must be like."""
ChangeRule = Callable[[Any, Any], Iterable[FieldError]]
"""What a change must be like: from the new object and the old one."""


def all_of(*rules: Rule) -> Rule:
    """Return the rule that finds everything that any of some finds."""
    return lambda new: [cause for rule in rules for cause in rule(new)]


def anything(new: Any, old: Any = None) -> Iterable[FieldError]:
    """Find nothing wrong."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What is checked of the objects of a kind, beyond their metadata."""

    always: Rule = anything
    """Of new objects, and of those that an update leaves behind."""
    new: Rule = anything
    """Of new objects alone."""
    change: ChangeRule = anything
    """Of updates."""
    status: ChangeRule = anything
    """Of updates of the status."""
    parts: Mapping[str, ChangeRule] = field(default_factory=dict)
    """Of updates by way of another subresource, by its name."""
