"""A gang says that it is scheduled once enough of its pods are bound, and before that what is in the way."""

from collections.abc import Collection, Mapping

from kobune.client import Client
from kobune.scheduler.plugins.gang_scheduling import GROUPS, min_count
from kobune.scheduler.podinfo import Group
from kobune.scheduler.state import State
from kobune.scheduler.statuses import group_scheduled
from kobune.scheduler.together import UNSCHEDULABLE


class GroupStatus:
    """Writes the status of gangs whose pods are being bound."""

    def __init__(self, state: State, client: Client) -> None:
        self._state = state
        self._client = client

    async def bound(self, groups: Collection[Group], problems: Mapping[Group, str] | None = None) -> None:
        """Say of gangs that they are scheduled, if they are; otherwise which problem a pod has with its binding.

        Pods that are bound stay where they are: nobody can take a binding back. The one that the apiserver refused is
        tried again by itself.
        """
        snapshot, now = self._state.snapshot, self._state.clock.now()
        writes = []
        for group in groups:
            if (needed := min_count(snapshot, group)) is None:
                continue
            count = sum(not self._state.queue.knows(uid) for uid in snapshot.gangs.on_nodes(group))
            problem = (problems or {}).get(group)
            if count < needed and problem is None:
                continue  # the others are on their way
            why_not = "" if count >= needed else f"{UNSCHEDULABLE}: {count} of {needed} pods are bound: {problem}"
            if (write := group_scheduled(snapshot.objects.get(GROUPS, *group), why_not, now)) is not None:
                writes.append(write)
        if writes:
            await self._client.batch(writes)
