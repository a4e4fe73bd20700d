"""Decides where a pod goes: every plugin may rule nodes out, and then rate those that are left.

A plugin is any object with methods named after extension points; having one is joining it:

    filter(pod, node) -> str | None      why the pod cannot run there; None if it can
    score(pod, node) -> float            how good the node is; more is better
    normalize(scores) -> scores          brings its own scores into 0..100; see `plugins/scaling.py`
    weight: int                          how much its scores count; 1 if it does not say

Source: the documentation's *Scheduling Framework*.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo

Scores = Mapping[str, float]
"""By the name of the node."""


@dataclass(frozen=True)
class Placed:
    """The pod goes to this node."""

    node: str


@dataclass(frozen=True)
class Unschedulable:
    """No node will do."""

    nodes: int
    """How many there are."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Why not, and for how many nodes."""

    @property
    def message(self) -> str:
        """What it says in the event and in the condition, in Kubernetes' words."""
        if not self.nodes:
            return "no nodes available to schedule pods"
        parts = sorted(f"{count} {reason}" for reason, count in self.reasons.items())
        return f"0/{self.nodes} nodes are available: {', '.join(parts)}. preemption: not supported."


Decision = Placed | Unschedulable


class Framework:
    """A list of plugins, run in order."""

    def __init__(self, plugins: Sequence[Any]) -> None:
        self._filters = [plugin for plugin in plugins if hasattr(plugin, "filter")]
        self._scorers = [plugin for plugin in plugins if hasattr(plugin, "score")]

    def decide(self, pod: PodInfo, nodes: Sequence[NodeInfo], random: Random) -> Decision:
        """Return the best node; one of the best at random, so that equal nodes fill evenly."""
        fitting = []
        reasons: dict[str, int] = {}
        for node in nodes:
            why = self.why_not(pod, node)
            if not why:
                fitting.append(node)
            for reason in why:
                reasons[reason] = reasons.get(reason, 0) + 1
        if not fitting:
            return Unschedulable(len(nodes), reasons)
        if len(fitting) == 1:
            return Placed(fitting[0].name)
        total = self.rate(pod, fitting)
        best = max(total.values())
        return Placed(random.choice([name for name, score in total.items() if score == best]))

    def why_not(self, pod: PodInfo, node: NodeInfo) -> Sequence[str]:
        """Return why a pod cannot run on a node, by the first plugin that says no; nothing if it can."""
        for plugin in self._filters:
            if why := plugin.filter(pod, node):
                return [why] if isinstance(why, str) else list(why)
        return ()

    def rate(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> dict[str, float]:
        """Return each node's score, by its name."""
        total = {node.name: 0.0 for node in nodes}
        for plugin in self._scorers:
            scores: Scores = {node.name: plugin.score(pod, node) for node in nodes}
            if hasattr(plugin, "normalize"):
                scores = plugin.normalize(scores)
            weight = getattr(plugin, "weight", 1)
            for name, score in scores.items():
                total[name] += weight * score
        return total
