"""Who makes volumes: two provisioners of this cluster's own.

`simulated.kobune.dev` makes CSI volumes that hold nothing. They can be reached from everywhere, or, where the class has
the parameter `topologyKey`, from nodes with the same value of that label. `host-path.kobune.dev` makes directories, on
the node that the scheduler has chosen.

Source: the documentation's *Dynamic Volume Provisioning*, *Storage Classes*.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kobune.api.core.v1 import Node, PersistentVolume, PersistentVolumeClaim
from kobune.api.storage.v1 import CSIDriver, StorageClass
from kobune.apimachinery.meta import is_deleting
from kobune.apimachinery.quantity import canonical
from kobune.apimachinery.volumes import DRIVER, PROVISIONED_BY, PROVISIONER, SELECTED_NODE, waits_for_consumer
from kobune.apimachinery.volumes.matching import reference_to
from kobune.client import Action, Create, Effect, RecordEvent, Update, delete
from kobune.client.actions import Announce

SIMULATED: Final = DRIVER
HOST_PATH: Final = "host-path.kobune.dev"
OURS: Final = (SIMULATED, HOST_PATH)
HOSTNAME: Final = "kubernetes.io/hostname"
TOPOLOGY_KEY: Final = "topologyKey"
PARAMETERS: Final = {SIMULATED: (TOPOLOGY_KEY,), HOST_PATH: ()}
DEFAULT_CLASS: Final = "standard"


@dataclass(frozen=True)
class MakeDirectory(Effect):
    """Make the directory of a volume."""

    path: str


@dataclass(frozen=True)
class RemoveDirectory(Effect):
    """Remove the directory of a volume, with all that is in it."""

    path: str
    volume: PersistentVolume


def reconcile_claim(
    claim: PersistentVolumeClaim,
    storage_class: StorageClass | None,
    node: Node | None,
    volume: PersistentVolume | None,
    directory: Path | None,
) -> list[Action]:
    """Plan the volume of a claim that waits for one of ours; `volume` is what there is of that name already."""
    provisioner = claim.metadata.annotations.get(PROVISIONER, "")
    if provisioner not in OURS or claim.spec.volumeName or volume is not None or is_deleting(claim.metadata):
        return []
    if storage_class is None or storage_class.provisioner != provisioner:
        return []
    chosen = claim.metadata.annotations.get(SELECTED_NODE, "")
    if waits_for_consumer(storage_class) and not chosen:
        return []
    if chosen and node is None:
        copy = PersistentVolumeClaim()  # the node is gone: the scheduler has to choose another
        copy.CopyFrom(claim)
        del copy.metadata.annotations[SELECTED_NODE]
        return [Update(copy)]
    if why := _cannot(claim, storage_class, node, directory):
        full = f'failed to provision volume with StorageClass "{storage_class.metadata.name}": {why}'
        return [RecordEvent(claim, "Warning", "ProvisioningFailed", full)]
    key = f"{claim.metadata.namespace}/{claim.metadata.name}"
    begun = f'External provisioner is provisioning volume for claim "{key}"'
    done = Announce(claim, "ProvisioningSucceeded", "Successfully provisioned volume {name}")
    made = volume_for(claim, storage_class, node, directory)
    path = made.spec.persistentVolumeSource.hostPath.path
    return [
        RecordEvent(claim, "Normal", "Provisioning", begun),
        *([MakeDirectory(path)] if path else []),
        Create(made, done),
    ]


def _cannot(
    claim: PersistentVolumeClaim, storage_class: StorageClass, node: Node | None, directory: Path | None
) -> str:
    """Return why there can be no volume like this; empty if there can."""
    provisioner = storage_class.provisioner
    for name in storage_class.parameters:
        if name not in PARAMETERS[provisioner]:
            known = ", ".join(PARAMETERS[provisioner]) or "none"
            return f'{provisioner} has no parameter "{name}"; it has {known}'
    if claim.spec.HasField("selector"):
        return "claim Selector is not supported"
    if claim.spec.HasField("dataSource") or claim.spec.HasField("dataSourceRef"):
        return "copies of claims and snapshots are not supported"
    if provisioner == HOST_PATH:
        if node is None:
            return f"{HOST_PATH} needs volumeBindingMode WaitForFirstConsumer: a directory is on one node"
        if directory is None:
            return "the controller-manager was given no directory for volumes"
        if claim.spec.volumeMode == "Block":
            return "a directory is no block device"
    key = storage_class.parameters.get(TOPOLOGY_KEY, "")
    if key and node is None and not storage_class.allowedTopologies:
        return f"{TOPOLOGY_KEY} needs volumeBindingMode WaitForFirstConsumer, or allowedTopologies"
    if key and node is not None and key not in node.metadata.labels:
        return f'node "{node.metadata.name}" has no label "{key}"'
    return ""


def volume_for(
    claim: PersistentVolumeClaim, storage_class: StorageClass, node: Node | None, directory: Path | None
) -> PersistentVolume:
    """Return the volume that is made for a claim."""
    name = volume_name(claim)
    volume = PersistentVolume(metadata={"name": name})
    volume.metadata.annotations[PROVISIONED_BY] = storage_class.provisioner
    spec = volume.spec
    spec.capacity["storage"].string = canonical(claim.spec.resources.requests["storage"].string)
    spec.accessModes.extend(claim.spec.accessModes)
    spec.claimRef.CopyFrom(reference_to(claim))
    spec.persistentVolumeReclaimPolicy = storage_class.reclaimPolicy or "Delete"
    spec.storageClassName = storage_class.metadata.name
    spec.mountOptions.extend(storage_class.mountOptions)
    spec.volumeMode = claim.spec.volumeMode or "Filesystem"
    if claim.spec.volumeAttributesClassName:
        spec.volumeAttributesClassName = claim.spec.volumeAttributesClassName
    if storage_class.provisioner == HOST_PATH:
        assert directory is not None
        spec.persistentVolumeSource.hostPath.path = str(directory / name)
        spec.persistentVolumeSource.hostPath.type = "DirectoryOrCreate"
    else:
        spec.persistentVolumeSource.csi.driver = SIMULATED
        spec.persistentVolumeSource.csi.volumeHandle = claim.metadata.uid
    _reach(spec, storage_class, node)
    return volume


def _reach(spec: Any, storage_class: StorageClass, node: Node | None) -> None:
    """Say from which nodes a volume can be reached, if not from all."""
    key = HOSTNAME if storage_class.provisioner == HOST_PATH else storage_class.parameters.get(TOPOLOGY_KEY, "")
    if node is not None:
        if key:
            value = node.metadata.labels.get(key, node.metadata.name)
            term = spec.nodeAffinity.required.nodeSelectorTerms.add()
            term.matchExpressions.add(key=key, operator="In", values=[value])
        return
    for topology in storage_class.allowedTopologies:
        term = spec.nodeAffinity.required.nodeSelectorTerms.add()
        for wanted in topology.matchLabelExpressions:
            term.matchExpressions.add(key=wanted.key, operator="In", values=wanted.values)


def volume_name(claim: PersistentVolumeClaim) -> str:
    """Return what a volume that is made for a claim is called: never is a second one made."""
    return f"pvc-{claim.metadata.uid}"


def reconcile_volume(volume: PersistentVolume, directory: Path | None) -> list[Action]:
    """Plan the end of one of our volumes that was given back."""
    by, spec = volume.metadata.annotations.get(PROVISIONED_BY), volume.spec
    if by not in OURS or volume.status.phase != "Released" or spec.persistentVolumeReclaimPolicy != "Delete":
        return []
    if is_deleting(volume.metadata):
        return []
    actions: list[Action] = []
    path = spec.persistentVolumeSource.hostPath.path
    # Whoever may write a volume must not have other directories removed by that.
    if by == HOST_PATH and directory is not None and Path(path) == directory / volume.metadata.name:
        actions.append(RemoveDirectory(path, volume))
    return [*actions, delete(volume)]


def default_class() -> StorageClass:
    """Return the class that claims have which name none: volumes are made once a pod needs them, and may grow."""
    made = StorageClass(metadata={"name": DEFAULT_CLASS}, provisioner=SIMULATED, reclaimPolicy="Delete")
    made.metadata.annotations["storageclass.kubernetes.io/is-default-class"] = "true"
    made.volumeBindingMode = "WaitForFirstConsumer"
    made.allowVolumeExpansion = True
    return made


def driver() -> CSIDriver:
    """Return what there is to know about the simulated driver: its volumes are attached to nodes."""
    made = CSIDriver(metadata={"name": SIMULATED})
    made.spec.attachRequired = True
    return made
