"""Regular expressions, in RE2's syntax: `text.matches('^a+$')`, `text.find('[0-9]+')`.

They take time in proportion to the text, whatever a client writes, which Python's own do not.
"""

from functools import lru_cache
from math import ceil
from typing import Any, Final

from kobune.apimachinery.cel.declarations import Overload, function, method
from kobune.apimachinery.cel.errors import EvaluationError
from kobune.apimachinery.cel.types import BOOL, INT, STRING, list_of

MAX_MEMORY: Final = 1 << 20


def overloads() -> list[Overload]:
    """Return the functions with regular expressions."""
    texts = (STRING, STRING)
    return [
        method("matches", texts, BOOL, matches, _cost),
        function("matches", texts, BOOL, matches, _cost),
        method("find", texts, STRING, find, _cost),
        method("findAll", texts, list_of(STRING), find_all, _cost),
        method("findAll", (*texts, INT), list_of(STRING), find_all, _cost),
    ]


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    """Return a compiled pattern; `EvaluationError` if it is none."""
    import re2  # only who uses regular expressions pays for the library

    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        why = error.args[0] if error.args else "invalid"
        text = why.decode(errors="replace") if isinstance(why, bytes) else str(why)
        raise EvaluationError(f"error parsing regexp: {text}") from None


def matches(text: str, pattern: str) -> bool:
    return compiled(pattern).search(text) is not None


def find(text: str, pattern: str) -> str:
    found = compiled(pattern).search(text)
    return found[0] if found else ""


def find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found: list[str] = []
    for match in compiled(pattern).finditer(text):
        if 0 <= limit <= len(found):
            break
        found.append(match[0])
    return found


def _cost(text: str, pattern: str, *others: Any) -> int:
    return ceil((len(text) + 1) * 0.1) * ceil(len(pattern) * 0.25)
