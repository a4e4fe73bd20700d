"""Autoscalers and disruption budgets: how many pods there are, at most and at least."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.amounts import at_most_all, number_or_percent
from kobune.apiserver.registry.validation.causes import (
    each,
    forbidden,
    invalid,
    known,
    not_negative,
    required,
    unsupported,
)
from kobune.apiserver.registry.validation.labels import label_selector
from kobune.apiserver.registry.validation.resources import amount, text

SOURCES: Final = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}
TARGETS: Final = ("AverageValue", "Utilization", "Value")
LONGEST_WINDOW: Final = 3600
LONGEST_PERIOD: Final = 1800


def autoscaler(new: Any) -> Iterator[FieldError]:
    """Check a HorizontalPodAutoscaler."""
    spec = new.spec
    least, most = spec.minReplicas, spec.maxReplicas
    if spec.HasField("minReplicas") and least < 0:
        yield invalid("spec.minReplicas", least, "must be greater than or equal to 0")
    elif spec.HasField("minReplicas") and least == 0:
        yield invalid("spec.minReplicas", least, "must be greater than or equal to 1")
    if most < 1:
        yield (
            required("spec.maxReplicas", "must be set and greater than 0")
            if most == 0
            else invalid("spec.maxReplicas", most, "must be greater than 0")
        )
    if spec.HasField("minReplicas") and most < least:
        yield invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    yield from object_reference("spec.scaleTargetRef", spec.scaleTargetRef, needs_group=True)
    for index, metric in enumerate(spec.metrics):
        yield from _metric(f"spec.metrics[{index}]", metric)
    if spec.HasField("behavior"):
        for name in ("scaleUp", "scaleDown"):
            if spec.behavior.HasField(name):
                yield from _rules(f"spec.behavior.{name}", getattr(spec.behavior, name))


def object_reference(at: str, reference: Any, *, needs_group: bool = False) -> Iterator[FieldError]:
    """Check a reference to an object of any kind."""
    for name in ("kind", "name"):
        if value := getattr(reference, name):
            yield from each(f"{at}.{name}", value, names.path_segment(value))
        else:
            yield required(f"{at}.{name}")
    version = reference.apiVersion
    if version.count("/") > 1:
        yield invalid(f"{at}.apiVersion", version, f"unexpected GroupVersion string: {version}")
        return
    group, _, _ = version.rpartition("/")
    if group:
        yield from each(f"{at}.apiVersion", version, names.dns_subdomain(group))
    elif needs_group and reference.kind != "ReplicationController":
        yield invalid(f"{at}.apiVersion", version, "apiVersion must specify API group")


def _metric(at: str, metric: Any) -> Iterator[FieldError]:
    if not metric.type:
        yield required(f"{at}.type", "must specify a metric source type")
    if metric.type not in SOURCES:
        yield unsupported(f"{at}.type", metric.type, sorted(SOURCES))
    order = ("object", "external", "pods", "resource", "containerResource")
    present = [name for name in order if metric.HasField(name)]
    if present:
        yield from _source(f"{at}.{present[0]}", present[0], getattr(metric, present[0]))
    wanted = SOURCES.get(metric.type, metric.type[:1].lower() + metric.type[1:])
    if wanted not in present:
        yield required(f"{at}.{wanted}", "must populate information for the given metric source")
    if len(present) != 1:
        for name in present:
            if name != wanted:
                yield forbidden(f"{at}.{name}", "must populate the given metric source only")


def _source(at: str, name: str, source: Any) -> Iterator[FieldError]:
    target, here = source.target, f"{at}.target"
    yield from _target(here, target)
    if name in ("resource", "containerResource"):
        if not source.name:
            yield required(f"{at}.name", "must specify a resource name")
        if name == "containerResource" and not source.container:
            yield required(f"{at}.container", "must specify a container")
        if not target.HasField("averageUtilization") and not target.HasField("averageValue"):
            yield required(f"{here}.averageUtilization", "must set either a target raw value or a target utilization")
        if target.HasField("averageUtilization") and target.HasField("averageValue"):
            yield forbidden(f"{here}.averageValue", "may not set both a target raw value and a target utilization")
        return
    if name == "object":
        yield from object_reference(f"{at}.describedObject", source.describedObject)
    yield from _identifier(f"{at}.metric", source.metric)
    has_value, has_average = target.HasField("value"), target.HasField("averageValue")
    if name == "pods":
        if not (has_average and amount(target.averageValue) > 0):
            yield required(f"{here}.averageValue", "must specify a positive target averageValue")
    elif not has_value and not has_average:
        field = f"{here}.averageValue"
        yield required(field, "must set either a target value for metric or a per-pod target")
    if name == "external" and has_value and has_average:
        yield forbidden(f"{here}.value", "may not set both a target value for metric and a per-pod target")


def _identifier(at: str, metric: Any) -> Iterator[FieldError]:
    if not metric.name:
        yield required(f"{at}.name", "must specify a metric name")
    else:
        yield from each(f"{at}.name", metric.name, names.path_segment(metric.name))
    if metric.HasField("selector"):
        yield from label_selector(f"{at}.selector", metric.selector)


def _target(at: str, target: Any) -> Iterator[FieldError]:
    if not target.type:
        yield required(f"{at}.type", "must specify a metric target type")
    if target.type not in TARGETS:
        yield invalid(f"{at}.type", target.type, "must be either Utilization, Value, or AverageValue")
    for name in ("value", "averageValue"):
        if target.HasField(name) and amount(getattr(target, name)) <= 0:
            yield invalid(f"{at}.{name}", text(getattr(target, name)), "must be positive")
    if target.HasField("averageUtilization") and target.averageUtilization < 1:
        yield invalid(f"{at}.averageUtilization", target.averageUtilization, "must be greater than 0")


def _rules(at: str, rules: Any) -> Iterator[FieldError]:
    if rules.HasField("stabilizationWindowSeconds"):
        here, seconds = f"{at}.stabilizationWindowSeconds", rules.stabilizationWindowSeconds
        if seconds < 0:
            yield invalid(here, seconds, "must be greater than or equal to zero")
        if seconds > LONGEST_WINDOW:
            yield invalid(here, seconds, f"must be less than or equal to {LONGEST_WINDOW}")
    yield from known(f"{at}.selectPolicy", rules, "selectPolicy", ("Disabled", "Max", "Min"))
    if not rules.policies:
        yield required(f"{at}.policies", "must specify at least one Policy")
    for index, policy in enumerate(rules.policies):
        here = f"{at}.policies[{index}]"
        if policy.type not in ("Percent", "Pods"):
            yield unsupported(f"{here}.type", policy.type, ("Percent", "Pods"))
        for name in ("value", "periodSeconds"):
            if getattr(policy, name) <= 0:
                yield invalid(f"{here}.{name}", getattr(policy, name), "must be greater than zero")
        if policy.periodSeconds > LONGEST_PERIOD:
            why = f"must be less than or equal to {LONGEST_PERIOD}"
            yield invalid(f"{here}.periodSeconds", policy.periodSeconds, why)
    if rules.HasField("tolerance") and amount(rules.tolerance) < 0:
        yield invalid(f"{at}.tolerance", text(rules.tolerance), "must be greater than or equal to 0")


def disruption_budget(new: Any) -> Iterator[FieldError]:
    """Check a PodDisruptionBudget."""
    spec = new.spec
    if spec.HasField("minAvailable") and spec.HasField("maxUnavailable"):
        yield invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set")
    for name in ("minAvailable", "maxUnavailable"):
        if spec.HasField(name):
            yield from number_or_percent(f"spec.{name}", getattr(spec, name))
            yield from at_most_all(f"spec.{name}", getattr(spec, name))
    if spec.HasField("selector"):
        yield from label_selector("spec.selector", spec.selector)
    policies = ("AlwaysAllow", "IfHealthyBudget")
    yield from known("spec.unhealthyPodEvictionPolicy", spec, "unhealthyPodEvictionPolicy", policies)


def scale(new: Any) -> Iterator[FieldError]:
    """Check how many pods somebody wants of something."""
    return not_negative("spec.replicas", new.spec.replicas)
