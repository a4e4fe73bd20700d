"""Which volume fulfils which claim. Source: *Persistent Volumes*, sections *Binding* and *Node affinity*."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from zlib import crc32

from kobune.api.core.v1 import ObjectReference, PersistentVolume, PersistentVolumeClaim
from kobune.apimachinery.meta import is_deleting
from kobune.apimachinery.node_selectors import matches_any
from kobune.apimachinery.selectors import EVERYTHING, from_label_selector
from kobune.apimachinery.volumes.claims import BOUND_BY_CONTROLLER, class_of, size_of


def is_bound_to(volume: PersistentVolume, claim: PersistentVolumeClaim) -> bool:
    """Whether a volume is kept for a claim: by its name, and by its uid if that is said."""
    reference, meta = volume.spec.claimRef, claim.metadata
    if not volume.spec.HasField("claimRef") or (reference.name, reference.namespace) != (meta.name, meta.namespace):
        return False
    return not reference.uid or reference.uid == meta.uid


def mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim) -> str:
    """Return why a volume cannot fulfil a claim that asks for just this one; empty if it can."""
    if size_of(claim) > size_of(volume):
        return "requested PV is too small"
    if class_of(claim) != class_of(volume):
        return "storageClassName does not match"
    if claim.spec.volumeAttributesClassName != volume.spec.volumeAttributesClassName:
        return "volumeAttributesClassName does not match"
    if not has_mode(volume, claim):
        return "incompatible volumeMode"
    return "" if has_modes(volume, claim) else "incompatible accessMode"


def has_mode(volume: PersistentVolume, claim: PersistentVolumeClaim) -> bool:
    """Whether a volume comes as the claim wants it: with a file system, or as a block device."""
    return (volume.spec.volumeMode or "Filesystem") == (claim.spec.volumeMode or "Filesystem")


def has_modes(volume: PersistentVolume, claim: PersistentVolumeClaim) -> bool:
    """Whether a volume can be mounted in all ways in which the claim wants it to be."""
    return set(claim.spec.accessModes) <= set(volume.spec.accessModes)


def fulfils(volume: PersistentVolume, claim: PersistentVolumeClaim) -> bool:
    """Whether a volume that nobody has is all that a claim wants."""
    selector = from_label_selector(claim.spec.selector) if claim.spec.HasField("selector") else EVERYTHING
    return (
        volume.status.phase == "Available" and not mismatch(volume, claim) and selector.matches(volume.metadata.labels)
    )


def match(
    claim: PersistentVolumeClaim,
    volumes: Iterable[PersistentVolume],
    *,
    node: tuple[str, Mapping[str, str]] | None = None,
    taken: Collection[str] = (),
    only_kept: bool = False,
) -> PersistentVolume | None:
    """Return the volume that is kept for a claim, or else the smallest of those that fulfil it and nobody has.

    `node`, a name and labels, must be able to have it; without a node, those with fewer access modes come first.
    `taken` are the names of volumes that others get. With `only_kept` no others than those that are kept for the claim
    count. Of equals it is one that differs between claims, so that two that are bound at the same time do not reach for
    the same one.
    """
    fitting: list[PersistentVolume] = []
    wanted = size_of(claim)
    for volume in volumes:
        spec = volume.spec
        if volume.metadata.name in taken or is_deleting(volume.metadata) or size_of(volume) < wanted:
            continue
        is_kept = is_bound_to(volume, claim)
        if spec.HasField("claimRef") and not is_kept:
            continue
        if not has_mode(volume, claim) or spec.volumeAttributesClassName != claim.spec.volumeAttributesClassName:
            continue
        is_reachable = node is None or fits_node(volume, *node)
        if is_kept:
            return volume if is_reachable and (node is not None or has_modes(volume, claim)) else None
        if is_reachable and not only_kept and fulfils(volume, claim):
            fitting.append(volume)

    def order(volume: PersistentVolume) -> tuple[Any, ...]:
        size, modes = size_of(volume), len(volume.spec.accessModes)
        return (modes, size, _lot(claim, volume)) if node is None else (size, _lot(claim, volume))

    return min(fitting, key=order, default=None)


def fits_node(volume: PersistentVolume, name: str, labels: Mapping[str, str]) -> bool:
    """Whether a node can have a volume."""
    affinity = volume.spec.nodeAffinity
    return not affinity.HasField("required") or matches_any(affinity.required.nodeSelectorTerms, name, labels)


def bound_volume(volume: PersistentVolume, claim: PersistentVolumeClaim) -> PersistentVolume:
    """Return a volume as it is when the claim has it; the same object if it is so already."""
    reference, meta = volume.spec.claimRef, claim.metadata
    by_us = not is_bound_to(volume, claim)
    if not by_us and reference.uid == meta.uid:
        return volume
    copy = PersistentVolume()
    copy.CopyFrom(volume)
    copy.spec.claimRef.CopyFrom(reference_to(claim))
    if by_us:
        copy.metadata.annotations[BOUND_BY_CONTROLLER] = "yes"
    return copy


def reference_to(claim: PersistentVolumeClaim) -> ObjectReference:
    """Return what a volume says of the claim that has it."""
    meta: Any = claim.metadata
    return ObjectReference(
        kind="PersistentVolumeClaim",
        apiVersion="v1",
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        resourceVersion=meta.resourceVersion,
    )


def _lot(claim: PersistentVolumeClaim, volume: PersistentVolume) -> tuple[int, str]:
    name = volume.metadata.name
    return crc32(f"{claim.metadata.uid}/{name}".encode()), name
