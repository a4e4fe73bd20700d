"""How the use of a resource becomes a score, 0 to 100. Source: the reference of `ScoringStrategy`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kobune.scheduler.engine.table import Floats, Ints


class Strategy(Protocol):
    """Rates what would be taken of a resource, and what there is of it; that is never 0."""

    def score(self, taken: int, capacity: int) -> int:
        """Return the score of one node."""

    def score_rows(self, taken: "Ints", capacity: "Ints") -> "Floats":
        """Return the scores of many."""


@dataclass(frozen=True)
class LeastAllocated:
    """The more is left, the better."""

    def score(self, taken: int, capacity: int) -> int:
        return (capacity - taken) * 100 // capacity if taken <= capacity else 0

    def score_rows(self, taken: "Ints", capacity: "Ints") -> "Floats":
        import numpy as np

        return np.where(taken <= capacity, (capacity - taken) * 100 // capacity, 0).astype(np.float64)


@dataclass(frozen=True)
class MostAllocated:
    """The more is taken, the better."""

    def score(self, taken: int, capacity: int) -> int:
        return min(taken, capacity) * 100 // capacity

    def score_rows(self, taken: "Ints", capacity: "Ints") -> "Floats":
        import numpy as np

        return (np.minimum(taken, capacity) * 100 // capacity).astype(np.float64)


@dataclass(frozen=True)
class RequestedToCapacityRatio:
    """The score goes by a curve."""

    shape: Sequence[tuple[int, int]]
    """Its points: how much is taken, in percent, rising, and the score there, 0 to 10."""

    def score(self, taken: int, capacity: int) -> int:
        return self._at(taken * 100 // capacity if taken <= capacity else 100)

    def score_rows(self, taken: "Ints", capacity: "Ints") -> "Floats":
        import numpy as np

        scores = np.array([self._at(used) for used in range(101)], np.float64)
        return scores[np.where(taken <= capacity, taken * 100 // capacity, 100)]

    def _at(self, used: int) -> int:
        before = self.shape[0]
        for point in self.shape:
            if used <= point[0]:
                if point[0] == before[0]:
                    return point[1] * 10
                rise, run = (point[1] - before[1]) * 10, point[0] - before[0]
                return before[1] * 10 + int(rise * (used - before[0]) / run)
            before = point
        return before[1] * 10
