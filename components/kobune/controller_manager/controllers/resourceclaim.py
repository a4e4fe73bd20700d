"""Makes the claims that pods have templates for, and gives devices back that nobody uses any more.

Source: *Dynamic Resource Allocation*, KEP-4381. Allocation itself is the scheduler's.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kobune.api.core.v1 import Pod, PodResourceClaim
from kobune.api.meta.v1 import ObjectMeta
from kobune.api.resource.v1 import ResourceClaim, ResourceClaimTemplate
from kobune.apimachinery.errors import NotFound
from kobune.apimachinery.meta import controller_of, controller_reference, is_deleting, key_of
from kobune.client import (
    Action,
    Controller,
    Create,
    Patch,
    PatchType,
    RecordEvent,
    Update,
    UpdateStatus,
    View,
    Watch,
    delete,
)
from kobune.client.controller import key_of_object

FINALIZER = "resource.kubernetes.io/delete-protection"
CLAIM_OF = "resource.kubernetes.io/pod-claim-name"
"""The annotation that says which claim of its pod a claim was made for."""
LONGEST_BASE = 57
"""As much of a generated name as leaves room for five random characters."""
MOST_USERS = 256


# Claims for pods.


def reconcile_pod(
    pod: Pod, templates: Mapping[str, ResourceClaimTemplate], made: Iterable[ResourceClaim], named: list[ResourceClaim]
) -> list[Action]:
    """Plan the claims that a pod lacks, and what its status says of them.

    `templates` are by name, `made` are the claims that the pod owns, `named` those that it names itself.
    """
    if is_deleting(pod.metadata) or is_done(pod):
        return []
    actions: list[Action] = []
    known = {claim.metadata.annotations[CLAIM_OF]: claim for claim in made if CLAIM_OF in claim.metadata.annotations}
    said = {status.name: status.resourceClaimName for status in pod.status.resourceClaimStatuses}
    news: dict[str, str] = {}
    for wanted in _templated(pod):
        claim = known.get(wanted.name)
        if claim is not None:
            if said.get(wanted.name) != claim.metadata.name:
                news[wanted.name] = claim.metadata.name
        elif (template := templates.get(wanted.resourceClaimTemplateName)) is not None:
            actions.append(Create(claim_from(template, pod, wanted.name)))
        else:
            missing = f'resourceclaimtemplate.resource.k8s.io "{wanted.resourceClaimTemplateName}" not found'
            why = f'resource claim template "{wanted.resourceClaimTemplateName}": {missing}'
            message = f"PodResourceClaim {wanted.name}: {why}"
            actions.append(RecordEvent(pod, "Warning", "FailedResourceClaimCreation", message))
    if news:
        actions.append(_status(pod, news))
    if pod.spec.nodeName:  # no scheduler has seen to it
        actions += [UpdateStatus(_reserved(claim, pod)) for claim in (*known.values(), *named) if _lacks(claim, pod)]
    return actions


def claim_from(template: ResourceClaimTemplate, pod: Pod, name: str) -> ResourceClaim:
    """Return the claim that a pod has under a name, made after a template."""
    meta = ObjectMeta(
        generateName=_base(pod.metadata.name, name),
        namespace=pod.metadata.namespace,
        labels=template.spec.metadata.labels,
        annotations={**template.spec.metadata.annotations, CLAIM_OF: name},
        ownerReferences=[controller_reference(pod)],
    )
    return ResourceClaim(metadata=meta, spec=template.spec.spec)


def _base(pod: str, claim: str) -> str:
    """Return the beginning of a name: both are cut in proportion, so that something of both is left."""
    length = len(pod) + len(claim) + 2
    if length <= LONGEST_BASE:
        return f"{pod}-{claim}-"
    return f"{pod[: len(pod) * LONGEST_BASE // length]}-{claim[: len(claim) * LONGEST_BASE // length]}"


def _status(pod: Pod, news: Mapping[str, str]) -> Patch:
    statuses = [{"name": name, "resourceClaimName": claim} for name, claim in news.items()]
    patch = {"metadata": {"uid": pod.metadata.uid}, "status": {"resourceClaimStatuses": statuses}}
    return Patch(Pod, pod.metadata.name, pod.metadata.namespace, patch, PatchType.STRATEGIC, "status")


def _lacks(claim: ResourceClaim, pod: Pod) -> bool:
    """Whether a pod on a node uses a claim that has devices and does not say so."""
    users = claim.status.reservedFor
    has_room = claim.status.HasField("allocation") and len(users) < MOST_USERS
    return has_room and not is_deleting(claim.metadata) and all(user.uid != pod.metadata.uid for user in users)


def _reserved(claim: ResourceClaim, pod: Pod) -> ResourceClaim:
    copy = ResourceClaim()
    copy.CopyFrom(claim)
    copy.status.reservedFor.add(resource="pods", name=pod.metadata.name, uid=pod.metadata.uid)
    return copy


def is_done(pod: Pod) -> bool:
    """Whether nothing of a pod runs, or ever will."""
    return pod.status.phase in ("Succeeded", "Failed") or (is_deleting(pod.metadata) and not pod.spec.nodeName)


# What becomes of claims.


def reconcile_claim(claim: ResourceClaim, users: frozenset[str], owner: Pod | None) -> list[Action]:
    """Plan what a claim is without those that use it no longer.

    `users` are the uids of the pods that still do, `owner` is the pod of the name that it was made for. Devices are
    given back with the last user, so that the next one is not bound to the node of the last.
    """
    copy = ResourceClaim()
    copy.CopyFrom(claim)
    left = [user for user in claim.status.reservedFor if user.apiGroup or user.uid in users]
    del copy.status.reservedFor[:]
    copy.status.reservedFor.extend(left)
    if not left and (claim.status.reservedFor or is_deleting(claim.metadata)):
        copy.status.ClearField("allocation")
    actions: list[Action] = []
    if copy.status != claim.status:
        actions.append(UpdateStatus(copy))
    elif is_deleting(claim.metadata) and not left and FINALIZER in claim.metadata.finalizers:
        # Only of one that is being deleted: another scheduler may be about to allocate, and write this first.
        copy.metadata.finalizers.remove(FINALIZER)
        actions.append(Update(copy))
    if not left and not is_deleting(claim.metadata) and _is_unneeded(claim, owner):
        actions.append(delete(claim))
    return actions


def _is_unneeded(claim: ResourceClaim, owner: Pod | None) -> bool:
    """Whether the pod that a claim was made for has been replaced, or is done. That it is gone others see to."""
    made_for = controller_of(claim.metadata)
    return made_for is not None and owner is not None and (owner.metadata.uid != made_for.uid or is_done(owner))


# Who looks at what.


def _templated(pod: Pod) -> Iterator[PodResourceClaim]:
    return (wanted for wanted in pod.spec.resourceClaims if wanted.resourceClaimTemplateName)


def itself(view: View, pod: Pod) -> Iterable[str]:
    """Return the key of a pod that has claims."""
    return key_of_object(view, pod) if pod.spec.resourceClaims else ()


def its_pod(view: View, claim: ResourceClaim) -> Iterable[str]:
    """Return the key of the pod that a claim was made for."""
    owner = controller_of(claim.metadata)
    return (key_of(claim.metadata.namespace, owner.name),) if owner is not None and owner.kind == "Pod" else ()


def its_users(view: View, template: ResourceClaimTemplate) -> Iterable[str]:
    """Return the keys of the pods that have a template for a claim."""
    meta = template.metadata
    for pod in view.in_namespace(Pod, meta.namespace):
        if any(wanted.resourceClaimTemplateName == meta.name for wanted in pod.spec.resourceClaims):
            yield key_of(meta.namespace, pod.metadata.name)


def its_claims(view: View, pod: Pod) -> Iterable[str]:
    """Return the keys of the claims that a pod uses."""
    made = {status.resourceClaimName for status in pod.status.resourceClaimStatuses}
    named = {wanted.resourceClaimName for wanted in pod.spec.resourceClaims}
    return [key_of(pod.metadata.namespace, name) for name in made | named if name]


async def observe_pod(view: View, key: str) -> tuple[Any, ...] | None:
    """Return a pod with the claims that it has, and the templates of those that it lacks."""
    pod = view.get(Pod, key)
    if pod is None or not pod.spec.resourceClaims:
        return None
    namespace = pod.metadata.namespace
    names = {wanted.resourceClaimTemplateName for wanted in _templated(pod)}
    templates = {name: view.get(ResourceClaimTemplate, key_of(namespace, name)) for name in names}
    named = [
        claim
        for wanted in pod.spec.resourceClaims
        if (claim := view.get(ResourceClaim, key_of(namespace, wanted.resourceClaimName))) is not None
    ]
    known = {name: template for name, template in templates.items() if template is not None}
    return pod, known, view.owned(ResourceClaim, pod.metadata.uid), named


async def observe_claim(view: View, key: str) -> tuple[Any, ...] | None:
    """Return a claim, who of its users still uses it, and the pod that it was made for."""
    claim = view.get(ResourceClaim, key)
    if claim is None:
        return None
    namespace = claim.metadata.namespace
    users = [user for user in claim.status.reservedFor if not user.apiGroup and user.resource == "pods"]
    found = {user.uid for user in users if await _uses(view, key_of(namespace, user.name), user.uid)}
    owner = next(iter(its_pod(view, claim)), "")
    return claim, frozenset(found), view.get(Pod, owner) if owner else None


async def _uses(view: View, key: str, uid: str) -> bool:
    """Whether a pod still uses its claims. The scheduler may know of one that is not known here yet."""
    pod = view.get(Pod, key)
    if pod is None:
        namespace, _, name = key.partition("/")
        try:
            pod = await view.client.get(Pod, name, namespace)
        except NotFound:
            return False
    return pod.metadata.uid == uid and not is_done(pod)


resourceclaim = Controller(
    name="resourceclaim",
    reporter="resource_claim",
    root=ResourceClaim,
    watches=[Watch(Pod, its_claims)],
    observe=observe_claim,
    reconcile=reconcile_claim,
)
resourceclaim_templates = Controller(
    name="resourceclaim-templates",
    reporter="resource_claim",
    watches=[Watch(Pod, itself), Watch(ResourceClaim, its_pod), Watch(ResourceClaimTemplate, its_users)],
    observe=observe_pod,
    reconcile=reconcile_pod,
)
