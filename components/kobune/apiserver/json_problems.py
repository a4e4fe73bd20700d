"""What is wrong with text that is no JSON, in the words of Kubernetes' own parser."""

import json
import re
from typing import Final

LONGEST: Final = 64 * 1024
"""How many bytes are looked through for the place: who sends more by mistake is told less about it."""
END: Final = "unexpected end of JSON input"

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_STRING: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_SCALAR: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null")
_HEX: Final = re.compile(r"[0-9a-fA-F]{0,4}")
_CLOSING: Final = {"{": "}", "[": "]"}
_AFTER: Final = {"{": "after object key:value pair", "[": "after array element"}


class _Wrong(Exception):
    """Where the text stops to make sense, and what was expected there."""

    def __init__(self, at: int, where: str) -> None:
        self.at = at
        self.where = where


def problem(body: bytes, otherwise: object = "") -> str:
    """Return what is wrong with text that a parser has refused; that parser's own words if nothing is found here."""
    text = body.decode("latin-1")  # characters are bytes to the parser whose words these are
    if len(text) <= LONGEST:
        try:
            _document(text)
        except _Wrong as wrong:
            if wrong.at >= len(text):
                return END
            return f"invalid character {_quoted(text[wrong.at])} {wrong.where}"
    return f"invalid JSON: {otherwise}"


def _document(text: str) -> None:
    open_: list[str] = []
    at = _skip(text, 0)
    while True:
        if text[at : at + 1] in _CLOSING:
            open_.append(text[at])
            at = _skip(text, at + 1)
            if text[at : at + 1] != _CLOSING[open_[-1]]:
                at = _skip(text, _key(text, at)) if open_[-1] == "{" else at
                continue
        else:
            at = _skip(text, _value(text, at))
        while open_ and text[at : at + 1] == _CLOSING[open_[-1]]:
            open_.pop()
            at = _skip(text, at + 1)
        if not open_:
            if at < len(text):
                raise _Wrong(at, "after top-level value")
            return
        if text[at : at + 1] != ",":
            raise _Wrong(at, _AFTER[open_[-1]])
        at = _skip(text, at + 1)
        if open_[-1] == "{":
            at = _skip(text, _key(text, at))


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _key(text: str, at: int) -> int:
    if text[at : at + 1] != '"':
        raise _Wrong(at, "looking for beginning of object key string")
    at = _skip(text, _string(text, at))
    if text[at : at + 1] != ":":
        raise _Wrong(at, "after object key")
    return at + 1


def _value(text: str, at: int) -> int:
    first = text[at : at + 1]
    if first == '"':
        return _string(text, at)
    found = _SCALAR.match(text, at)
    if found is None:
        if first == "-":
            raise _Wrong(at + 1, "in numeric literal")
        for word in ("true", "false", "null"):
            if first == word[0]:
                _literal(text, at, word)
        raise _Wrong(at, "looking for beginning of value")
    end = found.end()
    if first in "-0123456789":
        _number_ends(text, end, found[0])
    return end


def _literal(text: str, at: int, word: str) -> None:
    for offset, wanted in enumerate(word):
        if text[at + offset : at + offset + 1] != wanted:
            raise _Wrong(at + offset, f"in literal {word} (expecting '{wanted}')")


def _number_ends(text: str, at: int, number: str) -> None:
    """Raise if a number goes on in a way that none may."""
    match text[at : at + 1]:
        case "." if number.lstrip("-").isdigit():
            raise _Wrong(at + 1, "after decimal point in numeric literal")
        case "e" | "E" if "e" not in number.lower():
            raise _Wrong(at + 1 + (text[at + 1 : at + 2] in ("+", "-")), "in exponent of numeric literal")


def _string(text: str, at: int) -> int:
    found = _STRING.match(text, at)
    end = found.end() if found else at
    match text[end : end + 1]:
        case '"':
            return end + 1
        case "\\" if text[end + 1 : end + 2] == "u":
            digits = _HEX.match(text, end + 2)
            raise _Wrong(digits.end() if digits else end, r"in \u hexadecimal character escape")
        case "\\":
            raise _Wrong(end + 1, "in string escape code")
        case _:
            raise _Wrong(end, "in string literal")


def _quoted(character: str) -> str:
    if character == "'":
        return r"'\''"
    if character == '"':
        return "'\"'"
    shown = json.dumps(character, ensure_ascii=not character.isprintable())[1:-1]
    return f"'{shown}'" if not shown.startswith(r"\u00") else rf"'\x{shown[4:]}'"
