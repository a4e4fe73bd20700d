"""How fast a number of replicas may change: limits, stabilisation windows and scaling policies.

Source: *Horizontal Pod Autoscaling*, *Configurable scaling behavior*.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from kobune.api.autoscaling.v2 import HorizontalPodAutoscaler, HPAScalingPolicy, HPAScalingRules

DOWN_WINDOW = 300.0
"""Seconds for which the highest recommendation counts, if nothing else is said."""
LONGEST_WINDOW = 3600.0


@dataclass(frozen=True)
class Change:
    """A number of replicas that was set."""

    at: float
    by: int
    """How many more, or fewer."""


@dataclass(frozen=True)
class Recommendation:
    at: float
    replicas: int


@dataclass
class Past:
    """What one autoscaler has recommended and done."""

    recommendations: list[Recommendation] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def recommend(self, at: float, replicas: int) -> None:
        """Take note of what the metrics say."""
        self.recommendations = [each for each in self.recommendations if each.at > at - LONGEST_WINDOW]
        self.recommendations.append(Recommendation(at, replicas))

    def change(self, at: float, by: int) -> None:
        """Take note of what was done."""
        self.changes = [each for each in self.changes if each.at > at - LONGEST_WINDOW]
        self.changes.append(Change(at, by))


@dataclass(frozen=True)
class Word:
    """A condition's status, reason and message."""

    status: str
    reason: str
    message: str


@dataclass(frozen=True)
class Paced:
    """How many replicas there may be now, and what kept it from being what the metrics say."""

    replicas: int
    able: Word
    limited: Word


READY = Word("True", "ReadyForNewScale", "recommended size matches current size")
IN_RANGE = Word("False", "DesiredWithinRange", "the desired count is within the acceptable range")


def paced(scaler: HorizontalPodAutoscaler, past: Past, wanted: int, current: int, now: float) -> Paced:
    """Return how many replicas there may be, where metrics ask for `wanted` and there are `current`."""
    if scaler.spec.HasField("behavior"):
        stable, able = _stabilized(scaler, past, wanted, current, now)
        low, high, limited = _bounds(scaler, past, current, now)
    else:
        stable = max([wanted, *(each.replicas for each in past.recommendations if each.at > now - DOWN_WINDOW)])
        message = "recent recommendations were higher than current one, applying the highest recent recommendation"
        able = Word("True", "ScaleDownStabilized", message) if stable != wanted else READY
        low, high, limited = minimum(scaler), max(2 * current, 4), {}
        if high < scaler.spec.maxReplicas:
            message = "the desired replica count is increasing faster than the maximum scale rate"
            limited["high"] = Word("True", "ScaleUpLimit", message)
        high = min(high, scaler.spec.maxReplicas)
    if stable > high:
        too_many = "the desired replica count is more than the maximum replica count"
        return Paced(high, able, limited.get("high", Word("True", "TooManyReplicas", too_many)))
    if stable < low:
        too_few = "the desired replica count is less than the minimum replica count"
        return Paced(low, able, limited.get("low", Word("True", "TooFewReplicas", too_few)))
    return Paced(stable, able, IN_RANGE)


def minimum(scaler: HorizontalPodAutoscaler) -> int:
    """Return the fewest replicas that there may be."""
    return scaler.spec.minReplicas if scaler.spec.HasField("minReplicas") else 1


def _stabilized(scaler: HorizontalPodAutoscaler, past: Past, wanted: int, current: int, now: float) -> tuple[int, Word]:
    behavior = scaler.spec.behavior
    up = wanted
    for each in past.recommendations:
        if each.at > now - _window(behavior.scaleUp, 0.0):
            up = min(up, each.replicas)
    down = wanted
    for each in past.recommendations:
        if each.at > now - _window(behavior.scaleDown, DOWN_WINDOW):
            down = max(down, each.replicas)
    if up > current:
        stable = up
    elif down < current:
        stable = down
    else:
        stable = current
    if stable == wanted:
        return stable, READY
    if stable > wanted:
        message = "recent recommendations were higher than current one, applying the highest recent recommendation"
        return stable, Word("True", "ScaleDownStabilized", message)
    message = "recent recommendations were lower than current one, applying the lowest recent recommendation"
    return stable, Word("True", "ScaleUpStabilized", message)


def _bounds(scaler: HorizontalPodAutoscaler, past: Past, current: int, now: float) -> tuple[int, int, dict[str, Word]]:
    behavior = scaler.spec.behavior
    high, low = scaler.spec.maxReplicas, minimum(scaler)
    limited: dict[str, Word] = {}
    up, down = _highest(behavior.scaleUp, past, current, now), _lowest(behavior.scaleDown, past, current, now)
    if up < high:
        high = max(up, current)
        message = "the desired replica count is increasing faster than the maximum scale rate"
        limited["high"] = Word("True", "ScaleUpLimit", message)
    if down > low:
        low = min(down, current)
        message = "the desired replica count is decreasing faster than the maximum scale rate"
        limited["low"] = Word("True", "ScaleDownLimit", message)
    return low, high, limited


def _highest(rules: HPAScalingRules, past: Past, current: int, now: float) -> int:
    if rules.selectPolicy == "Disabled":
        return current
    limits = []
    for policy in rules.policies or _USUAL_UP:
        began = current - sum(each.by for each in _within(past, policy, now))
        if policy.type == "Pods":
            limits.append(began + policy.value)
        else:
            limits.append(math.ceil(began * (1 + policy.value / 100)))
    return min(limits) if rules.selectPolicy == "Min" else max(limits)


def _lowest(rules: HPAScalingRules, past: Past, current: int, now: float) -> int:
    if rules.selectPolicy == "Disabled":
        return current
    limits = []
    for policy in rules.policies or _USUAL_DOWN:
        began = current - sum(each.by for each in _within(past, policy, now))
        if policy.type == "Pods":
            limits.append(began - policy.value)
        else:
            limits.append(int(began * (1 - policy.value / 100)))
    return max(limits) if rules.selectPolicy == "Min" else min(limits)


def _within(past: Past, policy: HPAScalingPolicy, now: float) -> Iterable[Change]:
    return [each for each in past.changes if each.at > now - policy.periodSeconds]


def _window(rules: HPAScalingRules, usual: float) -> float:
    return rules.stabilizationWindowSeconds if rules.HasField("stabilizationWindowSeconds") else usual


_USUAL_UP = (
    HPAScalingPolicy(type="Percent", value=100, periodSeconds=15),
    HPAScalingPolicy(type="Pods", value=4, periodSeconds=15),
)
_USUAL_DOWN = (HPAScalingPolicy(type="Percent", value=100, periodSeconds=15),)
