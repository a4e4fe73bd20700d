"""Following what informers say: pods go to the queue or onto their nodes, everything else into the snapshot."""

from functools import partial
from typing import Any

from kobune.api.core.v1 import Node, Pod
from kobune.scheduler.binding import Binder
from kobune.scheduler.framework import happenings
from kobune.scheduler.framework.happenings import Happening
from kobune.scheduler.plugins.gang_scheduling import min_count
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import ENDED
from kobune.scheduler.state import State


class EventHandlers:
    """Handles changes of pods, of nodes, and of whatever else decisions look at."""

    def __init__(self, state: State, binder: Binder) -> None:
        self._state = state
        self._binder = binder

    def pod_changed(self, old: PodInfo | None, new: PodInfo | None) -> None:
        """Follow a change of a pod: it waits for a node, has one, or is none of our business."""
        info = new or old
        assert info is not None
        pod = info.pod
        is_over = new is None or new.status.phase in ENDED
        if is_over or pod.spec.nodeName:
            self._settle(info, old.pod if old is not None else None, is_over)
        elif pod.spec.schedulerName in self._state.profiles and not pod.metadata.HasField("deletionTimestamp"):
            self._enqueue(info, is_new=old is None)
        else:
            self._state.queue.remove(info.uid)
            if info.group is not None:
                self._state.when_idle(partial(self._state.snapshot.gangs.leave, info))

    def node_changed(self, old: Node | None, new: Node | None) -> None:
        """Follow a change of a node, if plugins may see a difference."""
        if (what := happenings.of_node(old, new)) is None:
            return
        if new is None:
            assert old is not None
            self._state.when_idle(partial(self._state.snapshot.remove_node, old.metadata.name))
        else:
            self._state.when_idle(partial(self._state.snapshot.set_node, new))
        self._state.happened(what)

    def object_changed(self, plural: str, old: Any, new: Any) -> None:
        """Follow a change of an object of another kind that decisions look at."""
        objects = self._state.snapshot.objects
        if new is None:
            self._state.when_idle(partial(objects.remove, plural, old))
        else:
            self._state.when_idle(partial(objects.set, plural, new))
        self._state.happened(happenings.of_object(old, new))

    def _enqueue(self, info: PodInfo, *, is_new: bool) -> None:
        """Let a pod wait for its turn."""
        state, pod = self._state, info.pod
        if pod.status.nominatedNodeName:
            state.when_idle(partial(state.snapshot.nominate, info, pod.status.nominatedNodeName))
        state.queue.set(info, state.clock.now())
        if info.group is not None:
            state.when_idle(partial(self._expect, info, is_new))
        state.something_to_do.set()

    def _expect(self, pod: PodInfo, is_new: bool) -> None:
        """Count a pod to its group, and wake the others if there are enough of them now."""
        snapshot = self._state.snapshot
        snapshot.gangs.wait(pod)
        if pod.group is None or not is_new:
            return
        if snapshot.gangs.size(pod.group) >= (min_count(snapshot, pod.group) or 1):
            self._state.happened(Happening("UnscheduledPod", ("Add",), None, pod.pod))

    def _settle(self, info: PodInfo, before: Pod | None, is_over: bool) -> None:
        """Take a pod out of the queue, because it has a node or is over."""
        state, pod = self._state, info.pod
        state.queue.remove(info.uid)
        self._binder.give_up(info.uid, "the pod is gone" if is_over else "the pod has a node")
        if pod.spec.nodeName and (what := happenings.of_placed_pod(before, None if is_over else pod)) is not None:
            state.happened(what)
        elif pod.status.nominatedNodeName:
            state.happened(Happening("Pod", ("Delete",), pod))  # nobody has to leave it room any more
        state.when_idle(partial(self._count, info, is_over))

    def _count(self, pod: PodInfo, is_over: bool) -> None:
        """Count a pod where it is, or nowhere any more."""
        snapshot = self._state.snapshot
        snapshot.withdraw(pod.uid)
        if pod.group is not None:
            snapshot.gangs.leave(pod)
        if is_over:
            snapshot.remove(pod.uid)
        else:
            snapshot.place(pod, pod.spec.nodeName)
        pod.pack()
