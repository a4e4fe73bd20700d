"""What can be seen to be wrong with a literal argument before anything is evaluated."""

from collections.abc import Callable
from typing import Final

from kobune.apimachinery.cel.errors import EvaluationError
from kobune.apimachinery.cel.libraries import regexes, times


def _fails(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def fails(text: str) -> bool:
        try:
            parse(text)
        except EvaluationError:
            return True
        return False

    return fails


PROBLEMS: Final[dict[str, Callable[[str], bool]]] = {
    "duration": _fails(times.parse_duration),
    "matches": _fails(regexes.compiled),
    "timestamp": _fails(times.parse_timestamp),
}
"""By the function: whether it could never work with a text."""
