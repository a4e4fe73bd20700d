"""Deletes the leases of nodes that are gone."""

from collections.abc import Iterable
from typing import Any, Final

from kobune.api.coordination.v1 import Lease
from kobune.api.core.v1 import Node
from kobune.apimachinery.meta import is_deleting, key_of, seconds_of
from kobune.client import Action, Controller, RequeueAfter, View, Watch, delete

NAMESPACE: Final = "kube-node-lease"
SECONDS: Final = 40
"""For how long a lease says that its node lives, if it does not say."""


def reconcile(lease: Lease, node: Node | None, now: float) -> list[Action]:
    """Plan the end of a lease: its node is gone, and nobody has renewed it for as long as it lasts.

    A kubelet that is about to register, or to register again, still renews it.
    """
    if node is not None or is_deleting(lease.metadata):
        return []
    renewed = max(seconds_of(lease.spec.renewTime), seconds_of(lease.metadata.creationTimestamp))
    end = renewed + (lease.spec.leaseDurationSeconds or SECONDS)
    return [delete(lease)] if end <= now else [RequeueAfter(end - now)]


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return what `reconcile` takes."""
    lease = view.get(Lease, key_of(NAMESPACE, key))
    return None if lease is None else (lease, view.get(Node, key), view.now)


def name_of(view: View, item: Any) -> Iterable[str]:
    """Return the name of a node, or of the node of a lease."""
    return (item.metadata.name,)


def is_new(old: Any, new: Any) -> bool:
    """Whether a lease is seen for the first time; whether it is renewed is looked at when its time has come."""
    return old is None


def is_gone(old: Any, new: Any) -> bool:
    """Whether a node has gone."""
    return new is None


nodelease = Controller(
    name="node-lease-cleaner",
    watches=[Watch(Lease, name_of, is_new, namespace=NAMESPACE), Watch(Node, name_of, is_gone)],
    observe=observe,
    reconcile=reconcile,
)
