"""How it is written which devices a claim got, and for whom it is reserved, beside others who write it, too."""

from typing import Final

from kobune.api.resource.v1 import AllocationResult, ResourceClaim
from kobune.apimachinery.errors import Conflict
from kobune.client import Client
from kobune.scheduler.framework import PluginFailed
from kobune.scheduler.podinfo import PodInfo

FINALIZER: Final = "resource.kubernetes.io/delete-protection"
MOST_USERS: Final = 256
AGAIN: Final = 5
"""How often a claim is written anew because somebody else wrote it meanwhile."""


async def write(client: Client, pod: PodInfo, claim: ResourceClaim, allocation: AllocationResult) -> ResourceClaim:
    """Return a claim that says that it has these devices, and is reserved for the pod."""
    for attempt in range(AGAIN):
        if attempt:
            known, claim = claim, await client.get(ResourceClaim, claim.metadata.name, claim.metadata.namespace)
            if claim.metadata.uid != known.metadata.uid:
                raise PluginFailed("DynamicResources", "pre_bind", f"claim {claim.metadata.name} has been replaced")
        if any(user.uid == pod.metadata.uid for user in claim.status.reservedFor):
            return claim
        try:
            return await client.update_status(await _protected(client, reserved(claim, allocation, pod)))
        except Conflict:
            continue
    raise PluginFailed("DynamicResources", "pre_bind", f"claim {claim.metadata.name} keeps changing")


def reserved(claim: ResourceClaim, allocation: AllocationResult, pod: PodInfo) -> ResourceClaim:
    """Return a claim with an allocation, reserved for one pod more; `PluginFailed` if it cannot be."""
    copy = ResourceClaim()
    copy.CopyFrom(claim)
    status, why = copy.status, ""
    if copy.metadata.HasField("deletionTimestamp"):
        why = "is being deleted"
    elif status.HasField("allocation") and status.allocation.devices.results != allocation.devices.results:
        why = "has got other devices meanwhile"
    elif len(status.reservedFor) >= MOST_USERS:
        why = f"is reserved for {MOST_USERS} pods already"
    if why:
        raise PluginFailed("DynamicResources", "pre_bind", f'resourceclaim "{claim.metadata.name}" {why}')
    if not status.HasField("allocation"):
        status.allocation.CopyFrom(allocation)
    status.reservedFor.add(resource="pods", name=pod.metadata.name, uid=pod.metadata.uid)
    return copy


async def _protected(client: Client, claim: ResourceClaim) -> ResourceClaim:
    """Return a claim that stays until its devices are given back, which has to be written first."""
    if FINALIZER in claim.metadata.finalizers:
        return claim
    claim.metadata.finalizers.append(FINALIZER)
    written = await client.update(claim)
    claim.metadata.CopyFrom(written.metadata)
    return claim
