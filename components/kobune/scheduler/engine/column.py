"""What a plugin offers whose answer for a node depends on pods elsewhere: spreading, affinity between pods."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from kobune.scheduler.engine.arrays import Bools, Codes, Floats
from kobune.scheduler.podinfo import PodInfo


class Counted(NamedTuple):
    """A pod that was counted in (`sign` 1) or out (-1) of the node in a row, or another one with the same traits."""

    row: int
    pod: PodInfo
    sign: int


class Column(Protocol):
    """One plugin's answers for pods of one template, for every row of the table."""

    def update(self, changes: Sequence[Counted]) -> None:
        """Take in pods that came and went since the last call."""

    def codes(self) -> Codes | None:
        """Return 0 for each row where the pod fits, else a code for the plugin's `refusal`; None: everywhere."""

    def scores(self, fitting: Bools) -> Floats | None:
        """Return the normalized score of each row, which counts where the pod fits; None: the same for all."""
