"""What pods say of claims, and claims of volumes. Source: *Persistent Volumes*, *Ephemeral Volumes*."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from kobune.api.core.v1 import PersistentVolumeClaim, Pod, Volume
from kobune.api.storage.v1 import StorageClass
from kobune.apimachinery.meta import controller_of
from kobune.apimachinery.quantity import parse

BIND_COMPLETED: Final = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER: Final = "pv.kubernetes.io/bound-by-controller"
PROVISIONED_BY: Final = "pv.kubernetes.io/provisioned-by"
SELECTED_NODE: Final = "volume.kubernetes.io/selected-node"
PROVISIONER: Final = "volume.kubernetes.io/storage-provisioner"
CLASS: Final = "volume.beta.kubernetes.io/storage-class"
NO_PROVISIONER: Final = "kubernetes.io/no-provisioner"
WAIT: Final = "WaitForFirstConsumer"
DRIVER: Final = "simulated.kobune.dev"
"""The CSI driver whose volumes exist in name only. They are attached like any others."""


def claim_name(pod: Pod, volume: Volume) -> str:
    """Return the name of the claim that a volume of a pod stands for; empty if it stands for none."""
    source = volume.volumeSource
    if source.HasField("persistentVolumeClaim"):
        return source.persistentVolumeClaim.claimName
    return f"{pod.metadata.name}-{volume.name}" if source.HasField("ephemeral") else ""


def claims_of(pod: Pod) -> Iterator[tuple[str, bool]]:
    """Yield the name of each claim of a pod, and whether it is made for the pod and goes with it."""
    for volume in pod.spec.volumes:
        if name := claim_name(pod, volume):
            yield name, volume.volumeSource.HasField("ephemeral")


def is_for_pod(claim: PersistentVolumeClaim, pod: Pod) -> bool:
    """Whether a claim was made for an ephemeral volume of this very pod."""
    owner = controller_of(claim.metadata)
    return owner is not None and owner.uid == pod.metadata.uid


def class_of(item: Any) -> str:
    """Return the name of the storage class of a claim or volume; empty if it has none."""
    annotated: str | None = item.metadata.annotations.get(CLASS)
    return annotated if annotated is not None else str(item.spec.storageClassName)


def size_of(item: Any) -> Decimal:
    """Return how much a claim wants, or a volume has, in bytes."""
    is_claim = isinstance(item, PersistentVolumeClaim)
    amounts = item.spec.resources.requests if is_claim else item.spec.capacity
    return parse(amounts["storage"].string) if "storage" in amounts else Decimal(0)


def is_bound(claim: PersistentVolumeClaim) -> bool:
    """Whether a claim has its volume, and everything that is to be written about that has been."""
    return bool(claim.spec.volumeName) and BIND_COMPLETED in claim.metadata.annotations


def waits_for_consumer(storage_class: StorageClass | None) -> bool:
    """Whether claims of a class are bound only once a pod that uses them is scheduled."""
    return storage_class is not None and storage_class.volumeBindingMode == WAIT
