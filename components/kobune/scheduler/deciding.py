"""Where one pod goes, on the snapshot as it is: by the reference on few nodes, by columns on many."""

from random import Random
from typing import TYPE_CHECKING, Final

from kobune.scheduler.framework import Decision, Profile, decide
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.rounds import Held
from kobune.scheduler.snapshot import Snapshot

if TYPE_CHECKING:
    from kobune.scheduler.engine.columnar import Columnar

MANY: Final = 50
"""From so many nodes on the engine decides."""


class Decider:
    """Decides for all profiles on one snapshot. Nothing comes of it but an answer."""

    def __init__(self, snapshot: Snapshot, random: Random) -> None:
        self._snapshot = snapshot
        self._random = random
        self._engine: Columnar | None = None

    def decide(self, profile: Profile, pod: PodInfo) -> Decision | Held:
        """Return where a pod goes, why it cannot go anywhere, or who says that its time has not come."""
        return self.held(profile, pod) or self.placed(profile, pod)

    def held(self, profile: Profile, pod: PodInfo) -> Held | None:
        """Return who says that a pod may not be decided yet, if anybody does."""
        for gate in profile.at("pre_enqueue"):
            if (why := gate(pod, state=self._snapshot)) is not None:
                return Held(gate.name, str(why))
        return None

    def placed(self, profile: Profile, pod: PodInfo) -> Decision:
        """Return where a pod goes that may be decided."""
        if self._engine is None:
            if self._snapshot.node_count < MANY:
                return decide(profile, pod, self._snapshot, self._random)
            from kobune.scheduler.engine.columnar import Columnar  # brings NumPy, which few nodes do not pay for

            self._engine = Columnar(self._snapshot)
        return self._engine.decide(profile, pod, self._random)

    def start_over(self) -> None:
        """Forget the columns: a decision was given up, and may have left them in any state."""
        if self._engine is not None:
            self._snapshot.followers = [one for one in self._snapshot.followers if one is not self._engine]
            self._engine = None
