"""Attaches the CSI volumes of a node's pods to it, and detaches what no pod uses. Source: *Volumes*, KEP-557.

 a pod with a node ──► VolumeAttachment ──(the driver)──► attached ──► node.status.volumesAttached
 no such pod       ──► it is deleted ──(the driver)──► gone

The simulated driver is this controller, too: what it is asked to attach is attached.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kobune.api.core.v1 import Node, PersistentVolume, PersistentVolumeClaim, Pod
from kobune.api.storage.v1 import CSIDriver, VolumeAttachment
from kobune.apimachinery.meta import is_deleting, key_of
from kobune.apimachinery.volumes import claims_of, is_bound
from kobune.client import Action, Controller, Create, Patch, RecordEvent, UpdateStatus, View, Watch, delete
from kobune.client.controller import key_of_object
from kobune.controller_manager.controllers.volumeprotection import claims_of as keys_of_claims
from kobune.controller_manager.volumes.provisioning import SIMULATED

ENDED: Final = ("Succeeded", "Failed")
SHARED: Final = ("ReadOnlyMany", "ReadWriteMany")
EXCLUSIVE: Final = (
    'Multi-Attach error for volume "{}" Volume is already exclusively attached to one node and can\'t be attached to '
    "another"
)


@dataclass(frozen=True)
class Needed:
    """A volume that pods of a node use, and who else has it."""

    volume: PersistentVolume
    pods: Sequence[Pod]
    elsewhere: bool = False
    """Whether it is attached to another node."""


def reconcile(
    node: Node | None,
    name: str,
    needed: Mapping[str, Needed],
    attachments: Sequence[VolumeAttachment],
    attached: Sequence[str] = (),
) -> list[Action]:
    """Plan what is attached to the node of a name: `needed`, by the name of the volume.

    `attachments` are those that there are; `attached` is what nodes call the volumes that are attached by them.
    """
    actions: list[Action] = []
    there = {attachment.spec.source.persistentVolumeName: attachment for attachment in attachments}
    for volume_name, one in needed.items() if node is not None else ():
        if volume_name in there:
            continue
        if one.elsewhere and not set(one.volume.spec.accessModes) & set(SHARED):
            message = EXCLUSIVE.format(volume_name)
            actions += [RecordEvent(pod, "Warning", "FailedAttachVolume", message) for pod in one.pods]
        else:
            actions.append(Create(attachment_of(one.volume, name)))
    for volume_name, attachment in there.items():
        if is_deleting(attachment.metadata):
            continue
        if node is None or volume_name not in needed:
            actions.append(delete(attachment))
        else:
            actions += _simulated(attachment, needed.get(volume_name))
    return [*actions, *_told(node, attached)] if node is not None else actions


def _simulated(attachment: VolumeAttachment, needed: Needed | None) -> list[Action]:
    """Plan what the simulated driver does."""
    if attachment.spec.attacher != SIMULATED or attachment.status.attached:
        return []
    copy = VolumeAttachment()
    copy.CopyFrom(attachment)
    copy.status.attached = True
    message = f'AttachVolume.Attach succeeded for volume "{attachment.spec.source.persistentVolumeName}" '
    events = [RecordEvent(pod, "Normal", "SuccessfulAttachVolume", message) for pod in (needed.pods if needed else ())]
    return [UpdateStatus(copy), *events]


def attachment_of(volume: PersistentVolume, node: str) -> VolumeAttachment:
    """Return what asks for a volume to be attached to a node. There is one of its name, whoever asks."""
    csi = volume.spec.persistentVolumeSource.csi
    name = hashlib.sha256(f"{csi.volumeHandle}{csi.driver}{node}".encode()).hexdigest()
    made = VolumeAttachment(metadata={"name": f"csi-{name}"})
    made.spec.attacher = csi.driver
    made.spec.nodeName = node
    made.spec.source.persistentVolumeName = volume.metadata.name
    return made


def _told(node: Node, attached: Sequence[str]) -> list[Action]:
    """Plan what the status of a node says about its volumes."""
    if list(attached) == sorted(volume.name for volume in node.status.volumesAttached):
        return []
    status = {"volumesAttached": [{"name": name, "devicePath": ""} for name in attached] or None}
    patch = {"metadata": {"uid": node.metadata.uid}, "status": status}
    return [Patch(Node, node.metadata.name, "", patch, subresource="status")]


def unique_name(volume: PersistentVolume) -> str:
    """Return what nodes call a volume."""
    csi = volume.spec.persistentVolumeSource.csi
    return f"kubernetes.io/csi/{csi.driver}^{csi.volumeHandle}"


# What is looked at.


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return a node, what its pods need, and what is attached to it."""
    attachments = view.informer(VolumeAttachment)
    needed: dict[str, list[Pod]] = {}
    for pod in view.informer(Pod).index("claims-on", by_node).get(key):
        if pod.status.phase not in ENDED:
            for volume in volumes_of(view, pod):
                needed.setdefault(volume.metadata.name, []).append(pod)
    found = {}
    for name, pods in needed.items():
        used = view.get(PersistentVolume, name)
        if used is not None and _is_attachable(view, used):
            places = {one.spec.nodeName for one in attachments.index("volume", by_volume).get(name)}
            found[name] = Needed(used, pods, bool(places - {key}))
    attached = attachments.index("node", by_place).get(key)
    names = []
    for attachment in attached:
        there = view.get(PersistentVolume, attachment.spec.source.persistentVolumeName)
        if there is not None and attachment.status.attached:
            names.append(unique_name(there))
    return view.get(Node, key), key, found, attached, sorted(names)


def volumes_of(view: View, pod: Pod) -> Iterable[PersistentVolume]:
    """Return the volumes that a pod uses by its claims."""
    for name, _ in claims_of(pod):
        claim = view.get(PersistentVolumeClaim, key_of(pod.metadata.namespace, name))
        if claim is not None and is_bound(claim):
            volume = view.get(PersistentVolume, claim.spec.volumeName)
            if volume is not None:
                yield volume


def _is_attachable(view: View, volume: PersistentVolume) -> bool:
    source = volume.spec.persistentVolumeSource
    if not source.HasField("csi"):
        return False
    driver = view.get(CSIDriver, source.csi.driver)
    return driver is None or not driver.spec.HasField("attachRequired") or driver.spec.attachRequired


def by_node(pod: Pod) -> Iterable[str]:
    """Return the node of a pod that has claims."""
    return (pod.spec.nodeName,) if pod.spec.nodeName and any(claims_of(pod)) else ()


def by_volume(attachment: VolumeAttachment) -> Iterable[str]:
    return (attachment.spec.source.persistentVolumeName,)


def by_place(attachment: VolumeAttachment) -> Iterable[str]:
    return (attachment.spec.nodeName,)


def node_of_pod(view: View, pod: Pod) -> Iterable[str]:
    return by_node(pod)


def nodes_of_claim(view: View, claim: PersistentVolumeClaim) -> Iterable[str]:
    """Return the nodes of the pods that use a claim."""
    pods = view.informer(Pod).index("volume-claim", lambda pod: keys_of_claims(view, pod))
    key = key_of(claim.metadata.namespace, claim.metadata.name)
    return {pod.spec.nodeName for pod in pods.get(key) if pod.spec.nodeName}


def nodes_of_volume(view: View, name: str) -> Iterable[str]:
    """Return the nodes of the pods that use a volume."""
    volume = view.get(PersistentVolume, name)
    reference = volume.spec.claimRef if volume is not None else None
    claim = view.get(PersistentVolumeClaim, key_of(reference.namespace, reference.name)) if reference else None
    return nodes_of_claim(view, claim) if claim is not None else ()


def nodes_of_attachment(view: View, attachment: VolumeAttachment) -> Iterable[str]:
    """Return the node that an attachment is about, and those that wait for the same volume."""
    return {attachment.spec.nodeName, *nodes_of_volume(view, attachment.spec.source.persistentVolumeName)}


attachdetach = Controller(
    name="attachdetach",
    reporter="attachdetach-controller",
    watches=[
        Watch(Node, key_of_object, lambda old, new: old is None or new is None),
        Watch(Pod, node_of_pod),
        Watch(PersistentVolumeClaim, nodes_of_claim, lambda old, new: new is not None and is_bound(new)),
        Watch(PersistentVolume, lambda view, volume: nodes_of_volume(view, volume.metadata.name)),
        Watch(VolumeAttachment, nodes_of_attachment),
        Watch(CSIDriver),
    ],
    observe=observe,
    reconcile=reconcile,
)
