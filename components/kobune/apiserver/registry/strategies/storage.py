"""Volumes, the claims of them, and who provides them."""

from collections.abc import Mapping
from typing import Any, Final

from kobune.apiserver.registry.advice import cluster as warnings
from kobune.apiserver.registry.defaults import cluster as defaults
from kobune.apiserver.registry.rules import Rules
from kobune.apiserver.registry.strategy import Strategy, UncountedStrategy
from kobune.apiserver.registry.validation import claims, storage

GROUP: Final = "storage.k8s.io"
SOURCES: Final = (("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot"))
"""Groups and kinds that the older of the two fields for a source may name."""


class PersistentVolumeStrategy(UncountedStrategy):
    """A volume waits for its claim from the start."""

    returns_deleted = True

    def prepare_create(self, new: Any, view: Any) -> None:
        super().prepare_create(new, view)
        new.status.phase = "Pending"

    def note_time(self, new: Any, old: Any, now: float) -> None:
        if new.status.phase != old.status.phase:
            new.status.lastPhaseTransitionTime.seconds = int(now)


class PersistentVolumeClaimStrategy(UncountedStrategy):
    """A claim waits for its volume from the start; two fields say where its content comes from, and agree."""

    returns_deleted = True

    def prepare_create(self, new: Any, view: Any) -> None:
        super().prepare_create(new, view)
        new.status.phase = "Pending"
        agree_on_source(new.spec)


def agree_on_source(spec: Any) -> None:
    """Fill one of the two fields for the source of a claim's content from the other."""
    if spec.HasField("dataSource") and not spec.HasField("dataSourceRef"):
        if (spec.dataSource.apiGroup, spec.dataSource.kind) not in SOURCES:
            spec.ClearField("dataSource")
            return
        _copy_reference(spec.dataSourceRef, spec.dataSource)
    elif spec.HasField("dataSourceRef") and not spec.HasField("dataSource") and not spec.dataSourceRef.namespace:
        _copy_reference(spec.dataSource, spec.dataSourceRef)


def _copy_reference(into: Any, reference: Any) -> None:
    for name in ("kind", "name", "apiGroup"):
        if reference.HasField(name):
            setattr(into, name, getattr(reference, name))


class CSIDriverStrategy(UncountedStrategy):
    """A driver counts the changes of what may change of it, from none."""

    def prepare_update(self, new: Any, old: Any) -> None:
        super().prepare_update(new, old)
        if new.spec != old.spec:
            new.metadata.generation = old.metadata.generation + 1


def kinds() -> Mapping[tuple[str, str], Strategy]:
    """Return the strategies of these kinds, by group and plural."""
    return {
        ("", "persistentvolumeclaims"): PersistentVolumeClaimStrategy(
            defaults.default_persistent_volume_claim,
            Rules(always=claims.claim, change=claims.claim_update, status=claims.claim_status),
            warnings=warnings.claim_warnings,
        ),
        ("", "persistentvolumes"): PersistentVolumeStrategy(
            defaults.default_persistent_volume,
            Rules(always=storage.persistent_volume, change=storage.persistent_volume_update),
            warnings=warnings.persistent_volume_warnings,
        ),
        (GROUP, "csidrivers"): CSIDriverStrategy(
            defaults.default_csi_driver,
            Rules(always=storage.csi_driver, change=storage.csi_driver_update),
            returns_deleted=True,
        ),
        (GROUP, "csinodes"): UncountedStrategy(
            rules=Rules(always=storage.csi_node, change=storage.csi_node_update), returns_deleted=True
        ),
        (GROUP, "csistoragecapacities"): UncountedStrategy(
            rules=Rules(always=storage.storage_capacity, change=storage.storage_capacity_update),
            returns_deleted=True,
            warnings=warnings.storage_capacity_warnings,
        ),
        (GROUP, "storageclasses"): UncountedStrategy(
            defaults.default_storage_class,
            Rules(always=storage.storage_class, change=storage.storage_class_update),
            returns_deleted=True,
            warnings=warnings.storage_class_warnings,
        ),
        (GROUP, "volumeattachments"): UncountedStrategy(
            rules=Rules(always=storage.attachment, new=storage.new_attachment, change=storage.attachment_update),
            returns_deleted=True,
        ),
        (GROUP, "volumeattributesclasses"): UncountedStrategy(
            rules=Rules(always=storage.attributes_class, change=storage.attributes_class_update),
            returns_deleted=True,
        ),
    }
