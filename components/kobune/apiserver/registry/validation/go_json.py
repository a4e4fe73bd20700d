"""What Go's reader of JSON says of text that is none: Kubernetes passes its words on."""

from typing import Final

from kobune.apiserver.registry.validation.shown import quoted

LITERALS: Final = {"t": "true", "f": "false", "n": "null"}
SPACE: Final = " \t\r\n"
DEPTH: Final = 10_000


class _Stop(Exception):
    """Carries what is said."""


def problem(content: bytes | str) -> str:
    """Return what is wrong with text that is no JSON; empty if nothing is."""
    text = content if isinstance(content, str) else content.decode("utf-8", errors="replace")
    try:
        _Scanner(text).document()
    except _Stop as stop:
        return str(stop)
    except RecursionError:
        return "exceeded max depth"
    return ""


class _Scanner:
    """Reads JSON only to find where it ends to be JSON."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def document(self) -> None:
        self._value()
        self._space()
        if self._at < len(self._text):
            self._fail("after top-level value")

    def _space(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in SPACE:
            self._at += 1

    def _peek(self) -> str:
        if self._at >= len(self._text):
            raise _Stop("unexpected end of JSON input")
        return self._text[self._at]

    def _fail(self, where: str) -> None:
        raise _Stop(f"invalid character {_quoted(self._peek())} {where}")

    def _value(self) -> None:
        self._space()
        first = self._peek()
        if first == "{":
            self._object()
        elif first == "[":
            self._array()
        elif first == '"':
            self._string()
        elif first in LITERALS:
            self._literal(LITERALS[first])
        elif first == "-" or (first.isdigit() and first.isascii()):
            self._number()
        else:
            self._fail("looking for beginning of value")

    def _literal(self, word: str) -> None:
        self._at += 1
        for letter in word[1:]:
            if self._peek() != letter:
                self._fail(f"in literal {word} (expecting '{letter}')")
            self._at += 1

    def _digits(self, where: str) -> None:
        if not (self._peek().isdigit() and self._peek().isascii()):
            self._fail(where)
        while self._at < len(self._text) and self._text[self._at] in "0123456789":
            self._at += 1

    def _number(self) -> None:
        if self._peek() == "-":
            self._at += 1
            if self._peek() not in "0123456789":
                self._fail("in numeric literal")
        if self._peek() == "0":
            self._at += 1
        else:
            self._digits("in numeric literal")
        if self._at < len(self._text) and self._text[self._at] == ".":
            self._at += 1
            self._digits("after decimal point in numeric literal")
        if self._at < len(self._text) and self._text[self._at] in "eE":
            self._at += 1
            if self._peek() in "+-":
                self._at += 1
            self._digits("in exponent of numeric literal")

    def _string(self) -> None:
        self._at += 1
        while (letter := self._peek()) != '"':
            if letter == "\\":
                self._at += 1
                if self._peek() == "u":
                    for _ in range(4):
                        self._at += 1
                        if self._peek() not in "0123456789abcdefABCDEF":
                            self._fail("in \\u hexadecimal character escape")
                elif self._peek() not in '"\\/bfnrt':
                    self._fail("in string escape code")
            elif letter < " ":
                self._fail("in string literal")
            self._at += 1
        self._at += 1

    def _object(self) -> None:
        self._at += 1
        self._space()
        if self._peek() == "}":
            self._at += 1
            return
        while True:
            self._space()
            if self._peek() != '"':
                self._fail("looking for beginning of object key string")
            self._string()
            self._space()
            if self._peek() != ":":
                self._fail("after object key")
            self._at += 1
            self._value()
            self._space()
            if self._peek() == "}":
                self._at += 1
                return
            if self._peek() != ",":
                self._fail("after object key:value pair")
            self._at += 1

    def _array(self) -> None:
        self._at += 1
        self._space()
        if self._peek() == "]":
            self._at += 1
            return
        while True:
            self._value()
            self._space()
            if self._peek() == "]":
                self._at += 1
                return
            if self._peek() != ",":
                self._fail("after array element")
            self._at += 1


def _quoted(letter: str) -> str:
    if letter == "'":
        return r"'\''"
    if letter == '"':
        return "'\"'"
    return "'" + quoted(letter)[1:-1] + "'"
