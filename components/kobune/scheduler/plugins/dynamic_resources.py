"""Devices that pods claim. Source: *Dynamic Resource Allocation*, KEP-4381.

Pods with claims are refused by name so far (`unsupported.py`); of all others it can say that no claim is in their way.
"""

from dataclasses import dataclass

from kobune.scheduler.framework import Note, Trial
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot


@dataclass(frozen=True)
class DynamicResources:
    """Says after a refusal whether giving claims back would help."""

    def post_filter(self, pod: PodInfo, cluster: Snapshot, trial: Trial) -> Note:
        return Note("no new claims to deallocate")
