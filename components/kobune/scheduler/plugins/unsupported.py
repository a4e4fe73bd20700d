"""What the scheduler cannot honour yet, it refuses by name: a pod that demands it goes nowhere, and says why."""

from dataclasses import dataclass

from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


@dataclass(frozen=True)
class Unsupported:
    """Rules out every node for a pod with a demand that nobody would look at."""

    def concerns(self, pod: PodInfo) -> bool:
        return self.filter(pod, None) is not None

    def filter(self, pod: PodInfo, node: NodeInfo | None) -> str | None:
        affinity = pod.spec.affinity
        if getattr(affinity.podAffinity, REQUIRED):
            return "node(s): required pod affinity is not supported yet"
        if getattr(affinity.podAntiAffinity, REQUIRED):
            return "node(s): required pod anti-affinity is not supported yet"
        if any(spread.whenUnsatisfiable == "DoNotSchedule" for spread in pod.spec.topologySpreadConstraints):
            return "node(s): topology spread with DoNotSchedule is not supported yet"
        if any(volume.volumeSource.HasField("persistentVolumeClaim") for volume in pod.spec.volumes):
            return "node(s): persistent volume claims are not supported yet"
        return "node(s): resource claims are not supported yet" if pod.spec.resourceClaims else None


def ignored_preferences(pod: PodInfo) -> list[str]:
    """Return what the pod would like and will not get."""
    affinity = pod.spec.affinity
    wishes = {
        "preferred pod affinity": affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution,
        "preferred pod anti-affinity": affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution,
        "topology spread": pod.spec.topologySpreadConstraints,
    }
    return [name for name, wish in wishes.items() if wish]
