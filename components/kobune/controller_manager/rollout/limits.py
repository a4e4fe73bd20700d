"""How many pods a rollout may have too many, and how many too few."""

import math
from dataclasses import dataclass

from kobune.api.apps.v1 import Deployment
from kobune.api.runtime.v1 import IntOrString

QUARTER = IntOrString(type=1, strVal="25%")


@dataclass(frozen=True)
class Limits:
    """The bounds of a rollout, in pods."""

    replicas: int
    surge: int
    unavailable: int

    @property
    def minimum_available(self) -> int:
        return self.replicas - self.unavailable

    @property
    def maximum_total(self) -> int:
        return self.replicas + self.surge


def limits_of(deployment: Deployment) -> Limits:
    """Return the bounds of a deployment's rollout; both are 0 for `Recreate`."""
    spec = deployment.spec
    replicas = spec.replicas if spec.HasField("replicas") else 1
    if spec.strategy.type == "Recreate":
        return Limits(replicas, 0, 0)
    rolling = spec.strategy.rollingUpdate
    surge = resolve(rolling.maxSurge if rolling.HasField("maxSurge") else QUARTER, replicas, up=True)
    unavailable = resolve(rolling.maxUnavailable if rolling.HasField("maxUnavailable") else QUARTER, replicas, up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1  # validation refuses two zeros, but percentages can round to them: nothing could ever move
    return Limits(replicas, surge, min(unavailable, replicas))


def resolve(value: IntOrString, total: int, *, up: bool) -> int:
    """Return a number, or a percentage of `total` rounded up or down."""
    if value.type != 1:
        return max(value.intVal, 0)
    text = value.strVal.removesuffix("%")
    percent = int(text) if text.isdecimal() else 0
    return math.ceil(total * percent / 100) if up else total * percent // 100
