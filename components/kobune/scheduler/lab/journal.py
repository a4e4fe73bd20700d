"""The cluster as it was when a pod was decided. Costs an entry per change; the rest is paid by whoever asks."""

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Final

from kobune.api.core.v1 import Node, Pod
from kobune.apimachinery.clock import Clock
from kobune.scheduler.framework import Decision, Placed, Unschedulable
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

KEPT: Final = 3600.0
"""For how many seconds changes and decisions are remembered…"""
MOST: Final = 20_000
"""…if there are no more of them than this."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, and where in the journal it was made."""

    time: float
    namespace: str
    name: str
    body: bytes
    """The pod as it was: a tenth of what its message takes."""
    node: str
    """Where it was to go; empty if nowhere…"""
    message: str
    """…and why not."""
    position: int

    @property
    def pod(self) -> PodInfo:
        """The pod as it was."""
        return PodInfo(Pod.FromString(self.body))


@dataclass(frozen=True, slots=True)
class _Change:
    time: float
    node: str
    came: str = ""
    """The uid of the pod that was counted in,…"""
    went: PodInfo | None = None
    """…the one that was counted out,…"""
    before: Node | None = None
    """…or, without a pod, the node as it was; None if there was none."""


class Journal:
    """Follows a snapshot, and remembers what was decided on it."""

    def __init__(self, cluster: Snapshot, clock: Clock) -> None:
        self._cluster = cluster
        self._clock = clock
        self._changes: deque[_Change] = deque(maxlen=MOST)
        self._position = 0
        """How many changes there have been."""
        self._nodes = {node.name: node.node for node in cluster.nodes}
        self._decided: OrderedDict[str, Decided] = OrderedDict()
        """The last decision about each pod, by uid."""

    # Following the snapshot.

    def pods_changed(self, node: NodeInfo, pod: PodInfo, sign: int) -> None:
        """Note that a pod was counted in or out."""
        if sign > 0:
            self._add(_Change(self._clock.now(), node.name, came=pod.metadata.uid))
        else:
            self._add(_Change(self._clock.now(), node.name, went=pod))

    def node_changed(self, node: NodeInfo) -> None:
        """Note that a node is new, or its object changed."""
        self._add(_Change(self._clock.now(), node.name, before=self._nodes.get(node.name)))
        self._nodes[node.name] = node.node

    def node_removed(self, name: str) -> None:
        """Note that a node is gone."""
        self._add(_Change(self._clock.now(), name, before=self._nodes.pop(name, None)))

    def decided(self, pod: PodInfo, decision: Decision) -> None:
        """Note a decision, before it changes anything."""
        meta = pod.metadata
        self._decided.pop(meta.uid, None)
        node = decision.node if isinstance(decision, Placed) else ""
        message = decision.message if isinstance(decision, Unschedulable) else ""
        self._decided[meta.uid] = Decided(
            self._clock.now(),
            meta.namespace,
            meta.name,
            pod.pod.SerializeToString(),
            node,
            message,
            self._position,
        )
        while len(self._decided) > MOST:
            self._decided.popitem(last=False)

    # Looking back.

    def find(self, namespace: str, name: str) -> Decided | None:
        """Return the last decision about a pod of that name, if it is not longer ago than an hour."""
        for found in reversed(self._decided.values()):
            if (found.namespace, found.name) == (namespace, name):
                return found if found.time >= self._clock.now() - KEPT else None
        return None

    def as_of(self, position: int) -> Snapshot | None:
        """Return the cluster as it was then, to do with as one likes; None if too much has happened since."""
        missing = self._position - position
        if missing > len(self._changes):
            return None
        past = self._cluster.fork()
        for change, _ in zip(reversed(self._changes), range(missing), strict=False):
            if change.came:
                past.remove(change.came)
            elif change.went is not None:
                past.place(change.went, change.node)
            elif change.before is None:
                past.remove_node(change.node)
            else:
                past.set_node(change.before)
        return past

    def _add(self, change: _Change) -> None:
        self._position += 1
        self._changes.append(change)
        oldest = change.time - KEPT
        while self._changes[0].time < oldest:
            self._changes.popleft()
        while self._decided and next(iter(self._decided.values())).time < oldest:
            self._decided.popitem(last=False)
