"""How long to wait before a pod that ended is followed by another: longer each time it happens in the same place."""

from dataclasses import dataclass

FIRST = 1.0
LONGEST = 15 * 60.0


@dataclass
class _Setback:
    uid: str
    wait: float
    due: float


class Setbacks:
    """What has ended where. It is forgotten when all goes well for twice the longest wait, or at a restart."""

    def __init__(self) -> None:
        self._by_place: dict[str, _Setback] = {}

    def due(self, place: str, uid: str, now: float) -> float:
        """Return when the pod of that uid, which ended in a place, may be followed by another."""
        last = self._by_place.get(place)
        if last is not None and last.uid == uid:
            return last.due
        if last is not None and last.due + 2 * LONGEST < now:
            last = None
        wait = min(last.wait * 2, LONGEST) if last is not None else FIRST
        self._by_place[place] = _Setback(uid, wait, now + wait)
        if len(self._by_place) > 10_000:
            self._by_place = {key: each for key, each in self._by_place.items() if each.due + 2 * LONGEST >= now}
        return now + wait
