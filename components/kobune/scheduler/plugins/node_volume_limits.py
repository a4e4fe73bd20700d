"""A node can have so many volumes of a CSI driver attached. Source: *Node-specific Volume Limits*."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kobune.apimachinery.volumes import class_of
from kobune.scheduler.framework import SKIP
from kobune.scheduler.framework.answers import Skip
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.objects import Objects
from kobune.scheduler.plugins.volume_zone import is_of
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot
from kobune.scheduler.volumes import CLAIMS, CLASSES, VOLUMES

REFUSAL: Final = "node(s) exceed max volume count"


@dataclass(frozen=True)
class Needed:
    """The CSI volumes of a pod."""

    objects: Objects
    volumes: Mapping[tuple[str, str], str]
    """By driver and handle: the driver."""
    attached: Mapping[str, frozenset[tuple[str, str]]]
    """By node: the volumes that are attached to it, by driver and handle."""


@dataclass(frozen=True)
class NodeVolumeLimits:
    """Rules out nodes where more volumes of a CSI driver would be used than its CSINode allows."""

    individual = True
    events = (
        "CSINode/Add",
        "CSINode/Update",
        "Pod/Delete",
        "PersistentVolumeClaim/Add",
        "PersistentVolume/Add",
        "VolumeAttachment/Delete",
    )

    def concerns(self, pod: PodInfo) -> bool:
        return bool(pod.claims)

    def hint(self, pod: PodInfo, event: str, old: Any, new: Any) -> bool:
        if event == "Pod/Delete":
            return old is None or bool(PodInfo(old).claims)
        return not event.startswith("PersistentVolumeClaim/") or is_of(pod, new)

    def pre_filter(self, pod: PodInfo, cluster: Snapshot) -> Needed | Skip:
        objects = cluster.objects
        volumes = dict(csi_volumes(pod, objects))
        if not volumes or not any(_limits(node) for node in objects.list("csinodes")):
            return SKIP
        attached: dict[str, set[tuple[str, str]]] = {}
        for attachment in objects.list("volumeattachments"):
            volume = objects.get(VOLUMES, "", attachment.spec.source.persistentVolumeName)
            if volume is not None and volume.spec.persistentVolumeSource.HasField("csi"):
                csi = volume.spec.persistentVolumeSource.csi
                attached.setdefault(attachment.spec.nodeName, set()).add((csi.driver, csi.volumeHandle))
        return Needed(objects, volumes, {node: frozenset(found) for node, found in attached.items()})

    def filter(self, pod: PodInfo, node: NodeInfo, needed: Needed) -> str | None:
        csi_node = needed.objects.get("csinodes", "", node.name)
        limits = _limits(csi_node) if csi_node is not None else {}
        if not any(driver in limits for driver in needed.volumes.values()):
            return None
        there = set(needed.attached.get(node.name, ()))
        for other in node.pods:
            if other.claims:
                there.update(volume for volume, _ in csi_volumes(other, needed.objects))
        counts = Counter(driver for driver, _ in there)
        more = Counter(driver for volume, driver in needed.volumes.items() if volume not in there)
        if any(counts[driver] + count > limits[driver] for driver, count in more.items() if driver in limits):
            return REFUSAL
        return None


def csi_volumes(pod: PodInfo, objects: Objects) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the CSI volumes of a pod, by driver and handle, with the driver; also those that are still to be made."""
    namespace = pod.metadata.namespace
    for name, _ in pod.claims:
        claim = objects.get(CLAIMS, namespace, name)
        if claim is None:
            continue
        volume = objects.get(VOLUMES, "", claim.spec.volumeName) if claim.spec.volumeName else None
        if volume is None:
            storage_class = objects.get(CLASSES, "", class_of(claim))
            if storage_class is not None:
                yield (storage_class.provisioner, f"claim of {namespace}/{name}"), storage_class.provisioner
        elif volume.spec.persistentVolumeSource.HasField("csi"):
            csi = volume.spec.persistentVolumeSource.csi
            yield (csi.driver, csi.volumeHandle), csi.driver


def _limits(csi_node: Any) -> Mapping[str, int]:
    return {
        driver.name: driver.allocatable.count
        for driver in csi_node.spec.drivers
        if driver.HasField("allocatable") and driver.allocatable.HasField("count")
    }
