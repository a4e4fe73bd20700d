"""Lets claims and volumes go once nobody uses them any more. Source: *Storage Object in Use Protection*."""

from collections.abc import Iterable, Sequence
from typing import Any

from kobune.api.core.v1 import PersistentVolume, PersistentVolumeClaim, Pod
from kobune.apimachinery import volumes
from kobune.apimachinery.meta import key_of
from kobune.client import Action, Controller, Update, View, Watch

CLAIM_FINALIZER = "kubernetes.io/pvc-protection"
VOLUME_FINALIZER = "kubernetes.io/pv-protection"


def reconcile_claim(claim: PersistentVolumeClaim, pods: Sequence[Pod]) -> list[Action]:
    """Plan the end of a deleted claim: no pod may name it that runs or is about to."""
    if not claim.metadata.HasField("deletionTimestamp") or any(map(_is_alive, pods)):
        return []
    return _released(claim, CLAIM_FINALIZER)


def reconcile_volume(volume: PersistentVolume) -> list[Action]:
    """Plan the end of a deleted volume: no claim may be bound to it."""
    if not volume.metadata.HasField("deletionTimestamp") or volume.status.phase == "Bound":
        return []
    return _released(volume, VOLUME_FINALIZER)


def _is_alive(pod: Pod) -> bool:
    # A kubelet does not start a pod whose claim is being deleted: one without a node cannot come to use it.
    return bool(pod.spec.nodeName) and pod.status.phase not in ("Failed", "Succeeded")


def _released(item: Any, finalizer: str) -> list[Action]:
    if finalizer not in item.metadata.finalizers:
        return []
    copy = type(item)()
    copy.CopyFrom(item)
    copy.metadata.finalizers.remove(finalizer)
    return [Update(copy)]


def claims_of(view: View, pod: Pod) -> Iterable[str]:
    """Return the keys of the claims that a pod names."""
    return (key_of(pod.metadata.namespace, name) for name, _ in volumes.claims_of(pod))


async def observe_claim(view: View, key: str) -> tuple[Any, ...] | None:
    """Return a claim and the pods that name it."""
    claim = view.get(PersistentVolumeClaim, key)
    if claim is None:
        return None
    return claim, view.informer(Pod).index("volume-claim", lambda pod: claims_of(view, pod)).get(key)


async def observe_volume(view: View, key: str) -> tuple[Any, ...] | None:
    """Return a volume."""
    volume = view.get(PersistentVolume, key)
    return None if volume is None else (volume,)


pvcprotection = Controller(
    name="persistentvolumeclaim-protection",
    root=PersistentVolumeClaim,
    watches=[Watch(Pod, claims_of)],
    observe=observe_claim,
    reconcile=reconcile_claim,
)
pvprotection = Controller(
    name="persistentvolume-protection", root=PersistentVolume, observe=observe_volume, reconcile=reconcile_volume
)
