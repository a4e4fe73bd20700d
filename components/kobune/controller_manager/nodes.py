"""Questions about nodes that several controllers ask."""

from collections.abc import Iterable

from kobune.api.core.v1 import Node, NodeCondition, Pod, Taint
from kobune.client import View


def condition_of(node: Node, type_: str) -> NodeCondition | None:
    """Return the node's condition of a type, if it has one."""
    return next((condition for condition in node.status.conditions if condition.type == type_), None)


def pods_on(view: View, node: str) -> list[Pod]:
    """Return the pods that are bound to a node."""
    return view.informer(Pod).index("node", by_node).get(node)


def by_node(pod: Pod) -> Iterable[str]:
    return (pod.spec.nodeName,) if pod.spec.nodeName else ()


def node_of(view: View, pod: Pod) -> Iterable[str]:
    """Return the key of the node that a pod is bound to."""
    return by_node(pod)


def with_taints(node: Node, taints: Iterable[Taint]) -> Node:
    """Return the node with these taints instead of its own."""
    copy = Node()
    copy.CopyFrom(node)
    del copy.spec.taints[:]
    copy.spec.taints.extend(taints)
    return copy
