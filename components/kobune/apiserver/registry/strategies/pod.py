"""Pods, and the templates that other kinds have of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from kobune.apimachinery import codec, names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry import validation as rules
from kobune.apiserver.registry.defaults.pod import default_pod
from kobune.apiserver.registry.strategy import Strategy

RESTART_POLICIES = ("Always", "OnFailure", "Never")
COMPUTE = ("cpu", "memory")
FIELDS = (
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
)
UPDATABLE = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "schedulingGates")
FROZEN = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


class PodStrategy(Strategy):
    """A pod leaves in its own time, and hardly changes."""

    returns_deleted = True
    graceful = True

    def __init__(self) -> None:
        super().__init__(default_pod)

    def prepare_create(self, new: Any, view: Any) -> None:
        new.ClearField("status")
        new.status.phase = "Pending"
        new.status.qosClass = quality_of_service(new)
        if new.spec.schedulingGates:
            new.status.conditions.add(
                type="PodScheduled",
                status="False",
                reason="SchedulingGated",
                message="Scheduling is blocked due to non-empty scheduling gates",
            )

    def validate(self, new: Any) -> Iterator[FieldError]:
        yield from validate_spec("spec", new.spec, RESTART_POLICIES)

    def validate_update(self, new: Any, old: Any) -> Iterator[FieldError]:
        expected = type(new.spec)()
        expected.CopyFrom(new.spec)
        for name in UPDATABLE:
            expected.ClearField(name)
            _copy(expected, old.spec, name)
        for name in ("containers", "initContainers"):
            for container, before in zip(getattr(expected, name), getattr(old.spec, name), strict=False):
                container.image = before.image
        if not codec.same(expected, old.spec):
            yield rules.forbidden("spec", FROZEN)

    def grace_seconds(self, old: Any, asked: int | None) -> int:
        if not old.spec.nodeName or old.status.phase in ("Failed", "Succeeded"):
            return 0
        if asked is not None:
            return max(asked, 0)
        return old.spec.terminationGracePeriodSeconds if old.spec.HasField("terminationGracePeriodSeconds") else 30

    def selectable_fields(self) -> Mapping[str, str]:
        return {path: path for path in FIELDS}


def quality_of_service(pod: Any) -> str:
    """Return the class of a pod. Source: *Pod Quality of Service Classes*."""
    containers = [*pod.spec.containers, *pod.spec.initContainers]
    guaranteed = bool(containers)
    anything = False
    for container in containers:
        requests, limits = container.resources.requests, container.resources.limits
        anything = anything or any(name in COMPUTE for name in (*requests, *limits))
        for name in COMPUTE:
            same = name in limits and (name not in requests or requests[name].string == limits[name].string)
            guaranteed = guaranteed and same
    if not anything:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def validate_template(field: str, template: Any, restart_policies: tuple[str, ...]) -> Iterator[FieldError]:
    """Yield what is wrong with a template of pods."""
    yield from rules.labels(f"{field}.labels", template.metadata.labels)
    yield from validate_spec(f"{field}.spec", template.spec, restart_policies)


def validate_spec(field: str, spec: Any, restart_policies: tuple[str, ...]) -> Iterator[FieldError]:
    """Yield what is wrong with a pod's spec."""
    volumes = {volume.name for volume in spec.volumes}
    yield from _volumes(f"{field}.volumes", spec.volumes)
    if not spec.containers:
        yield rules.required(f"{field}.containers")
    taken: set[str] = set()
    for part, containers in (("containers", spec.containers), ("initContainers", spec.initContainers)):
        for index, container in enumerate(containers):
            at = f"{field}.{part}[{index}]"
            if container.name in taken:
                yield rules.duplicate(f"{at}.name", container.name)
            taken.add(container.name)
            yield from _container(at, container, volumes)
    if spec.restartPolicy not in restart_policies:
        yield rules.unsupported(f"{field}.restartPolicy", spec.restartPolicy, restart_policies)
    yield from rules.one_of(
        f"{field}.dnsPolicy", spec.dnsPolicy, ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
    )
    yield from rules.labels(f"{field}.nodeSelector", spec.nodeSelector)
    if spec.HasField("activeDeadlineSeconds") and spec.activeDeadlineSeconds < 1:
        yield rules.invalid(
            f"{field}.activeDeadlineSeconds", spec.activeDeadlineSeconds, "must be between 1 and 2147483647, inclusive"
        )
    if spec.nodeName:
        for problem in names.dns_subdomain(spec.nodeName):
            yield rules.invalid(f"{field}.nodeName", spec.nodeName, problem)


def _volumes(field: str, volumes: Any) -> Iterator[FieldError]:
    taken: set[str] = set()
    for index, volume in enumerate(volumes):
        at = f"{field}[{index}].name"
        if not volume.name:
            yield rules.required(at)
            continue
        for problem in names.dns_label(volume.name):
            yield rules.invalid(at, volume.name, problem)
        if volume.name in taken:
            yield rules.duplicate(at, volume.name)
        taken.add(volume.name)


def _container(field: str, container: Any, volumes: set[str]) -> Iterator[FieldError]:
    if not container.name:
        yield rules.required(f"{field}.name")
    else:
        for problem in names.dns_label(container.name):
            yield rules.invalid(f"{field}.name", container.name, problem)
    if not container.image:
        yield rules.required(f"{field}.image")
    for index, port in enumerate(container.ports):
        at = f"{field}.ports[{index}]"
        if port.name:
            yield from rules.port_name(f"{at}.name", port.name)
        if not port.containerPort:
            yield rules.required(f"{at}.containerPort")
        else:
            yield from rules.port_number(f"{at}.containerPort", port.containerPort)
        if port.protocol not in rules.PROTOCOLS:
            yield rules.unsupported(f"{at}.protocol", port.protocol, rules.PROTOCOLS)
    for index, mount in enumerate(container.volumeMounts):
        at = f"{field}.volumeMounts[{index}]"
        if not mount.mountPath:
            yield rules.required(f"{at}.mountPath")
        if mount.name not in volumes:
            yield FieldError("FieldValueNotFound", f"{at}.name", f'Not found: "{mount.name}"')
    if container.imagePullPolicy not in ("Always", "IfNotPresent", "Never"):
        yield rules.unsupported(
            f"{field}.imagePullPolicy", container.imagePullPolicy, ("Always", "IfNotPresent", "Never")
        )


def _copy(new: Any, old: Any, name: str) -> None:
    if new.DESCRIPTOR.fields_by_name[name].is_repeated:
        getattr(new, name).MergeFrom(getattr(old, name))
    elif old.HasField(name):
        setattr(new, name, getattr(old, name))
