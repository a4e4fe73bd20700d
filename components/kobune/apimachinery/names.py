"""What names, labels and annotations may look like. Source: the page *Object Names and IDs* of the documentation.

Each rule returns what is wrong, in Kubernetes' words: an empty list if nothing is.
"""

import re
from collections.abc import Callable
from functools import lru_cache

Rule = Callable[[str], list[str]]

LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"
NAME = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

_LABEL = re.compile(LABEL)
_LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(SUBDOMAIN)
_NAME = re.compile(NAME)


def dns_subdomain(name: str) -> list[str]:
    """The rule of most names: RFC 1123, up to 253 characters, dots allowed."""
    problems = ["must be no more than 253 characters"] if len(name) > 253 else []
    if not _SUBDOMAIN.fullmatch(name):
        problems.append(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
            "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
            f"'{SUBDOMAIN}')"
        )
    return problems


def dns_label(name: str) -> list[str]:
    """The rule of namespaces and many names: RFC 1123, up to 63 characters, no dots."""
    problems = ["must be no more than 63 characters"] if len(name) > 63 else []
    if not _LABEL.fullmatch(name):
        if _SUBDOMAIN.fullmatch(name):
            return [*problems, "must not contain dots"]
        problems.append(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "
            "end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
            f"'{LABEL}')"
        )
    return problems


def dns_label_1035(name: str) -> list[str]:
    """The rule of versions of webhooks: as a label, but beginning with a letter."""
    problems = ["must be no more than 63 characters"] if len(name) > 63 else []
    if not _LABEL_1035.fullmatch(name):
        problems.append(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
            "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
            "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
        )
    return problems


def path_segment(name: str) -> list[str]:
    """The rule of names that need only fit into a URL: roles, bindings, ….

    Source: the section *Path Segment Names*.
    """
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{part}'" for part in ("/", "%") if part in name]


def label_value(value: str) -> list[str]:
    """The rule of a label's value: up to 63 characters, possibly none."""
    problems = ["must be no more than 63 bytes"] if len(value) > 63 else []
    if value and not _NAME.fullmatch(value):
        problems.append(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
            "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
            "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
        )
    return problems


def qualified_name(name: str) -> list[str]:
    """The rule of a label's key: a name, maybe after a DNS subdomain and a slash."""
    # The same few keys come again and again; those that are far too long are not worth remembering.
    return list(_remembered(name)) if len(name) <= 320 else _qualified_name(name)


@lru_cache(maxsize=4096)
def _remembered(name: str) -> tuple[str, ...]:
    return tuple(_qualified_name(name))


def _qualified_name(name: str) -> list[str]:
    prefix, slash, short = name.rpartition("/")
    if "/" in prefix:
        problem = (
            "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
            "an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
            f"'{NAME}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        )
        return [problem]
    problems = []
    if slash:
        if not prefix:
            problems.append("prefix part must be non-empty")
        problems += [
            f"prefix part {problem.replace('253 characters', '253 bytes')}"
            for problem in (dns_subdomain(prefix) if prefix else [])
        ]
    if not short:
        problems.append("name part must be non-empty")
    elif len(short) > 63:
        problems.append("name part must be no more than 63 bytes")
    if not _NAME.fullmatch(short):
        problems.append(
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
            "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
            f"'{NAME}')"
        )
    return problems
