"""The kinds that keep pods running: Deployments, ReplicaSets, StatefulSets, DaemonSets and the old controllers."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery import codec
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.amounts import at_most_all, number_or_percent, plain
from kobune.apiserver.registry.validation.causes import (
    forbidden,
    invalid,
    not_negative,
    not_negative_fields,
    required,
    unsupported,
)
from kobune.apiserver.registry.validation.labels import annotations, is_selector, label_selector, labels, selects
from kobune.apiserver.registry.validation.pods.spec import pod_annotations, pod_spec, template
from kobune.apiserver.registry.validation.pods.updates import put_back

NOT_SELECTED: Final = "`selector` does not match template `labels`"
SET_UPDATES: Final = (
    *("replicas", "template", "updateStrategy", "minReadySeconds", "ordinals", "revisionHistoryLimit"),
    "persistentVolumeClaimRetentionPolicy",
)
SET_FROZEN: Final = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


def deployment(new: Any) -> Iterator[FieldError]:
    """Check a Deployment."""
    spec = new.spec
    yield from not_negative_fields("spec", spec, "replicas", "minReadySeconds", "revisionHistoryLimit")
    if not spec.HasField("selector"):
        yield required("spec.selector")
    else:
        yield from label_selector("spec.selector", spec.selector)
        yield from _not_empty(spec.selector, "empty selector is invalid for deployment")
    yield from _selected(spec, "invalid label selector")
    yield from template("spec.template", spec.template)
    yield from always_running("spec.template.spec", spec.template.spec, "ReplicaSet")
    yield from _rollout("spec.strategy", spec.strategy)
    if spec.HasField("progressDeadlineSeconds"):
        yield from not_negative("spec.progressDeadlineSeconds", spec.progressDeadlineSeconds)
        if spec.progressDeadlineSeconds <= spec.minReadySeconds:
            why = "must be greater than minReadySeconds"
            yield invalid("spec.progressDeadlineSeconds", spec.progressDeadlineSeconds, why)


def replica_set(new: Any) -> Iterator[FieldError]:
    """Check a ReplicaSet."""
    spec = new.spec
    yield from not_negative_fields("spec", spec, "replicas", "minReadySeconds")
    if not spec.HasField("selector"):
        yield required("spec.selector")
    else:
        yield from label_selector("spec.selector", spec.selector)
        yield from _not_empty(spec.selector, "empty selector is invalid for deployment")
    if not spec.HasField("selector"):
        yield invalid("spec.template.metadata.labels", spec.template.metadata.labels, NOT_SELECTED)
    else:
        yield from _selected(spec, "invalid label selector")
    yield from template("spec.template", spec.template)
    yield from always_running("spec.template.spec", spec.template.spec, "ReplicaSet")


def _not_empty(selector: Any, why: str) -> Iterator[FieldError]:
    if not selector.matchLabels and not selector.matchExpressions:
        yield invalid("spec.selector", selector, why)


def _selected(spec: Any, why: str) -> Iterator[FieldError]:
    """Check that the selector can be used, and selects what the template makes."""
    selector = spec.selector
    if not is_selector(selector):
        yield invalid("spec.selector", selector, why)
    elif (selector.matchLabels or selector.matchExpressions) and not selects(selector, spec.template.metadata.labels):
        yield invalid("spec.template.metadata.labels", spec.template.metadata.labels, NOT_SELECTED)


def always_running(at: str, spec: Any, kind: str) -> Iterator[FieldError]:
    """Check that a template's pods are made to run for ever."""
    if spec.restartPolicy != "Always":
        yield unsupported(f"{at}.restartPolicy", spec.restartPolicy, ("Always",))
    if spec.HasField("activeDeadlineSeconds"):
        yield forbidden(f"{at}.activeDeadlineSeconds", f"activeDeadlineSeconds in {kind} is not Supported")


def _rollout(at: str, strategy: Any) -> Iterator[FieldError]:
    match strategy.type:
        case "Recreate":
            if strategy.HasField("rollingUpdate"):
                yield forbidden(f"{at}.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
        case "RollingUpdate":
            here, rolling = f"{at}.rollingUpdate", strategy.rollingUpdate
            yield from number_or_percent(f"{here}.maxUnavailable", rolling.maxUnavailable)
            yield from number_or_percent(f"{here}.maxSurge", rolling.maxSurge)
            if not plain(rolling.maxUnavailable) and not plain(rolling.maxSurge):
                why = "may not be 0 when `maxSurge` is 0"
                yield invalid(f"{here}.maxUnavailable", rolling.maxUnavailable, why)
            yield from at_most_all(f"{here}.maxUnavailable", rolling.maxUnavailable)
        case _:
            yield unsupported(at, strategy, ("Recreate", "RollingUpdate"))


def daemon_set(new: Any) -> Iterator[FieldError]:
    """Check a DaemonSet."""
    spec = new.spec
    if spec.HasField("selector"):
        yield from label_selector("spec.selector", spec.selector)
        if is_selector(spec.selector) and not selects(spec.selector, spec.template.metadata.labels):
            yield invalid("spec.template.metadata.labels", spec.template.metadata.labels, NOT_SELECTED)
        yield from _not_empty(spec.selector, "empty selector is invalid for daemonset")
    else:
        yield required("spec.selector")
    yield from template("spec.template", spec.template)
    yield from always_running("spec.template.spec", spec.template.spec, "DaemonSet")
    yield from not_negative_fields("spec", spec, "minReadySeconds", "revisionHistoryLimit")
    strategy, at = spec.updateStrategy, "spec.updateStrategy"
    if strategy.type == "RollingUpdate":
        here, rolling = f"{at}.rollingUpdate", strategy.rollingUpdate
        for name in ("maxUnavailable", "maxSurge"):
            yield from number_or_percent(f"{here}.{name}", getattr(rolling, name))
            yield from at_most_all(f"{here}.{name}", getattr(rolling, name))
        if plain(rolling.maxUnavailable) and plain(rolling.maxSurge):
            yield invalid(f"{here}.maxSurge", rolling.maxSurge, "may not be set when maxUnavailable is non-zero")
        elif not plain(rolling.maxUnavailable) and not plain(rolling.maxSurge):
            yield required(f"{here}.maxUnavailable", "cannot be 0 when maxSurge is 0")
    elif strategy.type != "OnDelete":
        yield unsupported(at, strategy, ("RollingUpdate", "OnDelete"))


def stateful_set(new: Any) -> Iterator[FieldError]:
    """Check a StatefulSet."""
    spec = new.spec
    if not spec.podManagementPolicy:
        yield required("spec.podManagementPolicy")
    elif spec.podManagementPolicy not in ("OrderedReady", "Parallel"):
        yield invalid("spec.podManagementPolicy", spec.podManagementPolicy, "must be 'OrderedReady' or 'Parallel'")
    yield from _set_updates("spec.updateStrategy", spec.updateStrategy)
    retention = spec.persistentVolumeClaimRetentionPolicy
    if spec.HasField("persistentVolumeClaimRetentionPolicy"):
        for name in ("whenDeleted", "whenScaled"):
            if (value := getattr(retention, name)) not in ("Retain", "Delete"):
                yield unsupported(f"spec.persistentVolumeClaimRetentionPolicy.{name}", value, ("Retain", "Delete"))
    yield from not_negative_fields("spec", spec, "replicas", "minReadySeconds", "revisionHistoryLimit")
    if spec.HasField("ordinals"):
        yield from not_negative("spec.ordinals.start", spec.ordinals.start)
    if not spec.HasField("selector"):
        yield required("spec.selector")
    else:
        yield from label_selector("spec.selector", spec.selector)
        yield from _not_empty(spec.selector, "empty selector is invalid for statefulset")
    yield from _selected(spec, "")
    yield from _set_template("spec.template", spec)
    yield from always_running("spec.template.spec", spec.template.spec, "StatefulSet")


def _set_updates(at: str, strategy: Any) -> Iterator[FieldError]:
    here, rolling = f"{at}.rollingUpdate", strategy.rollingUpdate
    match strategy.type:
        case "":
            yield required(at)
        case "OnDelete":
            if strategy.HasField("rollingUpdate"):
                yield invalid(here, rolling, "only allowed for updateStrategy 'RollingUpdate'")
        case "RollingUpdate":
            yield from not_negative(f"{here}.partition", rolling.partition)
            if rolling.HasField("maxUnavailable"):
                field = f"{here}.maxUnavailable"
                yield from number_or_percent(field, rolling.maxUnavailable)
                if not plain(rolling.maxUnavailable):
                    yield invalid(field, rolling.maxUnavailable, "cannot be 0")
                yield from at_most_all(field, rolling.maxUnavailable)
        case _:
            yield invalid(at, strategy, "must be 'RollingUpdate' or 'OnDelete'")


def _set_template(at: str, spec: Any) -> Iterator[FieldError]:
    """Check the template of a StatefulSet, whose pods have a volume for each claim besides those it names."""
    meta = spec.template.metadata
    yield from labels(f"{at}.labels", meta.labels)
    yield from annotations(f"{at}.annotations", meta.annotations)
    yield from pod_annotations(f"{at}.annotations", meta.annotations, spec.template.spec)
    pod = type(spec.template.spec)()
    pod.CopyFrom(spec.template.spec)
    present = {volume.name for volume in pod.volumes}
    for claim in spec.volumeClaimTemplates:
        if claim.metadata.name and claim.metadata.name not in present:
            volume = pod.volumes.add(name=claim.metadata.name)
            volume.volumeSource.persistentVolumeClaim.claimName = claim.metadata.name
    yield from pod_spec(f"{at}.spec", pod)


def stateful_set_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a StatefulSet changes only where it may."""
    changed = type(new.spec)()
    changed.CopyFrom(new.spec)
    for name in SET_UPDATES:
        put_back(changed, old.spec, name)
    if not codec.same(changed, old.spec):
        yield forbidden("spec", SET_FROZEN)


def replication_controller(new: Any) -> Iterator[FieldError]:
    """Check a ReplicationController."""
    spec = new.spec
    yield from not_negative_fields("spec", spec, "minReadySeconds", "replicas")
    if not spec.selector:
        yield required("spec.selector")
    if not spec.HasField("template"):
        yield required("spec.template")
        return
    made = spec.template.metadata.labels
    if spec.selector and any(made.get(key) != value for key, value in spec.selector.items()):
        yield invalid("spec.template.metadata.labels", made, NOT_SELECTED)
    yield from template("spec.template", spec.template)
    yield from always_running("spec.template.spec", spec.template.spec, "ReplicationController")


def pod_template(new: Any) -> Iterator[FieldError]:
    """Check a PodTemplate."""
    return template("template", new.template)


def controller_revision(new: Any) -> Iterator[FieldError]:
    """Check a ControllerRevision."""
    if not new.data.raw:
        yield required("data", "data is mandatory")
    yield from not_negative("revision", new.revision)
