"""What is to be done about a volume.

 Pending ──► Available ──(a claim has it)──► Bound ──(the claim is gone)──► Released ──Retain──► (stays)
                 ▲                                                             │  └────Delete──► (deleted)
                 └───────────────(emptied)──────────────────Recycle────────────┘      Failed, if it cannot be

Source: the documentation's *Persistent Volumes*, sections *Reclaiming* and *Phase*.
"""

from typing import Final

from kobune.api.core.v1 import PersistentVolume, PersistentVolumeClaim, Pod
from kobune.apimachinery.meta import is_deleting
from kobune.apimachinery.volumes import BOUND_BY_CONTROLLER, PROVISIONED_BY
from kobune.apimachinery.volumes.matching import has_mode
from kobune.client import Action, Create, RecordEvent, Update, UpdateStatus, delete

GIVEN_BACK: Final = ("Released", "Failed")
RECYCLER_NAMESPACE: Final = "default"
EMPTY: Final = 'test -e /scrub && find /scrub -mindepth 1 -delete && test -z "$(ls -A /scrub)" || exit 1'
SIMULATED_EXIT: Final = "kobune.dev/exit-code"
"""Has the simulated runtime, where there is nothing to empty, end the pod at once."""
RECYCLABLE: Final = ("hostPath", "nfs")


def reconcile_volume(
    volume: PersistentVolume, claim: PersistentVolumeClaim | None, recycler: Pod | None = None
) -> list[Action]:
    """Plan the next step of a volume. `claim` is the one that it is kept for, if that is still the same one."""
    reference = volume.spec.claimRef
    if not reference.uid:
        return _phase(volume, "Available")
    if claim is None:
        return [*_given_back(volume), *_reclaim(volume, recycler)]
    if claim.spec.volumeName == volume.metadata.name:
        return _phase(volume, "Bound")
    if not claim.spec.volumeName:
        return [] if has_mode(volume, claim) else _wrong_mode(volume, claim)  # the rest is up to the claim
    annotations = volume.metadata.annotations
    if PROVISIONED_BY in annotations and volume.spec.persistentVolumeReclaimPolicy == "Delete":
        return [*_given_back(volume), *_reclaim(volume, recycler)]
    return [Update(_unbound(volume))]


def _given_back(volume: PersistentVolume) -> list[Action]:
    return [] if volume.status.phase in GIVEN_BACK else _phase(volume, "Released")


def _reclaim(volume: PersistentVolume, recycler: Pod | None) -> list[Action]:
    """Plan what becomes of a volume that was given back, once its status says so."""
    if volume.status.phase not in GIVEN_BACK or is_deleting(volume.metadata):
        return []
    match volume.spec.persistentVolumeReclaimPolicy:
        case "Delete" if PROVISIONED_BY not in volume.metadata.annotations:
            name = volume.metadata.name
            why = f'error getting deleter volume plugin for volume "{name}": no deletable volume plugin matched'
            return _failed(volume, "VolumeFailedDelete", why)
        case "Recycle":
            return _recycle(volume, recycler)
        case _:
            return []  # Retain; or it is for the provisioner to delete it


def _recycle(volume: PersistentVolume, recycler: Pod | None) -> list[Action]:
    if volume.status.phase == "Failed":
        return []
    if not any(volume.spec.persistentVolumeSource.HasField(name) for name in RECYCLABLE):
        return _failed(volume, "VolumeFailedRecycle", "No recycler plugin found for the volume!")
    if recycler is None:
        return [Create(recycler_of(volume))]
    match recycler.status.phase:
        case "Succeeded":
            done = RecordEvent(volume, "Normal", "VolumeRecycled", "Volume recycled")
            return [Update(_unbound(volume)), delete(recycler), done]
        case "Failed":
            why = f"Recycle failed: pod failed, pod.Status.Message unknown: {recycler.metadata.name}"
            return [*_failed(volume, "VolumeFailedRecycle", why), delete(recycler)]
        case _:
            return []


def recycler_of(volume: PersistentVolume) -> Pod:
    """Return the pod that empties a volume."""
    pod = Pod(metadata={"name": f"recycler-for-{volume.metadata.name}", "namespace": RECYCLER_NAMESPACE})
    pod.metadata.annotations[SIMULATED_EXIT] = "0"
    pod.spec.restartPolicy = "Never"
    pod.spec.activeDeadlineSeconds = 60
    mounted = pod.spec.volumes.add(name="vol").volumeSource
    source = volume.spec.persistentVolumeSource
    for name in RECYCLABLE:
        if source.HasField(name):
            getattr(mounted, name).CopyFrom(getattr(source, name))
    container = pod.spec.containers.add(name="pv-recycler", image="registry.k8s.io/debian-base:v2.0.0")
    container.command.extend(["/bin/sh", "-c", EMPTY])
    container.volumeMounts.add(name="vol", mountPath="/scrub")
    return pod


def _wrong_mode(volume: PersistentVolume, claim: PersistentVolumeClaim) -> list[Action]:
    theirs = f'requested PersistentVolumeClaim "{claim.metadata.name}" due to incompatible volumeMode.'
    ours = f'"{volume.metadata.name}" to requested PersistentVolumeClaim due to incompatible volumeMode.'
    return [
        RecordEvent(volume, "Warning", "VolumeMismatch", f"Cannot bind PersistentVolume to {theirs}"),
        RecordEvent(claim, "Warning", "VolumeMismatch", f"Cannot bind PersistentVolume {ours}"),
    ]


def _unbound(volume: PersistentVolume) -> PersistentVolume:
    """Return a volume that is kept for nobody any more; or, if somebody else said for whom, for that name still."""
    copy = _copy(volume)
    if BOUND_BY_CONTROLLER in copy.metadata.annotations:
        copy.spec.ClearField("claimRef")
        del copy.metadata.annotations[BOUND_BY_CONTROLLER]
    else:
        copy.spec.claimRef.ClearField("uid")
        copy.spec.claimRef.ClearField("resourceVersion")
    return copy


def _failed(volume: PersistentVolume, reason: str, why: str) -> list[Action]:
    changes = _phase(volume, "Failed", why)
    return [*changes, RecordEvent(volume, "Warning", reason, why)] if changes else []


def _phase(volume: PersistentVolume, phase: str, message: str = "") -> list[Action]:
    if volume.status.phase == phase and volume.status.message == message:
        return []
    copy = _copy(volume)
    copy.status.phase = phase
    if message:
        copy.status.message = message
    else:
        copy.status.ClearField("message")
    return [UpdateStatus(copy)]


def _copy(volume: PersistentVolume) -> PersistentVolume:
    copy = PersistentVolume()
    copy.CopyFrom(volume)
    return copy
