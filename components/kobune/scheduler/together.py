"""Deciding the pods of a gang in one go: enough of them get a node, or none does.

Every pod is decided on the cluster as it would be with those before it, and all of that is taken back at the end: what
is decided here is carried out as a whole, or not at all. So no gang ever sits on nodes that another waits for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kobune.scheduler.framework import Decision, No, Nominated, Placed, Profile, Unschedulable
from kobune.scheduler.framework.evaluation import reserve_in_snapshot
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

PLUGIN = "GangScheduling"
UNSCHEDULABLE = "pod group is unschedulable"
MAKING_ROOM = "pod group is waiting for preemption to complete"


@dataclass(frozen=True)
class Outcome:
    """What comes of deciding a gang."""

    decisions: Mapping[str, Decision]
    """By the uid of the pod."""
    is_placed: bool
    """Whether enough pods of it have a node, or are to get one now."""
    message: str = ""
    """Why not."""


def decide_together(
    profile: Profile, pods: Sequence[PodInfo], needed: int, cluster: Snapshot, decide: Callable[[PodInfo], Decision]
) -> Outcome:
    """Return where the pods of a gang go, if at least `needed` more of them can go somewhere; leaves no trace."""
    trial = _Trial(profile, cluster, decide)
    try:
        for pod in pods:
            trial.try_one(pod)
    finally:
        trial.take_back()
    fitting = [uid for uid, decision in trial.found.items() if uid in trial.nodes]
    rooms = [uid for uid in fitting if not isinstance(trial.found[uid], Placed)]
    count = len(cluster.nodes)
    if len(fitting) >= needed and not rooms:
        return Outcome(trial.found, is_placed=True)
    refusals = [decision for decision in trial.found.values() if isinstance(decision, Unschedulable)]
    plugins = frozenset(plugin for decision in refusals for plugin in decision.plugins)
    if len(fitting) >= needed:
        return Outcome(
            {uid: _waits(trial, uid, count, plugins) for uid in trial.found}, is_placed=False, message=MAKING_ROOM
        )
    group = pods[0].group if pods else None
    placed = cluster.gangs.placed(group) if group is not None else 0
    counted = f"minCount ({placed + needed}) cannot be satisfied: {placed + len(fitting)} scheduled, 0 remaining"
    why = f"{UNSCHEDULABLE}: {counted}"
    return Outcome(
        {uid: _refused(trial, uid, count, plugins, why) for uid in trial.found}, is_placed=False, message=why
    )


def _refused(trial: "_Trial", uid: str, count: int, plugins: frozenset[str], why: str) -> Unschedulable:
    found = trial.found[uid]
    if isinstance(found, Unschedulable) and found.nominated is None:
        return replace(found, also=plugins)
    return Unschedulable(count, at_once=No((why,), plugin=PLUGIN), said=why, also=plugins)


def _waits(trial: "_Trial", uid: str, count: int, plugins: frozenset[str]) -> Unschedulable:
    """Return what is said to a pod whose gang will fit once others have left: its room is kept, too."""
    found = trial.found[uid]
    if uid not in trial.nodes:
        assert isinstance(found, Unschedulable)
        return replace(found, also=plugins)
    made = found.nominated if isinstance(found, Unschedulable) else None
    return Unschedulable(
        count,
        at_once=No((MAKING_ROOM,), plugin=PLUGIN),
        said=MAKING_ROOM,
        nominated=made or Nominated(trial.nodes[uid]),
        also=plugins,
    )


@dataclass
class _Trial:
    profile: Profile
    cluster: Snapshot
    decide: Callable[[PodInfo], Decision]
    found: dict[str, Decision] = field(default_factory=dict)
    nodes: dict[str, str] = field(default_factory=dict)
    """Where each pod is that was given a node, also one that others would have to leave."""
    _undo: list[Callable[[], None]] = field(default_factory=list)

    def try_one(self, pod: PodInfo) -> None:
        """Decide a pod, and let it go where it can."""
        uid = pod.metadata.uid
        decision = self.found[uid] = self.decide(pod)
        match decision:
            case Placed(node):
                pass
            case Unschedulable(nominated=Nominated(node, victims)):
                for victim in victims:
                    self._evict(victim)
            case _:
                return
        info = self.cluster.node(node)
        assert info is not None
        undo = reserve_in_snapshot(self.profile, pod, info, self.cluster)
        if isinstance(undo, No):
            self.found[uid] = Unschedulable(len(self.cluster.nodes), at_once=undo)
            return
        self._undo.append(undo)
        if nominated := self.cluster.nomination_of(uid):
            self.cluster.withdraw(uid)
            self._undo.append(lambda: self.cluster.nominate(pod, nominated))
        self.cluster.place(pod, node)
        self._undo.append(lambda: self.cluster.remove(uid))
        self.nodes[uid] = node

    def _evict(self, victim: PodInfo) -> None:
        uid = victim.metadata.uid
        node = self.cluster.place_of(uid)
        if node is not None:
            self.cluster.remove(uid)
            self._undo.append(lambda: self.cluster.place(victim, node))

    def take_back(self) -> None:
        """Leave the cluster as it was."""
        for undo in reversed(self._undo):
            undo()
