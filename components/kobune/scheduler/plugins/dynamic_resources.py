"""Devices that pods claim. Source: *Dynamic Resource Allocation*, KEP-4381, at the level of structured parameters.

A claim is allocated on the first node that a pod which uses it goes to. Until that is written, `Inventory` knows what
was promised, so that two pods never count on one device.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kobune.api.core.v1 import NodeSelectorTerm, Pod, PodResourceClaim
from kobune.api.resource.v1 import AllocationResult, DeviceClass, ResourceClaim
from kobune.apimachinery import node_selectors
from kobune.apimachinery.errors import Conflict
from kobune.apimachinery.meta import controller_of
from kobune.client import Client, PatchType, UpdateStatusOf
from kobune.scheduler.devices.allocator import Failure
from kobune.scheduler.devices.demand import Demand, Impossible, demand_of
from kobune.scheduler.devices.inventory import CLAIMS, CLASSES, Inventory
from kobune.scheduler.devices.memory import Found, Memory, on_node
from kobune.scheduler.devices.results import allocation_of
from kobune.scheduler.framework import SKIP, No, Note, PluginFailed, Trial
from kobune.scheduler.framework.answers import Skip
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

FINALIZER: Final = "resource.kubernetes.io/delete-protection"
MOST_USERS: Final = 256
AGAIN: Final = 5
"""How often a claim is written anew because somebody else wrote it meanwhile."""
NOT_HERE: Final = "resourceclaim not available on the node"


@dataclass
class State:
    """The claims of a pod, and what they ask for."""

    inventory: Inventory
    claims: Sequence[ResourceClaim]
    demands: Sequence[Demand]
    """Those that have no devices yet."""
    known: dict[str, Any]
    """What nodes could give to claims like these when they were asked."""
    confined: Sequence[tuple[ResourceClaim, Sequence[NodeSelectorTerm]]]
    """The claims whose devices only some nodes can use, and which."""

    def on(self, node: NodeInfo) -> Found:
        """Return what a node can give to the claims that have nothing."""
        return on_node(self.demands, self.inventory, self.known, node.node)

    def unavailable(self, node: NodeInfo) -> Iterator[ResourceClaim]:
        """Yield the claims whose devices the node cannot use."""
        for claim, terms in self.confined:
            if not node_selectors.matches_any(terms, node.name, node.node.metadata.labels):
                yield claim


class DynamicResources:
    """Lets pods go where their claims have devices, or can get them."""

    individual = True  # pods of one template have claims of their own
    reserves_in_snapshot = True
    events = (
        "Node/Add",
        "Node/UpdateNodeLabel",
        "Pod/Delete",
        "ResourceClaim/*",
        "DeviceClass/Add",
        "DeviceClass/Update",
        "ResourceSlice/*",
    )

    def __init__(self) -> None:
        self._client: Client | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DynamicResources)

    def __hash__(self) -> int:
        return hash(DynamicResources)

    def connect(self, client: Client) -> None:
        """Get the client to write claims with."""
        self._client = client

    def concerns(self, pod: PodInfo) -> bool:
        return bool(pod.spec.resourceClaims)

    def hint(self, pod: PodInfo, event: str, old: Any, new: Any) -> bool:
        if event.startswith("Pod/"):
            return old is not None and bool(old.spec.resourceClaims)  # it may have counted on devices
        if not event.startswith("ResourceClaim/"):
            return True
        if _has_devices(old) and not _has_devices(new):
            return True  # somebody else may have them
        if new is None or new.metadata.namespace != pod.metadata.namespace or new.metadata.name not in _names(pod):
            return False
        return old is None or old.status != new.status

    # Whether it can be scheduled.

    def pre_enqueue(self, pod: PodInfo, cluster: Snapshot) -> str | None:
        if not pod.spec.resourceClaims:
            return None
        for wanted in pod.spec.resourceClaims:
            # A claim that is being made for the pod is no reason to complain.
            if wanted.resourceClaimTemplateName and _name(pod, wanted) is not None:
                name = _name(pod, wanted)
                if name and cluster.objects.get(CLAIMS, pod.metadata.namespace, name) is None:
                    return f'resourceclaim "{name}" not found'
            elif wanted.resourceClaimTemplateName:
                return f'pod claim "{wanted.name}": ResourceClaim not created yet'
        return None

    def pre_filter(self, pod: PodInfo, cluster: Snapshot) -> State | Skip | No:
        if not pod.spec.resourceClaims:
            return SKIP
        inventory = cluster.objects.derived(Inventory)
        try:
            claims = list({claim.metadata.uid: claim for claim in _claims(pod, cluster)}.values())
            for claim in claims:
                users = inventory.users_of(claim)
                if len(users) >= MOST_USERS and pod.metadata.uid not in users:
                    raise Impossible("resourceclaim in use")
            class_of = _ClassOf(cluster)
            demands = [demand_of(claim, class_of) for claim in claims if inventory.allocation_of(claim) is None]
        except Impossible as error:
            return No((str(error),), final=True)
        if not claims:
            return SKIP
        allocations = [(claim, inventory.allocation_of(claim)) for claim in claims]
        confined = [
            (claim, allocation.nodeSelector.nodeSelectorTerms)
            for claim, allocation in allocations
            if allocation is not None and allocation.HasField("nodeSelector")
        ]
        return State(inventory, claims, demands, cluster.objects.derived(Memory).of(demands), confined)

    def filter(self, pod: PodInfo, node: NodeInfo, state: State) -> Sequence[str] | None:
        if state.confined and next(state.unavailable(node), None) is not None:
            return (NOT_HERE,)
        if not state.demands:
            return None
        found = state.on(node)
        return found.reasons if isinstance(found, Failure) else None

    def post_filter(self, pod: PodInfo, cluster: Snapshot, trial: Trial) -> Note:
        state = trial.evaluation.states.get("DynamicResources")
        if not isinstance(state, State):
            return Note("no new claims to deallocate")
        nodes = [node for node in cluster.nodes if NOT_HERE in getattr(trial.why_not.get(node.name), "reasons", ())]
        for claim in state.claims:
            if not state.inventory.users_of(claim) <= {pod.metadata.uid}:
                continue
            if any(claim in state.unavailable(node) for node in nodes) and claim.status.HasField("allocation"):
                free = ResourceClaim()
                free.CopyFrom(claim)
                free.status.ClearField("allocation")
                free.status.ClearField("reservedFor")
                return Note("deallocation of ResourceClaim completed", [UpdateStatusOf(free)])
        return Note("still not schedulable")

    # Once it has a node.

    def reserve(self, pod: PodInfo, node: NodeInfo, state: State | None) -> str | None:
        if state is None:
            return None
        found = state.on(node)
        if isinstance(found, Failure):
            return found.reasons[0]  # somebody was faster, while others were asked
        uid = pod.metadata.uid
        for demand, given in zip(state.demands, found, strict=True):
            state.inventory.promise(demand.claim, allocation_of(demand, given), uid)
        for claim in state.claims:
            allocation = state.inventory.allocation_of(claim)
            assert allocation is not None
            state.inventory.promise(claim, allocation, uid)
        return None

    def give_back(self, pod: PodInfo, state: Any) -> Sequence[ResourceClaim]:
        """Let a pod count on no devices any more, and return the claims that have been written for it."""
        if not isinstance(state, State):
            return ()
        return [claim for claim in state.claims if state.inventory.give_back(claim, pod.metadata.uid)]

    async def unreserve(self, pod: PodInfo, node: NodeInfo, state: State | None) -> None:
        for claim in self.give_back(pod, state):
            if self._client is not None:
                meta = claim.metadata
                await self._client.patch(
                    ResourceClaim,
                    meta.name,
                    meta.namespace,
                    {
                        "metadata": {"uid": meta.uid},
                        "status": {"reservedFor": [{"$patch": "delete", "uid": pod.metadata.uid}]},
                    },
                    type=PatchType.STRATEGIC,
                    subresource="status",
                )

    async def pre_bind(self, pod: PodInfo, node: NodeInfo, state: State | None) -> None:
        for claim in state.claims if state is not None else ():
            assert state is not None
            allocation = state.inventory.allocation_of(claim)
            if allocation is None:
                raise PluginFailed("DynamicResources", "pre_bind", f"claim {claim.metadata.name} has lost its devices")
            state.inventory.written(await self._write(pod, claim, allocation), pod.metadata.uid)

    async def _write(self, pod: PodInfo, claim: ResourceClaim, allocation: AllocationResult) -> ResourceClaim:
        """Return a claim that says that it has these devices, and is reserved for the pod."""
        client = self._client
        assert client is not None
        for attempt in range(AGAIN):
            if attempt:
                claim = await client.get(ResourceClaim, claim.metadata.name, claim.metadata.namespace)
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


@dataclass(frozen=True)
class _ClassOf:
    cluster: Snapshot

    def __call__(self, name: str) -> DeviceClass | None:
        found: DeviceClass | None = self.cluster.objects.get(CLASSES, "", name)
        return found


def _claims(pod: PodInfo, cluster: Snapshot) -> Iterator[ResourceClaim]:
    """Yield the claims that a pod uses; `Impossible` says why it cannot."""
    for wanted in pod.spec.resourceClaims:
        if (name := _name(pod, wanted)) is None:
            raise Impossible(f'pod claim "{wanted.name}": ResourceClaim not created yet')
        if not name:
            continue  # whoever makes its claims says that it needs none
        claim = cluster.objects.get(CLAIMS, pod.metadata.namespace, name)
        if claim is None:
            raise Impossible(f'resourceclaim "{name}" not found')
        if claim.metadata.HasField("deletionTimestamp"):
            raise Impossible(f'resourceclaim "{name}" is being deleted')
        if wanted.resourceClaimTemplateName:
            owner = controller_of(claim.metadata)
            if owner is None or owner.uid != pod.metadata.uid:
                raise Impossible(
                    f"ResourceClaim {pod.metadata.namespace}/{name} was not created for pod {pod.key} "
                    "(pod is not owner)"
                )
        yield claim


def _name(pod: PodInfo | Pod, wanted: PodResourceClaim) -> str | None:
    """Return the name of a claim that a pod uses: empty if it uses none after all, None if that is not known yet."""
    if wanted.resourceClaimName:
        return wanted.resourceClaimName
    for made in pod.status.resourceClaimStatuses:
        if made.name == wanted.name:
            return made.resourceClaimName
    return None


def _has_devices(claim: ResourceClaim | None) -> bool:
    return claim is not None and claim.status.HasField("allocation")


def _names(pod: PodInfo) -> frozenset[str]:
    return frozenset(name for wanted in pod.spec.resourceClaims if (name := _name(pod, wanted)))
