"""Removes the pods of nodes that are gone: no kubelet will."""

from collections.abc import Iterable, Sequence
from typing import Any

from kobune.api.core.v1 import Node, Pod
from kobune.apimachinery.errors import NotFound
from kobune.client import Action, Controller, View, Watch, delete
from kobune.controller_manager.nodes import pods_on


def reconcile(pods: Sequence[Pod]) -> list[Action]:
    """Plan the end of the pods of a node that is gone, without a grace period."""
    return [delete(pod, grace_seconds=0) for pod in pods]


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return the pods of a node if it is really gone: a pod can be seen before its new node is."""
    pods = pods_on(view, key)
    if not pods or view.get(Node, key) is not None:
        return None
    try:
        await view.client.get(Node, key)
    except NotFound:
        return (pods,)
    return None


def lost_node(view: View, pod: Pod) -> Iterable[str]:
    """Return the name of the node that a pod is on, if there is none of that name."""
    name = pod.spec.nodeName
    return (name,) if name and view.get(Node, name) is None else ()


def itself(view: View, node: Node) -> Iterable[str]:
    return (node.metadata.name,)


def is_gone(old: Node | None, new: Node | None) -> bool:
    return new is None


podgc = Controller(
    name="podgc", watches=[Watch(Node, itself, is_gone), Watch(Pod, lost_node)], observe=observe, reconcile=reconcile
)
