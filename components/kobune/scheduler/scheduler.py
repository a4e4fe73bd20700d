"""The loop: take pods from the queue, decide, bind them all in one call, and say what came of it."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, Final

from kobune.api.core.v1 import Node, Pod
from kobune.apimachinery.clock import Clock
from kobune.apimachinery.errors import ApiError, NotFound, ServiceUnavailable
from kobune.client import BindOf, Client, DeleteOf, EventRecorder, Write
from kobune.scheduler.cycle import Cycle, LatePlugins, Rejected, Together
from kobune.scheduler.deciding import DECISION_SECONDS, Decider
from kobune.scheduler.framework import (
    Decision,
    No,
    Nominated,
    Placed,
    PluginFailed,
    Profile,
    Unschedulable,
    decide,
    happenings,
)
from kobune.scheduler.framework.guard import Unprepared
from kobune.scheduler.framework.happenings import Happening, interests
from kobune.scheduler.lab.journal import Journal
from kobune.scheduler.metrics import Metrics
from kobune.scheduler.plugins.gang_scheduling import GROUPS, min_count
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.queue import Backoff, SchedulingQueue, Waiting
from kobune.scheduler.rounds import Chosen, Failure, Held, Round
from kobune.scheduler.snapshot import ENDED, Snapshot
from kobune.scheduler.statuses import disruption, group_scheduled, nomination, not_scheduled
from kobune.scheduler.together import PLUGIN, UNSCHEDULABLE, decide_together

if TYPE_CHECKING:
    from kobune.scheduler.engine.columnar import Columnar

log = logging.getLogger(__name__)

AT_ONCE: Final = 500
"""How many pods are decided before their bindings are sent…"""
SECONDS_AT_ONCE: Final = 0.2
"""…and for how long at most."""
HEAD_START: Final = 0.002
"""For how long the writes of one round are given way before the next round is decided, which lets nobody else work."""
IDLE: Final = 60.0
AGAIN: Final = 3
"""How often a decision is made again because its node changed meanwhile."""
MANY: Final = 50
"""From so many nodes on the engine decides."""


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
        self.profiles = {profile.name: profile for profile in profiles}
        waited_for = {profile.name: interests(profile) for profile in profiles}
        sort = profiles[0].at("queue_sort")[0]
        self.queue = SchedulingQueue(waited_for, sort=sort, backoff=backoff)
        self.snapshot = Snapshot()
        self.journal = Journal(self.snapshot, clock)
        self.snapshot.followers.append(self.journal)
        self.decider = Decider(decision_seconds, abandoned=self._forget_engine)
        self._engine: Columnar | None = None
        self._late = {profile.name: LatePlugins(profile) for profile in profiles}
        self._cycles: dict[str, Cycle] = {}
        """Pods that have a node and are not bound yet, where plugins have a say in it, by uid."""
        self._metrics = metrics
        for plugin in (plugin for profile in profiles for plugin in profile.plugins):
            if hasattr(plugin, "connect"):
                plugin.connect(client)
        self._outside = {
            profile.name: [plugin for plugin in profile.plugins if hasattr(plugin, "reports")] for profile in profiles
        }
        """The plugins in other processes, by profile."""
        for plugins in self._outside.values():
            for plugin in plugins:
                plugin.reports.observer = metrics and metrics.observe
        self._client = client
        self._recorders = recorders
        self._clock = clock
        self._random = random
        self._something_to_do = asyncio.Event()
        self._news: list[Happening] = []
        """What has happened that pods in the queue have not been told."""
        self._tasks: asyncio.TaskGroup | None = None
        self._writing: asyncio.Task[None] | None = None
        """Writes what came of the decisions before the last ones, which are written once that is done."""

    # Following what happens.

    def pod_changed(self, old: PodInfo | None, new: PodInfo | None) -> None:
        """Follow a change of a pod."""
        info = new or old
        assert info is not None
        pod = info.pod
        uid = info.uid
        is_over = new is None or new.status.phase in ENDED
        if is_over or pod.spec.nodeName:
            self.queue.remove(uid)
            if (cycle := self._cycles.get(uid)) is not None:
                cycle.give_up("the pod is gone" if is_over else "the pod has a node")
            before = old.pod if old is not None else None
            if pod.spec.nodeName and (what := happenings.of_placed_pod(before, None if is_over else pod)) is not None:
                self._happened(what)
            elif pod.status.nominatedNodeName:
                self._happened(Happening("Pod", ("Delete",), pod))  # nobody has to leave it room any more
            self.decider.when_idle(partial(self._settle, info, is_over))
        elif self._is_ours(pod):
            if pod.status.nominatedNodeName:
                self.decider.when_idle(partial(self.snapshot.nominate, info, pod.status.nominatedNodeName))
            self.queue.set(info, self._clock.now())
            if info.group is not None:
                self.decider.when_idle(partial(self._expect, info, old is None))
            self._something_to_do.set()
        else:
            self.queue.remove(uid)
            if info.group is not None:
                self.decider.when_idle(partial(self.snapshot.gangs.leave, info))

    def node_changed(self, old: Node | None, new: Node | None) -> None:
        """Follow a change of a node, if plugins may see a difference."""
        if (what := happenings.of_node(old, new)) is None:
            return
        if new is None:
            assert old is not None
            self.decider.when_idle(partial(self.snapshot.remove_node, old.metadata.name))
        else:
            self.decider.when_idle(partial(self.snapshot.set_node, new))
        self._happened(what)

    def object_changed(self, plural: str, old: Any, new: Any) -> None:
        """Follow a change of an object of another kind that decisions look at."""
        if new is None:
            self.decider.when_idle(partial(self.snapshot.objects.remove, plural, old))
        else:
            self.decider.when_idle(partial(self.snapshot.objects.set, plural, new))
        self._happened(happenings.of_object(old, new))

    def _expect(self, pod: PodInfo, is_new: bool) -> None:
        """Count a pod to its group, and wake the others if there are enough of them now."""
        self.snapshot.gangs.wait(pod)
        if pod.group is None or not is_new:
            return
        if self.snapshot.gangs.size(pod.group) >= (min_count(self.snapshot, pod.group) or 1):
            self._happened(Happening("UnscheduledPod", ("Add",), None, pod.pod))

    def _settle(self, pod: PodInfo, is_over: bool) -> None:
        self.snapshot.withdraw(pod.uid)
        if pod.group is not None:
            self.snapshot.gangs.leave(pod)
        if is_over:
            self.snapshot.remove(pod.uid)
        else:
            self.snapshot.place(pod, pod.spec.nodeName)
        pod.pack()

    def _is_ours(self, pod: Pod) -> bool:
        return pod.spec.schedulerName in self.profiles and not pod.metadata.HasField("deletionTimestamp")

    def _happened(self, what: Happening) -> None:
        self._news.append(what)
        self._something_to_do.set()

    # The loop.

    async def run(self) -> None:
        """Schedule until cancelled."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                while True:
                    self._something_to_do.clear()
                    await self._tell()
                    waiting = self.queue.pop(AT_ONCE, self._clock.now())
                    if waiting:
                        await self._schedule(waiting)
                    else:
                        await self._rest()
        finally:
            self.decider.close()
            for plugins in self._outside.values():
                for plugin in plugins:
                    plugin.close()

    async def _tell(self) -> None:
        """Wake the pods that what has happened may help."""
        news, self._news = self._news, []
        for what in news:
            for waiting in self.queue.happened(what):
                if await self._helps(waiting, what):
                    self.queue.help(waiting, self._clock.now())

    async def _helps(self, waiting: Waiting, what: Happening) -> bool:
        hints = list(self.queue.interested(waiting, what))
        if not hints:
            return True
        profile = self.profiles[waiting.pod.spec.schedulerName]
        try:
            if not any(hint.is_guarded and hint.hint is not None for hint in hints):
                return any(hint.helps(waiting.pod, what) for hint in hints)
            return await self.decider.ask(profile, lambda: any(hint.helps(waiting.pod, what) for hint in hints))
        except Exception as error:
            log.warning("cannot tell whether %s helps %s: %s", what.name, waiting.pod.key, error)
            return True

    async def _rest(self) -> None:
        wake = self.queue.next_wake()
        seconds = IDLE if wake is None else max(wake - self._clock.now(), 0)
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        told = asyncio.ensure_future(self._something_to_do.wait())
        try:
            await asyncio.wait([sleeping, told], return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            told.cancel()

    async def _schedule(self, pods: list[Waiting]) -> None:
        until = self._clock.now() + SECONDS_AT_ONCE
        round = Round(list(pods))
        for at, waiting in enumerate(pods):
            if waiting not in self.queue or waiting.pod.uid in round.settled:
                continue
            if self._clock.now() > until:
                left = [later for later in pods[at:] if later.pod.uid not in round.settled]
                for later in reversed(left):
                    self.queue.put_back(later)
                later_uids = {later.pod.uid for later in left}
                round.pods = [decided for decided in round.pods if decided.pod.uid not in later_uids]
                break
            try:
                if needed := self._needed(waiting.pod):
                    await self._decide_gang(round, waiting, needed)
                else:
                    await self._decide_one(round, waiting)
            except PluginFailed as error:
                if self._metrics is not None:
                    self._metrics.failed(error.plugin, error.point)
                round.failed.append(Failure(waiting, str(error)))
            except Rejected as no:
                round.refused.append((waiting, self._rejected(no)))
            except Exception as error:
                log.exception("cannot decide where %s goes", waiting.pod.key)
                round.failed.append(Failure(waiting, f"cannot decide: {type(error).__name__}: {error}"))
        await self._carry_out(round)

    async def _carry_out(self, round: Round) -> None:
        """Write what came of decisions; while more pods wait, the next ones are decided meanwhile."""
        before, self._writing = self._writing, None
        if before is not None:
            await before
        if self.queue.is_idle:
            await self._write(round)
            return
        assert self._tasks is not None
        self._writing = self._tasks.create_task(self._write(round))
        await asyncio.wait([self._writing], timeout=HEAD_START)

    async def _write(self, round: Round) -> None:
        try:
            await self._bind(round.chosen)
            await self._explain(round.refused)
            await self._report(round.failed)
            if round.writes:
                await self._client.batch(round.writes)
        except ServiceUnavailable:
            for choice in round.chosen:
                self._release(choice.waiting)
            for waiting in round.pods:
                self.queue.retry(waiting, self._clock.now())

    async def _decide_one(self, round: Round, waiting: Waiting) -> None:
        decision = await self._decide(waiting)
        if not isinstance(decision, Held):
            self.journal.decided(waiting.pod, decision)
        match decision:
            case Placed(node):
                if (choice := await self._take(waiting, node)) is not None:
                    round.chosen.append(choice)
            case Unschedulable() as why:
                self._refuse(round, waiting, why)
            case Held(plugin, why):
                self._hold(waiting, plugin, why)

    def _refuse(self, round: Round, waiting: Waiting, why: Unschedulable) -> None:
        if why.nominated is not None:  # the next pods are not to count on the same room
            self.snapshot.nominate(waiting.pod, why.nominated.node)
        round.refused.append((waiting, why))

    # Pods that go together.

    def _needed(self, pod: PodInfo) -> int:
        """Return how many pods of a pod's gang need a node before any of them gets one; 0 if it is in none."""
        if pod.group is None:
            return 0
        return max((min_count(self.snapshot, pod.group) or 0) - self.snapshot.gangs.placed(pod.group), 0)

    async def _decide_gang(self, round: Round, first: Waiting, needed: int) -> None:
        """Decide all pods of a gang that wait, and carry that out as a whole, or not at all."""
        profile = self.profiles[first.pod.spec.schedulerName]
        members: list[Waiting] = []
        for waiting in self._members(round, first):
            held = await self.decider.ask(profile, partial(self._held, profile, waiting.pod))
            if held is None:
                members.append(waiting)
            else:
                self._hold(waiting, held.plugin, held.why)
        pods = [waiting.pod for waiting in members]
        work = partial(decide_together, profile, pods, needed, self.snapshot, partial(self._ungated, profile))
        placements: list[tuple[Waiting, str]] = []
        try:
            outcome = await self.decider.ask(profile, work)
            for waiting in members:
                decision = outcome.decisions[waiting.pod.metadata.uid]
                self.journal.decided(waiting.pod, decision)
                if isinstance(decision, Placed):
                    placements.append((waiting, decision.node))
                else:
                    self._refuse(round, waiting, decision)
            message = outcome.message
            round.chosen += await self._take_together(profile, placements)
        except Rejected as no:
            message = f"{UNSCHEDULABLE}: {no}"
            why = Unschedulable(self.snapshot.node_count, at_once=no.no, said=message)
            round.refused += [(waiting, why) for waiting, _ in placements]
        except Exception as error:
            if not isinstance(error, PluginFailed):
                log.exception("cannot decide where the pods of %s go", first.pod.group)
            message = f"{UNSCHEDULABLE}: {error}"
            told = {waiting.pod.metadata.uid for waiting, _ in round.refused}
            round.failed += [Failure(one, str(error)) for one in members if one.pod.metadata.uid not in told]
        if first.pod.group is not None and members:
            group = self.snapshot.objects.get(GROUPS, *first.pod.group)
            if (write := group_scheduled(group, message, self._clock.now())) is not None:
                round.writes.append(write)

    def _members(self, round: Round, first: Waiting) -> list[Waiting]:
        """Take all pods of a gang out of the queue, wherever in it they are."""
        out = {waiting.pod.metadata.uid: waiting for waiting in round.pods if waiting in self.queue}
        members = []
        for pod in self.snapshot.gangs.waiting(first.pod.group) if first.pod.group is not None else ():
            uid = pod.metadata.uid
            if uid in round.settled or pod.spec.schedulerName != first.pod.spec.schedulerName:
                continue
            if (waiting := out.get(uid)) is None:
                if (waiting := self.queue.take(uid)) is None:
                    continue
                round.pods.append(waiting)
            round.settled.add(uid)
            members.append(waiting)
        if first.pod.metadata.uid not in round.settled:
            members.append(first)
        return sorted(members, key=lambda waiting: (-waiting.pod.spec.priority, waiting.added))

    async def _take_together(self, profile: Profile, placements: list[tuple[Waiting, str]]) -> list[Chosen]:
        """Count pods on their nodes. If others have a say in any of it, all wait until nobody objects."""
        if any(waiting not in self.queue for waiting, _ in placements):
            raise Rejected(No(("a pod of it is gone",), plugin=PLUGIN))
        late = self._late[profile.name]
        if not any(late.concern(waiting.pod) for waiting, _ in placements):
            for waiting, node in placements:
                self.snapshot.withdraw(waiting.pod.metadata.uid)
                self.snapshot.place(waiting.pod, node)
            return [Chosen(waiting, node) for waiting, node in placements]
        together = Together(len(placements))
        cycles: list[Cycle] = []
        try:
            for waiting, node in placements:
                if (info := self.snapshot.node(node)) is None:
                    raise Rejected(No((f"node {node} is gone",), plugin=PLUGIN))
                cycles.append(Cycle(profile, waiting, info, self.decider, self._client, together))
                await cycles[-1].begin(self.snapshot)
                if waiting not in self.queue:
                    raise Rejected(No((f"pod {waiting.pod.metadata.name} is gone",), plugin=PLUGIN))
                self.snapshot.withdraw(waiting.pod.metadata.uid)
                self.snapshot.place(waiting.pod, node)
        except BaseException:
            for cycle in reversed(cycles):
                await self._undo(cycle)
            raise
        assert self._tasks is not None
        for cycle in cycles:
            self._cycles[cycle.pod.metadata.uid] = cycle
            self._tasks.create_task(self._finish(cycle))
        return []

    async def _decide(self, waiting: Waiting) -> "Decision | Held":
        profile, pod = self.profiles[waiting.pod.spec.schedulerName], waiting.pod
        if not profile.foreign:
            return self._decision(profile, pod)
        for _ in range(AGAIN):
            version = self.snapshot.version
            decision = await self.decider.ask(profile, lambda: self._decision(profile, pod))
            for plugin in self._outside[profile.name]:
                for trouble in plugin.troubles():
                    self._event(pod, "Warning", "PluginIgnored", trouble)
            if not isinstance(decision, Placed) or not self.snapshot.has_changed(decision.node, version):
                break  # otherwise somebody took of the node while the plugins were asked
        return decision

    def _decision(self, profile: Profile, pod: PodInfo) -> "Decision | Held":
        return self._held(profile, pod) or self._ungated(profile, pod)

    def _held(self, profile: Profile, pod: PodInfo) -> Held | None:
        for gate in profile.at("pre_enqueue"):
            if (why := gate(pod, state=self.snapshot)) is not None:
                return Held(gate.name, str(why))
        return None

    def _ungated(self, profile: Profile, pod: PodInfo) -> Decision:
        if self._engine is None:
            if self.snapshot.node_count < MANY:
                return decide(profile, pod, self.snapshot, self._random)
            from kobune.scheduler.engine.columnar import Columnar  # brings NumPy, which few nodes do not pay for

            self._engine = Columnar(self.snapshot)
        return self._engine.decide(profile, pod, self._random)

    def _forget_engine(self) -> None:
        self._engine = None
        self.snapshot.followers = [self.journal]

    async def _take(self, waiting: Waiting, node: str) -> Chosen | None:
        """Count a pod on its node. Return it if nobody else has a say; otherwise a task does what is left to do."""
        pod, uid = waiting.pod, waiting.pod.uid
        info = self.snapshot.node(node)
        cycle = None
        if self._late[pod.spec.schedulerName].concern(pod) and info is not None:
            cycle = Cycle(self.profiles[pod.spec.schedulerName], waiting, info, self.decider, self._client)
            try:
                await cycle.begin(self.snapshot)
            except BaseException:
                await cycle.undo()
                raise
        if waiting not in self.queue:  # it was deleted, or has a node, since
            if cycle is not None:
                await cycle.undo()
            return None
        self.snapshot.withdraw(uid)
        self.snapshot.place(pod, node)
        if cycle is None:
            return Chosen(waiting, node)
        assert self._tasks is not None
        self._cycles[uid] = cycle
        self._tasks.create_task(self._finish(cycle))
        return None

    async def _finish(self, cycle: Cycle) -> None:
        waiting, pod = cycle.waiting, cycle.pod
        try:
            await cycle.finish()
        except Rejected as no:
            await self._undo(cycle)
            await self._quietly(self._explain([(waiting, self._rejected(no))]))
        except Unprepared as error:
            await self._undo(cycle)
            await self._quietly(self._report([Failure(waiting, str(error))]))
        except (PluginFailed, ApiError) as error:
            await self._undo(cycle)
            await self._quietly(self._cannot_bind(waiting, error))
        except Exception as error:
            log.exception("cannot bind %s", pod.key)
            await self._undo(cycle)
            await self._quietly(self._report([Failure(waiting, f"cannot bind: {type(error).__name__}: {error}")]))
        else:
            self._is_bound(Chosen(waiting, cycle.node.name))
            await cycle.end()
        finally:
            del self._cycles[pod.uid]

    async def _undo(self, cycle: Cycle) -> None:
        self._release(cycle.waiting)
        await cycle.undo()

    def _release(self, waiting: Waiting) -> None:
        """Count a pod on no node any more, unless the informer has said meanwhile where it is."""
        if waiting in self.queue:
            self.decider.when_idle(partial(self.snapshot.remove, waiting.pod.uid))
            self._happened(Happening("Pod", ("Delete",), waiting.pod.pod))

    async def _bind(self, chosen: list[Chosen]) -> None:
        writes = [
            BindOf(pod.metadata.namespace, pod.metadata.name, choice.node, pod.uid)
            for choice in chosen
            if (pod := choice.waiting.pod)
        ]
        for choice, result in zip(chosen, await self._client.batch(writes, brief=True) if writes else (), strict=True):
            if isinstance(result, ApiError):
                self._release(choice.waiting)
                await self._cannot_bind(choice.waiting, result)
            else:
                self._is_bound(choice)

    def _is_bound(self, choice: Chosen) -> None:
        pod, node = choice.waiting.pod, choice.node
        self.queue.remove(pod.uid)
        log.info("bound %s to %s", pod.key, node)
        self._event(pod, "Normal", "Scheduled", f"Successfully assigned {pod.key} to {node}")

    async def _cannot_bind(self, waiting: Waiting, error: PluginFailed | ApiError) -> None:
        """Say why a pod could not be bound, and try again later; whoever has a node or is gone needs neither."""
        message = str(error) if isinstance(error, PluginFailed) else error.message
        log.warning("cannot bind %s: %s", waiting.pod.key, message)
        if isinstance(error, NotFound):
            self.queue.retry(waiting, self._clock.now())
            return
        await self._report([Failure(waiting, f"binding rejected: {message}")])

    async def _explain(self, refused: list[tuple[Waiting, Unschedulable]]) -> None:
        now = self._clock.now()
        writes: list[Write] = []
        for waiting, why in refused:
            if waiting not in self.queue:
                continue
            pod = waiting.pod
            self.queue.failed(waiting, now, why.plugins)
            writes += why.writes
            if why.nominated is not None:
                writes += self._make_room(pod, why.nominated, now)
            self._event(pod, "Warning", "FailedScheduling", why.message)
            if (write := not_scheduled(pod, "Unschedulable", why.message, now)) is not None:
                log.info("no node for %s: %s", pod.key, why.message)
                writes.append(write)
        if writes:
            await self._client.batch(writes, brief=True)

    async def _report(self, failed: list[Failure]) -> None:
        """Say that pods came to no decision, and try them again after their back-off."""
        now = self._clock.now()
        writes: list[Write] = []
        for failure in failed:
            if failure.waiting not in self.queue:
                continue
            pod = failure.waiting.pod
            self.queue.retry(failure.waiting, now)
            self._event(pod, "Warning", "FailedScheduling", failure.why)
            if (write := not_scheduled(pod, "SchedulerError", failure.why, now)) is not None:
                log.warning("cannot schedule %s: %s", pod.key, failure.why)
                writes.append(write)
        if writes:
            await self._client.batch(writes, brief=True)

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        """Write what can be written: while the apiserver is away, the pod is tried again all the same."""
        try:
            await work
        except ServiceUnavailable as error:
            log.warning("cannot say what became of a pod: %s", error.message)

    def _hold(self, waiting: Waiting, plugin: str, why: str) -> None:
        self.queue.hold(waiting, plugin)
        no = No((why,), plugin=plugin)
        self.journal.decided(waiting.pod, Unschedulable(self.snapshot.node_count, at_once=no, said=why))
        if plugin in self.profiles[waiting.pod.spec.schedulerName].foreign:
            self._event(waiting.pod, "Warning", "FailedScheduling", f"plugin {plugin} holds the pod back: {why}")

    def _rejected(self, rejected: Rejected) -> Unschedulable:
        return Unschedulable(self.snapshot.node_count, at_once=rejected.no)

    def _make_room(self, pod: PodInfo, made: Nominated, now: float) -> list[Write]:
        """Evict the pods that are in the way, and say for whom."""
        writes: list[Write] = [nomination(pod, made.node)]
        for victim in made.victims:
            meta = victim.metadata
            log.info("evicting %s from %s to make room for %s", victim.key, made.node, pod.key)
            writes.append(disruption(victim, pod.spec.schedulerName, now))
            writes.append(DeleteOf(Pod, meta.name, meta.namespace, meta.uid))
            why = f"Preempted by pod {pod.uid} on node {made.node}"
            self._recorders[pod.spec.schedulerName].event(victim.pod, "Normal", "Preempted", why)
        return writes

    def _event(self, pod: PodInfo, type: str, reason: str, message: str) -> None:
        self._recorders[pod.spec.schedulerName].event(pod.pod, type, reason, message)
