"""Pods whose node is found get it: most in one call, those that plugins have a say in each by a task of its own."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from kobune.apimachinery.errors import ApiError
from kobune.client import BindOf, Client
from kobune.scheduler.binding_cycle import AllOrNone, BindingCycle, LatePlugins, Rejected
from kobune.scheduler.failures import FailureHandler
from kobune.scheduler.framework import No, PluginFailed, Profile, Unschedulable
from kobune.scheduler.framework.guard import Unprepared
from kobune.scheduler.group_status import GroupStatus
from kobune.scheduler.podinfo import Group
from kobune.scheduler.queue import Waiting
from kobune.scheduler.rounds import Chosen, Failure
from kobune.scheduler.state import State

log = logging.getLogger(__name__)


class Binder:
    """Counts pods on the nodes that were found for them, and binds them. `tasks` is there while the loop runs."""

    def __init__(self, state: State, client: Client, failures: FailureHandler) -> None:
        self.tasks: asyncio.TaskGroup | None = None
        self._state = state
        self._client = client
        self._failures = failures
        self._groups = GroupStatus(state, client)
        self._late: Mapping[str, LatePlugins] = {name: LatePlugins(each) for name, each in state.profiles.items()}
        self._cycles: dict[str, BindingCycle] = {}
        """Pods that have a node and are not bound yet, where plugins have a say in it, by uid."""

    def give_up(self, uid: str, why: str) -> None:
        """End a binding cycle that waits for others, if there is one for a pod."""
        if (cycle := self._cycles.get(uid)) is not None:
            cycle.give_up(why)

    async def take(self, waiting: Waiting, node: str) -> Chosen | None:
        """Count a pod on its node. Return it if nobody else has a say; otherwise a task does what is left to do."""
        profile = self._state.profile_of(waiting.pod)
        if not self._late[profile.name].concern(waiting.pod):
            if waiting not in self._state.queue:  # it was deleted, or has a node, since
                return None
            self._state.count(waiting.pod, node)
            return Chosen(waiting, node)
        cycle = self._cycle(profile, waiting, node)
        try:
            await cycle.begin(self._state.snapshot)
        except BaseException:
            await cycle.undo()
            raise
        if waiting not in self._state.queue:
            await cycle.undo()
            return None
        self._state.count(waiting.pod, node)
        self._start(cycle)
        return None

    async def take_together(
        self, profile: Profile, placements: Sequence[tuple[Waiting, str]], plugin: str
    ) -> Sequence[Chosen]:
        """Count pods on their nodes, all or none. If others have a say in any of it, all wait until nobody objects.

        `plugin` is who says so when one of them is gone: `Rejected`.
        """
        late = self._late[profile.name]
        for waiting, _ in placements:
            self._check_wanted(waiting, plugin)
        if not any(late.concern(waiting.pod) for waiting, _ in placements):
            for waiting, node in placements:
                self._state.count(waiting.pod, node)
            return [Chosen(waiting, node) for waiting, node in placements]
        together = AllOrNone(len(placements))
        cycles: list[BindingCycle] = []
        try:
            for waiting, node in placements:
                cycles.append(self._cycle(profile, waiting, node, together))
                await cycles[-1].begin(self._state.snapshot)
                self._check_wanted(waiting, plugin)
                self._state.count(waiting.pod, node)
        except BaseException:
            for cycle in reversed(cycles):
                await self._undo(cycle)
            raise
        for cycle in cycles:
            self._start(cycle)
        return []

    async def bind(self, chosen: Sequence[Chosen]) -> None:
        """Bind pods in one call. Those that the apiserver refuses are tried again; the others keep their nodes."""
        writes = [
            BindOf(pod.metadata.namespace, pod.metadata.name, choice.node, pod.uid)
            for choice in chosen
            if (pod := choice.waiting.pod)
        ]
        groups: set[Group] = set()
        problems: dict[Group, str] = {}
        for choice, result in zip(chosen, await self._client.batch(writes, brief=True) if writes else (), strict=True):
            if isinstance(result, ApiError):
                self._state.release(choice.waiting)
                await self._failures.not_bound(choice.waiting, result)
                if (group := choice.waiting.pod.group) is not None:
                    problems[group] = f"binding of {choice.waiting.pod.key} rejected: {result.message}"
            else:
                self._is_bound(choice)
            if choice.waiting.pod.group is not None:
                groups.add(choice.waiting.pod.group)
        if groups:
            await self._groups.bound(groups, problems)

    def _check_wanted(self, waiting: Waiting, plugin: str) -> None:
        if waiting not in self._state.queue:
            raise Rejected(No((f"pod {waiting.pod.metadata.name} is gone",), plugin=plugin))

    def _cycle(self, profile: Profile, waiting: Waiting, node: str, together: AllOrNone | None = None) -> BindingCycle:
        if (info := self._state.snapshot.node(node)) is None:
            raise Rejected(No((f"node {node} is gone",)))
        return BindingCycle(profile, waiting, info, self._state.asker, self._client, together)

    def _start(self, cycle: BindingCycle) -> None:
        assert self.tasks is not None
        self._cycles[cycle.pod.uid] = cycle
        self.tasks.create_task(self._finish(cycle))

    async def _finish(self, cycle: BindingCycle) -> None:
        waiting, pod, failures = cycle.waiting, cycle.pod, self._failures
        try:
            await cycle.finish()
        except Rejected as no:
            await self._undo(cycle)
            refused = Unschedulable(self._state.snapshot.node_count, at_once=no.no)
            await failures.quietly(failures.refused([(waiting, refused)]))
        except Unprepared as error:
            await self._undo(cycle)
            await failures.quietly(failures.failed([Failure(waiting, str(error))]))
        except (PluginFailed, ApiError) as error:
            await self._undo(cycle)
            await failures.quietly(failures.not_bound(waiting, error))
            if pod.group is not None:
                problem = {pod.group: f"binding of {pod.key} rejected: {error}"}
                await failures.quietly(self._groups.bound(problem, problem))
        except Exception as error:
            log.exception("cannot bind %s", pod.key)
            await self._undo(cycle)
            why = f"cannot bind: {type(error).__name__}: {error}"
            await failures.quietly(failures.failed([Failure(waiting, why)]))
        else:
            self._is_bound(Chosen(waiting, cycle.node.name))
            if pod.group is not None:
                await failures.quietly(self._groups.bound([pod.group]))
            await cycle.end()
        finally:
            del self._cycles[pod.uid]

    async def _undo(self, cycle: BindingCycle) -> None:
        self._state.release(cycle.waiting)
        await cycle.undo()

    def _is_bound(self, choice: Chosen) -> None:
        pod, node = choice.waiting.pod, choice.node
        self._state.queue.remove(pod.uid)
        log.info("bound %s to %s", pod.key, node)
        self._failures.event(pod, "Normal", "Scheduled", f"Successfully assigned {pod.key} to {node}")
