"""A volume that says which zone or region it is in can be used by nodes there only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kobune.apimachinery.volumes import class_of, waits_for_consumer
from kobune.scheduler.framework import SKIP, No
from kobune.scheduler.framework.answers import Skip
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot
from kobune.scheduler.volumes import CLAIMS, CLASSES, VOLUMES, missing

STABLE: Final = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
}
"""What labels of the past are called now."""
LABELS: Final = (*STABLE, *STABLE.values())
REFUSAL: Final = No(("node(s) had no available volume zone",), final=True)
Places = Sequence[tuple[str, frozenset[str]]]
"""Labels, and the values of which a node must have one."""


@dataclass(frozen=True)
class VolumeZone:
    """Rules out nodes in other zones and regions than the volumes of the pod. Nodes that are in none pass."""

    individual = True
    events = (
        "StorageClass/Add",
        "Node/Add",
        "Node/UpdateNodeLabel",
        "PersistentVolumeClaim/Add",
        "PersistentVolumeClaim/Update",
        "PersistentVolume/Add",
        "PersistentVolume/Update",
    )

    def concerns(self, pod: PodInfo) -> bool:
        return any(not own for _, own in pod.claims)

    def hint(self, pod: PodInfo, event: str, old: Any, new: Any) -> bool:
        return not event.startswith("PersistentVolumeClaim/") or is_of(pod, new)

    def pre_filter(self, pod: PodInfo, cluster: Snapshot) -> Places | Skip | No:
        objects, places = cluster.objects, []
        for name in (name for name, own in pod.claims if not own):
            claim = objects.get(CLAIMS, pod.metadata.namespace, name)
            if claim is None:
                return _no(missing(name))
            if not claim.spec.volumeName:
                named = class_of(claim)
                storage_class = objects.get(CLASSES, "", named)
                if not named:
                    return _no("PersistentVolumeClaim had no pv name and storageClass name")
                if storage_class is None:
                    return _no(f'storageclass.storage.k8s.io "{named}" not found')
                if not waits_for_consumer(storage_class):
                    return _no("PersistentVolume had no name")
                continue
            volume = objects.get(VOLUMES, "", claim.spec.volumeName)
            if volume is None:
                return _no(f'persistentvolume "{claim.spec.volumeName}" not found')
            labels = volume.metadata.labels
            places += [(key, frozenset(labels[key].split("__"))) for key in LABELS if key in labels]
        return places or SKIP

    def filter(self, pod: PodInfo, node: NodeInfo, places: Places) -> No | None:
        labels = node.node.metadata.labels
        if not any(key in labels for key in LABELS):
            return None
        for key, values in places:
            if labels.get(key, labels.get(STABLE.get(key, ""))) not in values:
                return REFUSAL
        return None


def is_of(pod: PodInfo, claim: Any) -> bool:
    """Whether a claim is one of a pod's."""
    meta = claim.metadata
    return meta.namespace == pod.metadata.namespace and any(name == meta.name for name, _ in pod.claims)


def _no(why: str) -> No:
    return No((why,), final=True)
