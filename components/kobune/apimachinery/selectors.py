"""Label and field selectors: parsed once, asked often.

Source: the documentation's pages *Labels and Selectors* and *Field Selectors*.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from kobune.api.meta.v1 import LabelSelector
from kobune.apimachinery import names

MOST_TERMS = 1000
"""How many conditions a selector may have: each object is held against all of them."""
TOKEN = re.compile(r"\s*(\(|\)|,|==|=|!=|!|<|>|[^\s(),=!<>]+)")


class InvalidSelector(ValueError):
    """The text is not a selector; says why, in Kubernetes' words."""


class UnknownField(InvalidSelector):
    """A field selector names a field that cannot be selected by."""

    def __init__(self, path: str) -> None:
        super().__init__(f"field label not supported: {path}")
        self.path = path


@dataclass(frozen=True)
class Requirement:
    """One condition on a label."""

    key: str
    operator: str
    """In, NotIn, Exists, DoesNotExist, Gt or Lt."""
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels satisfy it."""
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value is not None and value in self.values
            case "NotIn":
                return value is None or value not in self.values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
            case _:
                return value is not None and _compare(value, self.operator, self.values[0])


@dataclass(frozen=True)
class Selector:
    """Conditions that must all hold; with none of them it selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels satisfy every condition."""
        return all(requirement.matches(labels) for requirement in self.requirements)

    @cached_property
    def anchors(self) -> frozenset[tuple[str, str]] | None:
        """Labels of which whatever is selected has one; None if it may have none of a few."""
        found = [each for each in self.requirements if each.operator == "In"]
        return frozenset((found[0].key, value) for value in found[0].values) if found else None

    def __bool__(self) -> bool:
        return bool(self.requirements)


EVERYTHING = Selector()
NOTHING = Selector((Requirement("", "In"),))


def from_labels(labels: Mapping[str, str]) -> Selector:
    """Return the selector of objects that carry all of `labels`."""
    return Selector(tuple(Requirement(key, "In", (value,)) for key, value in sorted(labels.items())))


def from_label_selector(selector: LabelSelector | None) -> Selector:
    """Return what a `LabelSelector` selects: an empty one everything, a missing one nothing."""
    if selector is None:
        return NOTHING
    expressions = tuple(Requirement(e.key, e.operator, tuple(e.values)) for e in selector.matchExpressions)
    return Selector(from_labels(selector.matchLabels).requirements + expressions)


def parse_labels(text: str) -> Selector:
    """Return the selector of `app=web,tier in (a, b),!old`; `InvalidSelector` if it makes no sense."""
    if not text.strip():
        return EVERYTHING
    tokens = _tokens(text)
    requirements = []
    at = 0
    while at < len(tokens):
        requirement, at = _requirement(tokens, at, text)
        requirements.append(requirement)
        if len(requirements) > MOST_TERMS:
            raise InvalidSelector(f"a selector has at most {MOST_TERMS} requirements")
        if at < len(tokens):
            if tokens[at] != ",":
                raise InvalidSelector(
                    f"unable to parse requirement: found '{tokens[at]}', expected: ',' or 'end of string'"
                )
            at += 1
            if at == len(tokens):
                raise InvalidSelector("unable to parse requirement: found '', expected: identifier after ','")
    return Selector(tuple(requirements))


@dataclass(frozen=True)
class FieldSelector:
    """Conditions `path = value` or `path != value` that must all hold."""

    terms: tuple[tuple[str, bool, str], ...] = ()
    """Path, whether it must be equal, value."""

    def matches(self, value_of: Callable[[str], str]) -> bool:
        """Whether the object whose fields `value_of` reads satisfies every condition."""
        return all((value_of(path) == value) is equal for path, equal, value in self.terms)

    def required(self, path: str) -> str | None:
        """Return the value that a path must have, if the selector demands one."""
        return next((value for at, equal, value in self.terms if at == path and equal), None)

    def __bool__(self) -> bool:
        return bool(self.terms)


def parse_fields(text: str, supported: Sequence[str]) -> FieldSelector:
    """Return the selector of `spec.nodeName=a,status.phase!=Failed`; `InvalidSelector` if a path is not supported."""
    terms = []
    for term in re.split(r"(?<!\\),", text):
        if not term:
            continue
        match = re.match(r"(.*?)(!=|==|=)(.*)", term, re.DOTALL)
        if match is None:
            raise InvalidSelector(f"invalid selector: '{text}'; can't understand '{term}'")
        path, operator, escaped = match.groups()
        value = _unescape(escaped)
        if path not in supported:
            raise UnknownField(path)
        terms.append((path, operator != "!=", value))
    return FieldSelector(tuple(terms))


def _unescape(text: str) -> str:
    """Return the value that `text` stands for, in which commas, equals signs and backslashes follow a backslash."""
    value = []
    letters = iter(text)
    for letter in letters:
        if letter in ",=":
            raise InvalidSelector(f"invalid field selector: unescaped character in value: {ord(letter)}")
        if letter == "\\":
            letter = next(letters, "")
            if letter not in ("\\", ",", "="):
                raise InvalidSelector(f"invalid field selector: invalid escape sequence: \\{letter} in value: {text}")
        value.append(letter)
    return "".join(value)


def _tokens(text: str) -> list[str]:
    tokens = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise InvalidSelector(f"unable to parse requirement: found '{text[at]}'")
        tokens.append(match[1])
        at = match.end()
    return tokens


def _requirement(tokens: list[str], at: int, text: str) -> tuple[Requirement, int]:
    if tokens[at] == "!":
        key, at = _key(tokens, at + 1)
        return Requirement(key, "DoesNotExist"), at
    key, at = _key(tokens, at)
    operator = tokens[at] if at < len(tokens) else ","
    match operator:
        case ",":
            return Requirement(key, "Exists"), at
        case "=" | "==" | "!=":
            value = tokens[at + 1] if at + 1 < len(tokens) and tokens[at + 1] != "," else ""
            at += 2 if value else 1
            _check_value(key, value)
            return Requirement(key, "NotIn" if operator == "!=" else "In", (value,)), at
        case "in" | "notin":
            values, at = _values(tokens, at + 1, key)
            return Requirement(key, "In" if operator == "in" else "NotIn", values), at
        case "<" | ">":
            value = tokens[at + 1] if at + 1 < len(tokens) else ""
            if re.fullmatch(r"[+-]?\d+", value) is None:
                raise InvalidSelector(
                    f'unable to parse requirement: values[0]: Invalid value: "{value}": '
                    "for 'Gt', 'Lt' operators, the value must be an integer"
                )
            return Requirement(key, "Gt" if operator == ">" else "Lt", (value,)), at + 2
    raise InvalidSelector(f"unable to parse requirement: found '{operator}', expected: in, notin, =, ==, !=, gt, lt")


def _key(tokens: list[str], at: int) -> tuple[str, int]:
    key = tokens[at] if at < len(tokens) else ""
    if not key or not (key[0].isalnum() or key[0] in "._-/"):
        raise InvalidSelector(
            f"unable to parse requirement: found '{key}', expected: !, identifier, or 'end of string'"
        )
    if problems := names.qualified_name(key):
        raise InvalidSelector(f'unable to parse requirement: key: Invalid value: "{key}": {"; ".join(problems)}')
    return key, at + 1


def _values(tokens: list[str], at: int, key: str) -> tuple[tuple[str, ...], int]:
    if at >= len(tokens) or tokens[at] != "(":
        found = tokens[at] if at < len(tokens) else ""
        raise InvalidSelector(f"unable to parse requirement: found '{found}' expected: '('")
    values: list[str] = []
    expect_value = True
    for place, token in enumerate(tokens[at + 1 :], at + 1):
        if token == ")":
            if expect_value:
                values.append("")
            return tuple(sorted(set(values))), place + 1
        if token == ",":
            if expect_value:
                values.append("")
            expect_value = True
        elif expect_value:
            _check_value(key, token)
            values.append(token)
            expect_value = False
        else:
            raise InvalidSelector(f"unable to parse requirement: found '{token}', expected: ',', or ')'")
    raise InvalidSelector("unable to parse requirement: found '', expected: ',', or ')'")


def _check_value(key: str, value: str) -> None:
    if problems := names.label_value(value):
        raise InvalidSelector(
            f'unable to parse requirement: values[0][{key}]: Invalid value: "{value}": {"; ".join(problems)}'
        )


def _compare(value: str, operator: str, bound: str) -> bool:
    try:
        return int(value) > int(bound) if operator == "Gt" else int(value) < int(bound)
    except ValueError:
        return False
