"""What plugins answer."""

from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from kobune.scheduler.podinfo import PodInfo


@dataclass(frozen=True)
class No:
    """The pod cannot run there, for these reasons, worded for the event; `final` if evicting pods would not help."""

    reasons: tuple[str, ...]
    final: bool = False
    plugin: str = ""
    """Who says so; filled in by the framework."""


class Skip(Enum):
    """Nothing to do for this pod: what comes after is not asked."""

    SKIP = "skip"


SKIP: Final = Skip.SKIP


@dataclass(frozen=True)
class Only:
    """`pre_filter` says: look at these nodes only; `state` is for `filter`."""

    nodes: frozenset[str]
    state: Any = None


@dataclass(frozen=True)
class Wait:
    """`permit` says: hold the pod, on its reserved node, until it is allowed, or for so many seconds at most.

    Who said so keeps the answer, and calls `allow` or `deny` when the time has come; from any thread.
    """

    seconds: float
    answer: "Future[str]" = field(default_factory=Future, compare=False, repr=False)
    """Why the pod is denied, or nothing."""

    def allow(self) -> None:
        """Let the pod be bound, as far as this plugin is concerned."""
        self._say("")

    def deny(self, why: str) -> None:
        """Give up the node."""
        self._say(why or "denied")

    def _say(self, why: str) -> None:
        with suppress(InvalidStateError):  # the first word counts
            self.answer.set_result(why)


@dataclass(frozen=True)
class Nominated:
    """`post_filter` says: the pod is to go to this node once these pods have left; they are being evicted."""

    node: str
    victims: Sequence[PodInfo] = ()


@dataclass(frozen=True)
class Note:
    """`post_filter` says: no help, and this is for the event."""

    message: str
    writes: Sequence[Any] = ()
    """What has to be written (`kobune.client.Write`) for that to be true."""


def no_of(answer: "str | Sequence[str] | No | None", plugin: str) -> No | None:
    """Return what a filter said in one form: None for yes."""
    if not answer:
        return None
    if isinstance(answer, No):
        return No(answer.reasons, answer.final, plugin)
    return No((answer,) if isinstance(answer, str) else tuple(answer), plugin=plugin)
