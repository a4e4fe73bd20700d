"""Evicts pods from nodes with NoExecute taints, each when its tolerations end."""

from collections.abc import Sequence
from typing import Any

from kobune.api.core.v1 import Node, Pod, Taint
from kobune.apimachinery.meta import is_deleting, seconds_of, time_of
from kobune.apimachinery.tolerations import covers
from kobune.client import Action, Announce, Controller, RequeueAfter, Update, View, Watch, delete
from kobune.controller_manager.nodes import node_of, pods_on, with_taints

FOREVER = float("inf")


def reconcile(node: Node, pods: Sequence[Pod], now: float) -> list[Action]:
    """Plan the evictions that are due, and when to look for the next."""
    taints = [taint for taint in node.spec.taints if taint.effect == "NoExecute"]
    if not taints:
        return []
    if any(not taint.HasField("timeAdded") for taint in taints):
        return [stamped(node, now)]
    actions: list[Action] = []
    next_due = FOREVER
    for pod in pods:
        if is_deleting(pod.metadata):
            continue
        due = min(tolerated_until(pod, taint) for taint in taints)
        if due <= now:
            name = f"{pod.metadata.namespace}/{pod.metadata.name}"
            announce = Announce(pod, "TaintManagerEviction", f"Marking for deletion Pod {name}")
            actions.append(delete(pod, announce=announce))
        else:
            next_due = min(next_due, due)
    if next_due != FOREVER:
        actions.append(RequeueAfter(next_due - now))
    return actions


def stamped(node: Node, now: float) -> Action:
    """Return the write that notes since when the taints are there: what tolerations count from."""
    taints = []
    for taint in node.spec.taints:
        copy = Taint()
        copy.CopyFrom(taint)
        if copy.effect == "NoExecute" and not copy.HasField("timeAdded"):
            copy.timeAdded.CopyFrom(time_of(now))
        taints.append(copy)
    return Update(with_taints(node, taints))


def tolerated_until(pod: Pod, taint: Taint) -> float:
    """Return the time up to which a pod bears a taint: the shortest that its tolerations say."""
    matching = [each for each in pod.spec.tolerations if covers(each, taint.key, taint.value, taint.effect)]
    if not matching:
        return 0.0
    limits = [toleration.tolerationSeconds for toleration in matching if toleration.HasField("tolerationSeconds")]
    return seconds_of(taint.timeAdded) + max(min(limits), 0) if limits else FOREVER


def matters(old: Pod | None, new: Pod | None) -> bool:
    """Whether a pod came to a node, or bears another time."""
    if new is None:
        return False
    return old is None or old.spec.nodeName != new.spec.nodeName or old.spec.tolerations != new.spec.tolerations


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return what `reconcile` takes."""
    node = view.get(Node, key)
    return (node, pods_on(view, key), view.now) if node is not None else None


tainteviction = Controller(
    name="tainteviction",
    reporter="taint-eviction-controller",
    root=Node,
    watches=[Watch(Pod, node_of, matters)],
    observe=observe,
    reconcile=reconcile,
)
