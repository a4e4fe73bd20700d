"""What comes of the pods that are decided in a row, until all of that is written at once."""

from dataclasses import dataclass, field

from kobune.client import Write
from kobune.scheduler.framework import Unschedulable
from kobune.scheduler.queue import Waiting


@dataclass(frozen=True)
class Chosen:
    """A pod and the node that was found for it."""

    waiting: Waiting
    node: str


@dataclass(frozen=True)
class Held:
    """A plugin says that a pod may not be decided yet."""

    plugin: str
    why: str


@dataclass(frozen=True)
class Failure:
    """A pod that came to no decision, and why."""

    waiting: Waiting
    why: str


@dataclass
class Round:
    """The pods that were taken out of the queue, and what comes of each."""

    pods: list[Waiting]
    chosen: list[Chosen] = field(default_factory=list)
    refused: list[tuple[Waiting, Unschedulable]] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    """What else is to be said."""
    settled: set[str] = field(default_factory=set)
    """The uids of pods that were decided before their turn, together with others."""
