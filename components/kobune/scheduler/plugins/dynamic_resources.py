"""Devices that pods claim. Source: *Dynamic Resource Allocation*, KEP-4381, at the level of structured parameters.

A claim is allocated on the first node that a pod which uses it goes to. Until that is written, `Inventory` knows what
was promised, so that two pods never count on one device.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kobune.api.core.v1 import NodeSelectorTerm
from kobune.api.resource.v1 import DeviceClass, ResourceClaim
from kobune.apimachinery import node_selectors
from kobune.client import Client, PatchType, UpdateStatusOf
from kobune.scheduler.devices.allocator import Failure
from kobune.scheduler.devices.claims import claims_of, name_of, names_of
from kobune.scheduler.devices.demand import Demand, Impossible, demand_of
from kobune.scheduler.devices.inventory import CLAIMS, CLASSES, Inventory
from kobune.scheduler.devices.memory import Found, Memory, on_node
from kobune.scheduler.devices.results import allocation_of
from kobune.scheduler.devices.writing import MOST_USERS, write
from kobune.scheduler.framework import SKIP, No, Note, PluginFailed, Trial
from kobune.scheduler.framework.answers import Skip
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

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
        if new is None or new.metadata.namespace != pod.metadata.namespace or new.metadata.name not in names_of(pod):
            return False
        return old is None or old.status != new.status

    # Whether it can be scheduled.

    def pre_enqueue(self, pod: PodInfo, cluster: Snapshot) -> str | None:
        if not pod.spec.resourceClaims:
            return None
        for wanted in pod.spec.resourceClaims:
            # A claim that is being made for the pod is no reason to complain.
            if wanted.resourceClaimTemplateName and name_of(pod, wanted) is not None:
                name = name_of(pod, wanted)
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
            claims = list({claim.metadata.uid: claim for claim in claims_of(pod, cluster)}.values())
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
            assert self._client is not None
            state.inventory.written(await write(self._client, pod, claim, allocation), pod.metadata.uid)


@dataclass(frozen=True)
class _ClassOf:
    cluster: Snapshot

    def __call__(self, name: str) -> DeviceClass | None:
        found: DeviceClass | None = self.cluster.objects.get(CLASSES, "", name)
        return found


def _has_devices(claim: ResourceClaim | None) -> bool:
    return claim is not None and claim.status.HasField("allocation")
