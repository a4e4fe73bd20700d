"""What becomes of a pod's claims when its set is deleted or made smaller: claims go with whoever owns them.

Source: the documentation's *StatefulSets*, *PersistentVolumeClaim retention* (KEP-1847).
"""

from kobune.api.apps.v1 import StatefulSet
from kobune.api.core.v1 import PersistentVolumeClaim, Pod
from kobune.api.meta.v1 import OwnerReference
from kobune.apimachinery.meta import controller_reference
from kobune.controller_manager.stateful.identity import ordinal_of, ordinals


def retained(claim: PersistentVolumeClaim, wanted: StatefulSet, pod: Pod) -> PersistentVolumeClaim | None:
    """Return a claim of a pod with the owners that the set's policy gives it; None if it has them."""
    others = [owner for owner in claim.metadata.ownerReferences if not _is_ours(owner, wanted, pod)]
    ours = [owner for owner in claim.metadata.ownerReferences if _is_ours(owner, wanted, pod)]
    owner = owner_of_claims(wanted, pod)
    if any(each.controller for each in others):
        return None  # somebody else looks after it
    if [each.uid for each in ours] == ([owner.uid] if owner is not None else []):
        return None
    copy = PersistentVolumeClaim()
    copy.CopyFrom(claim)
    del copy.metadata.ownerReferences[:]
    copy.metadata.ownerReferences.extend([*others, owner] if owner is not None else others)
    return copy


def owner_of_claims(wanted: StatefulSet, pod: Pod) -> OwnerReference | None:
    """Return what the claims of a pod go with: the pod, the set, or nothing."""
    policy = wanted.spec.persistentVolumeClaimRetentionPolicy
    if policy.whenScaled == "Delete" and ordinal_of(pod, wanted) not in ordinals(wanted):
        return controller_reference(pod)
    return controller_reference(wanted) if policy.whenDeleted == "Delete" else None


def is_stale(claim: PersistentVolumeClaim, ordinal: int, wanted: StatefulSet) -> bool:
    """Whether a claim is about to go with an earlier pod of the same name, so that a new pod must not use it."""
    name = f"{wanted.metadata.name}-{ordinal}"
    return any(owner.kind == "Pod" and owner.name == name for owner in claim.metadata.ownerReferences)


def _is_ours(owner: OwnerReference, wanted: StatefulSet, pod: Pod) -> bool:
    if owner.kind == "StatefulSet":
        return owner.name == wanted.metadata.name
    return owner.kind == "Pod" and owner.name == pod.metadata.name
