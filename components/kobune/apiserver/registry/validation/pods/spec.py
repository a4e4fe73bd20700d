"""A pod, or the template of one, as a whole."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation import formats
from kobune.apiserver.registry.validation.causes import (
    duplicate,
    each,
    forbidden,
    invalid,
    one_of,
    required,
    unsupported,
)
from kobune.apiserver.registry.validation.labels import annotations, label_key, labels
from kobune.apiserver.registry.validation.pods import scheduling, security, windows
from kobune.apiserver.registry.validation.pods.containers import (
    Surroundings,
    containers,
    ephemeral_containers,
    every_container,
    image_of_pod,
    init_containers,
)
from kobune.apiserver.registry.validation.pods.dns import dns, host_aliases, hostname_override
from kobune.apiserver.registry.validation.pods.volumes import volumes
from kobune.apiserver.registry.validation.resources import requirements, resource_name

RESTART_POLICIES: Final = ("Always", "OnFailure", "Never")
DNS_POLICIES: Final = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
SYSTEMS: Final = ("linux", "windows")
MIRROR: Final = "kubernetes.io/config.mirror"
DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
NAMES: Final = (
    ("serviceAccountName", names.dns_subdomain),
    ("nodeName", names.dns_subdomain),
    ("hostname", names.dns_label),
    ("subdomain", names.dns_label),
    ("priorityClassName", names.dns_subdomain),
)
"""The fields of a pod that are names, and their rules."""


def pod(new: Any) -> Iterator[FieldError]:
    """Check a pod, new or changed."""
    meta, spec = new.metadata, new.spec
    if meta.annotations:
        yield from pod_annotations("metadata.annotations", meta.annotations, spec)
    yield from pod_spec("spec", spec, pod_name=meta.name, is_pod=True)
    if not spec.serviceAccountName:
        for index, volume in enumerate(spec.volumes):
            for position, source in enumerate(volume.volumeSource.projected.sources):
                if source.HasField("serviceAccountToken"):
                    at = f"spec.volumes[{index}].projected.sources[{position}].serviceAccountToken"
                    yield forbidden(at, "must not be specified when serviceAccountName is not set")
    for part in ("containers", "initContainers"):
        for index, container in enumerate(getattr(spec, part)):
            if container.image[:1].isspace() or container.image[-1:].isspace():
                yield from image_of_pod(f"spec.{part}[{index}]", container)


def new_pod(new: Any) -> Iterator[FieldError]:
    """Check what only a new pod must fulfil."""
    spec = new.spec
    if spec.ephemeralContainers:
        yield forbidden("spec.ephemeralContainers", "cannot be set on create")
    if spec.nodeName and spec.schedulingGates:
        yield forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared")
    if new.metadata.annotations:
        containers_of = every_container("spec", spec)
        yield from security.profiles_agree("spec", new.metadata.annotations, spec, containers_of)


def template(at: str, new: Any) -> Iterator[FieldError]:
    """Check a template of pods."""
    meta, spec = new.metadata, new.spec
    yield from labels(f"{at}.labels", meta.labels)
    if meta.annotations:
        yield from annotations(f"{at}.annotations", meta.annotations)
        yield from pod_annotations(f"{at}.annotations", meta.annotations, spec)
    yield from pod_spec(f"{at}.spec", spec)
    if meta.annotations:
        containers_of = every_container(f"{at}.spec", spec)
        yield from security.profiles_agree(f"{at}.spec", meta.annotations, spec, containers_of)
    if spec.ephemeralContainers:
        yield forbidden(f"{at}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template")


def pod_annotations(at: str, found: Mapping[str, str], spec: Any) -> Iterator[FieldError]:
    """Check the annotations that mean something for pods."""
    if MIRROR in found and not spec.nodeName:
        why = "must set spec.nodeName if mirror pod annotation is set"
        yield invalid(f"{at}[{MIRROR}]", found[MIRROR], why)
    if DELETION_COST in found and not _is_cost(found[DELETION_COST]):
        yield invalid(f"{at}[{DELETION_COST}]", found[DELETION_COST], "must be a 32bit integer")
    container_names = {container.name for _, container in every_container("", spec)}
    yield from security.profile_annotations(at, found, container_names)


def _is_cost(text: str) -> bool:
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or (digits != "0" and digits.startswith("0")) or text == "-0":
        return False
    return len(digits) < 12 and -(2**31) <= int(text) < 2**31


def pod_spec(at: str, spec: Any, *, pod_name: str = "", is_pod: bool = False) -> Iterator[FieldError]:
    """Check the spec of a pod, or of a template."""
    if not spec.HasField("terminationGracePeriodSeconds"):
        yield required(f"{at}.terminationGracePeriodSeconds")
    good: dict[str, Any] = {}
    if spec.volumes:
        yield from volumes(f"{at}.volumes", spec.volumes, pod_name, good)
    surroundings = Surroundings(
        volumes=good,
        claims=frozenset(claim.name for claim in spec.resourceClaims if claim.name),
        restart_policy=spec.restartPolicy,
        host_users=spec.hostUsers or not spec.HasField("hostUsers"),
        grace=spec.terminationGracePeriodSeconds,
        system=spec.os.name if spec.HasField("os") else "",
        is_pod=is_pod,
    )
    if spec.resourceClaims:
        yield from _resource_claims(f"{at}.resourceClaims", spec.resourceClaims)
    yield from containers(f"{at}.containers", spec.containers, surroundings)
    if spec.initContainers:
        yield from init_containers(f"{at}.initContainers", spec.initContainers, spec.containers, surroundings)
    if spec.ephemeralContainers:
        yield from ephemeral_containers(f"{at}.ephemeralContainers", spec, surroundings)
    if spec.hostNetwork:
        yield from _ports_of_host(at, spec, is_pod=is_pod)
    if spec.restartPolicy not in RESTART_POLICIES:
        yield from one_of(f"{at}.restartPolicy", spec.restartPolicy, RESTART_POLICIES)
    if spec.dnsPolicy not in DNS_POLICIES:
        yield from one_of(f"{at}.dnsPolicy", spec.dnsPolicy, DNS_POLICIES)
    yield from _rarely_set(at, spec)
    for name, rule in NAMES:
        if (value := getattr(spec, name)) and (problems := rule(value)):
            yield from each(f"{at}.{name}", value, problems)
    if spec.tolerations:
        yield from scheduling.tolerations(f"{at}.tolerations", spec.tolerations)
    if spec.HasField("preemptionPolicy") and spec.preemptionPolicy not in ("PreemptLowerPriority", "Never"):
        yield from one_of(f"{at}.preemptionPolicy", spec.preemptionPolicy, ("PreemptLowerPriority", "Never"))


def _rarely_set(at: str, spec: Any) -> Iterator[FieldError]:
    """Check what few pods have, looking only at what is there."""
    for field, value in spec.ListFields():
        if rule := RARE.get(field.name):
            yield from rule(at, spec, value)
    if spec.dnsPolicy == "None" and not spec.HasField("dnsConfig"):
        yield from dns(f"{at}.dnsConfig", spec)


def _ports_of_host(at: str, spec: Any, *, is_pod: bool) -> Iterator[FieldError]:
    for index, container in enumerate(spec.containers):
        for position, port in enumerate(container.ports):
            if (is_pod or port.hostPort) and port.hostPort != port.containerPort:
                here = f"{at}.containers[{index}].ports[{position}].hostPort"
                yield invalid(here, port.hostPort, "must match `containerPort` when `hostNetwork` is true")


def _resource_claims(at: str, claims: Any) -> Iterator[FieldError]:
    taken: set[str] = set()
    for index, claim in enumerate(claims):
        here = f"{at}[{index}]"
        if not claim.name:
            yield required(f"{here}.name")
        elif claim.name in taken:
            yield duplicate(f"{here}.name", claim.name)
        else:
            yield from each(f"{here}.name", claim.name, names.dns_label(claim.name))
        taken.add(claim.name)
        sources = ("resourceClaimName", "resourceClaimTemplateName")
        present = [name for name in sources if claim.HasField(name)]
        if len(present) == 2:
            why = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            yield invalid(here, claim, why)
        elif not present:
            yield invalid(here, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")
        for name in present:
            value = getattr(claim, name)
            yield from each(f"{here}.{name}", value, names.dns_subdomain(value))


def _security(at: str, spec: Any, context: Any) -> Iterator[FieldError]:
    if context.ListFields() or spec.hostPID:
        yield from security.pod_security(f"{at}.securityContext", spec)


def _deadline(at: str, spec: Any, seconds: int) -> Iterator[FieldError]:
    yield from each(f"{at}.activeDeadlineSeconds", seconds, formats.in_range(seconds, 1, formats.LARGEST))


def _readiness_gates(at: str, spec: Any, gates: Any) -> Iterator[FieldError]:
    for index, gate in enumerate(gates):
        yield from label_key(f"{at}.readinessGates[{index}].conditionType", gate.conditionType)


def _overhead(at: str, spec: Any, overhead: Any) -> Iterator[FieldError]:
    wanted = type(spec.resources)()
    for name, quantity in overhead.items():
        wanted.limits[name].CopyFrom(quantity)
    yield from requirements(f"{at}.overhead", wanted)


def _pod_resources(at: str, spec: Any, resources: Any) -> Iterator[FieldError]:
    here = f"{at}.resources"
    if resources.claims:
        yield forbidden(f"{here}.claims", "claims may not be set for Resources at pod-level")
    for part in ("limits", "requests"):
        for name in getattr(resources, part):
            yield from resource_name(f"{here}.{part}[{name}]", name)
            if name not in ("cpu", "memory") and not name.startswith("hugepages-"):
                yield unsupported(f"{here}.{part}[{name}]", name, ("cpu", "hugepages-", "memory"))
    yield from requirements(here, resources)


def _system(at: str, spec: Any, system: Any) -> Iterator[FieldError]:
    if not system.name:
        yield required(f"{at}.os.name", "cannot be empty")
    elif system.name not in SYSTEMS:
        yield unsupported(f"{at}.os", system.name, SYSTEMS)
    elif system.name == "linux":
        yield from windows.linux_pod(at, spec, every_container(at, spec))
    else:
        yield from windows.windows_pod(at, spec, every_container(at, spec))


def _host_process(at: str, spec: Any, _: Any) -> Iterator[FieldError]:
    if windows.has_options(spec) or any(windows.has_options(container) for _, container in every_container(at, spec)):
        yield from windows.host_process(at, spec, every_container(at, spec))


RARE: Final[Mapping[str, Callable[[str, Any, Any], Iterable[FieldError]]]] = {
    "activeDeadlineSeconds": _deadline,
    "affinity": lambda at, spec, value: scheduling.affinity(f"{at}.affinity", value),
    "containers": _host_process,
    "dnsConfig": lambda at, spec, value: dns(f"{at}.dnsConfig", spec),
    "hostAliases": lambda at, spec, value: host_aliases(f"{at}.hostAliases", value),
    "hostUsers": lambda at, spec, value: security.host_users(at, spec),
    "hostnameOverride": lambda at, spec, value: hostname_override(at, spec),
    "nodeSelector": lambda at, spec, value: labels(f"{at}.nodeSelector", value),
    "os": _system,
    "overhead": _overhead,
    "readinessGates": _readiness_gates,
    "resources": _pod_resources,
    "runtimeClassName": lambda at, spec, value: each(f"{at}.runtimeClassName", value, names.dns_subdomain(value)),
    "schedulingGates": lambda at, spec, value: scheduling.gates(f"{at}.schedulingGates", value),
    "securityContext": _security,
    "topologySpreadConstraints": lambda at, spec, value: scheduling.spread(f"{at}.topologySpreadConstraints", value),
}
"""By field of a pod's spec: the rule of those that few pods have."""
