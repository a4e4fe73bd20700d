"""Brings scores into the range that all plugins share."""

from kobune.scheduler.framework import Scores

HIGHEST = 100


def proportional(scores: Scores) -> Scores:
    """Return the scores scaled so that the highest is 100."""
    highest = max(scores.values(), default=0)
    return {name: score * HIGHEST // highest for name, score in scores.items()} if highest > 0 else scores


def reversed_proportional(scores: Scores) -> Scores:
    """Return the scores scaled so that the highest is 0 and none at all is 100."""
    return {
        name: HIGHEST - score
        for name, score in (proportional(scores) if any(scores.values()) else dict.fromkeys(scores, 0.0)).items()
    }
