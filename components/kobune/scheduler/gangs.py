"""Pods that belong together: who waits for a node, and who has one. Source: KEP-4671."""

from collections.abc import Collection, Iterable

from kobune.scheduler.podinfo import Group, PodInfo


class Gangs:
    """The pods of every group. Pods without a group never come here."""

    def __init__(self) -> None:
        self._waiting: dict[Group, dict[str, PodInfo]] = {}
        """By uid, as the next."""
        self._placed: dict[Group, set[str]] = {}
        self._group_of: dict[str, Group] = {}
        """Of those that have a node."""

    def wait(self, pod: PodInfo) -> None:
        """Take in a pod of a group that has no node, or a new version of one."""
        if pod.group is not None:
            self._waiting.setdefault(pod.group, {})[pod.metadata.uid] = pod

    def leave(self, pod: PodInfo) -> None:
        """Forget a pod that waits no longer."""
        if pod.group is not None and pod.group in self._waiting:
            waiting = self._waiting[pod.group]
            waiting.pop(pod.metadata.uid, None)
            if not waiting:
                del self._waiting[pod.group]

    def place(self, group: Group, uid: str) -> None:
        """Count a pod in that has a node."""
        self._placed.setdefault(group, set()).add(uid)
        self._group_of[uid] = group

    def displace(self, uid: str) -> None:
        """Count a pod out that has no node any more."""
        if self._group_of and (group := self._group_of.pop(uid, None)) is not None:
            self._placed[group].discard(uid)
            if not self._placed[group]:
                del self._placed[group]

    def on_nodes(self, group: Group) -> Collection[str]:
        """Return the uids of the pods of a group that have a node, or are about to."""
        return self._placed.get(group, ())

    def placed(self, group: Group) -> int:
        """Return how many there are of these."""
        return len(self.on_nodes(group))

    def waiting(self, group: Group) -> Iterable[PodInfo]:
        """Return the pods of a group that have none."""
        placed = self._placed.get(group, set())
        return [pod for uid, pod in self._waiting.get(group, {}).items() if uid not in placed]

    def size(self, group: Group) -> int:
        """Return how many pods of a group there are."""
        return len(self._placed.get(group, set()) | self._waiting.get(group, {}).keys())

    def copy(self) -> "Gangs":
        """Return the same, to change."""
        copy = Gangs()
        copy._waiting = {group: dict(pods) for group, pods in self._waiting.items()}
        copy._placed = {group: set(pods) for group, pods in self._placed.items()}
        copy._group_of = dict(self._group_of)
        return copy
