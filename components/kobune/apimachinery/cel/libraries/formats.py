"""Kubernetes' rules for names: `!format.dns1123Label().validate(self.name).hasValue()`."""

import re
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final
from uuid import UUID

from kobune.apimachinery import names
from kobune.apimachinery.cel.declarations import Overload, function, method
from kobune.apimachinery.cel.errors import EvaluationError
from kobune.apimachinery.cel.libraries.times import parse_timestamp
from kobune.apimachinery.cel.libraries.urls import is_url
from kobune.apimachinery.cel.types import STRING, list_of, opaque, optional_of
from kobune.apimachinery.cel.values import NOTHING, Optional

TYPE: Final = opaque("kubernetes.NamedFormat")
Rule = Callable[[str], Any]
DNS_1035: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
DNS_1035_WORDS: Final = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)


@dataclass(frozen=True)
class Format:
    """A rule with a name."""

    cel_type: ClassVar[str] = TYPE.name
    name: str
    rule: Rule


def overloads() -> list[Overload]:
    """Return the functions of formats."""
    found = rules()
    return [
        function("format.named", (STRING,), optional_of(TYPE), lambda name: _optional(found.get(name))),
        *(function(f"format.{name}", (), TYPE, lambda known=known: known) for name, known in found.items()),
        method("validate", (TYPE, STRING), optional_of(list_of(STRING)), validate, lambda _, text: len(text) // 10 + 1),
    ]


def rules() -> dict[str, Format]:
    """Return all formats by name."""
    prefixed = {
        "dns1123Label": names.dns_label,
        "dns1123Subdomain": names.dns_subdomain,
        "dns1035Label": dns_1035_label,
    }
    found: dict[str, Rule] = {
        **prefixed,
        **{f"{name}Prefix": _prefix(rule) for name, rule in prefixed.items()},
        "qualifiedName": names.qualified_name,
        "labelValue": names.label_value,
        "uri": lambda text: () if is_url(text) else ("invalid URI",),
        "uuid": _fails(UUID, "does not match the UUID format"),
        "byte": _fails(lambda text: b64decode(text, validate=True), "invalid base64"),
        "date": _fails(date.fromisoformat, "invalid date"),
        "datetime": _fails(parse_timestamp, "invalid datetime"),
    }
    return {name: Format(name, rule) for name, rule in found.items()}


def validate(format: Format, text: str) -> Optional:
    problems = list(format.rule(text))
    return Optional(True, problems) if problems else NOTHING


def dns_1035_label(text: str) -> list[str]:
    """Return what keeps a text from being a label of DNS that starts with a letter."""
    found = [] if DNS_1035.fullmatch(text) else [DNS_1035_WORDS]
    return [*(["must be no more than 63 bytes"] if len(text) > 63 else []), *found]


def _prefix(rule: Rule) -> Rule:
    """Return the rule for what a suffix will be put behind: it may end with a hyphen."""
    return lambda text: rule(text[:-1] + "a" if text.endswith("-") else text)


def _fails(parse: Callable[[str], object], why: str) -> Rule:
    def rule(text: str) -> list[str]:
        try:
            parse(text)
        except (ValueError, BadBase64, EvaluationError):
            return [why]
        return []

    return rule


def _optional(found: Format | None) -> Optional:
    return Optional(True, found) if found else NOTHING
