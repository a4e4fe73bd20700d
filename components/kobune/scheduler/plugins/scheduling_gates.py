"""A pod with gates is not looked at until somebody has removed them all. Source: KEP-3521."""

from dataclasses import dataclass

from kobune.scheduler.podinfo import PodInfo


@dataclass(frozen=True)
class SchedulingGates:
    """Keeps gated pods out of the queue."""

    events = ()

    def pre_enqueue(self, pod: PodInfo) -> str | None:
        return "Scheduling is blocked due to non-empty scheduling gates" if pod.spec.schedulingGates else None
