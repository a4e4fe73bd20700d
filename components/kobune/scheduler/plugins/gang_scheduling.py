"""Pods of a gang are scheduled all together, or not at all. Source: KEP-4671.

Here it is said how many have to be there before anything is decided. That they are then decided in one go, and placed
only if enough of them fit, is `together.py`.
"""

from dataclasses import dataclass
from typing import Any

from kobune.scheduler.framework import SKIP, No
from kobune.scheduler.framework.answers import Skip
from kobune.scheduler.podinfo import Group, PodInfo
from kobune.scheduler.snapshot import Snapshot

GROUPS = "podgroups"
NOT_SERVED = "pod groups are not served: scheduling.k8s.io/v1alpha2 is off (--runtime-config)"
TOO_FEW = "waiting for minCount pods from a gang to appear in scheduling queue"


@dataclass(frozen=True)
class GangScheduling:
    """Holds the pods of a gang until there are enough of them."""

    events = ("PodGroup/Add", "PodGroup/Update", "UnscheduledPod/Add", "Pod/Add")

    def concerns(self, pod: PodInfo) -> bool:
        return pod.group is not None

    def hint(self, pod: PodInfo, event: str, old: Any, new: Any) -> bool:
        if new is None or pod.group is None:
            return False
        if event.startswith("PodGroup/"):
            is_other = old is None or old.spec != new.spec  # its status is our own word
            return is_other and pod.group == (new.metadata.namespace, new.metadata.name)
        return pod.group == PodInfo(new).group

    def pre_enqueue(self, pod: PodInfo, cluster: Snapshot) -> str | None:
        if pod.group is None or not cluster.objects.are_known(GROUPS):
            return None
        namespace, name = pod.group
        if cluster.objects.get(GROUPS, namespace, name) is None:
            return f'waiting for pod\'s pod group "{name}" to appear in scheduling queue'
        needed = min_count(cluster, pod.group)
        return TOO_FEW if needed is not None and cluster.gangs.size(pod.group) < needed else None

    def pre_filter(self, pod: PodInfo, cluster: Snapshot) -> Skip | No:
        if pod.group is not None and not cluster.objects.are_known(GROUPS):
            return No((NOT_SERVED,), final=True)
        return SKIP


def min_count(cluster: Snapshot, group: Group) -> int | None:
    """Return with how many pods a gang can do; None if the group is no gang, or not there."""
    found = cluster.objects.get(GROUPS, *group)
    if found is None or not found.spec.schedulingPolicy.HasField("gang"):
        return None
    return int(found.spec.schedulingPolicy.gang.minCount)
