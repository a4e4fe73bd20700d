"""Functions of text: `name.startsWith('a')`, `text.split(',')`, `'%s: %d'.format([a, b])`."""

from collections.abc import Mapping
from math import ceil
from typing import Any, Final

from kobune.apimachinery.cel.declarations import Overload, function, method
from kobune.apimachinery.cel.errors import EvaluationError
from kobune.apimachinery.cel.libraries.conversions import shown_double
from kobune.apimachinery.cel.types import BOOL, DYN, INT, STRING, list_of
from kobune.apimachinery.cel.values import Duration, Optional, Timestamp, TypeValue, UInt

WORDS: Final = list_of(STRING)


def overloads() -> list[Overload]:
    """Return the functions of text."""
    return [
        method("startsWith", (STRING, STRING), BOOL, str.startswith, _part),
        method("endsWith", (STRING, STRING), BOOL, str.endswith, _part),
        method("contains", (STRING, STRING), BOOL, str.__contains__, _search),
        method("charAt", (STRING, INT), STRING, char_at, _all),
        method("indexOf", (STRING, STRING), INT, str.find, _search),
        method("indexOf", (STRING, STRING, INT), INT, index_of, _search),
        method("lastIndexOf", (STRING, STRING), INT, str.rfind, _search),
        method("lastIndexOf", (STRING, STRING, INT), INT, last_index_of, _search),
        method("join", (WORDS,), STRING, lambda words: "".join(words), _words),
        method("join", (WORDS, STRING), STRING, lambda words, between: between.join(words), _words),
        method("lowerAscii", (STRING,), STRING, lower, _all),
        method("upperAscii", (STRING,), STRING, upper, _all),
        method("replace", (STRING, STRING, STRING), STRING, replace, _all),
        method("replace", (STRING, STRING, STRING, INT), STRING, replace, _all),
        method("reverse", (STRING,), STRING, lambda text: text[::-1], _all),
        method("split", (STRING, STRING), WORDS, split, _all),
        method("split", (STRING, STRING, INT), WORDS, split, _all),
        method("substring", (STRING, INT), STRING, substring, _all),
        method("substring", (STRING, INT, INT), STRING, substring, _all),
        method("trim", (STRING,), STRING, str.strip, _all),
        method("format", (STRING, list_of(DYN)), STRING, formatted, _all),
        function("jsonpatch.escapeKey", (STRING,), STRING, lambda key: key.replace("~", "~0").replace("/", "~1"), _all),
        function("strings.quote", (STRING,), STRING, quoted, _all),
    ]


def char_at(text: str, at: int) -> str:
    if not 0 <= at <= len(text):
        raise EvaluationError(f"index out of range: {at}")
    return text[at : at + 1]


def index_of(text: str, part: str, start: int) -> int:
    if not part:
        return start
    if not 0 <= start <= len(text):
        raise EvaluationError(f"index out of range: {start}")
    return text.find(part, start)


def last_index_of(text: str, part: str, start: int) -> int:
    if not part:
        return start
    if not 0 <= start <= len(text):
        raise EvaluationError(f"index out of range: {start}")
    return text.rfind(part, 0, start + len(part))


def lower(text: str) -> str:
    return "".join(chr(ord(letter) + 32) if "A" <= letter <= "Z" else letter for letter in text)


def upper(text: str) -> str:
    return "".join(chr(ord(letter) - 32) if "a" <= letter <= "z" else letter for letter in text)


def replace(text: str, old: str, new: str, limit: int = -1) -> str:
    found = text.count(old) if limit < 0 else min(text.count(old), limit)
    if len(text) + found * (len(new) - len(old)) > MAX_TEXT:
        raise EvaluationError("the text would be too long")
    return text.replace(old, new, limit)


MAX_TEXT: Final = 10_000_000


def split(text: str, separator: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    if separator:
        return text.split(separator, limit - 1 if limit > 0 else -1)
    return list(text) if not 0 < limit < len(text) else [*text[: limit - 1], text[limit - 1 :]]


def substring(text: str, start: int, end: int | None = None) -> str:
    end = len(text) if end is None else end
    if not 0 <= start <= len(text):
        raise EvaluationError(f"index out of range: {start}")
    if not 0 <= end <= len(text):
        raise EvaluationError(f"index out of range: {end}")
    if start > end:
        raise EvaluationError(f"invalid substring range. start: {start}, end: {end}")
    return text[start:end]


def quoted(text: str) -> str:
    """Return a text as a literal."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\a": "\\a", "\b": "\\b"}
    return '"' + "".join(escapes.get(letter, letter) for letter in text) + '"'


def formatted(template: str, values: list[Any]) -> str:
    """Return a template with values in the places of `%s`, `%d`, `%.2f` and so on."""
    out: list[str] = []
    at = used = 0
    while (percent := template.find("%", at)) >= 0:
        out.append(template[at:percent])
        at = percent + 1
        if template[at : at + 1] == "%":
            out.append("%")
            at += 1
            continue
        precision = 6
        if template[at : at + 1] == ".":
            end = at + 1
            while template[end : end + 1].isdigit() and end < at + 4:
                end += 1
            precision, at = int(template[at + 1 : end] or 0), end
        clause = template[at : at + 1]
        at += 1
        if clause not in CLAUSES or not clause:
            raise EvaluationError(f'could not parse formatting clause: unrecognized formatting clause "{clause}"')
        if used >= len(values):
            raise EvaluationError(f"index {used} out of range")
        out.append(_clause(clause, values[used], precision))
        used += 1
    return "".join((*out, template[at:]))


CLAUSES: Final = "sdfebxXo"


def _clause(clause: str, value: Any, precision: int) -> str:
    kind = type(value)
    whole = kind in (int, UInt)
    if clause == "s":
        return shown(value)
    if clause == "d" and (whole or kind is float):
        return shown(value)
    if clause in "fe" and (whole or kind is float):
        return f"{float(value):.{precision}{clause}}"
    if clause == "b" and (whole or kind is bool):
        return f"{int(value):b}"
    if clause == "o" and whole:
        return f"{value:o}"
    if clause in "xX":
        if kind in (str, bytes):
            text: str = (value.encode() if kind is str else value).hex()
            return text.upper() if clause == "X" else text
        if whole:
            return f"{value:{clause}}"
    names = {"d": "decimal", "f": "fixed-point", "e": "scientific", "b": "binary", "o": "octal"}
    raise EvaluationError(
        f"error during formatting: {names.get(clause, 'hex')} clause cannot be used on {kind.__name__}"
    )


def shown(value: Any) -> str:
    """Return a value as text for people."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return shown_double(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{shown(key)}: {shown(value[key])}' for key in sorted(value, key=str))}}}"
    if isinstance(value, str | int | Duration | Timestamp | TypeValue):
        return str(value)
    if isinstance(value, Optional):
        return f"optional({shown(value.value)})" if value.present else "optional.none()"
    raise EvaluationError("error during formatting: string clause cannot be used on such a value")


def _all(text: Any, *others: Any) -> int:
    return ceil(len(text) * 0.1)


def _part(text: str, part: str) -> int:
    return ceil(len(part) * 0.1)


def _search(text: str, part: str, *others: Any) -> int:
    return max(ceil(len(text) * 0.1), 1) * max(ceil(len(part) * 0.1), 1)


def _words(words: list[str], *others: Any) -> int:
    return ceil(sum(map(len, words)) * 0.1) + len(words)
