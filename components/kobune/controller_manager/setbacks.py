"""How long to wait before a pod that ended is followed by another: longer each time it happens in the same place."""

from dataclasses import dataclass, field

FIRST = 1.0
LONGEST = 15 * 60.0
MOST = 10_000


@dataclass
class _Place:
    wait: float = FIRST / 2
    latest: float = 0.0
    due: dict[str, float] = field(default_factory=dict)
    """By the uid of a pod that ended there."""


class Setbacks:
    """What has ended where. It is forgotten when all goes well for twice the longest wait, or at a restart."""

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}

    def due(self, place: str, uid: str, now: float) -> float:
        """Return when the pod of that uid, which ended in a place, may be followed by another."""
        known = self._places.get(place)
        if known is None or known.latest + 2 * LONGEST < now:
            if len(self._places) >= MOST:
                self._places = {key: each for key, each in self._places.items() if each.latest + 2 * LONGEST >= now}
            known = self._places[place] = _Place()
        if uid not in known.due:
            known.wait = min(known.wait * 2, LONGEST)
            known.latest = now + known.wait
            known.due = {each: due for each, due in known.due.items() if due > now} | {uid: known.latest}
        return known.due[uid]
