"""Bindings are written to the apiserver."""

from dataclasses import dataclass

from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo


@dataclass(frozen=True)
class DefaultBinder:
    """Stands for the scheduler's own way to bind: many pods in one call to the apiserver."""

    async def bind(self, pod: PodInfo, node: NodeInfo) -> bool:
        """Return that it has not bound the pod: the scheduler does it."""
        return False
