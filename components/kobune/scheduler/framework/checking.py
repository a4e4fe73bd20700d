"""What plugins of others answer is looked at before it is used: nonsense is theirs, and is laid to them by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from kobune.scheduler.framework.answers import No, Nominated, Note, Wait

SHOWN: Final = 60
"""How much of a wrong answer is shown."""

Fits = Callable[[Any, Sequence[Any]], bool]
"""Whether an answer makes sense, given what was asked."""


@dataclass(frozen=True)
class Expectation:
    """What a plugin may answer at a point."""

    fits: Fits
    words: str

    def complaint(self, answer: Any, arguments: Sequence[Any]) -> str | None:
        """Return what is wrong with an answer; None if nothing is."""
        try:
            if self.fits(answer, arguments):
                return None
        except (TypeError, ValueError):
            pass
        text = repr(answer)
        return f"it answered {text[:SHOWN]}{'…' if len(text) > SHOWN else ''}; expected is {self.words}"


def _is_refusal(answer: Any, _: Sequence[Any] = ()) -> bool:
    if answer is None or isinstance(answer, str | No):
        return True
    return isinstance(answer, Sequence) and all(isinstance(reason, str) for reason in answer)


def _are_refusals(answer: Any, _: Sequence[Any]) -> bool:
    return isinstance(answer, Mapping) and all(map(_is_refusal, answer.values()))


def _is_score(answer: Any, _: Sequence[Any]) -> bool:
    return isfinite(answer)


def _are_scores(answer: Any, _: Sequence[Any]) -> bool:
    return isinstance(answer, Mapping) and all(map(isfinite, answer.values()))


def _are_all_scores(answer: Any, arguments: Sequence[Any]) -> bool:
    return _are_scores(answer, arguments) and answer.keys() == arguments[0].keys()


def _has_rows(at: int) -> Fits:
    """Return whether an answer has as many entries as the argument at a place."""
    return lambda answer, arguments: len(answer) == len(arguments[at])


EXPECTED: Final[Mapping[str, Expectation]] = {
    "pre_enqueue": Expectation(
        lambda answer, _: answer is None or isinstance(answer, str), "why the pod has to wait, or None"
    ),
    "filter": Expectation(_is_refusal, "why the pod cannot run there (texts, or No), or None if it can"),
    "filter_many": Expectation(_are_refusals, "a mapping from names of nodes to why the pod cannot run there"),
    "post_filter": Expectation(
        lambda answer, _: answer is None or isinstance(answer, Nominated | Note), "Nominated, Note or None"
    ),
    "review_victims": Expectation(
        lambda answer, _: isinstance(answer, Mapping), "a mapping from names of nodes to pods"
    ),
    "score": Expectation(_is_score, "a finite number"),
    "score_many": Expectation(_are_scores, "a mapping from names of nodes to finite numbers"),
    "normalize": Expectation(_are_all_scores, "a mapping from the same names of nodes to finite numbers"),
    "reserve": Expectation(_is_refusal, "why the pod may not have the node, or None"),
    "permit": Expectation(
        lambda answer, _: isinstance(answer, Wait) or _is_refusal(answer), "why the pod may not be bound, Wait or None"
    ),
    "filter_rows": Expectation(_has_rows(1), "an array with a number for each row"),
    "score_rows": Expectation(_has_rows(1), "an array with a number for each row"),
    "normalize_rows": Expectation(_has_rows(0), "an array with a number for each row"),
}
"""By method. What is not here may answer what it likes."""
