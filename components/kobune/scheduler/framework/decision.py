"""What comes of deciding a pod."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kobune.scheduler.framework.answers import No, Nominated


@dataclass(frozen=True)
class Placed:
    """The pod goes to this node."""

    node: str


@dataclass(frozen=True)
class Unschedulable:
    """No node will do."""

    nodes: int
    """How many there are."""
    why_not: Mapping[str, No] = field(default_factory=dict)
    """By node."""
    at_once: No | None = None
    """Why no node was even looked at."""
    notes: Sequence[str] = ()
    """What was tried to make room."""
    nominated: Nominated | None = None
    writes: Sequence[Any] = ()
    """What has to be written, so that the pod may fit later."""

    @property
    def reasons(self) -> Counter[str]:
        """Why not, and for how many nodes."""
        return Counter(reason for no in self.why_not.values() for reason in no.reasons)

    @property
    def plugins(self) -> frozenset[str]:
        """Who said no: only events that concern these can help."""
        found = {no.plugin for no in self.why_not.values()}
        return frozenset(found | {self.at_once.plugin} if self.at_once else found)

    @property
    def message(self) -> str:
        """What it says in the event and in the condition, in Kubernetes' words."""
        if not self.nodes:
            return "no nodes available to schedule pods"
        if self.at_once is not None:
            parts = ", ".join(self.at_once.reasons)
        else:
            parts = ", ".join(sorted(f"{count} {reason}" for reason, count in self.reasons.items()))
        message = f"0/{self.nodes} nodes are available: {parts}."
        return f"{message} {', '.join(self.notes)}" if self.notes else message


Decision = Placed | Unschedulable
