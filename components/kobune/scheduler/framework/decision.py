"""What comes of deciding a pod."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kobune.scheduler.framework.answers import No, Nominated


@dataclass(frozen=True)
class Placed:
    """The pod goes to this node."""

    node: str


class Tallied(Mapping[str, No]):
    """Refusals by node that know how often each of them comes."""

    @abstractmethod
    def tally(self) -> Sequence[tuple[No, int]]:
        """Return each refusal, and for how many nodes it goes."""


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
    said: str = ""
    """The message, where it is not about nodes."""
    also: frozenset[str] = frozenset()
    """The plugins that said no to others without whom it goes nowhere."""
    writes: Sequence[Any] = ()
    """What has to be written, so that the pod may fit later."""

    @property
    def reasons(self) -> Counter[str]:
        """Why not, and for how many nodes."""
        reasons: Counter[str] = Counter()
        for no, count in tally(self.why_not):
            for reason in no.reasons:
                reasons[reason] += count
        return reasons

    @property
    def plugins(self) -> frozenset[str]:
        """Who said no: only events that concern these can help."""
        found = {no.plugin for no, _ in tally(self.why_not)} | self.also
        return frozenset(found | {self.at_once.plugin} if self.at_once else found)

    @cached_property
    def message(self) -> str:
        """What it says in the event and in the condition, in Kubernetes' words."""
        if self.said:
            return self.said
        if not self.nodes:
            return "no nodes available to schedule pods"
        if self.at_once is not None:
            parts = ", ".join(self.at_once.reasons)
        else:
            parts = ", ".join(sorted(f"{count} {reason}" for reason, count in self.reasons.items()))
        message = f"0/{self.nodes} nodes are available: {parts}."
        return f"{message} {', '.join(self.notes)}" if self.notes else message


Decision = Placed | Unschedulable


def tally(why_not: Mapping[str, No]) -> Iterable[tuple[No, int]]:
    """Return each refusal, and for how many nodes it goes; one that was made more than once may come as often."""
    if isinstance(why_not, Tallied):
        return why_not.tally()
    refusals = {id(no): no for no in why_not.values()}  # many nodes, few refusals
    return [(refusals[known], count) for known, count in Counter(map(id, why_not.values())).items()]
