"""When a component that died is started again."""

from dataclasses import dataclass

FIRST = 0.1
LONGEST = 10.0
LASTING = 30.0
"""A component that ran this many seconds has recovered: the next wait is the first one again."""


@dataclass(frozen=True)
class Restarts:
    """How often a component died lately, and so how long it waits."""

    total: int = 0
    recent: int = 0

    def died(self, ran: float) -> tuple["Restarts", float]:
        """Return the new count and the seconds until the next start, after it ran for `ran` seconds."""
        recent = 0 if ran >= LASTING else self.recent
        return Restarts(self.total + 1, recent + 1), min(FIRST * 2**recent, LONGEST)
