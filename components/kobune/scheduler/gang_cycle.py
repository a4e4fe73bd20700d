"""The scheduling cycle of a gang: all pods of it that wait are decided in one go, and enough get a node, or none does.

What is decided is in `together.py`; here the pods are gathered, and what was decided for them is carried out.
"""

import logging
from functools import partial

from kobune.scheduler.binding import Binder
from kobune.scheduler.binding_cycle import Rejected
from kobune.scheduler.deciding import Decider
from kobune.scheduler.failures import FailureHandler
from kobune.scheduler.framework import Placed, PluginFailed, Profile, Unschedulable
from kobune.scheduler.plugins.gang_scheduling import GROUPS, min_count
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.queue import Waiting
from kobune.scheduler.rounds import Failure, Round
from kobune.scheduler.scheduling_cycle import refuse
from kobune.scheduler.state import State
from kobune.scheduler.statuses import group_scheduled
from kobune.scheduler.together import PLUGIN, UNSCHEDULABLE, Outcome, decide_together

log = logging.getLogger(__name__)


class GangCycle:
    """Decides gangs."""

    def __init__(self, state: State, decider: Decider, binder: Binder, failures: FailureHandler) -> None:
        self._state = state
        self._decider = decider
        self._binder = binder
        self._failures = failures

    def needed(self, pod: PodInfo) -> int:
        """Return how many pods of a pod's gang need a node before any of them gets one; 0 if it is in none."""
        if pod.group is None:
            return 0
        snapshot = self._state.snapshot
        return max((min_count(snapshot, pod.group) or 0) - snapshot.gangs.placed(pod.group), 0)

    async def run(self, round: Round, first: Waiting, needed: int) -> None:
        """Decide all pods of a gang that wait, and carry that out as a whole, or not at all."""
        profile = self._state.profile_of(first.pod)
        members = self._gathered(round, first)
        try:
            members = await self._ungated(profile, members)
            if not members:
                return
            message = await self._carried_out(round, profile, members, needed)
        except Exception as error:  # all of them were taken out of the queue, and all have to go back
            if not isinstance(error, PluginFailed):
                log.exception("cannot decide where the pods of %s go", first.pod.group)
            message = f"{UNSCHEDULABLE}: {error}"
            told = {waiting.pod.uid for waiting, _ in round.refused}
            round.failed += [Failure(one, str(error)) for one in members if one.pod.uid not in told]
        assert first.pod.group is not None
        group = self._state.snapshot.objects.get(GROUPS, *first.pod.group)
        # That it is scheduled is said once its pods are bound: see `GroupStatus`.
        if message and (write := group_scheduled(group, message, self._state.clock.now())) is not None:
            round.writes.append(write)

    def _gathered(self, round: Round, first: Waiting) -> list[Waiting]:
        """Take all pods of a gang out of the queue, wherever in it they are."""
        queue = self._state.queue
        out = {waiting.pod.uid: waiting for waiting in round.pods if waiting in queue}
        members = []
        for pod in self._state.snapshot.gangs.waiting(first.pod.group) if first.pod.group is not None else ():
            if pod.uid in round.settled or pod.spec.schedulerName != first.pod.spec.schedulerName:
                continue
            if (waiting := out.get(pod.uid)) is None:
                if (waiting := queue.take(pod.uid)) is None:
                    continue
                round.pods.append(waiting)
            round.settled.add(pod.uid)
            members.append(waiting)
        if first.pod.uid not in round.settled:
            members.append(first)
        return sorted(members, key=lambda waiting: (-waiting.pod.spec.priority, waiting.added))

    async def _ungated(self, profile: Profile, gathered: list[Waiting]) -> list[Waiting]:
        """Return those of some pods that may be decided; the others are held."""
        answers = [
            await self._state.asker.ask(profile, partial(self._decider.held, profile, waiting.pod))
            for waiting in gathered
        ]
        for waiting, held in zip(gathered, answers, strict=True):
            if held is not None:
                self._failures.hold(waiting, held)
        return [waiting for waiting, held in zip(gathered, answers, strict=True) if held is None]

    async def _carried_out(self, round: Round, profile: Profile, members: list[Waiting], needed: int) -> str:
        """Decide pods together, and do so; return why not, if the gang has to wait."""
        pods = [waiting.pod for waiting in members]
        decide = partial(self._decider.placed, profile)
        work = partial(decide_together, profile, pods, needed, self._state.snapshot, decide)
        placements: list[tuple[Waiting, str]] = []
        try:
            outcome = await self._state.asker.ask(profile, work)
            placements = self._noted(round, members, outcome)
            round.chosen += await self._binder.take_together(profile, placements, PLUGIN)
        except Rejected as no:
            message = f"{UNSCHEDULABLE}: {no}"
            why = Unschedulable(self._state.snapshot.node_count, at_once=no.no, said=message)
            round.refused += [(waiting, why) for waiting, _ in placements]
            return message
        return outcome.message

    def _noted(self, round: Round, members: list[Waiting], outcome: Outcome) -> list[tuple[Waiting, str]]:
        """Note what was decided for each pod; return those that have a node, with it."""
        placements = []
        for waiting in members:
            decision = outcome.decisions[waiting.pod.uid]
            self._state.journal.decided(waiting.pod, decision)
            if isinstance(decision, Placed):
                placements.append((waiting, decision.node))
            else:
                refuse(round, waiting, decision, self._state)
        return placements
