"""How many pods it takes to bring a metric to its target.

Pods that are not ready yet, or that nobody has measured, are taken for what makes the least change.
Source: *Horizontal Pod Autoscaling*, *Algorithm details*.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kobune.api.core.v1 import Pod
from kobune.apimachinery import quantity
from kobune.apimachinery.meta import is_deleting, seconds_of
from kobune.controller_manager.pods import ready_condition

STARTING_SECONDS = 300.0
"""For how long after its start a pod's use of processor may be that of its start."""
FIRST_READY_SECONDS = 30.0
"""For how long after its start a pod that is not ready has not been ready at all yet."""


class NoMetrics(Exception):
    """It cannot be told how many pods it takes; says why, in Kubernetes' words."""


@dataclass(frozen=True)
class Sample:
    """What was measured of one pod."""

    value: int
    """In thousandths."""
    at: float = 0.0
    window: float = 60.0


@dataclass(frozen=True)
class Tolerance:
    """By what part a metric may be off its target without a change."""

    up: float = 0.1
    down: float = 0.1

    def covers(self, ratio: float) -> bool:
        """Whether a ratio to the target is near enough to 1."""
        return 1 - self.down <= ratio <= 1 + self.up


@dataclass(frozen=True)
class Groups:
    """Pods by what can be made of them."""

    ready: int
    unready: frozenset[str]
    missing: frozenset[str]
    ignored: frozenset[str]


@dataclass(frozen=True)
class Proposal:
    """How many pods a metric asks for, and what it is at present."""

    replicas: int
    value: int
    """On average per pod, in thousandths; of a whole where the target is one."""
    utilization: int = 0
    """In percent of what was requested, where that is the target."""


def grouped(pods: Iterable[Pod], samples: Mapping[str, Sample], *, is_cpu: bool, now: float) -> Groups:
    """Tell pods apart."""
    ready = 0
    unready: set[str] = set()
    missing: set[str] = set()
    ignored: set[str] = set()
    for pod in pods:
        name = pod.metadata.name
        if is_deleting(pod.metadata) or pod.status.phase == "Failed":
            ignored.add(name)
        elif pod.status.phase == "Pending":
            unready.add(name)
        elif name not in samples:
            missing.add(name)
        elif is_cpu and _is_starting(pod, samples[name], now):
            unready.add(name)
        else:
            ready += 1
    return Groups(ready, frozenset(unready), frozenset(missing), frozenset(ignored))


def _is_starting(pod: Pod, sample: Sample, now: float) -> bool:
    condition = ready_condition(pod)
    if condition is None or not pod.status.HasField("startTime"):
        return True
    started, changed = seconds_of(pod.status.startTime), seconds_of(condition.lastTransitionTime)
    if started + STARTING_SECONDS > now:
        return condition.status == "False" or sample.at < changed + sample.window
    return condition.status == "False" and started + FIRST_READY_SECONDS > changed


def by_utilization(
    pods: Sequence[Pod],
    samples: Mapping[str, Sample],
    resource: str,
    container: str,
    target: int,
    current: int,
    tolerance: Tolerance,
    now: float,
) -> Proposal:
    """Return how many pods bring what they use to `target` percent of what they request."""
    groups = grouped(pods, samples, is_cpu=resource == "cpu", now=now)
    known = {name: each for name, each in samples.items() if name not in groups.unready | groups.ignored}
    requests = {pod.metadata.name: request_of(pod, resource, container) for pod in pods}
    if not known:
        raise NoMetrics("did not receive metrics for targeted pods (pods might be unready)")

    def ratio_of(values: Mapping[str, int]) -> tuple[float, int]:
        asked = sum(requests.get(name, 0) for name in values)
        if asked == 0:
            raise NoMetrics("no metrics returned matched known pods")
        utilization = sum(values.values()) * 100 // asked
        return utilization / target, utilization

    values = {name: each.value for name, each in known.items() if name in requests}
    ratio, utilization = ratio_of(values)
    average = sum(values.values()) // max(len(values), 1)
    fallback = {name: requests[name] * max(100, target) // 100 for name in groups.missing}
    replicas = _balanced(values, groups, ratio, current, tolerance, fallback, lambda filled: ratio_of(filled)[0])
    return Proposal(replicas, average, utilization)


def by_average(
    pods: Sequence[Pod],
    samples: Mapping[str, Sample],
    target: int,
    current: int,
    tolerance: Tolerance,
    now: float,
    *,
    is_cpu: bool = False,
) -> Proposal:
    """Return how many pods bring what each has on average to `target`, in thousandths."""
    groups = grouped(pods, samples, is_cpu=is_cpu, now=now)
    values = {name: each.value for name, each in samples.items() if name not in groups.unready | groups.ignored}
    if not values:
        raise NoMetrics("did not receive metrics for targeted pods (pods might be unready)")

    def ratio_of(filled: Mapping[str, int]) -> float:
        return sum(filled.values()) / len(filled) / target

    fallback = dict.fromkeys(groups.missing, target)
    replicas = _balanced(values, groups, ratio_of(values), current, tolerance, fallback, ratio_of)
    return Proposal(replicas, sum(values.values()) // len(values))


def by_value(value: int, target: int, ready: int, current: int, tolerance: Tolerance) -> Proposal:
    """Return how many pods bring one number, about something else than pods, to `target`; `ready` are those there."""
    ratio = value / target
    if current and tolerance.covers(ratio):
        return Proposal(current, value)
    return Proposal(math.ceil(ratio * ready) if current else math.ceil(ratio), value)


def by_share(value: int, target: int, current: int, tolerance: Tolerance) -> Proposal:
    """Return how many pods it takes so that each has `target` of a whole."""
    ratio = value / (target * current) if current else math.inf
    if tolerance.covers(ratio):
        return Proposal(current, math.ceil(value / current))
    return Proposal(math.ceil(value / target), math.ceil(value / max(current, 1)))


def request_of(pod: Pod, resource: str, container: str) -> int:
    """Return what a pod, or a container of it, requests, in thousandths; `NoMetrics` if it does not say."""
    total = 0
    if not container and resource in pod.spec.resources.requests:
        return quantity.milli(pod.spec.resources.requests[resource].string)
    sidecars = [each for each in pod.spec.initContainers if each.restartPolicy == "Always"]
    for each in (*pod.spec.containers, *sidecars):
        if container and each.name != container:
            continue
        if resource not in each.resources.requests:
            where = f"in container {each.name} of Pod {pod.metadata.name}"
            raise NoMetrics(f"missing request for {resource} {where}")
        total += quantity.milli(each.resources.requests[resource].string)
    return total


def _balanced(
    values: Mapping[str, int],
    groups: Groups,
    ratio: float,
    current: int,
    tolerance: Tolerance,
    fallback: Mapping[str, int],
    ratio_of: Callable[[Mapping[str, int]], float],
) -> int:
    counts_unready = bool(groups.unready) and ratio > 1
    if not counts_unready and not groups.missing:
        return current if tolerance.covers(ratio) else math.ceil(ratio * groups.ready)
    filled = dict(values)
    if ratio < 1:
        filled.update(fallback)
    elif ratio > 1:
        filled.update(dict.fromkeys(groups.missing, 0))
    if counts_unready:
        filled.update(dict.fromkeys(groups.unready, 0))
    again = ratio_of(filled)
    if tolerance.covers(again) or (ratio < 1 < again) or (ratio > 1 > again):
        return current
    replicas = math.ceil(again * len(filled))
    if (again < 1 and replicas > current) or (again > 1 and replicas < current):
        return current
    return replicas
