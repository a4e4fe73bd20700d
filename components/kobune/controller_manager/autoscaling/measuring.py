"""What each metric of an autoscaler is now, and how many pods it asks for."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kobune.api.autoscaling.v2 import (
    HorizontalPodAutoscaler,
    MetricIdentifier,
    MetricSpec,
    MetricStatus,
    MetricTarget,
    MetricValueStatus,
)
from kobune.api.core.v1 import Pod
from kobune.apimachinery import quantity
from kobune.controller_manager.autoscaling.replicas import (
    NoMetrics,
    Proposal,
    Tolerance,
    by_average,
    by_share,
    by_utilization,
    by_value,
)
from kobune.controller_manager.autoscaling.sources import Scaled, Sources, Unread
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
    summary: str = ""
    """The error as it is told of all metrics together."""


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
        unknown = f"unknown metric {spec.type}"
        return Measured(spec.type, MetricStatus(), reason="InvalidMetricSourceType", error=unknown, summary=unknown)
    reason, measure = kind
    try:
        return await measure(sources, at, spec)
    except Unread as error:
        said = _failed(spec, _unread(at, spec) + str(error))
    except NoMetrics as error:
        said = _failed(spec, str(error))
    return Measured(spec.type, MetricStatus(type=spec.type), reason=reason, error=said, summary=_summary(spec, said))


def _unread(at: Situation, spec: MetricSpec) -> str:
    """Return which metric could not be read, up to why."""
    match spec.type:
        case "Resource":
            return f"unable to get metrics for resource {spec.resource.name}: "
        case "ContainerResource":
            return f"unable to get metrics for resource {spec.containerResource.name}: "
        case "Pods":
            return f"unable to get metric {spec.pods.metric.name}: "
        case "Object":  # Kubernetes names them in this odd order
            about, namespace = spec.object.describedObject, at.scaler.metadata.namespace
            return f"unable to get metric {spec.object.metric.name}: {about.kind} on {namespace} {about.name}/"
        case _:
            metric, namespace = spec.external.metric, at.scaler.metadata.namespace
            return f"unable to get external metric {namespace}/{metric.name}/{_selector(metric)}: "


def _failed(spec: MetricSpec, said: str) -> str:
    """Return what condition and event say of a failure."""
    sources: dict[str, Any] = {"Resource": spec.resource, "ContainerResource": spec.containerResource}
    own = sources.get(spec.type)
    if own is None:
        return said
    what = "utilization" if own.target.type == "Utilization" else "usage"
    return f"failed to get {own.name} {what}: {said}"


def _summary(spec: MetricSpec, said: str) -> str:
    """Return what is said of a failure where it is the first of several."""
    match spec.type:
        case "Resource":
            return f"failed to get {spec.resource.name} resource metric value: {said}"
        case "ContainerResource":
            return f"failed to get {spec.containerResource.container} container metric value: {said}"
        case "External":
            name = spec.external.metric.name
            return f"failed to get {name} external metric value: failed to get {name} external metric: {said}"
        case _:
            return f"failed to get {spec.type.lower()} metric value: {said}"


def _selector(metric: MetricIdentifier) -> str:
    if not metric.HasField("selector"):
        return "nil"
    labels = "".join(f"{key}: {value}," for key, value in sorted(metric.selector.matchLabels.items()))
    rules = "".join(
        f"LabelSelectorRequirement{{Key:{each.key},Operator:{each.operator},Values:[{' '.join(each.values)}],}},"
        for each in metric.selector.matchExpressions
    )
    return (
        f"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},"
        f"MatchExpressions:[]LabelSelectorRequirement{{{rules}}},}}"
    )


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
