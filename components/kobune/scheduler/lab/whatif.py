"""What would be if: pods placed on a fork of a cluster, which is thrown away."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from kobune.api.core.v1 import Node, Pod
from kobune.scheduler.engine.columnar import Columnar
from kobune.scheduler.framework import Placed, Profile, Unschedulable
from kobune.scheduler.framework.evaluation import reserve_in_snapshot
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

MOST: Final = 100_000
"""After so many pods nobody wants to know how many more would fit."""


@dataclass(frozen=True)
class Fate:
    """What would become of a pod."""

    pod: str
    node: str
    """Empty if there is none."""
    message: str
    """Why there is none."""
    victims: tuple[str, ...] = ()
    """Who would have to leave."""


@dataclass(frozen=True)
class Use:
    """How full a cluster is: by resource, what is taken and what there is."""

    taken: dict[str, int]
    there: dict[str, int]


def place(profile: Profile, cluster: Snapshot, pods: Sequence[PodInfo], *, seed: int) -> tuple[list[Fate], Snapshot]:
    """Return what would become of pods that came now, one after the other, and the cluster as it would be then."""
    fork = cluster.fork()
    engine, random = Columnar(fork), Random(seed)
    fates = []
    for pod in sorted(pods, key=lambda pod: -pod.spec.priority):
        decision = engine.decide(profile, pod, random)
        victims: tuple[str, ...] = ()
        if isinstance(decision, Unschedulable) and decision.nominated is not None:
            made = decision.nominated
            victims = tuple(victim.key for victim in made.victims)
            for victim in made.victims:
                fork.remove(victim.metadata.uid)
            decision = engine.decide(profile, pod, random)
        if isinstance(decision, Placed):
            _take(profile, pod, decision.node, fork)
            fates.append(Fate(pod.key, decision.node, "", victims))
        else:
            fates.append(Fate(pod.key, "", decision.message, victims))
    return fates, fork


def capacity(profile: Profile, cluster: Snapshot, pod: PodInfo, *, seed: int) -> int:
    """Return how many pods like this one would fit besides all that is there, without anybody leaving."""
    fork = cluster.fork()
    engine, random = Columnar(fork), Random(seed)
    for count in range(MOST):
        copy = Pod()
        copy.CopyFrom(pod.pod)
        copy.metadata.uid = f"{pod.metadata.uid}-{count}"
        copy.metadata.name = f"{pod.metadata.name}-{count}"
        copy.spec.preemptionPolicy = "Never"
        info = PodInfo(copy)
        match engine.decide(profile, info, random):
            case Placed(node):
                _take(profile, info, node, fork)
            case _:
                return count
    return MOST


def _take(profile: Profile, pod: PodInfo, node: str, cluster: Snapshot) -> None:
    info = cluster.node(node)
    assert info is not None
    reserve_in_snapshot(profile, pod, info, cluster)
    cluster.place(pod, node)


def add_nodes(cluster: Snapshot, template: Node, count: int) -> None:
    """Let a cluster have more nodes, made after a template."""
    for number in range(count):
        node = Node()
        node.CopyFrom(template)
        node.metadata.name = f"{template.metadata.name or 'node'}-what-if-{number}"
        node.metadata.labels["kubernetes.io/hostname"] = node.metadata.name
        cluster.set_node(node)


def use_of(cluster: Snapshot) -> Use:
    """Return how full a cluster is."""
    taken: dict[str, int] = {}
    there: dict[str, int] = {}
    for node in cluster.nodes:
        for total, amounts in ((taken, node.requested), (there, node.allocatable)):
            for name, amount in amounts.items():
                total[name] = total.get(name, 0) + amount
    return Use(taken, there)
