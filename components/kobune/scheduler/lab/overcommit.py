"""The invariant of every simulation: a node is given no more than it has."""

from collections.abc import Collection

from kobune.scheduler.framework import Profile
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.plugins.node_resources_fit import NodeResourcesFit
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot


class Overcommitted(Exception):
    """A node was given more than it has: never, whatever a plugin says."""


def place(profile: Profile, pod: PodInfo, node: str, cluster: Snapshot) -> None:
    """Count a pod on a node of a simulated cluster; `Overcommitted` if that is more than there is."""
    cluster.place(pod, node)
    info = cluster.node(node)
    if info is None:
        raise Overcommitted(f"{pod.key} has been given {node}, which is not there")
    fit = profile.plugin(NodeResourcesFit.__name__)
    check(pod, info, ignored=[name for name in pod.requests if fit is not None and fit.is_ignored(name)])


def check(pod: PodInfo, node: NodeInfo, *, ignored: Collection[str] = ()) -> None:
    """Raise `Overcommitted` if a node that has been given a pod has too little of anything that the pod asks for.

    `ignored` are resources that somebody else looks after.
    """
    amounts = {name: node.requested.get(name, 0) for name, asked in pod.requests.items() if asked}
    for name, amount in ({**amounts, "pods": node.pod_count}).items():
        if name not in ignored and amount > (there := node.allocatable.get(name, 0)):
            raise Overcommitted(f"{pod.key}: {node.name} has been given {amount} of {name}, and has {there}")
