"""The loop: take pods from the queue, decide them one after the other, and write all that came of it in a few calls.

EventHandlers ──► SchedulingQueue ──► Scheduler ──► SchedulingCycle, or GangCycle ──► Round ──► Binder
      │                 ▲                             (Decider, Asker)                   │  (BindingCycle)
      └──► Snapshot     └────────────────────────── FailureHandler ◄─────────────────────┘
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from kobune.apimachinery.clock import Clock
from kobune.apimachinery.errors import ServiceUnavailable
from kobune.client import Client, EventRecorder
from kobune.scheduler.asking import DECISION_SECONDS, Asker
from kobune.scheduler.binding import Binder
from kobune.scheduler.binding_cycle import Rejected
from kobune.scheduler.deciding import Decider
from kobune.scheduler.event_handlers import EventHandlers
from kobune.scheduler.failures import FailureHandler
from kobune.scheduler.framework import PluginFailed, Profile, Unschedulable
from kobune.scheduler.framework.happenings import Happening, interests
from kobune.scheduler.gang_cycle import GangCycle
from kobune.scheduler.lab.journal import Journal
from kobune.scheduler.metrics import Metrics
from kobune.scheduler.queue import Backoff, SchedulingQueue, Waiting
from kobune.scheduler.rounds import Failure, Round
from kobune.scheduler.scheduling_cycle import SchedulingCycle
from kobune.scheduler.snapshot import Snapshot
from kobune.scheduler.state import State

log = logging.getLogger(__name__)

AT_ONCE: Final = 500
"""How many pods are decided before their bindings are sent…"""
SECONDS_AT_ONCE: Final = 0.2
"""…and for how long at most."""
HEAD_START: Final = 0.002
"""For how long the writes of one round are given way before the next round is decided, which lets nobody else work."""
IDLE: Final = 60.0


class Scheduler:
    """Schedules the pods whose `spec.schedulerName` is that of a profile."""

    def __init__(
        self,
        profiles: Sequence[Profile],
        client: Client,
        recorders: Mapping[str, EventRecorder],
        clock: Clock,
        random: Random,
        *,
        backoff: Backoff | None = None,
        decision_seconds: float = DECISION_SECONDS,
        metrics: Metrics | None = None,
    ) -> None:
        """`recorders` are by the name of the profile. All profiles sort the queue as the first one does."""
        snapshot = Snapshot()
        journal = Journal(snapshot, clock)
        snapshot.followers.append(journal)
        decider = Decider(snapshot, random)
        waited_for = {profile.name: interests(profile) for profile in profiles}
        state = State(
            {profile.name: profile for profile in profiles},
            SchedulingQueue(waited_for, sort=profiles[0].at("queue_sort")[0], backoff=backoff),
            snapshot,
            journal,
            Asker(decision_seconds, abandoned=decider.start_over),
            clock,
        )
        self.state = state
        self._client = client
        self._metrics = metrics
        self._failures = FailureHandler(state, client, recorders)
        self._binder = Binder(state, client, self._failures)
        self._outside = {
            profile.name: [plugin for plugin in profile.plugins if hasattr(plugin, "reports")] for profile in profiles
        }
        """The plugins in other processes, by profile."""
        self._one = SchedulingCycle(state, decider, self._binder, self._failures, self._outside)
        self._gang = GangCycle(state, decider, self._binder, self._failures)
        self.handlers = EventHandlers(state, self._binder)
        self._writing: asyncio.Task[None] | None = None
        """Writes what came of the decisions before the last ones, which are written once that is done."""
        for plugin in (plugin for profile in profiles for plugin in profile.plugins):
            if hasattr(plugin, "connect"):
                plugin.connect(client)
        for plugins in self._outside.values():
            for plugin in plugins:
                plugin.reports.observer = metrics and metrics.observe

    async def run(self) -> None:
        """Schedule until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._binder.tasks = tasks
                while True:
                    self.state.something_to_do.clear()
                    await self._tell()
                    waiting = self.state.queue.pop(AT_ONCE, self.state.clock.now())
                    if waiting:
                        round = await self._decide(waiting)
                        await self._carry_out(round, tasks)
                    else:
                        await self._rest()
        finally:
            self.state.asker.close()
            for plugins in self._outside.values():
                for plugin in plugins:
                    plugin.close()

    async def _tell(self) -> None:
        """Wake the pods that what has happened may help."""
        news, self.state.news = self.state.news, []
        for what in news:
            helped = [one for one in self.state.queue.happened(what) if await self._helps(one, what)]
            if helped:
                self.state.queue.help(helped, self.state.clock.now(), hurry=not what.is_ours)

    async def _helps(self, waiting: Waiting, what: Happening) -> bool:
        hints = list(self.state.queue.interested(waiting, what))
        if not hints:
            return True
        try:
            if not any(hint.is_guarded and hint.hint is not None for hint in hints):
                return any(hint.helps(waiting.pod, what) for hint in hints)
            profile = self.state.profile_of(waiting.pod)
            return await self.state.asker.ask(profile, lambda: any(hint.helps(waiting.pod, what) for hint in hints))
        except Exception as error:
            log.warning("cannot tell whether %s helps %s: %s", what.name, waiting.pod.key, error)
            return True

    async def _rest(self) -> None:
        wake = self.state.queue.next_wake()
        seconds = IDLE if wake is None else max(wake - self.state.clock.now(), 0)
        sleeping = asyncio.ensure_future(self.state.clock.sleep(seconds))
        told = asyncio.ensure_future(self.state.something_to_do.wait())
        try:
            await asyncio.wait([sleeping, told], return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            told.cancel()

    async def _decide(self, pods: list[Waiting]) -> Round:
        """Decide pods, each on what was decided before it, as far as there is time for them."""
        until = self.state.clock.now() + SECONDS_AT_ONCE
        round = Round(list(pods))
        for at, waiting in enumerate(pods):
            if waiting not in self.state.queue or waiting.pod.uid in round.settled:
                continue
            if self.state.clock.now() > until:
                self._put_back(round, pods[at:])
                break
            try:
                if needed := self._gang.needed(waiting.pod):
                    await self._gang.run(round, waiting, needed)
                else:
                    await self._one.run(round, waiting)
            except PluginFailed as error:
                if self._metrics is not None:
                    self._metrics.failed(error.plugin, error.point)
                round.failed.append(Failure(waiting, str(error)))
            except Rejected as no:
                round.refused.append((waiting, Unschedulable(self.state.snapshot.node_count, at_once=no.no)))
            except Exception as error:
                log.exception("cannot decide where %s goes", waiting.pod.key)
                round.failed.append(Failure(waiting, f"cannot decide: {type(error).__name__}: {error}"))
        return round

    def _put_back(self, round: Round, pods: Sequence[Waiting]) -> None:
        """Let pods have their turn in the next round."""
        left = [waiting for waiting in pods if waiting.pod.uid not in round.settled]
        for waiting in reversed(left):
            self.state.queue.put_back(waiting)
        uids = {waiting.pod.uid for waiting in left}
        round.pods = [decided for decided in round.pods if decided.pod.uid not in uids]

    async def _carry_out(self, round: Round, tasks: asyncio.TaskGroup) -> None:
        """Write what came of decisions; while more pods wait, the next ones are decided meanwhile."""
        before, self._writing = self._writing, None
        if before is not None:
            await before
        if self.state.queue.is_idle:
            await self._write(round)
            return
        self._writing = tasks.create_task(self._write(round))
        await asyncio.wait([self._writing], timeout=HEAD_START)

    async def _write(self, round: Round) -> None:
        try:
            await self._binder.bind(round.chosen)
            await self._failures.refused(round.refused)
            await self._failures.failed(round.failed)
            if round.writes:
                await self._client.batch(round.writes)
        except ServiceUnavailable:
            for choice in round.chosen:
                self.state.release(choice.waiting)
            for waiting in round.pods:
                self.state.queue.retry(waiting, self.state.clock.now())
