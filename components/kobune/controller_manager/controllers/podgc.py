"""Removes the pods that no kubelet will ever remove, and the oldest of very many that have ended.

| pods                                                                            | are looked for under the key |
|---------------------------------------------------------------------------------|------------------------------|
| of nodes that are gone                                                          | the node's name              |
| that somebody deleted, of nodes that are not ready and tainted `out-of-service` | the node's name              |
| that somebody deleted before they got a node                                    | `unscheduled`                |
| that have ended, above a threshold                                              | `terminated`                 |

A pod that had not ended is Failed first, so that nobody waits for it. Source: *Pod Lifecycle, Pod garbage collection*.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from kobune.api.core.v1 import Node, Pod
from kobune.apimachinery.errors import NotFound
from kobune.apimachinery.meta import is_deleting, seconds_of, time_of
from kobune.client import Action, Controller, UpdateStatus, View, Watch, delete
from kobune.client.controller import OnChange
from kobune.controller_manager.nodes import by_node, pods_on
from kobune.controller_manager.zones import is_ready

OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
UNSCHEDULED = "/unscheduled"
TERMINATED = "/terminated"
"""Keys that no node has."""
TERMINAL = ("Succeeded", "Failed")


def reconcile(pods: Sequence[Pod], now: float, node_is_gone: bool = False) -> list[Action]:
    """Plan the end of pods, without a grace period; first those that had not ended are Failed."""
    actions: list[Action] = []
    for pod in pods:
        if pod.status.phase in TERMINAL:
            actions.append(delete(pod, grace_seconds=0))
        else:
            # The deletion comes in the next pass: the writes of one are not in order.
            actions.append(UpdateStatus(failed(pod, now, node_is_gone=node_is_gone)))
    return actions


def failed(pod: Pod, now: float, *, node_is_gone: bool) -> Pod:
    """Return the pod as Failed; that its node is gone is said in a condition."""
    copy = Pod()
    copy.CopyFrom(pod)
    copy.status.phase = "Failed"
    if node_is_gone:
        condition = next((each for each in copy.status.conditions if each.type == "DisruptionTarget"), None)
        if condition is None:
            condition = copy.status.conditions.add(type="DisruptionTarget")
        if condition.status != "True":
            condition.lastTransitionTime.CopyFrom(time_of(now))
        condition.status = "True"
        condition.reason = "DeletionByPodGC"
        condition.message = "PodGC: node no longer exists"
        if pod.metadata.generation:
            condition.observedGeneration = pod.metadata.generation
    return copy


def surplus(ended: Sequence[Pod], threshold: int) -> list[Pod]:
    """Return the pods that have ended above a threshold: first those that were evicted, then the oldest."""
    count = len(ended) - threshold
    if threshold <= 0 or count <= 0:
        return []
    return sorted(ended, key=least_valuable_first)[:count]


def least_valuable_first(pod: Pod) -> tuple[bool, float, str]:
    evicted = pod.status.phase == "Failed" and pod.status.reason == "Evicted"
    return not evicted, seconds_of(pod.metadata.creationTimestamp), pod.metadata.name


def is_out_of_service(node: Node) -> bool:
    """Whether somebody has said that a node will not come back by itself, and it is not ready."""
    return not is_ready(node) and any(taint.key == OUT_OF_SERVICE for taint in node.spec.taints)


def is_unscheduled(pod: Pod) -> bool:
    """Whether a pod was deleted before it got a node: there is no kubelet that would let it go."""
    return is_deleting(pod.metadata) and not pod.spec.nodeName


def has_ended(pod: Pod) -> Iterable[str]:
    """Return the one key under which the pods are that have ended."""
    return (TERMINATED,) if pod.status.phase in TERMINAL else ()


def by_lack_of_node(pod: Pod) -> Iterable[str]:
    return (UNSCHEDULED,) if is_unscheduled(pod) else ()


def pod_changed(threshold: int) -> OnChange:
    """Return what tells which pods to look at when one changes."""

    def keys(view: View, old: Pod | None, new: Pod | None) -> Iterable[str]:
        if new is None:
            return
        if is_unscheduled(new):
            yield UNSCHEDULED
        if threshold > 0 and has_ended(new) and (old is None or not has_ended(old)):
            yield TERMINATED
        for name in by_node(new):
            node = view.get(Node, name)
            if node is None or (is_deleting(new.metadata) and is_out_of_service(node)):
                yield name

    return keys


def node_changed(view: View, old: Node | None, new: Node | None) -> Iterable[str]:
    """Return the name of a node that is gone or out of service."""
    if new is None:
        if old is not None:
            yield old.metadata.name
    elif is_out_of_service(new):
        yield new.metadata.name


def podgc(threshold: int) -> Controller:
    """Return the controller that keeps `threshold` pods that have ended; all of them if it is 0."""

    async def observe(view: View, key: str) -> tuple[Any, ...] | None:
        if key == TERMINATED:
            return surplus(view.informer(Pod).index("ended", has_ended).get(TERMINATED), threshold), view.now
        if key == UNSCHEDULED:
            return view.informer(Pod).index("unscheduled", by_lack_of_node).get(UNSCHEDULED), view.now
        pods = pods_on(view, key)
        if not pods:
            return None
        node = view.get(Node, key)
        if node is None:
            return (pods, view.now, True) if await is_gone(view, key) else None
        if is_out_of_service(node):
            return [pod for pod in pods if is_deleting(pod.metadata)], view.now
        return None

    return Controller(
        name="podgc",
        watches=[Watch(Node, on_change=node_changed), Watch(Pod, on_change=pod_changed(threshold))],
        observe=observe,
        reconcile=reconcile,
    )


async def is_gone(view: View, name: str) -> bool:
    """Whether a node is really gone: a pod can be seen before its new node is."""
    try:
        await view.client.get(Node, name)
    except NotFound:
        return True
    return False
