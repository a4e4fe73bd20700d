"""Notices nodes that fell silent, and taints nodes for what is wrong with them.

Ready ──(no lease or status for 40 s)──► Unknown: tainted unreachable, its pods not ready
  ▲                                         │
  └──────────(its kubelet reports)──────────┘ taints removed

All taints but one: that pods must leave (`NoExecute`) is for `nodeeviction` to say, which looks at whole zones. Here it
is made to agree with the condition when that changes, and taken away at once when the node is ready again.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from kobune.api.coordination.v1 import Lease
from kobune.api.core.v1 import Node, NodeCondition, Pod, Taint
from kobune.apimachinery.meta import is_deleting, seconds_of, time_of
from kobune.client import Action, Announce, Controller, RequeueAfter, Update, UpdateStatus, View, Watch
from kobune.controller_manager.nodes import condition_of, pods_on, with_taints
from kobune.controller_manager.pods import is_ready, ready_condition

LEASES = "kube-node-lease"
REPORTED = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
"""The conditions that a kubelet reports, and that nobody knows once it is silent."""
NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
NO_EXECUTE = "NoExecute"
PRESSURES = {
    "MemoryPressure": "node.kubernetes.io/memory-pressure",
    "DiskPressure": "node.kubernetes.io/disk-pressure",
    "PIDPressure": "node.kubernetes.io/pid-pressure",
    "NetworkUnavailable": "node.kubernetes.io/network-unavailable",
}
ELDERS = {"kubernetes.io/os": "beta.kubernetes.io/os", "kubernetes.io/arch": "beta.kubernetes.io/arch"}
MANAGED = {NOT_READY, UNREACHABLE, UNSCHEDULABLE, *PRESSURES.values()}


def reconcile(
    node: Node, lease: Lease | None, pods: Sequence[Pod], grace: float, now: float, began: float = 0.0
) -> list[Action]:
    """Plan the conditions and taints of a node. `grace` are the seconds of silence that are borne.

    What was before `began` nobody listened to: a kubelet that said nothing in that time is not silent for it.
    """
    if is_deleting(node.metadata):
        return []
    silent = now - max(heard_at(node, lease), began)
    if silent > grace and not is_unknown(node):
        # Taints come in the next pass: they are another write of the same object.
        return [lost(node, now), *(not_ready(pod, now) for pod in pods if is_ready(pod))]
    actions: list[Action] = []
    wanted = with_taints(node, taints_of(node, now))
    wanted.metadata.labels.update(elder_labels(node))
    if wanted != node:
        actions.append(Update(wanted))
    if is_unknown(node):
        actions += [not_ready(pod, now) for pod in pods if is_ready(pod)]
    else:
        actions.append(RequeueAfter(max(grace - silent, 0) + 0.1))
    return actions


def elder_labels(node: Node) -> dict[str, str]:
    """Return the labels that say the same as others under the names which those once had."""
    labels = node.metadata.labels
    return {elder: labels[name] for name, elder in ELDERS.items() if name in labels}


def trouble_of(node: Node) -> str:
    """Return the key of the taint for a node that is not ready; empty for one that is, or has not said anything."""
    ready = condition_of(node, "Ready")
    if ready is None or ready.status == "True":
        return ""
    return NOT_READY if ready.status == "False" else UNREACHABLE


def gives_up(node: Node) -> list[Taint]:
    """Return the taints that make pods leave a node because it is not ready."""
    return [taint for taint in node.spec.taints if taint.key in (NOT_READY, UNREACHABLE) and taint.effect == NO_EXECUTE]


def heard_at(node: Node, lease: Lease | None) -> float:
    """Return when the node's kubelet was last heard of; when the node was made, if never."""
    ready = condition_of(node, "Ready")
    heard = [seconds_of(node.metadata.creationTimestamp)]
    if ready is not None:
        heard.append(seconds_of(ready.lastHeartbeatTime))
    if lease is not None:
        heard.append(seconds_of(lease.spec.renewTime))
    return max(heard)


def is_unknown(node: Node) -> bool:
    """Whether it has been said already that the node is silent."""
    ready = condition_of(node, "Ready")
    return ready is not None and ready.status == "Unknown"


def lost(node: Node, now: float) -> Action:
    """Return the write that says that nobody knows how the node is."""
    copy = Node()
    copy.CopyFrom(node)
    for type_ in REPORTED:
        condition = condition_of(copy, type_)
        if condition is None:
            condition = copy.status.conditions.add(type=type_)
            fill(condition, "NodeStatusNeverUpdated", "Kubelet never posted node status.", now)
        elif condition.status != "Unknown":
            fill(condition, "NodeStatusUnknown", "Kubelet stopped posting node status.", now)
    name = node.metadata.name
    return UpdateStatus(copy, Announce(node, "NodeNotReady", f"Node {name} status is now: NodeNotReady"))


def fill(condition: NodeCondition, reason: str, message: str, now: float) -> None:
    """Make the condition Unknown."""
    condition.status = "Unknown"
    condition.reason = reason
    condition.message = message
    condition.lastTransitionTime.CopyFrom(time_of(now))


def not_ready(pod: Pod, now: float) -> Action:
    """Return the write that takes a pod on a silent node out of service."""
    copy = Pod()
    copy.CopyFrom(pod)
    ready = ready_condition(copy)
    if ready is not None:
        ready.status = "False"
        ready.lastTransitionTime.CopyFrom(time_of(now))
    return UpdateStatus(copy, Announce(pod, "NodeNotReady", "Node is not ready"))


def taints_of(node: Node, now: float) -> Iterator[Taint]:
    """Yield the taints that the node must have: others' as they are, ours as its conditions say."""
    existing = {(taint.key, taint.effect): taint for taint in node.spec.taints}
    wanted = dict.fromkeys(wanted_taints(node))
    ready = condition_of(node, "Ready")
    for (key, effect), taint in existing.items():
        # A kubelet registers with the not-ready taint before it has reported anything: leave it until then.
        if key not in MANAGED or (key, effect) in wanted or (ready is None and key == NOT_READY):
            yield taint
    for key, effect in wanted:
        if (key, effect) not in existing:
            yield Taint(key=key, effect=effect, timeAdded=time_of(now))


def wanted_taints(node: Node) -> Iterator[tuple[str, str]]:
    """Yield key and effect of the taints that the node's conditions ask for."""
    if key := trouble_of(node):
        yield key, "NoSchedule"
        if gives_up(node):
            yield key, NO_EXECUTE
    for type_, key in PRESSURES.items():
        condition = condition_of(node, type_)
        if condition is not None and condition.status == "True":
            yield key, "NoSchedule"
    if node.spec.unschedulable:
        yield UNSCHEDULABLE, "NoSchedule"


def nodelifecycle(grace: float) -> Controller:
    """Return the controller that bears `grace` seconds of silence."""
    began: list[float] = []  # of this controller alone

    async def observe(view: View, key: str) -> tuple[Any, ...] | None:
        if not began:
            began.append(view.now)
        node = view.get(Node, key)
        if node is None:
            return None
        return node, view.get(Lease, f"{LEASES}/{key}"), pods_on(view, key), grace, view.now, began[0]

    return Controller(
        name="nodelifecycle",
        reporter="node-controller",
        root=Node,
        # A renewed lease wakes nobody: a node is looked at again when its last renewal would be too old.
        watches=[Watch(Lease, namespace=LEASES), Watch(Pod)],
        observe=observe,
        reconcile=reconcile,
    )
