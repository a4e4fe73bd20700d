"""Tells the cluster what the cloud knows of its nodes: who and where they are, and whether they are still there.

Source: *Cloud Controller Manager*, the node controller, in the Kubernetes documentation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kobune.api.core.v1 import Node, NodeAddress, Taint
from kobune.apimachinery.clock import Clock
from kobune.apimachinery.meta import is_deleting, seconds_of, time_of
from kobune.client import (
    Action,
    Controller,
    Effect,
    RecordEvent,
    RequeueAfter,
    Retry,
    Update,
    UpdateStatus,
    View,
    delete,
)
from kobune.cloud.v1 import InstanceMetadataResponse
from kobune.cloud_controller_manager.cloud import Cloud, CloudError, CloudNotFound

UNINITIALIZED = "node.cloudprovider.kubernetes.io/uninitialized"
SHUTDOWN = "node.cloudprovider.kubernetes.io/shutdown"
INSTANCE_TYPE = "node.kubernetes.io/instance-type"
ZONE = "topology.kubernetes.io/zone"
REGION = "topology.kubernetes.io/region"

PERIOD = 5.0
"""Seconds between looks for the machine of a node that is not ready."""


@dataclass(frozen=True)
class Instance:
    """What the cloud said of a node's machine."""

    exists: bool
    shutdown: bool = False
    metadata: InstanceMetadataResponse | None = None
    """None if that was not asked."""


@dataclass(frozen=True)
class AskForInstance(Effect):
    """Have the cloud say what it knows of a node's machine, and do what follows."""

    node: Node


def reconcile(node: Node, now: float) -> list[Action]:
    """Plan whether the cloud is asked for a node: when that is new, and from time to time while it is not ready."""
    if is_deleting(node.metadata):
        return []
    if needs_metadata(node):
        return [AskForInstance(node)]
    if is_ready(node):
        return untaint(node)
    silent = now - unready_since(node)
    return [AskForInstance(node)] if silent >= PERIOD else [RequeueAfter(max(PERIOD - silent, 0.1))]


def follow(node: Node, instance: Instance, now: float) -> list[Action]:
    """Plan what the cloud's answer means for a node."""
    if not instance.exists:
        return without_machine(node)
    if instance.metadata is not None:
        return initialize(node, instance.metadata)
    if instance.shutdown and not has_taint(node, SHUTDOWN):
        taint = Taint(key=SHUTDOWN, effect="NoSchedule", timeAdded=time_of(now))
        return [Update(with_taints(node, [*node.spec.taints, taint])), RequeueAfter(PERIOD)]
    return [*([] if instance.shutdown else untaint(node)), RequeueAfter(PERIOD)]


def without_machine(node: Node) -> list[Action]:
    """Plan what becomes of a node whose machine does not exist: it goes, unless it lives nevertheless."""
    if is_ready(node) or has_taint(node, UNINITIALIZED):
        return [RequeueAfter(PERIOD)]
    message = f"Deleting node {node.metadata.name} because it does not exist in the cloud provider"
    return [RecordEvent(node, "Normal", "DeletingNode", message), delete(node)]


def initialize(node: Node, metadata: InstanceMetadataResponse) -> list[Action]:
    """Plan to give a node what is known of its machine."""
    copy = with_taints(node, [taint for taint in node.spec.taints if taint.key != UNINITIALIZED])
    if not copy.spec.providerID and metadata.provider_id:
        copy.spec.providerID = metadata.provider_id
    labels = {INSTANCE_TYPE: metadata.instance_type, ZONE: metadata.zone, REGION: metadata.region}
    copy.metadata.labels.update({key: value for key, value in labels.items() if value})
    for key, value in metadata.additional_labels.items():
        copy.metadata.labels.setdefault(key, value)
    addresses = addresses_of(node, metadata)
    if addresses != list(node.status.addresses):
        # First, because without the taint pods come. The rest follows when this has been seen.
        status = Node()
        status.CopyFrom(node)
        del status.status.addresses[:]
        status.status.addresses.extend(addresses)
        return [UpdateStatus(status), RequeueAfter(0)]
    if copy == node:
        return []
    return [Update(copy), RecordEvent(node, "Normal", "Synced", "Node synced successfully")]


def addresses_of(node: Node, metadata: InstanceMetadataResponse) -> list[NodeAddress]:
    """Return the addresses that the cloud knows, and the node's own host name."""
    if not metadata.addresses:
        return list(node.status.addresses)
    known = {address.type for address in metadata.addresses}
    names = [address for address in node.status.addresses if address.type == "Hostname" and "Hostname" not in known]
    return [*metadata.addresses, *names]


def untaint(node: Node) -> list[Action]:
    """Plan to take the taint of a machine that is switched off from a node."""
    if not has_taint(node, SHUTDOWN):
        return []
    return [Update(with_taints(node, [taint for taint in node.spec.taints if taint.key != SHUTDOWN]))]


def needs_metadata(node: Node) -> bool:
    """Whether a node waits for what the cloud knows: its kubelet says so by a taint."""
    return has_taint(node, UNINITIALIZED)


def has_taint(node: Node, key: str) -> bool:
    return any(taint.key == key for taint in node.spec.taints)


def with_taints(node: Node, taints: Iterable[Taint]) -> Node:
    copy = Node()
    copy.CopyFrom(node)
    del copy.spec.taints[:]
    copy.spec.taints.extend(taints)
    return copy


def is_ready(node: Node) -> bool:
    return any(condition.type == "Ready" and condition.status == "True" for condition in node.status.conditions)


def unready_since(node: Node) -> float:
    """Return since when a node is not ready: since it was made, if it never was."""
    for condition in node.status.conditions:
        if condition.type == "Ready" and condition.HasField("lastTransitionTime"):
            return seconds_of(condition.lastTransitionTime)
    return seconds_of(node.metadata.creationTimestamp)


def matters(old: Node | None, new: Node | None) -> bool:
    """Whether a change of a node is worth a look: heartbeats are not."""
    return old is None or new is None or facts_of(old) != facts_of(new)


def facts_of(node: Node) -> tuple[object, ...]:
    keys = [taint.key for taint in node.spec.taints]
    since = 0.0 if is_ready(node) else unready_since(node)
    return since, needs_metadata(node), keys, is_deleting(node.metadata), list(node.status.addresses)


def node_controller(cloud: Cloud, clock: Clock) -> Controller:
    """Return the controller that asks a cloud for what it knows of nodes."""

    async def observe(view: View, key: str) -> tuple[Any, ...] | None:
        node = view.get(Node, key)
        return (node, view.now) if node is not None else None

    async def perform(effect: Effect) -> Sequence[Action]:
        """Ask: of many nodes at the same time, for a cloud takes its time."""
        if not isinstance(effect, AskForInstance):
            raise TypeError(effect)
        try:
            return follow(effect.node, await ask(effect.node), clock.now())
        except CloudError as error:
            return [Retry(error)]

    async def ask(node: Node) -> Instance:
        if needs_metadata(node):
            try:
                return Instance(exists=True, metadata=await cloud.instance_metadata(node))
            except CloudNotFound:
                return Instance(exists=False)
        if not await cloud.instance_exists(node):
            return Instance(exists=False)
        return Instance(exists=True, shutdown=await cloud.instance_shutdown(node))

    return Controller(
        name="cloud-node",
        reporter="cloud-node-controller",
        root=Node,
        root_when=matters,
        observe=observe,
        reconcile=reconcile,
        perform=perform,
    )
