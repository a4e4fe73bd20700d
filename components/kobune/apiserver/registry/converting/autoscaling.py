"""Autoscalers: version 1 knows the CPU only; what version 2 knows besides travels in annotations, as version 1 has it.

What somebody writes into such an annotation that is not what belongs there is lost, as if it had not been written.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import orjson
from google.protobuf.message import Message

from kobune.api.autoscaling import v1, v2
from kobune.api.autoscaling.v2 import (
    HorizontalPodAutoscalerBehavior,
    HorizontalPodAutoscalerCondition,
    MetricSpec,
    MetricStatus,
)
from kobune.apimachinery import codec
from kobune.apiserver.registry.converting.old_metrics import from_old, to_old
from kobune.apiserver.registry.validation.shown import internal

METRICS: Final = "autoscaling.alpha.kubernetes.io/metrics"
BEHAVIOR: Final = "autoscaling.alpha.kubernetes.io/behavior"
CURRENT: Final = "autoscaling.alpha.kubernetes.io/current-metrics"
CONDITIONS: Final = "autoscaling.alpha.kubernetes.io/conditions"
NUMBERS: Final = ("minReplicas", "maxReplicas")
Kind = TypeVar("Kind", bound=Message)
STATUS: Final = ("observedGeneration", "currentReplicas", "desiredReplicas")


def to_v2(old: Any) -> v2.HorizontalPodAutoscaler:
    """Return version 2 of an autoscaler."""
    new = v2.HorizontalPodAutoscaler()
    new.metadata.CopyFrom(old.metadata)
    _copy_target(old, new)
    notes = new.metadata.annotations
    new.spec.metrics.extend(_read_list(MetricSpec, notes.pop(METRICS, ""), lambda tree: from_old(tree, "target")))
    current = _read_list(MetricStatus, notes.pop(CURRENT, ""), lambda tree: from_old(tree, "current"))
    new.status.currentMetrics.extend(current)
    new.status.conditions.extend(_read_list(HorizontalPodAutoscalerCondition, notes.pop(CONDITIONS, ""), dict))
    for behavior in _read_list(HorizontalPodAutoscalerBehavior, f"[{notes.pop(BEHAVIOR, '')}]", _lower):
        new.spec.behavior.CopyFrom(behavior)
    if old.spec.HasField("targetCPUUtilizationPercentage"):
        metric = new.spec.metrics.add(type="Resource")
        metric.resource.name = "cpu"
        metric.resource.target.type = "Utilization"
        metric.resource.target.averageUtilization = old.spec.targetCPUUtilizationPercentage
    if old.status.HasField("currentCPUUtilizationPercentage") and not new.status.currentMetrics:
        measured = new.status.currentMetrics.add(type="Resource")
        measured.resource.name = "cpu"
        measured.resource.current.averageUtilization = old.status.currentCPUUtilizationPercentage
    return new


def from_v2(new: Any) -> v1.HorizontalPodAutoscaler:
    """Return version 1 of an autoscaler."""
    old = v1.HorizontalPodAutoscaler()
    old.metadata.CopyFrom(new.metadata)
    _copy_target(new, old)
    others = []
    for metric in new.spec.metrics:
        if _is_cpu(metric) and metric.resource.target.HasField("averageUtilization"):
            old.spec.targetCPUUtilizationPercentage = metric.resource.target.averageUtilization
        else:
            others.append(to_old(codec.encode(metric), "target"))
    for measured in new.status.currentMetrics:
        if _is_cpu(measured) and measured.resource.current.HasField("averageUtilization"):
            old.status.currentCPUUtilizationPercentage = measured.resource.current.averageUtilization
    notes = old.metadata.annotations
    if others:
        notes[METRICS] = _text(others)
    if new.status.currentMetrics:
        notes[CURRENT] = _text(to_old(codec.encode(item), "current") for item in new.status.currentMetrics)
    if new.status.conditions:
        notes[CONDITIONS] = _text(codec.encode(item) for item in new.status.conditions)
    if new.spec.HasField("behavior"):
        notes[BEHAVIOR] = json.dumps(internal(new.spec.behavior), separators=(",", ":"))
    return old


def _is_cpu(metric: Any) -> bool:
    return bool(metric.type == "Resource" and metric.resource.name == "cpu")


def _text(trees: Iterable[Any]) -> str:
    return orjson.dumps(list(trees)).decode()


def _read_list(kind: type[Kind], text: str, shape: Callable[[Any], Any]) -> list[Kind]:
    """Return the messages of a list in JSON, each brought into shape first; none if that is not what it is."""
    try:
        trees = orjson.loads(text or "[]")
        return [codec.from_json(kind, orjson.dumps(shape(tree))) for tree in trees]
    except (ValueError, TypeError, AttributeError, codec.Undecodable):
        return []


def _lower(tree: Any) -> Any:
    """Return a tree with names that begin with small letters."""
    if isinstance(tree, dict):
        return {name[:1].lower() + name[1:]: _lower(value) for name, value in tree.items()}
    return [_lower(item) for item in tree] if isinstance(tree, list) else tree


def _copy_target(source: Any, target: Any) -> None:
    reference = source.spec.scaleTargetRef
    for name in ("kind", "name", "apiVersion"):
        setattr(target.spec.scaleTargetRef, name, getattr(reference, name))
    for part, names in (("spec", NUMBERS), ("status", STATUS)):
        for name in names:
            if getattr(source, part).HasField(name):
                setattr(getattr(target, part), name, getattr(getattr(source, part), name))
    if source.status.HasField("lastScaleTime"):
        target.status.lastScaleTime.CopyFrom(source.status.lastScaleTime)
