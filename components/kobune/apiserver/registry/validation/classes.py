"""What others name, and are treated by: classes of priorities and of runtimes, groups of pods."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.api.core.v1 import ResourceRequirements
from kobune.apimachinery import codec, names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import IMMUTABLE, each, forbidden, invalid, one_of, required
from kobune.apiserver.registry.validation.labels import labels
from kobune.apiserver.registry.validation.pods.scheduling import tolerations
from kobune.apiserver.registry.validation.resources import requirements

HIGHEST: Final = 1_000_000_000
SYSTEM: Final = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
RESERVED: Final = "priority class names with 'system-' prefix are reserved for system use only. error: "


def priority_class(new: Any) -> Iterator[FieldError]:
    """Check a PriorityClass."""
    name = new.metadata.name
    if name.startswith("system-"):
        if name not in SYSTEM:
            yield forbidden("metadata.name", f"{RESERVED}{name} is not a known system priority class")
        elif new.value != SYSTEM[name]:
            yield forbidden("metadata.name", f"{RESERVED}value of {name} PriorityClass must be {SYSTEM[name]}")
        elif new.globalDefault:
            yield forbidden("metadata.name", f"{RESERVED}globalDefault of {name} PriorityClass must be false")
    elif new.value > HIGHEST:
        yield forbidden("value", f"maximum allowed value of a user defined priority is {HIGHEST}")
    if new.HasField("preemptionPolicy"):
        policies = ("PreemptLowerPriority", "Never")
        yield from one_of("preemptionPolicy", new.preemptionPolicy, policies)


def priority_class_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a PriorityClass stays what it was."""
    if new.value != old.value:
        yield forbidden("value", "may not be changed in an update.")
    if new.preemptionPolicy != old.preemptionPolicy:
        yield invalid("preemptionPolicy", new.preemptionPolicy, IMMUTABLE)


def runtime_class(new: Any) -> Iterator[FieldError]:
    """Check a RuntimeClass."""
    yield from each("handler", new.handler, names.dns_label(new.handler))
    if new.HasField("overhead"):
        wanted = ResourceRequirements()
        for name, quantity in new.overhead.podFixed.items():
            wanted.limits[name].CopyFrom(quantity)
        yield from requirements("overhead.podFixed", wanted)
    if new.HasField("scheduling"):
        yield from labels("scheduling.nodeSelector", new.scheduling.nodeSelector)
        yield from tolerations("scheduling.tolerations", new.scheduling.tolerations)


def runtime_class_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a RuntimeClass has the same handler."""
    if new.handler != old.handler:
        yield invalid("handler", new.handler, IMMUTABLE)


def pod_group(new: Any) -> Iterator[FieldError]:
    """Check a PodGroup."""
    at, policy = "spec.schedulingPolicy", new.spec.schedulingPolicy
    present = [name for name in ("basic", "gang") if policy.HasField(name)]
    if not present:
        yield required(at, "must specify one of: `basic`, `gang`")
    elif len(present) > 1:
        shown = "{" + ", ".join(present) + "}"
        yield invalid(at, shown, "must specify exactly one of: `basic`, `gang`")
    elif policy.HasField("gang") and policy.gang.minCount < 1:
        yield invalid(f"{at}.gang.minCount", policy.gang.minCount, "must be greater than or equal to 1")
    if new.spec.HasField("podGroupTemplateRef"):
        here = "spec.podGroupTemplateRef"
        if not new.spec.podGroupTemplateRef.HasField("workload"):
            yield required(here, "must specify one of: `workload`")
        for name in ("workloadName", "podGroupTemplateName"):
            value = getattr(new.spec.podGroupTemplateRef.workload, name)
            if not value and new.spec.podGroupTemplateRef.HasField("workload"):
                yield required(f"{here}.workload.{name}")
    if new.spec.HasField("schedulingConstraints"):
        yield forbidden("spec.schedulingConstraints", "constraints between the pods of a group are not supported")


def pod_group_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a PodGroup is scheduled as it was."""
    for name in ("podGroupTemplateRef", "schedulingPolicy", "schedulingConstraints"):
        if not codec.same(getattr(new.spec, name), getattr(old.spec, name)):
            yield invalid(f"spec.{name}", getattr(new.spec, name), IMMUTABLE)
