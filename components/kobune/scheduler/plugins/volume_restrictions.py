"""Some volumes can be used by one pod at a time only. Source: *Persistent Volumes* (access modes), KEP-2485."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kobune.scheduler.framework import SKIP, No
from kobune.scheduler.framework.answers import Skip
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.plugins.volume_zone import is_of
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot
from kobune.scheduler.volumes import CLAIMS, missing

IN_USE: Final = "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"
NO_DISK: Final = "node(s) had no available disk"


@dataclass(frozen=True)
class Users:
    """How often the claims of a pod that only one pod may use are used by others."""

    claims: frozenset[str] = field(default_factory=frozenset)
    count: int = 0


@dataclass(frozen=True)
class VolumeRestrictions:
    """Rules out nodes while another pod uses a claim that is ReadWriteOncePod, and those where a disk is in use."""

    individual = True
    events = ("Pod/Delete", "Node/Add", "PersistentVolumeClaim/Add", "PersistentVolumeClaim/Update")

    def concerns(self, pod: PodInfo) -> bool:
        return bool(pod.claims or pod.disks)

    def hint(self, pod: PodInfo, event: str, old: Any, new: Any) -> bool:
        if event.startswith("PersistentVolumeClaim/"):
            return is_of(pod, new)
        if event != "Pod/Delete" or old is None:
            return True
        gone = PodInfo(old)
        shared = gone.metadata.namespace == pod.metadata.namespace and set(gone.claims) & set(pod.claims)
        return bool(shared) or any(_clash(one, other) for one in pod.disks for other in gone.disks)

    def pre_filter(self, pod: PodInfo, cluster: Snapshot) -> Users | Skip | No:
        namespace = pod.metadata.namespace
        single = set()
        for name, own in pod.claims:
            if own:
                continue
            claim = cluster.objects.get(CLAIMS, namespace, name)
            if claim is None:
                return No((missing(name),), final=True)
            if "ReadWriteOncePod" in claim.spec.accessModes:
                single.add(name)
        count = sum((namespace, name) in node.claims for name in single for node in cluster.nodes)
        return Users(frozenset(single), count) if single or pod.disks else SKIP

    def added(self, users: Users, pod: PodInfo, other: PodInfo, node: NodeInfo) -> Users:
        return Users(users.claims, users.count + self._uses(users, pod, other))

    def removed(self, users: Users, pod: PodInfo, other: PodInfo, node: NodeInfo) -> Users:
        return Users(users.claims, users.count - self._uses(users, pod, other))

    def filter(self, pod: PodInfo, node: NodeInfo, users: Users) -> str | None:
        if pod.disks and any(_clash(one, disk) for one in pod.disks for other in node.pods for disk in other.disks):
            return NO_DISK
        return IN_USE if users.count > 0 else None

    def _uses(self, users: Users, pod: PodInfo, other: PodInfo) -> int:
        if other.metadata.namespace != pod.metadata.namespace:
            return 0
        return sum(name in users.claims for name, _ in other.claims)


def _clash(one: Any, other: Any) -> bool:
    """Whether two pods on the same node cannot have these disks."""
    for name, same in DISKS.items():
        if one.HasField(name) and other.HasField(name):
            mine, theirs = getattr(one, name), getattr(other, name)
            # A disk of Amazon's is attached for one user, whatever they do with it.
            both_read = name != "awsElasticBlockStore" and mine.readOnly and theirs.readOnly
            return same(mine, theirs) and not both_read
    return False


DISKS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "gcePersistentDisk": lambda one, other: one.pdName == other.pdName,
    "awsElasticBlockStore": lambda one, other: one.volumeID == other.volumeID,
    "iscsi": lambda one, other: one.iqn == other.iqn,
    "rbd": lambda one, other: (
        bool(set(one.monitors) & set(other.monitors)) and (one.pool, one.image) == (other.pool, other.image)
    ),
}
"""When two descriptions mean the same disk."""
