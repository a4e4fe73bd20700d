"""Brings claims and volumes together, and volumes that were given back to their end.

The rules are in `volumes/claims.py` and `volumes/reclaiming.py`. Keys with a slash are claims, those without volumes.
"""

from collections.abc import Iterable
from typing import Any

from kobune.api.core.v1 import PersistentVolume, PersistentVolumeClaim, Pod
from kobune.api.storage.v1 import StorageClass
from kobune.apimachinery.errors import NotFound
from kobune.apimachinery.meta import is_deleting, key_of
from kobune.apimachinery.volumes import BIND_COMPLETED, class_of
from kobune.client import Action, Controller, View, Watch
from kobune.client.informer import version_of
from kobune.controller_manager.controllers.volumeprotection import claims_of
from kobune.controller_manager.volumes.claims import Around, reconcile_claim
from kobune.controller_manager.volumes.reclaiming import GIVEN_BACK, RECYCLER_NAMESPACE, reconcile_volume

IS_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def reconcile(item: PersistentVolume | PersistentVolumeClaim, *around: Any) -> list[Action]:
    """Plan the next step of a claim or a volume."""
    return (
        reconcile_claim(item, *around) if isinstance(item, PersistentVolumeClaim) else reconcile_volume(item, *around)
    )


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return a claim or a volume, and what it depends on."""
    if "/" in key:
        claim = view.get(PersistentVolumeClaim, key)
        return None if claim is None else (claim, _around(view, claim, key))
    volume = view.get(PersistentVolume, key)
    if volume is None:
        return None
    recycler = view.get(Pod, key_of(RECYCLER_NAMESPACE, f"recycler-for-{key}"))
    return volume, await _claim_of(view, volume), recycler


def _around(view: View, claim: PersistentVolumeClaim, key: str) -> Around:
    named = view.get(PersistentVolume, claim.spec.volumeName) if claim.spec.volumeName else None
    if claim.spec.volumeName or BIND_COMPLETED in claim.metadata.annotations:
        return Around(named=named)
    volumes = view.informer(PersistentVolume)
    fitting = {
        volume.metadata.name: volume
        for volume in [
            *volumes.index("class", by_class).get(class_of(claim)),
            *volumes.index("claim", by_claim).get(key),
        ]
    }
    defaults = [found for found in view.all(StorageClass) if _is_default(found)]
    pods = view.informer(Pod).index("volume-claim", lambda pod: claims_of(view, pod)).get(key)
    return Around(
        list(fitting.values()),
        None,
        view.get(StorageClass, class_of(claim)),
        max(defaults, key=lambda found: (found.metadata.creationTimestamp.seconds, found.metadata.name), default=None),
        [pod.metadata.name for pod in pods if not pod.spec.nodeName],
    )


async def _claim_of(view: View, volume: PersistentVolume) -> PersistentVolumeClaim | None:
    reference = volume.spec.claimRef
    if not reference.uid:
        return None
    claim = view.get(PersistentVolumeClaim, key_of(reference.namespace, reference.name))
    is_missing = claim is None or claim.metadata.uid != reference.uid
    # Volumes and claims come in streams of their own: nothing is given up because one is late.
    is_late = view.informer(PersistentVolumeClaim).version < version_of(volume.metadata.resourceVersion)
    if is_missing and is_late and volume.status.phase not in GIVEN_BACK:
        try:
            claim = await view.client.get(PersistentVolumeClaim, reference.name, reference.namespace)
        except NotFound:
            claim = None
    return claim if claim is not None and claim.metadata.uid == reference.uid else None


def by_class(volume: PersistentVolume) -> Iterable[str]:
    return (class_of(volume),)


def by_claim(volume: PersistentVolume) -> Iterable[str]:
    reference = volume.spec.claimRef
    return (key_of(reference.namespace, reference.name),) if volume.spec.HasField("claimRef") else ()


def _is_default(found: StorageClass) -> bool:
    return any(found.metadata.annotations.get(name) == "true" for name in IS_DEFAULT)


def claim_and_volume(view: View, claim: PersistentVolumeClaim) -> Iterable[str]:
    """Return the keys of a claim and of the volumes that are kept for it, or that it names."""
    key = key_of(claim.metadata.namespace, claim.metadata.name)
    kept = view.informer(PersistentVolume).index("claim", by_claim).get(key)
    return {key, claim.spec.volumeName or key, *(volume.metadata.name for volume in kept)}


def volume_and_claims(view: View, volume: PersistentVolume) -> Iterable[str]:
    """Return the keys of a volume and of the claims that it makes a difference to."""
    keys = {volume.metadata.name, *by_claim(volume)}
    claims = view.informer(PersistentVolumeClaim)
    keys.update(_keys(claims.index("volume", by_volume).get(volume.metadata.name)))
    if not volume.spec.HasField("claimRef") and volume.status.phase == "Available":
        keys.update(_keys(claims.index("pending-of", by_class_pending).get(class_of(volume))))
    return keys


def by_volume(claim: PersistentVolumeClaim) -> Iterable[str]:
    return (claim.spec.volumeName,) if claim.spec.volumeName else ()


def by_class_pending(claim: PersistentVolumeClaim) -> Iterable[str]:
    return () if claim.spec.volumeName else (class_of(claim),)


def claims_of_class(view: View, storage_class: StorageClass) -> Iterable[str]:
    """Return the keys of the claims that wait for a class; of all without one, if it is the default."""
    pending = view.informer(PersistentVolumeClaim).index("pending-of", by_class_pending)
    keys = set(_keys(pending.get(storage_class.metadata.name)))
    return keys | set(_keys(pending.get(""))) if _is_default(storage_class) else keys


def _keys(claims: Iterable[PersistentVolumeClaim]) -> Iterable[str]:
    return (key_of(claim.metadata.namespace, claim.metadata.name) for claim in claims)


def by_pod(view: View, old: Pod | None, new: Pod | None) -> Iterable[str]:
    """Return the keys that a pod wakes: the volume that it empties, or its claims when it comes without a node."""
    pod = new or old
    assert pod is not None
    name = pod.metadata.name
    if pod.metadata.namespace == RECYCLER_NAMESPACE and name.startswith("recycler-for-"):
        return (name.removeprefix("recycler-for-"),)
    is_new = old is None and new is not None and not new.spec.nodeName and not is_deleting(new.metadata)
    return claims_of(view, pod) if is_new else ()


persistentvolumebinder = Controller(
    name="persistentvolume-binder",
    reporter="persistentvolume-controller",
    watches=[
        Watch(PersistentVolumeClaim, claim_and_volume),
        Watch(PersistentVolume, volume_and_claims),
        Watch(StorageClass, claims_of_class),
        Watch(Pod, on_change=by_pod),
    ],
    observe=observe,
    reconcile=reconcile,
)
