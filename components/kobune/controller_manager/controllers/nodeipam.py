"""Gives each node the range that its pods' addresses come from."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network
from typing import Any

from kobune.api.core.v1 import Node
from kobune.client import Action, Controller, Patch, RecordEvent, View, Watch

ALL = "nodes"
"""The one key: ranges are given out looking at all nodes at once, so that none is given twice."""


def reconcile(nodes: Sequence[Node], cluster: IPv4Network, prefix: int) -> list[Action]:
    """Plan the ranges of the nodes that have none: the lowest that are free, in the order of the nodes' age."""
    taken = {node.spec.podCIDR for node in nodes}
    free = (str(network) for network in cluster.subnets(new_prefix=prefix))
    actions: list[Action] = []
    for node in sorted(nodes, key=lambda node: (node.metadata.creationTimestamp.seconds, node.metadata.name)):
        if node.spec.podCIDR:
            continue
        cidr = next((cidr for cidr in free if cidr not in taken), None)
        if cidr is None:
            message = f"Node {node.metadata.name} status is now: CIDRNotAvailable"
            actions.append(RecordEvent(node, "Normal", "CIDRNotAvailable", message))
            continue
        # The uid is a precondition: never number a namesake.
        patch = {"metadata": {"uid": node.metadata.uid}, "spec": {"podCIDR": cidr, "podCIDRs": [cidr]}}
        actions.append(Patch(Node, node.metadata.name, "", patch))
    return actions


def all_nodes(view: View, node: Node) -> Iterable[str]:
    return (ALL,)


def lacks_range(old: Node | None, new: Node | None) -> bool:
    """Whether a node without a range came, or one with a range went."""
    return new is None or not new.spec.podCIDR


def nodeipam(cluster: IPv4Network, prefix: int) -> Controller:
    """Return the controller that cuts `cluster` into ranges of a prefix length."""

    async def observe(view: View, key: str) -> tuple[Any, ...] | None:
        return list(view.all(Node)), cluster, prefix

    return Controller(
        name="nodeipam", watches=[Watch(Node, all_nodes, lacks_range)], observe=observe, reconcile=reconcile
    )
