"""Makes volumes for claims of this cluster's own provisioners, and removes them. The rules: `volumes/provisioning.py`.

Keys with a slash are claims, those without volumes.
"""

import asyncio
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kobune.api.core.v1 import Namespace, Node, PersistentVolume, PersistentVolumeClaim
from kobune.api.storage.v1 import CSIDriver, StorageClass
from kobune.apimachinery.meta import key_of
from kobune.apimachinery.volumes import PROVISIONED_BY, PROVISIONER, SELECTED_NODE, class_of
from kobune.client import Action, Controller, Create, Effect, RecordEvent, View, Watch
from kobune.controller_manager.volumes import provisioning
from kobune.controller_manager.volumes.provisioning import OURS, MakeDirectory, RemoveDirectory, volume_name


def reconcile(item: PersistentVolume | PersistentVolumeClaim, *around: Any) -> list[Action]:
    """Plan what is to be made for a claim, or the end of a volume."""
    if isinstance(item, PersistentVolumeClaim):
        return provisioning.reconcile_claim(item, *around)
    return provisioning.reconcile_volume(item, *around)


def own_claims(view: View, claim: PersistentVolumeClaim) -> Iterable[str]:
    """Return the key of a claim that waits for one of our provisioners."""
    waits = claim.metadata.annotations.get(PROVISIONER) in OURS and not claim.spec.volumeName
    return (key_of(claim.metadata.namespace, claim.metadata.name),) if waits else ()


def own_volumes(view: View, volume: PersistentVolume) -> Iterable[str]:
    """Return the key of one of our volumes."""
    return (volume.metadata.name,) if volume.metadata.annotations.get(PROVISIONED_BY) in OURS else ()


def persistentvolumeprovisioner(directory: Path | None) -> Controller:
    """Return the controller that makes the directories of volumes below this one."""

    async def observe(view: View, key: str) -> tuple[Any, ...] | None:
        if "/" not in key:
            volume = view.get(PersistentVolume, key)
            return None if volume is None else (volume, directory)
        claim = view.get(PersistentVolumeClaim, key)
        if claim is None:
            return None
        chosen = claim.metadata.annotations.get(SELECTED_NODE, "")
        there = view.get(PersistentVolume, volume_name(claim))
        node = view.get(Node, chosen) if chosen else None
        return claim, view.get(StorageClass, class_of(claim)), node, there, directory

    async def perform(effect: Effect) -> Sequence[Action]:
        match effect:
            case MakeDirectory(path):
                await asyncio.to_thread(os.makedirs, path, exist_ok=True)
            case RemoveDirectory(path, volume):
                try:
                    await asyncio.to_thread(shutil.rmtree, path)
                except FileNotFoundError:
                    pass  # this is not the first try
                except OSError as error:
                    return [RecordEvent(volume, "Warning", "VolumeFailedDelete", f"{path}: {error.strerror}")]
        return []

    return Controller(
        name="persistentvolume-provisioner",
        reporter="persistentvolume-controller",
        watches=[
            Watch(PersistentVolumeClaim, own_claims),
            Watch(PersistentVolume, own_volumes),
            Watch(StorageClass),
            Watch(Node, when=lambda old, new: False),
        ],
        observe=observe,
        reconcile=reconcile,
        perform=perform,
    )


SYSTEM = "kube-system"


def ensure(classes: Sequence[StorageClass], drivers: Sequence[CSIDriver]) -> list[Action]:
    """Plan the default class, where there is none at all, and the driver of its volumes."""
    if classes:
        return []
    actions: list[Action] = [Create(provisioning.default_class())]
    if not any(driver.metadata.name == provisioning.SIMULATED for driver in drivers):
        actions.append(Create(provisioning.driver()))
    return actions


def at_the_start(view: View, namespace: Namespace) -> Iterable[str]:
    """Return the one key once: whoever deletes the class later meant it."""
    return (SYSTEM,) if namespace.metadata.name == SYSTEM else ()


async def observe_classes(view: View, key: str) -> tuple[Any, ...]:
    """Return all classes and drivers."""
    return list(view.all(StorageClass)), list(view.all(CSIDriver))


defaultstorageclass = Controller(
    name="default-storage-class",
    reporter="persistentvolume-controller",
    watches=[
        # Once, at the start: whoever deletes the class meant it.
        Watch(
            Namespace,
            lambda view, item: (SYSTEM,),
            lambda old, new: old is None,
            field_selector=f"metadata.name={SYSTEM}",
        ),
        Watch(StorageClass),
        Watch(CSIDriver),
    ],
    observe=observe_classes,
    reconcile=ensure,
)
"""Gives a new cluster the class `standard`."""
