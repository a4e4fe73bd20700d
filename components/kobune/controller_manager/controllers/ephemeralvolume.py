"""Makes the claims of pods' ephemeral volumes; they go with the pod. Source: *Ephemeral Volumes*, KEP-1698."""

from collections.abc import Iterable, Mapping
from typing import Any

from kobune.api.core.v1 import PersistentVolumeClaim, Pod, Volume
from kobune.apimachinery.meta import controller_of, controller_reference, is_deleting, key_of
from kobune.apimachinery.volumes import claim_name, is_for_pod
from kobune.client import Action, Controller, Create, RecordEvent, Retry, View, Watch
from kobune.client.actions import Announce
from kobune.client.controller import key_of_object

ENDED = ("Succeeded", "Failed")


class NotOwned(Exception):
    """There is a claim of that name, and it is somebody else's."""


def reconcile(pod: Pod, claims: Mapping[str, PersistentVolumeClaim]) -> list[Action]:
    """Plan the claims that a pod lacks; `claims` are those that there are, by name."""
    if is_deleting(pod.metadata) or pod.status.phase in ENDED:
        return []
    actions: list[Action] = []
    for volume in ephemeral(pod):
        name = claim_name(pod, volume)
        if name not in claims:
            failure = f"ephemeral volume {volume.name}: create PVC {name}: {{error}}"
            actions.append(Create(claim_for(pod, volume), Announce(pod, "", "", "FailedBinding", failure)))
        elif not is_for_pod(claims[name], pod):
            meta = pod.metadata
            why = f"PVC {meta.namespace}/{name} was not created for pod {meta.namespace}/{meta.name} (pod is not owner)"
            message = f"ephemeral volume {volume.name}: {why}"
            actions += [RecordEvent(pod, "Warning", "FailedBinding", message), Retry(NotOwned(message))]
    return actions


def ephemeral(pod: Pod) -> Iterable[Volume]:
    """Return the volumes of a pod that have a claim of their own."""
    return (volume for volume in pod.spec.volumes if volume.volumeSource.HasField("ephemeral"))


def claim_for(pod: Pod, volume: Volume) -> PersistentVolumeClaim:
    """Return the claim of an ephemeral volume."""
    template = volume.volumeSource.ephemeral.volumeClaimTemplate
    claim = PersistentVolumeClaim(metadata={"name": claim_name(pod, volume), "namespace": pod.metadata.namespace})
    for key, value in template.metadata.labels.items():
        claim.metadata.labels[key] = value
    for key, value in template.metadata.annotations.items():
        claim.metadata.annotations[key] = value
    claim.metadata.ownerReferences.append(controller_reference(pod))
    claim.spec.CopyFrom(template.spec)
    return claim


def owner_of(view: View, claim: PersistentVolumeClaim) -> Iterable[str]:
    """Return the key of the pod that a claim was made for."""
    owner = controller_of(claim.metadata)
    return (key_of(claim.metadata.namespace, owner.name),) if owner is not None and owner.kind == "Pod" else ()


def with_ephemeral(old: Pod | None, new: Pod | None) -> bool:
    """Whether a pod is new that has ephemeral volumes, or it has ended."""
    return new is not None and (old is None or old.status.phase != new.status.phase) and any(ephemeral(new))


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return a pod and what there is of its claims."""
    pod = view.get(Pod, key)
    if pod is None:
        return None
    found = {}
    for volume in ephemeral(pod):
        name = claim_name(pod, volume)
        if (claim := view.get(PersistentVolumeClaim, key_of(pod.metadata.namespace, name))) is not None:
            found[name] = claim
    return pod, found


ephemeralvolume = Controller(
    name="ephemeral-volume",
    reporter="ephemeral_volume",
    watches=[Watch(Pod, key_of_object, with_ephemeral), Watch(PersistentVolumeClaim, owner_of)],
    observe=observe,
    reconcile=reconcile,
)
