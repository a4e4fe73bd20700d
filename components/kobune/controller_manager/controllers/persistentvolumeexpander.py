"""Makes volumes as large as their claims ask them to be.

 wanted ──► Resizing ──► the volume is larger ──► the claim says so

Our volumes hold no file systems that would have to grow with them on a node. Source: *Persistent Volumes*, section
*Expanding Persistent Volumes Claims*, KEP-284, KEP-1790.
"""

from collections.abc import Iterable
from typing import Any, Final

from kobune.api.core.v1 import PersistentVolume, PersistentVolumeClaim
from kobune.api.storage.v1 import StorageClass
from kobune.apimachinery.meta import is_deleting, key_of
from kobune.apimachinery.quantity import parse
from kobune.apimachinery.volumes import PROVISIONED_BY, class_of, size_of
from kobune.client import Action, Controller, RecordEvent, Update, UpdateStatus, View, Watch
from kobune.client.controller import key_of_object
from kobune.controller_manager.controllers.persistentvolumebinder import by_claim
from kobune.controller_manager.volumes.provisioning import OURS

IN_PROGRESS: Final = "ControllerResizeInProgress"


def reconcile(
    claim: PersistentVolumeClaim, volume: PersistentVolume | None, storage_class: StorageClass | None, now: float
) -> list[Action]:
    """Plan the next step towards the size that a claim wants."""
    if not wants_more(claim) or volume is None or is_deleting(claim.metadata):
        return []
    if storage_class is None or not storage_class.allowVolumeExpansion:
        return []  # nobody was let ask for it
    if volume.metadata.annotations.get(PROVISIONED_BY) not in OURS:
        waiting = "waiting for an external controller to expand this PVC"
        return [RecordEvent(claim, "Normal", "ExternalExpanding", waiting)]
    if "storage" not in claim.status.allocatedResourceStatuses:
        return [UpdateStatus(_resizing(claim, now))]
    if size_of(volume) < size_of(claim):
        larger = PersistentVolume()
        larger.CopyFrom(volume)
        larger.spec.capacity["storage"].CopyFrom(claim.spec.resources.requests["storage"])
        begun = f"External resizer is resizing volume {volume.metadata.name}"
        return [RecordEvent(claim, "Normal", "Resizing", begun), Update(larger)]
    done = RecordEvent(claim, "Normal", "VolumeResizeSuccessful", "Resize volume succeeded")
    return [UpdateStatus(_resized(claim, volume)), done]


def wants_more(claim: PersistentVolumeClaim) -> bool:
    """Whether a claim that has its volume asks for more than it has."""
    has = claim.status.capacity
    return claim.status.phase == "Bound" and "storage" in has and size_of(claim) > parse(has["storage"].string)


def _resizing(claim: PersistentVolumeClaim, now: float) -> PersistentVolumeClaim:
    copy = _copy(claim)
    copy.status.allocatedResources["storage"].CopyFrom(claim.spec.resources.requests["storage"])
    copy.status.allocatedResourceStatuses["storage"] = IN_PROGRESS
    condition = copy.status.conditions.add(type="Resizing", status="True")
    condition.lastTransitionTime.seconds = int(now)
    return copy


def _resized(claim: PersistentVolumeClaim, volume: PersistentVolume) -> PersistentVolumeClaim:
    copy = _copy(claim)
    copy.status.capacity["storage"].CopyFrom(volume.spec.capacity["storage"])
    copy.status.allocatedResourceStatuses.pop("storage")
    others = [condition for condition in copy.status.conditions if condition.type != "Resizing"]
    del copy.status.conditions[:]
    copy.status.conditions.extend(others)
    return copy


def _copy(claim: PersistentVolumeClaim) -> PersistentVolumeClaim:
    copy = PersistentVolumeClaim()
    copy.CopyFrom(claim)
    return copy


def claim_that_has(view: View, volume: PersistentVolume) -> Iterable[str]:
    """Return the key of the claim that a volume is kept for, if it wants more."""
    return [key for key in by_claim(volume) if (one := view.get(PersistentVolumeClaim, key)) and wants_more(one)]


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return a claim, its volume, its class and the time."""
    claim = view.get(PersistentVolumeClaim, key)
    if claim is None or not claim.spec.volumeName:
        return None
    volume = view.get(PersistentVolume, claim.spec.volumeName)
    return claim, volume, view.get(StorageClass, class_of(claim)), view.now


def of_class(view: View, storage_class: StorageClass) -> Iterable[str]:
    """Return the keys of the claims of a class that want more."""
    return [
        key_of(claim.metadata.namespace, claim.metadata.name)
        for claim in view.all(PersistentVolumeClaim)
        if class_of(claim) == storage_class.metadata.name and wants_more(claim)
    ]


persistentvolumeexpander = Controller(
    name="persistentvolume-expander",
    reporter="volume_expand",
    watches=[
        Watch(PersistentVolumeClaim, key_of_object, lambda old, new: new is not None and wants_more(new)),
        Watch(PersistentVolume, claim_that_has),
        Watch(StorageClass, of_class),
    ],
    observe=observe,
    reconcile=reconcile,
)
