"""What is to be done about a claim.

            ┌── a volume is kept for it, or fits ──► the volume says so ──► the claim says so ──► Bound
 Pending ───┼── its class waits for a pod ─────────► nothing, until the scheduler has chosen
            └── its class has a provisioner ───────► the provisioner is told

 Bound ──(the volume is gone, or somebody else's)──► Lost

Source: the documentation's *Persistent Volumes*, *Storage Classes*; KEP-3333 (default classes).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kobune.api.core.v1 import PersistentVolume, PersistentVolumeClaim
from kobune.api.storage.v1 import StorageClass
from kobune.apimachinery.volumes import (
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    PROVISIONER,
    SELECTED_NODE,
    bound_volume,
    class_of,
    is_bound_to,
    match,
    mismatch,
    waits_for_consumer,
)
from kobune.apimachinery.volumes.claims import CLASS
from kobune.client import Action, RecordEvent, Update, UpdateStatus

BETA_PROVISIONER: Final = "volume.beta.kubernetes.io/storage-provisioner"
IN_TREE: Final = "kubernetes.io/"
"""What Kubernetes once made volumes with itself; there is nothing of the kind here."""
NO_CLASS: Final = "no persistent volumes available for this claim and no storage class is set"
EXTERNAL: Final = (
    "Waiting for a volume to be created either by the external provisioner '{}' or manually by the system "
    "administrator. If volume creation is delayed, please verify that the provisioner is running and correctly "
    "registered."
)


@dataclass(frozen=True)
class Around:
    """What else there is to know about a claim."""

    volumes: Sequence[PersistentVolume] = ()
    """Those of its class, and those that are kept for it."""
    named: PersistentVolume | None = None
    """The one that the claim names."""
    storage_class: StorageClass | None = None
    default_class: StorageClass | None = None
    pods: Sequence[str] = ()
    """The names of pods that use the claim and have no node yet."""


def reconcile_claim(claim: PersistentVolumeClaim, around: Around) -> list[Action]:
    """Plan the next step on a claim's way to its volume."""
    if BIND_COMPLETED in claim.metadata.annotations:
        return _once_bound(claim, around.named)
    if claim.spec.volumeName:
        return _asking_for_one(claim, around.named)
    waits = waits_for_consumer(around.storage_class)
    if (volume := match(claim, around.volumes, only_kept=waits)) is not None:
        return _bind(claim, volume)
    if around.default_class is not None and not _says_class(claim):
        copy = _copy(claim)
        copy.spec.storageClassName = around.default_class.metadata.name
        return [Update(copy)]
    return [*_without_volume(claim, around, waits), *_status(claim, "Pending", None)]


def _without_volume(claim: PersistentVolumeClaim, around: Around, waits: bool) -> list[Action]:
    if waits and SELECTED_NODE not in claim.metadata.annotations:
        return [_waiting_for(claim, around.pods)]
    if not class_of(claim):
        return [RecordEvent(claim, "Normal", "FailedBinding", NO_CLASS)]
    if around.storage_class is None:
        why = f'storageclass.storage.k8s.io "{class_of(claim)}" not found'
        return [RecordEvent(claim, "Warning", "ProvisioningFailed", why)]
    provisioner = around.storage_class.provisioner
    if provisioner.startswith(IN_TREE):
        why = f"no volume plugin matched name: {provisioner}"
        return [RecordEvent(claim, "Warning", "ProvisioningFailed", why)]
    told = RecordEvent(claim, "Normal", "ExternalProvisioning", EXTERNAL.format(provisioner))
    if claim.metadata.annotations.get(PROVISIONER) == provisioner:
        return [told]
    copy = _copy(claim)
    for key in (BETA_PROVISIONER, PROVISIONER):
        copy.metadata.annotations[key] = provisioner
    return [Update(copy), told]


def _waiting_for(claim: PersistentVolumeClaim, pods: Sequence[str]) -> RecordEvent:
    if not pods:
        message = "waiting for first consumer to be created before binding"
        return RecordEvent(claim, "Normal", "WaitForFirstConsumer", message)
    one_or_more = "pod" if len(pods) == 1 else "pods"
    message = f"waiting for {one_or_more} {','.join(sorted(pods))} to be scheduled"
    return RecordEvent(claim, "Normal", "WaitForPodScheduled", message)


def _asking_for_one(claim: PersistentVolumeClaim, volume: PersistentVolume | None) -> list[Action]:
    """Plan for a claim that names its volume, or has been given one just now."""
    if volume is None:
        return _status(claim, "Pending", None)
    if is_bound_to(volume, claim):
        return _bind(claim, volume)
    if volume.spec.HasField("claimRef"):
        message = f'volume "{volume.metadata.name}" already bound to a different claim.'
        return [RecordEvent(claim, "Warning", "FailedBinding", message), *_status(claim, "Pending", None)]
    if why := mismatch(volume, claim):
        message = f'Cannot bind to requested volume "{volume.metadata.name}": {why}'
        return [RecordEvent(claim, "Warning", "VolumeMismatch", message), *_status(claim, "Pending", None)]
    return _bind(claim, volume)


def _once_bound(claim: PersistentVolumeClaim, volume: PersistentVolume | None) -> list[Action]:
    if not claim.spec.volumeName:
        why = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!"
        return _lost(claim, "ClaimLost", why)
    if volume is None:
        return _lost(claim, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!")
    if not volume.spec.HasField("claimRef") or volume.spec.claimRef.uid == claim.metadata.uid:
        return _bind(claim, volume)
    why = "Two claims are bound to the same volume, this one is bound incorrectly"
    return _lost(claim, "ClaimMisbound", why)


def _bind(claim: PersistentVolumeClaim, volume: PersistentVolume) -> list[Action]:
    """Plan the next write of a binding: the volume says whose it is, then the claim what it has, then its status."""
    bound = bound_volume(volume, claim)
    if bound is not volume:
        return [Update(bound)]
    if claim.spec.volumeName == volume.metadata.name and BIND_COMPLETED in claim.metadata.annotations:
        return _status(claim, "Bound", volume)
    copy = _copy(claim)
    if copy.spec.volumeName != volume.metadata.name:
        copy.spec.volumeName = volume.metadata.name
        copy.metadata.annotations[BOUND_BY_CONTROLLER] = "yes"
    copy.metadata.annotations[BIND_COMPLETED] = "yes"
    return [Update(copy)]


def _lost(claim: PersistentVolumeClaim, reason: str, why: str) -> list[Action]:
    changes = _status(claim, "Lost", None)
    return [*changes, RecordEvent(claim, "Warning", reason, why)] if changes else []


def _status(claim: PersistentVolumeClaim, phase: str, volume: PersistentVolume | None) -> list[Action]:
    """Plan the status of a claim, if it is another; what it has is that of its volume."""
    copy = _copy(claim)
    status = copy.status
    status.phase = phase
    del status.accessModes[:]
    if volume is None:
        status.capacity.clear()
        status.ClearField("currentVolumeAttributesClassName")
    else:
        status.accessModes.extend(volume.spec.accessModes)
        # Later on, the volume may be larger than its file system: whoever makes that grow says so.
        if claim.status.phase != phase or "storage" not in claim.status.capacity:
            status.capacity["storage"].CopyFrom(volume.spec.capacity["storage"])
            if volume.spec.volumeAttributesClassName:
                status.currentVolumeAttributesClassName = volume.spec.volumeAttributesClassName
    return [UpdateStatus(copy)] if copy != claim else []


def _says_class(claim: PersistentVolumeClaim) -> bool:
    return claim.spec.HasField("storageClassName") or CLASS in claim.metadata.annotations


def _copy(claim: PersistentVolumeClaim) -> PersistentVolumeClaim:
    copy = PersistentVolumeClaim()
    copy.CopyFrom(claim)
    return copy
