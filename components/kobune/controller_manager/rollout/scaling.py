"""How large each ReplicaSet of a deployment is to be now. Sizes are a mapping from a ReplicaSet's name to its replicas.

A rolling update moves in small steps: the new one grows as far as the surge lets it; the old ones shrink, pods that
are not available first, as far as the availability lets them. When the deployment itself is resized in the middle of
that, every ReplicaSet takes its share.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from kobune.api.apps.v1 import ReplicaSet
from kobune.controller_manager.rollout.limits import Limits, limits_of
from kobune.controller_manager.rollout.revisions import DESIRED, MAX, Rollout, age, number_in

Sizes: TypeAlias = Mapping[str, int]


def is_resized(rollout: Rollout) -> bool:
    """Whether the deployment wants another number of pods than when its ReplicaSets were last scaled."""
    wanted = limits_of(rollout.deployment).replicas
    return any(number_in(item, DESIRED) not in (None, wanted) for item in rollout.active)


def rolling(rollout: Rollout) -> Sizes:
    """Return the next step of a rolling update; empty if there is nothing to do but wait."""
    limits = limits_of(rollout.deployment)
    new = rollout.new
    if new is not None and (size := new_size(rollout, limits)) != new.spec.replicas:
        return {new.metadata.name: size}
    return shrink_old(rollout, limits)


def initial(rollout: Rollout) -> int:
    """Return the size with which the new ReplicaSet of a rolling update is made."""
    return new_size(rollout, limits_of(rollout.deployment))


def new_size(rollout: Rollout, limits: Limits) -> int:
    """Return how large the new ReplicaSet may be."""
    current = rollout.new.spec.replicas if rollout.new is not None else 0
    if current >= limits.replicas:
        return limits.replicas
    room = limits.maximum_total - wanted(rollout.all)
    return current + max(min(room, limits.replicas - current), 0)


def shrink_old(rollout: Rollout, limits: Limits) -> Sizes:
    """Return the smaller sizes that the old ReplicaSets may have."""
    old = [item for item in rollout.old if item.spec.replicas > 0]
    if not old or rollout.new is None:
        return {}
    missing_new = rollout.new.spec.replicas - rollout.new.status.availableReplicas
    # Counts what is wanted, not what the status says: a status may be older than the last step.
    spare = wanted(rollout.all) - limits.minimum_available - max(missing_new, 0)
    if spare <= 0:
        return {}
    sizes = {item.metadata.name: item.spec.replicas for item in old}
    for item in old:
        broken = max(item.spec.replicas - item.status.availableReplicas, 0)
        step = min(spare, broken)
        sizes[item.metadata.name] -= step
        spare -= step
    spare = min(spare, sum(item.status.availableReplicas for item in rollout.all) - limits.minimum_available)
    for item in old:
        step = max(min(spare, sizes[item.metadata.name]), 0)
        sizes[item.metadata.name] -= step
        spare -= step
    before = {item.metadata.name: item.spec.replicas for item in old}
    return {name: size for name, size in sizes.items() if size != before[name]}


def proportional(rollout: Rollout) -> Sizes:
    """Return the sizes with which the ReplicaSets follow a deployment that was resized or is paused."""
    limits = limits_of(rollout.deployment)
    only = latest_or_only(rollout)
    if only is not None:
        return {only.metadata.name: limits.replicas}
    if rollout.new is not None and is_saturated(rollout.new, limits):
        return {item.metadata.name: 0 for item in rollout.old if item.spec.replicas > 0}
    if rollout.deployment.spec.strategy.type == "Recreate":
        return {item.metadata.name: item.spec.replicas for item in rollout.active}
    return share(rollout, limits)


def latest_or_only(rollout: Rollout) -> ReplicaSet | None:
    """Return the one ReplicaSet that wants pods, or the newest if none does; None if several do."""
    active = rollout.active
    if len(active) == 1:
        return active[0]
    if active:
        return None
    return rollout.new if rollout.new is not None else max(rollout.old, key=age, default=None)


def is_saturated(item: ReplicaSet, limits: Limits) -> bool:
    """Whether the ReplicaSet has all of the deployment's pods, available."""
    desired = number_in(item, DESIRED)
    return item.spec.replicas == limits.replicas == desired == item.status.availableReplicas


def share(rollout: Rollout, limits: Limits) -> Sizes:
    """Give each ReplicaSet its share of what is to be added or taken; the largest gets what rounding leaves over."""
    total = limits.maximum_total if limits.replicas > 0 else 0
    change = total - wanted(rollout.active)
    newest_first = -1 if change > 0 else 1
    largest_first = sorted(rollout.active, key=lambda item: (-item.spec.replicas, newest_first * age(item)[0]))
    sizes: dict[str, int] = {}
    given = 0
    for item in largest_first:
        left = change - given
        part = fraction(item, rollout, limits) if change else 0
        part = min(max(part, 0), left) if change > 0 else max(min(part, 0), left)
        sizes[item.metadata.name] = item.spec.replicas + part
        given += part
    if largest_first and given != change:
        name = largest_first[0].metadata.name
        sizes[name] = max(sizes[name] + change - given, 0)
    return sizes


def fraction(item: ReplicaSet, rollout: Rollout, limits: Limits) -> int:
    """Return by how much a ReplicaSet changes to keep its part of the deployment."""
    if limits.replicas == 0:
        return -item.spec.replicas
    before = number_in(item, MAX) or rollout.deployment.status.replicas
    if before == 0:
        return 0
    return round(item.spec.replicas * limits.maximum_total / before) - item.spec.replicas


def wanted(items: Sequence[ReplicaSet]) -> int:
    """Return how many pods the ReplicaSets want together."""
    return sum(item.spec.replicas for item in items)
