"""The more important pod comes first, and of equals the one that has waited longer."""

from dataclasses import dataclass

from kobune.scheduler.queue import Waiting


@dataclass(frozen=True)
class PrioritySort:
    """Sorts the queue by priority, then by the time at which a pod came."""

    def queue_sort(self, waiting: Waiting) -> tuple[int, float]:
        return -waiting.pod.spec.priority, waiting.added
