"""What each metric of an autoscaler is now, and how many pods it asks for."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kobune.api.autoscaling.v2 import HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus
from kobune.api.core.v1 import Pod
from kobune.apimachinery import quantity
from kobune.apimachinery.errors import ApiError
from kobune.controller_manager.autoscaling.replicas import (
    NoMetrics,
    Proposal,
    Tolerance,
    by_average,
    by_share,
    by_utilization,
    by_value,
)
from kobune.controller_manager.autoscaling.sources import Scaled, Sources, words_of
from kobune.controller_manager.pods import is_ready


@dataclass(frozen=True)
class Measured:
    """A metric: what it says, or why it says nothing."""

    name: str
    """As people read it: `cpu resource utilization (percentage of request)`."""
    status: MetricStatus
    replicas: int = 0
    reason: str = ""
    """Of the failure: FailedGetResourceMetric; empty if there is none."""
    error: str = ""


@dataclass(frozen=True)
class Situation:
    """All that the metrics of one autoscaler have in common."""

    scaler: HorizontalPodAutoscaler
    scaled: Scaled
    pods: Sequence[Pod]
    now: float

    @property
    def tolerance(self) -> Tolerance:
        behavior, usual = self.scaler.spec.behavior, Tolerance()
        up, down = usual.up, usual.down
        if behavior.scaleUp.HasField("tolerance"):
            up = quantity.milli(behavior.scaleUp.tolerance.string) / 1000
        if behavior.scaleDown.HasField("tolerance"):
            down = quantity.milli(behavior.scaleDown.tolerance.string) / 1000
        return Tolerance(up, down)


async def measured(sources: Sources, situation: Situation) -> list[Measured]:
    """Return what every metric says."""
    return [await _measured(sources, situation, spec) for spec in situation.scaler.spec.metrics]


async def _measured(sources: Sources, at: Situation, spec: MetricSpec) -> Measured:
    kind = MEASURES.get(spec.type)
    if kind is None:
        return Measured(
            spec.type, MetricStatus(), reason="InvalidMetricSourceType", error=f"unknown metric {spec.type}"
        )
    reason, measure = kind
    try:
        return await measure(sources, at, spec)
    except (ApiError, NoMetrics) as error:
        return Measured(spec.type, MetricStatus(type=spec.type), reason=reason, error=_words(spec, error))


def _words(spec: MetricSpec, error: Exception) -> str:
    said = words_of(error)
    match spec.type:
        case "Resource":
            what = "utilization" if spec.resource.target.type == "Utilization" else "usage"
            name = spec.resource.name
            return f"failed to get {name} {what}: unable to get metrics for resource {name}: {said}"
        case "ContainerResource":
            own = spec.containerResource
            return f"failed to get {own.name} usage: unable to get metrics for resource {own.name}: {said}"
        case "Pods":
            return f"failed to get pods metric value: unable to get metric {spec.pods.metric.name}: {said}"
        case "Object":
            return f"failed to get object metric value: unable to get metric {spec.object.metric.name}: {said}"
        case _:
            name = spec.external.metric.name
            return f"failed to get external metric value: unable to get external metric {name}: {said}"


async def _resource(sources: Sources, at: Situation, spec: MetricSpec) -> Measured:
    own: Any = spec.containerResource if spec.type == "ContainerResource" else spec.resource
    container = own.container if spec.type == "ContainerResource" else ""
    target: MetricTarget = own.target
    samples = await sources.resource(at.scaler.metadata.namespace, at.scaled.selector, own.name, container)
    status = MetricStatus(type=spec.type)
    part: Any = status.containerResource if container else status.resource
    part.name = own.name
    if container:
        part.container = container
    where = f"{own.name} {'container resource' if container else 'resource'}"
    current = at.scaled.replicas
    if target.type == "Utilization":
        wanted = target.averageUtilization
        found = by_utilization(at.pods, samples, own.name, container, wanted, current, at.tolerance, at.now)
        part.current.averageUtilization = found.utilization
        part.current.averageValue.string = _text(found.value)
        return Measured(f"{where} utilization (percentage of request)", status, found.replicas)
    wanted = quantity.milli(target.averageValue.string)
    found = by_average(at.pods, samples, wanted, current, at.tolerance, at.now, is_cpu=own.name == "cpu")
    part.current.averageValue.string = _text(found.value)
    return Measured(where, status, found.replicas)


async def _pods(sources: Sources, at: Situation, spec: MetricSpec) -> Measured:
    metric, target = spec.pods.metric, spec.pods.target
    chosen = metric.selector if metric.HasField("selector") else None
    samples = await sources.pods(at.scaler.metadata.namespace, at.scaled.selector, metric.name, chosen)
    wanted = quantity.milli(target.averageValue.string)
    found = by_average(at.pods, samples, wanted, at.scaled.replicas, at.tolerance, at.now)
    status = MetricStatus(type=spec.type)
    status.pods.metric.CopyFrom(metric)
    status.pods.current.averageValue.string = _text(found.value)
    return Measured(f"pods metric {metric.name}", status, found.replicas)


async def _object(sources: Sources, at: Situation, spec: MetricSpec) -> Measured:
    metric, about = spec.object.metric, spec.object.describedObject
    chosen = metric.selector if metric.HasField("selector") else None
    namespace = at.scaler.metadata.namespace
    value = await sources.object(namespace, about.apiVersion, about.kind, about.name, metric.name, chosen)
    status = MetricStatus(type=spec.type)
    status.object.metric.CopyFrom(metric)
    status.object.describedObject.CopyFrom(about)
    found = _whole(at, spec.object.target, value, status.object.current)
    return Measured(f"{about.kind} metric {metric.name}", status, found.replicas)


async def _external(sources: Sources, at: Situation, spec: MetricSpec) -> Measured:
    metric = spec.external.metric
    chosen = metric.selector if metric.HasField("selector") else None
    value = await sources.external(at.scaler.metadata.namespace, metric.name, chosen)
    status = MetricStatus(type=spec.type)
    status.external.metric.CopyFrom(metric)
    found = _whole(at, spec.external.target, value, status.external.current)
    return Measured(f"external metric {metric.name}({_labels(metric)})", status, found.replicas)


def _whole(at: Situation, target: MetricTarget, value: int, current: MetricValueStatus) -> Proposal:
    """Return what one number asks for: shared among the pods, or with a target of its own."""
    if target.type == "AverageValue":
        found = by_share(value, quantity.milli(target.averageValue.string), at.scaled.present, at.tolerance)
        current.averageValue.string = _text(found.value)
        return found
    ready = sum(is_ready(pod) for pod in at.pods)
    found = by_value(value, quantity.milli(target.value.string), ready, at.scaled.replicas, at.tolerance)
    current.value.string = _text(found.value)
    return found


def _text(thousandths: int) -> str:
    return quantity.canonical(f"{thousandths}m")


def _labels(metric: Any) -> str:
    return str(dict(metric.selector.matchLabels)) if metric.HasField("selector") else "nil"


Measure = Callable[[Sources, Situation, MetricSpec], Awaitable[Measured]]
MEASURES: dict[str, tuple[str, Measure]] = {
    "Resource": ("FailedGetResourceMetric", _resource),
    "ContainerResource": ("FailedGetContainerResourceMetric", _resource),
    "Pods": ("FailedGetPodsMetric", _pods),
    "Object": ("FailedGetObjectMetric", _object),
    "External": ("FailedGetExternalMetric", _external),
}
"""By the type of a metric: the reason of its failure, and how it is read."""
