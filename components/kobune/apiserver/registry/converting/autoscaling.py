"""Autoscalers: version 1 knows the CPU only; what version 2 knows besides travels in annotations.

The annotations carry version 2's own JSON, so that nothing is lost on the way there and back.
"""

from typing import Any

import orjson

from kobune.api.autoscaling import v1, v2
from kobune.api.autoscaling.v2 import HorizontalPodAutoscalerBehavior, MetricSpec
from kobune.apimachinery import codec

METRICS = "autoscaling.alpha.kubernetes.io/metrics"
BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior"
NUMBERS = ("minReplicas", "maxReplicas")
STATUS = ("observedGeneration", "currentReplicas", "desiredReplicas")


def to_v2(old: Any) -> v2.HorizontalPodAutoscaler:
    """Return version 2 of an autoscaler."""
    new = v2.HorizontalPodAutoscaler()
    new.metadata.CopyFrom(old.metadata)
    _copy_target(old, new)
    annotations = new.metadata.annotations
    if METRICS in annotations:
        for tree in orjson.loads(annotations.pop(METRICS)):
            new.spec.metrics.append(codec.from_json(MetricSpec, orjson.dumps(tree)))
    if BEHAVIOR in annotations:
        found = codec.from_json(HorizontalPodAutoscalerBehavior, annotations.pop(BEHAVIOR).encode())
        new.spec.behavior.CopyFrom(found)
    if old.spec.HasField("targetCPUUtilizationPercentage"):
        metric = MetricSpec(type="Resource")
        metric.resource.name = "cpu"
        metric.resource.target.type = "Utilization"
        metric.resource.target.averageUtilization = old.spec.targetCPUUtilizationPercentage
        new.spec.metrics.insert(0, metric)
    return new


def from_v2(new: Any) -> v1.HorizontalPodAutoscaler:
    """Return version 1 of an autoscaler."""
    old = v1.HorizontalPodAutoscaler()
    old.metadata.CopyFrom(new.metadata)
    _copy_target(new, old)
    others = []
    for metric in new.spec.metrics:
        target = metric.resource.target
        is_cpu = metric.type == "Resource" and metric.resource.name == "cpu" and target.HasField("averageUtilization")
        if is_cpu and not old.spec.HasField("targetCPUUtilizationPercentage"):
            old.spec.targetCPUUtilizationPercentage = target.averageUtilization
        else:
            others.append(codec.encode(metric))
    if others:
        old.metadata.annotations[METRICS] = orjson.dumps(others).decode()
    if new.spec.HasField("behavior"):
        old.metadata.annotations[BEHAVIOR] = codec.to_json(new.spec.behavior).decode()
    return old


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
