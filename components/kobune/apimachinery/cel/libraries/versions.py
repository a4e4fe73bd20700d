"""Semantic versions: `semver('1.2.3').isLessThan(semver('2.0.0'))`. Source: semver.org."""

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from kobune.apimachinery.cel.declarations import Overload, function, method
from kobune.apimachinery.cel.errors import EvaluationError
from kobune.apimachinery.cel.libraries.strings import _all
from kobune.apimachinery.cel.types import BOOL, INT, STRING, opaque

TYPE: Final = opaque("kubernetes.Semver")
VERSION: Final = re.compile(
    r"(0|[1-9]\d{0,18})\.(0|[1-9]\d{0,18})\.(0|[1-9]\d{0,18})"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?",
    re.ASCII,
)
LOOSE: Final = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?([-+].*)?", re.ASCII)
MAX_LENGTH: Final = 256


@dataclass(frozen=True)
class Semver:
    """A version, without what only tells builds apart."""

    cel_type: ClassVar[str] = TYPE.name
    numbers: tuple[int, int, int]
    before: tuple[tuple[bool, int, str], ...]
    """What it is before the release, as it is ordered; empty for the release."""

    @property
    def order(self) -> tuple[object, ...]:
        return (self.numbers, not self.before, self.before)


def overloads() -> list[Overload]:
    """Return the functions of versions."""
    pair = (TYPE, TYPE)
    return [
        function("semver", (STRING,), TYPE, parse, _all),
        function("semver", (STRING, BOOL), TYPE, parse, _all),
        function("isSemver", (STRING,), BOOL, is_semver, _all),
        function("isSemver", (STRING, BOOL), BOOL, is_semver, _all),
        method("major", (TYPE,), INT, lambda version: version.numbers[0]),
        method("minor", (TYPE,), INT, lambda version: version.numbers[1]),
        method("patch", (TYPE,), INT, lambda version: version.numbers[2]),
        method("isLessThan", pair, BOOL, lambda one, other: one.order < other.order),
        method("isGreaterThan", pair, BOOL, lambda one, other: one.order > other.order),
        method("compareTo", pair, INT, lambda one, other: (one.order > other.order) - (one.order < other.order)),
    ]


def parse(text: str, normalize: bool = False) -> Semver:
    """Return a version; `normalize` forgives a leading `v`, leading zeros and missing numbers."""
    if normalize and len(text) <= MAX_LENGTH and (loose := LOOSE.fullmatch(text)):
        numbers = ".".join(str(int(number or 0)) for number in loose.groups()[:3])
        text = numbers + (loose[4] or "")
    match = VERSION.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if match is None:
        raise EvaluationError(f"Semver parse error during conversion from string: invalid version {text!r}")
    parts = match[4].split(".") if match[4] else []
    before = tuple((not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts)
    return Semver((int(match[1]), int(match[2]), int(match[3])), before)


def is_semver(text: str, normalize: bool = False) -> bool:
    try:
        parse(text, normalize)
    except EvaluationError:
        return False
    return True
