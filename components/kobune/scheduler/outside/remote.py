"""A plugin that is reached over gRPC: see `kobune/scheduler/v1/plugin.proto`."""

import asyncio
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar

from kobune.apimachinery import codec
from kobune.apimachinery.clock import Clock, SystemClock
from kobune.scheduler.framework import No, PluginFailed, Wait
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.outside.holds import Holds
from kobune.scheduler.outside.line import TLS, Line, LineFailed
from kobune.scheduler.outside.mirror import Mirror
from kobune.scheduler.outside.reports import Reports
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot
from kobune.scheduler.v1 import Answer, Batch, Changes, Left, Placement, Question, Welcome

T = TypeVar("T")

HIGHEST: Final = 100.0
WISHES: Final[Mapping[str, Callable[[Welcome], bool]]] = {
    "filter": lambda welcome: welcome.filters,
    "score": lambda welcome: welcome.scores,
    "reserve": lambda welcome: welcome.reserves,
    "unreserve": lambda welcome: welcome.reserves,
    "permit": lambda welcome: welcome.permits,
    "pre_bind": lambda welcome: welcome.prepares,
    "post_bind": lambda welcome: welcome.follows,
}
"""How a plugin says at which points it wants to be asked."""


@dataclass(frozen=True)
class RemotePluginArgs:
    """What the configuration can say about a plugin at an address."""

    timeout_seconds: float = 1.0
    """How long each answer is waited for…"""
    prepare_timeout_seconds: float = 600.0
    """…and how long that to PreBind, which may do something."""
    failure_policy: Literal["Fail", "Ignore"] = "Fail"
    """Whether a pod fails without an answer, or is decided without the plugin."""
    tls: TLS | None = None
    """Without, the connection is in plain text."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """For the plugin itself."""

    def __post_init__(self) -> None:
        """Refuse times in which nobody can answer."""
        for name, seconds in (
            ("timeoutSeconds", self.timeout_seconds),
            ("prepareTimeoutSeconds", self.prepare_timeout_seconds),
        ):
            if seconds <= 0:
                raise ValueError(f"{name} must be greater than 0")


class RemotePlugin:
    """Asks a plugin elsewhere about all nodes at once. It is told about nodes and pods what it does not know yet."""

    def __init__(
        self, name: str, address: str, scheduler: str, args: RemotePluginArgs, *, clock: Clock | None = None
    ) -> None:
        """Describe where it is; nothing is connected."""
        self.name = name
        self.address = address
        self.reports = Reports(name, clock or SystemClock())
        self._args = args
        self._turn = threading.Lock()
        """Decisions are explained, and pods prepared, beside those that are made."""
        self._holds = Holds(allow=args.failure_policy == "Ignore", whose=name)
        self._welcome = Welcome()
        self._line = Line(address, args.arguments, scheduler, args.tls, self._holds)

    @property
    def patience(self) -> float:
        """How many seconds a decision may wait for it."""
        return 4 * self._args.timeout_seconds

    @property
    def tries(self) -> bool:
        """Whether its filter may be asked about nodes without some of their pods."""
        return self._welcome.tries

    def wants(self, point: str) -> bool:
        """Whether it wants to be asked at a point, as far as it has said."""
        return WISHES[point](self._welcome)

    def filter_many(self, pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Snapshot) -> Mapping[str, No]:
        """Return the nodes that will not do."""
        return self._judged("filter", pod, nodes, cluster, self._refused, {})

    def score_many(self, pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Snapshot) -> Mapping[str, float]:
        """Return how good each node is."""
        return self._judged("score", pod, nodes, cluster, self._scores, {})

    def reserve(self, pod: PodInfo, node: NodeInfo) -> str:
        """Return why the pod may not have the node; empty if it may."""
        return self._asked("reserve", Question(reserve=_placement(pod, node))).refusal

    def unreserve(self, pod: PodInfo, node: NodeInfo) -> None:
        """Say that the pod will not have the node."""
        self._asked("unreserve", Question(unreserve=_placement(pod, node)))

    def permit(self, pod: PodInfo, node: NodeInfo) -> str | Wait:
        """Return why the pod may not be bound, nothing if it may, or for how long it is held."""
        verdict = self._holds.expect(pod.uid)  # it may come as soon as the answer
        answer = Answer()
        try:
            answer = self._asked("permit", Question(permit=_placement(pod, node)))
        finally:
            if answer.refusal or not answer.hold_seconds > 0:
                self._holds.forget(pod.uid)
        return answer.refusal or (Wait(answer.hold_seconds, verdict) if answer.hold_seconds > 0 else "")

    async def pre_bind(self, pod: PodInfo, node: NodeInfo) -> None:
        """Let it do what must be done before the binding; `PluginFailed` if it cannot be done."""
        question = Question(pre_bind=_placement(pod, node))
        answer = await asyncio.to_thread(self._asked, "pre_bind", question, self._args.prepare_timeout_seconds)
        if answer.refusal:
            raise PluginFailed(self.name, "pre_bind", answer.refusal)

    def post_bind(self, pod: PodInfo, node: NodeInfo) -> None:
        """Say that the pod is bound."""
        self._asked("post_bind", Question(post_bind=_placement(pod, node)))

    def troubles(self) -> list[str]:
        """Return what went wrong without failing the pod."""
        return self.reports.troubles()

    def close(self) -> None:
        """End the connection."""
        self._line.close()

    def _judged(
        self,
        point: Literal["filter", "score"],
        pod: PodInfo,
        nodes: Sequence[NodeInfo],
        cluster: Snapshot,
        read: Callable[[Answer, Mirror, Sequence[str]], T],
        otherwise: T,
    ) -> T:
        """Return what it says about nodes."""
        seconds = self._args.timeout_seconds

        def ask() -> T:
            with self._turn:
                mirror = self._open()
                if not self.wants(point):
                    return otherwise
                changes, template = mirror.changes(cluster, pod)
                ids = mirror.ids(nodes)
                names = mirror.in_order(ids, nodes)
                batch = Batch(uid=pod.uid, name=pod.metadata.name, template=template, nodes=ids)
                for node, uid in _missing(nodes, cluster):
                    batch.without.append(Left(uid=uid, node=mirror.number(node)))
                question = Question(filter=batch) if point == "filter" else Question(score=batch)
                return read(self._line.answer(self._line.send(changes, question, seconds)), mirror, names)

        return self._reported(point, ask, otherwise)

    def _asked(self, point: str, question: Question, seconds: float = 0.0) -> Answer:
        """Return what it says about a pod and its node; nothing if it does not want to be asked."""

        def ask() -> Answer:
            with self._turn:
                self._open()
                if not self.wants(point):
                    return Answer()
                asked = self._line.send(Changes(), question, seconds or self._args.timeout_seconds)
            return self._line.answer(asked)

        return self._reported(point, ask, Answer())

    def _open(self) -> Mirror:
        mirror, self._welcome = self._line.mirror(self._args.timeout_seconds)
        return mirror

    def _reported(self, point: str, ask: Callable[[], T], otherwise: T) -> T:
        try:
            with self.reports.measured(point):
                return ask()
        except LineFailed as error:
            if self._args.failure_policy == "Ignore":
                self.reports.done_without(str(error))
                return otherwise
            raise PluginFailed(self.name, point, f"{self.address}: {error}") from error

    def _refused(self, answer: Answer, mirror: Mirror, names: Sequence[str]) -> dict[str, No]:
        known, asked = mirror.names(), frozenset(names)
        found = {}
        for refusal in answer.refused:
            no = No((refusal.reason or f"node(s) were refused by {self.name}",), final=refusal.final, plugin=self.name)
            for number in refusal.nodes:
                name = known.get(number)
                if name is None:
                    raise LineFailed(f"it refuses node {number}, which there is none of")
                if name in asked:
                    found[name] = no
        return found

    def _scores(self, answer: Answer, mirror: Mirror, names: Sequence[str]) -> dict[str, float]:
        if len(answer.scores) != len(names):
            raise LineFailed(f"it gives {len(answer.scores)} scores for {len(names)} nodes")
        for name, score in zip(names, answer.scores, strict=True):
            if not (math.isfinite(score) and 0 <= score <= HIGHEST):
                raise LineFailed(f"its score for {name}, {score:g}, is not in the range 0 to 100")
        return dict(zip(names, answer.scores, strict=True))


def _placement(pod: PodInfo, node: NodeInfo) -> Placement:
    return Placement(uid=pod.uid, node=node.name, pod=codec.to_json(pod.pod).decode())


def _missing(nodes: Sequence[NodeInfo], cluster: Snapshot) -> list[tuple[str, str]]:
    """Return the pods, by node and uid, that are on nodes of the cluster, but not on nodes as they would be."""
    found: list[tuple[str, str]] = []
    for node in nodes:
        real = cluster.node(node.name)
        if real is not None and real is not node:
            left = {pod.uid for pod in node.pods}
            found += [(node.name, pod.uid) for pod in real.pods if pod.uid not in left]
    return found
