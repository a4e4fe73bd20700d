"""How long to wait before the next try."""

from random import Random


class Backoff:
    """Waits that double from `first` to `longest` seconds, spread by a quarter so that many do not return together."""

    def __init__(self, random: Random, *, first: float = 0.1, longest: float = 5.0) -> None:
        self._random = random
        self._first = first
        self._longest = longest
        self._next = first

    def next(self) -> float:
        """Return the seconds to wait now."""
        wait = self._next
        self._next = min(wait * 2, self._longest)
        return wait * (1 + self._random.random() / 4)

    def reset(self) -> None:
        """Begin anew, after a success."""
        self._next = self._first
