"""A plugin that is reached over gRPC: see `kobune/scheduler/v1/plugin.proto`."""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar

from kobune.apimachinery.clock import Clock, SystemClock
from kobune.scheduler.framework import No, PluginFailed
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.outside.line import TLS, Line, LineFailed
from kobune.scheduler.outside.mirror import Mirror
from kobune.scheduler.outside.reports import Reports
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot
from kobune.scheduler.v1 import Answer, Batch, Question, Welcome

T = TypeVar("T")

HIGHEST: Final = 100.0


@dataclass(frozen=True)
class RemotePluginArgs:
    """What the configuration can say about a plugin at an address."""

    timeout_seconds: float = 1.0
    """How long each answer is waited for."""
    failure_policy: Literal["Fail", "Ignore"] = "Fail"
    """Whether a pod fails without an answer, or is decided without the plugin."""
    tls: TLS | None = None
    """Without, the connection is in plain text."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """For the plugin itself."""

    def __post_init__(self) -> None:
        """Refuse times in which nobody can answer."""
        if self.timeout_seconds <= 0:
            raise ValueError("timeoutSeconds must be greater than 0")


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
        """Decisions are explained beside those that are made."""
        self._line = Line(address, args.arguments, scheduler, args.tls)

    @property
    def patience(self) -> float:
        """How many seconds a decision may wait for it."""
        return 4 * self._args.timeout_seconds

    def filter_many(self, pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Snapshot) -> Mapping[str, No]:
        """Return the nodes that will not do."""
        return self._ask("filter", pod, nodes, cluster, self._refused, {})

    def score_many(self, pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Snapshot) -> Mapping[str, float]:
        """Return how good each node is."""
        return self._ask("score", pod, nodes, cluster, self._scores, {})

    def troubles(self) -> list[str]:
        """Return what went wrong without failing the pod."""
        return self.reports.troubles()

    def close(self) -> None:
        """End the connection."""
        self._line.close()

    def _ask(
        self,
        point: Literal["filter", "score"],
        pod: PodInfo,
        nodes: Sequence[NodeInfo],
        cluster: Snapshot,
        read: Callable[[Answer, Mirror, Sequence[str]], T],
        otherwise: T,
    ) -> T:
        seconds = self._args.timeout_seconds
        try:
            with self._turn, self.reports.measured(point):
                mirror, welcome = self._line.mirror(seconds)
                if not _wants(welcome, point):
                    return otherwise
                changes, template = mirror.changes(cluster, pod)
                ids = mirror.ids(nodes)
                names = mirror.in_order(ids, nodes)
                batch = Batch(uid=pod.metadata.uid, name=pod.metadata.name, template=template, nodes=ids)
                question = Question(filter=batch) if point == "filter" else Question(score=batch)
                return read(self._line.ask(changes, question, seconds), mirror, names)
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


def _wants(welcome: Welcome, point: str) -> bool:
    return welcome.filters if point == "filter" else welcome.scores
