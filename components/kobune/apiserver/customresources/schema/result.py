"""What checking a value against a schema found: violations, and how much of it did fit.

The latter decides which branch of an `anyOf` is talked about when none fits: the one that most of the value fitted.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.customresources import causes


class Rule(Enum):
    """Which kind of rule a violation breaks, where that decides how it is told."""

    TYPE = auto()
    REQUIRED = auto()
    ENUM = auto()
    TOO_LONG = auto()
    TOO_MANY = auto()
    VALUE = auto()
    COMPOSITE = auto()
    """About several schemas or none: it has no path of its own."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a value breaks."""

    rule: Rule
    path: str
    value: Any
    message: str
    limit: Any = None
    """What is allowed: a number, or the values of an enum."""

    def cause(self, root: str) -> FieldError:
        """Return it as a cause, for a value that is at `root` of an object."""
        path = causes.child(root, self.path.removeprefix(".")) if self.path not in ("", ".") else root
        value = "" if self.value is None else self.value
        match self.rule:
            case Rule.COMPOSITE:
                return causes.invalid(root, "", self.message)
            case Rule.REQUIRED:
                return causes.required(path)
            case Rule.ENUM:
                return causes.not_supported(path, self.value, self.limit)
            case Rule.TOO_LONG:
                return causes.too_long(path, self.limit)
            case Rule.TOO_MANY:
                return causes.too_many(path, self.value, self.limit)
            case Rule.TYPE:
                return causes.wrong_type(path, value, self.message)
        return causes.invalid(path, value, self.message)


@dataclass(slots=True)
class Result:
    """The violations that were found, none twice, and the number of checks that were made."""

    violations: list[Violation] = field(default_factory=list)
    matches: int = 0

    def add(self, violation: Violation) -> None:
        """Note a violation, unless one with the same words is there."""
        if all(known.message != violation.message for known in self.violations):
            self.violations.append(violation)

    def merge(self, other: "Result") -> None:
        """Take over what another check found."""
        for violation in other.violations:
            self.add(violation)
        self.matches += other.matches
