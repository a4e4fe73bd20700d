"""What would be if: pods placed on a fork of a cluster, which is thrown away."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final

from kobune.api.core.v1 import Node, Pod
from kobune.scheduler.devices.generated import with_claims
from kobune.scheduler.engine.columnar import Columnar
from kobune.scheduler.framework import Decision, Placed, Profile, Unschedulable
from kobune.scheduler.framework.evaluation import reserve_in_snapshot
from kobune.scheduler.lab import overcommit
from kobune.scheduler.plugins.gang_scheduling import GROUPS, min_count
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot
from kobune.scheduler.together import PLUGIN, decide_together

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
    """Return what would become of pods that came now, one after the other, and the cluster as it would be then.

    Raises `Overcommitted` if a profile gives a node more than it has.
    """
    fork = cluster.fork()
    engine, random = Columnar(fork), Random(seed)
    pods = [with_claims(pod, fork) for pod in pods]
    for pod in pods:
        fork.gangs.wait(pod)
    fates: list[Fate] = []
    settled: set[str] = set()
    for pod in sorted(pods, key=lambda pod: -pod.spec.priority):
        if pod.metadata.uid in settled:
            continue
        if pod.group is not None and (found := _gang(profile, pod, fork, partial(_decide, engine, profile, random))):
            settled |= found.keys()
            fates += [found[one.metadata.uid] for one in pods if one.metadata.uid in found]
            continue
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


def _decide(engine: Columnar, profile: Profile, random: Random, pod: PodInfo) -> Decision:
    return engine.decide(profile, pod, random)


def _gang(
    profile: Profile, pod: PodInfo, fork: Snapshot, decide: Callable[[PodInfo], Decision]
) -> Mapping[str, Fate] | None:
    """Return what would become of all pods of a gang, by uid; None if the pod can go by itself."""
    plugin = profile.plugin(PLUGIN)
    if plugin is None or pod.group is None or not fork.objects.are_known(GROUPS):
        return None
    needed = (min_count(fork, pod.group) or 0) - fork.gangs.placed(pod.group)
    members = list(fork.gangs.waiting(pod.group))
    if (why := plugin.pre_enqueue(pod, fork)) is not None:
        return {one.metadata.uid: Fate(one.key, "", why) for one in members}
    if needed <= 0:
        return None
    fates = {}
    outcome = decide_together(profile, members, needed, fork, decide)
    for one in members:
        uid = one.metadata.uid
        match outcome.decisions[uid]:
            case Placed(node):
                _take(profile, one, node, fork)
                fates[uid] = Fate(one.key, node, "")
            case Unschedulable() as refused:
                made = refused.nominated
                victims = tuple(victim.key for victim in made.victims) if made is not None else ()
                fates[uid] = Fate(one.key, "", refused.message, victims)
    return fates


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
        info = with_claims(PodInfo(copy), fork)
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
    overcommit.place(profile, pod, node, cluster)


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
