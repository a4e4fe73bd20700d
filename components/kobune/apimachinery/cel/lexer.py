"""From the text of an expression to its tokens. Source: the language definition of CEL."""

import re
from dataclasses import dataclass
from typing import Any, Final

from kobune.apimachinery.cel.errors import Issue
from kobune.apimachinery.cel.values import HIGHEST, HIGHEST_UNSIGNED, UInt

ESCAPE: Final = r"\\(?:[abfnrtv\"'\\?`]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})"
PREFIX: Final = re.compile(r"[bB]?[rR]?(?=[\"'])")
STRING: Final = re.compile(
    rf"\"\"\"(?:{ESCAPE}|[^\\])*?\"\"\"|'''(?:{ESCAPE}|[^\\])*?'''"
    rf"|\"(?:{ESCAPE}|[^\\\"\n\r])*\"|'(?:{ESCAPE}|[^\\'\n\r])*'"
)
RAW_STRING: Final = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''|\"[^\"\n\r]*\"|'[^'\n\r]*'", re.DOTALL)
TOKEN: Final = re.compile(
    r"""
    (?P<space>[ \t\n\r\f]+|//[^\n]*)
    |(?P<float>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)
    |(?P<uint>(?:0x[0-9a-fA-F]+|\d+)[uU])
    |(?P<int>0x[0-9a-fA-F]+|\d+)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<operator>==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()\[\]{}])
    """,
    re.VERBOSE | re.ASCII,
)
ESCAPES: Final = re.compile(r"\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.S)
LETTERS: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
MAX_DIGITS: Final = 40
"""Longer numbers are too large anyway."""


@dataclass(slots=True)
class Token:
    """A piece of the text. `kind` is the operator itself, or INT, UINT, FLOAT, STRING, BYTES, IDENT, EOF."""

    kind: str
    text: str
    at: int
    value: Any = None


def tokenize(source: str) -> tuple[list[Token], list[Issue]]:
    """Return the tokens, with one of kind EOF at the end, and what is wrong with the text between them."""
    tokens: list[Token] = []
    issues: list[Issue] = []
    at = 0
    while at < len(source):
        if token := _string(source, at):
            tokens.append(token)
            at += len(token.text)
        elif match := TOKEN.match(source, at):
            if match["space"] is None:
                tokens.append(_token(match, at, issues))
            at = match.end()
        else:
            end = _end_of_unknown(source, at)
            issues.append(Issue(at, f"Syntax error: token recognition error at: '{source[at:end]}'"))
            at = end
    tokens.append(Token("EOF", "<EOF>", len(source)))
    return tokens, issues


def _string(source: str, at: int) -> Token | None:
    if (prefix := PREFIX.match(source, at)) is None:
        return None
    raw = prefix[0][-1:] in ("r", "R")
    match = (RAW_STRING if raw else STRING).match(source, prefix.end())
    if match is None:
        return None
    quotes = 3 if len(match[0]) >= 6 and match[0][:3] in ('"""', "'''") else 1
    body = match[0][quotes:-quotes]
    text = source[at : match.end()]
    if prefix[0][:1] in ("b", "B"):
        return Token("BYTES", text, at, body.encode() if raw else _bytes(body))
    return Token("STRING", text, at, body if raw else ESCAPES.sub(_unescape, body))


def _token(match: re.Match[str], at: int, issues: list[Issue]) -> Token:
    text = match[0]
    match match.lastgroup:
        case "float":
            return Token("FLOAT", text, at, float(text))
        case "int":
            return Token("INT", text, at, _number(text, HIGHEST + 1, "int", at, issues))
        case "uint":
            return Token("UINT", text, at, UInt(_number(text[:-1], HIGHEST_UNSIGNED, "uint", at, issues)))
        case "name" if text != "in":
            return Token("IDENT", text, at)
    return Token(text, text, at)


def _number(text: str, highest: int, name: str, at: int, issues: list[Issue]) -> int:
    if len(text) <= MAX_DIGITS and (value := int(text, 16 if text.startswith("0x") else 10)) <= highest:
        return value
    issues.append(Issue(at, f"invalid {name} literal"))
    return 0


def _unescape(match: re.Match[str]) -> str:
    if code := match[1] or match[2] or match[3]:
        number = int(code, 16)
        return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
    return chr(int(match[4], 8)) if match[4] else LETTERS.get(match[5], match[5])


def _bytes(body: str) -> bytes:
    out, at = bytearray(), 0
    for match in ESCAPES.finditer(body):
        out += body[at : match.start()].encode()
        code = match[1] or match[4]
        out += bytes([int(code, 16 if match[1] else 8)]) if code else _unescape(match).encode()
        at = match.end()
    return bytes(out + body[at:].encode())


def _end_of_unknown(source: str, at: int) -> int:
    """Return where text ends that is no token: behind the character that made it impossible to go on."""
    quote = source[at]
    if quote not in "\"'":
        return min(at + (2 if quote in "&|=" else 1), len(source))
    end = at + 1
    while end < len(source) and source[end] not in "\n\r":
        if source[end] == "\\":
            return min(end + 2, len(source))
        end += 1
        if source[end - 1] == quote:
            break
    return end
