"""The grammar of the simulated shell: a line of text to the commands in it. Pure.

Commands are joined by `;`, `&&`, `||` or a newline; words may be quoted, and have `$NAME` and `${NAME}` in them; `>&2`,
`2>&1` and `>/dev/null` say where goes what a command says. Everything else is refused by its sign.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

JOINTS: Final = (";", "&&", "||")
BLANKS: Final = " \t"
UNKNOWN: Final = "|&<>()`"
ESCAPED_IN_QUOTES: Final = '"\\$`'


class Unreadable(ValueError):
    """A script with something in it that the simulated shell does not know."""


@dataclass(frozen=True)
class Part:
    """A piece of a word: text, or the name of a variable."""

    text: str
    is_variable: bool = False


@dataclass
class Step:
    """A command, and when it is run: always, or only if the one before it went well (`&&`) or did not (`||`)."""

    joint: str
    words: list[list[Part]] = field(default_factory=list)
    out: int = 1
    """Where goes what it says: to 1, 2, or 0 for nowhere."""
    err: int = 2
    """Where go its complaints."""

    def argv(self, variables: Mapping[str, str]) -> list[str]:
        """Return the words with what the variables are now; a word of empty variables only is none."""
        expanded = (
            ("".join(variables.get(part.text, "") if part.is_variable else part.text for part in word), word)
            for word in self.words
        )
        return [text for text, word in expanded if text or not all(part.is_variable for part in word)]

    def is_due(self, code: int) -> bool:
        """Whether it is run after a command that ended with `code`."""
        return not ((self.joint == "&&" and code) or (self.joint == "||" and not code))


def steps(text: str) -> list[Step]:
    """Return the commands of a script; raise `Unreadable` for what is not understood."""
    found = [Step(";")]
    reader = _Reader(text)
    for word in reader.words():
        if isinstance(word, str):
            match word:
                case ">&2" | "1>&2":
                    found[-1].out = found[-1].err
                case "2>&1":
                    found[-1].err = found[-1].out
                case ">/dev/null":
                    found[-1].out = 0
                case "2>/dev/null":
                    found[-1].err = 0
                case _:
                    found.append(Step(word))
        else:
            found[-1].words.append(word)
    return [step for step in found if step.words]


@dataclass
class _Reader:
    text: str
    at: int = 0

    def words(self) -> Iterator[list[Part] | str]:
        """Yield words, and as texts the signs between commands."""
        while self.at < len(self.text):
            sign = self.text[self.at]
            if sign in BLANKS:
                self.at += 1
            elif sign == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif sign == "\n" or (sign == ";" and not self.text.startswith(";;", self.at)):
                self.at += 1
                yield ";"
            elif known := self._sign():
                self.at += len(known)
                yield known.replace(" ", "")
            elif sign in UNKNOWN:
                raise Unreadable(f"a simulated shell does not know {sign}")
            else:
                yield list(self._word())

    def _sign(self) -> str:
        redirections = (">&2", "1>&2", "2>&1", "2>/dev/null", ">/dev/null", "2> /dev/null", "> /dev/null")
        return next((sign for sign in (*JOINTS[1:], *redirections) if self.text.startswith(sign, self.at)), "")

    def _word(self) -> Iterator[Part]:
        while self.at < len(self.text):
            sign = self.text[self.at]
            if sign in BLANKS or sign in UNKNOWN or sign in ";\n":
                return
            self.at += 1
            if sign == "'":
                yield Part(self._until("'"))
            elif sign == '"':
                yield Part("")  # quoted, and so a word even if it is empty
                yield from self._quoted()
            elif sign == "\\":
                yield Part(self._next())
            elif sign == "$":
                yield self._variable()
            else:
                yield Part(sign)

    def _quoted(self) -> Iterator[Part]:
        while (sign := self._next()) != '"':
            if sign == "$":
                yield self._variable()
            elif sign == "`":
                raise Unreadable("a simulated shell does not know `")
            elif sign == "\\" and self.text[self.at : self.at + 1] in ESCAPED_IN_QUOTES:
                yield Part(self._next())
            else:
                yield Part(sign)

    def _variable(self) -> Part:
        following = self.text[self.at : self.at + 1]
        if following == "{":
            self.at += 1
            name = self._until("}")
            if not name.isidentifier():
                raise Unreadable(f"a simulated shell does not know ${{{name}}}")
            return Part(name, is_variable=True)
        if following == "(":
            raise Unreadable("a simulated shell does not know $(")
        if following in ("?", "$", "#", "@", "*") and following:
            self.at += 1
            return Part(following, is_variable=True)
        end = self.at
        while end < len(self.text) and (self.text[end].isalnum() or self.text[end] == "_"):
            end += 1
        name, self.at = self.text[self.at : end], end
        return Part(name, is_variable=True) if name else Part("$")

    def _next(self) -> str:
        if self.at >= len(self.text):
            raise Unreadable("syntax error: unterminated quoted string")
        self.at += 1
        return self.text[self.at - 1]

    def _until(self, end: str) -> str:
        start = self.at
        while self._next() != end:
            pass
        return self.text[start : self.at - 1]
