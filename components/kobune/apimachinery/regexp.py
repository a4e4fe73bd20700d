"""Regular expressions in the syntax of Go, which is RE2's: matching takes time in proportion to the text."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

MAX_MEMORY: Final = 8 << 20

WORDS: Final[Mapping[str, str]] = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "bad repetition operator": "invalid nested repetition operator",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
    "trailing \\": "trailing backslash at end of expression",
    "pattern too large - compile failed": "expression too large",
}
"""What RE2 says of a bad expression, and what Go says."""


class BadPattern(ValueError):
    """The text is no regular expression; the message says why in Go's words."""


class Pattern:
    """A compiled expression."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def search(self, text: str) -> bool:
        """Whether the expression matches anywhere in a text."""
        return self._compiled.search(text) is not None


@lru_cache(maxsize=1024)
def compile(source: str) -> Pattern:
    """Return the expression; `BadPattern` if it is none."""
    import re2  # only who uses regular expressions pays for the library

    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    try:
        return Pattern(re2.compile(source, options))
    except re2.error as error:
        raise BadPattern(f"error parsing regexp: {_explained(error)}") from None


def _explained(error: Exception) -> str:
    found = error.args[0] if error.args else b"invalid"
    words = found.decode(errors="replace") if isinstance(found, bytes) else str(found)
    reason, _, part = words.partition(": ")
    return f"{WORDS.get(reason, reason)}: `{part}`"
