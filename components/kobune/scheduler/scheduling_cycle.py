"""The scheduling cycle of one pod: decide where it goes, and note in the round what comes of it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kobune.scheduler.binding import Binder
from kobune.scheduler.deciding import Decider
from kobune.scheduler.failures import FailureHandler
from kobune.scheduler.framework import Decision, Placed, Unschedulable
from kobune.scheduler.queue import Waiting
from kobune.scheduler.rounds import Held, Round
from kobune.scheduler.state import State

AGAIN: Final = 3
"""How often a decision is made again because its node changed meanwhile."""


class SchedulingCycle:
    """Decides pods one by one. `outside` are the plugins in other processes, by profile."""

    def __init__(
        self,
        state: State,
        decider: Decider,
        binder: Binder,
        failures: FailureHandler,
        outside: Mapping[str, Sequence[Any]],
    ) -> None:
        self._state = state
        self._decider = decider
        self._binder = binder
        self._failures = failures
        self._outside = outside

    async def run(self, round: Round, waiting: Waiting) -> None:
        """Decide a pod on what was decided before it."""
        decision = await self._decide(waiting)
        if isinstance(decision, Held):
            self._failures.hold(waiting, decision)
            return
        self._state.journal.decided(waiting.pod, decision)
        match decision:
            case Placed(node):
                if (choice := await self._binder.take(waiting, node)) is not None:
                    round.chosen.append(choice)
            case Unschedulable() as why:
                refuse(round, waiting, why, self._state)

    async def _decide(self, waiting: Waiting) -> Decision | Held:
        pod = waiting.pod
        profile = self._state.profile_of(pod)
        if not profile.foreign:
            return self._decider.decide(profile, pod)
        for _ in range(AGAIN):
            version = self._state.snapshot.version
            decision = await self._state.asker.ask(profile, lambda: self._decider.decide(profile, pod))
            for plugin in self._outside[profile.name]:
                for trouble in plugin.troubles():
                    self._failures.event(pod, "Warning", "PluginIgnored", trouble)
            if not isinstance(decision, Placed) or not self._state.snapshot.has_changed(decision.node, version):
                break  # otherwise somebody took of the node while the plugins were asked
        return decision


def refuse(round: Round, waiting: Waiting, why: Unschedulable, state: State) -> None:
    """Note that there is no node for a pod; the next pods are not to count on room that is being made for it."""
    if why.nominated is not None:
        state.snapshot.nominate(waiting.pod, why.nominated.node)
    round.refused.append((waiting, why))
