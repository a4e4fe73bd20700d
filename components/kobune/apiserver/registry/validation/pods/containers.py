"""The containers of a pod: ordinary ones, those that run first, and those for debugging."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation import formats
from kobune.apiserver.registry.validation.causes import (
    duplicate,
    each,
    forbidden,
    invalid,
    not_found,
    one_of,
    required,
    too_many,
    unsupported,
)
from kobune.apiserver.registry.validation.pods.environment import environment, environment_from
from kobune.apiserver.registry.validation.pods.handlers import PROBES, lifecycle, probes
from kobune.apiserver.registry.validation.pods.mounts import devices, mounts
from kobune.apiserver.registry.validation.pods.security import container_security
from kobune.apiserver.registry.validation.resources import requirements

PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
PULL_POLICIES: Final = ("Always", "IfNotPresent", "Never")
MESSAGE_POLICIES: Final = ("File", "FallbackToLogsOnError")
RESIZED: Final = ("cpu", "memory")
RESIZE_POLICIES: Final = ("NotRequired", "RestartContainer")
NOT_EPHEMERAL: Final = (
    *("ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "livenessProbe"),
    *("readinessProbe", "startupProbe", "lifecycle"),
)
INIT_ONLY: Final = "may not be set for init containers without restartPolicy=Always"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rules of a container need to know of its pod."""

    volumes: Mapping[str, Any]
    """The sources of the good volumes, by name."""
    claims: frozenset[str]
    """The names of the pod's resource claims."""
    restart_policy: str
    host_users: bool
    grace: int
    system: str
    """The name of the operating system, if the pod says it."""
    is_pod: bool
    """Whether this is a pod, not a template of one."""


def containers(at: str, found: Any, pod: Surroundings) -> Iterator[FieldError]:
    """Check the ordinary containers."""
    if not found:
        yield required(at)
        return
    taken: set[str] = set()
    host_ports: set[str] = set()
    for index, container in enumerate(found):
        here = f"{at}[{index}]"
        yield from container_rules(here, container, pod)
        if container.name in taken:
            yield duplicate(f"{here}.name", container.name)
        taken.add(container.name)
        if container.HasField("lifecycle"):
            yield from lifecycle(f"{here}.lifecycle", container.lifecycle, pod.grace, pod.system)
        yield from probes(here, container)
        if container.HasField("restartPolicy") or container.restartPolicyRules:
            yield from _restart_policy(here, container)
        if container.ports:
            yield from _host_ports(here, container.ports, host_ports)


def init_containers(at: str, found: Any, regular: Any, pod: Surroundings) -> Iterator[FieldError]:
    """Check the containers that run before, or beside, the ordinary ones."""
    taken = {container.name for container in regular}
    for index, container in enumerate(found):
        here = f"{at}[{index}]"
        yield from container_rules(here, container, pod)
        if container.HasField("restartPolicy") or container.restartPolicyRules:
            yield from _restart_policy(here, container)
        if container.name in taken:
            yield duplicate(f"{here}.name", container.name)
        elif container.name:
            taken.add(container.name)
        yield from _host_ports(here, container.ports, set())
        if container.restartPolicy == "Always":
            if container.HasField("lifecycle"):
                yield from lifecycle(f"{here}.lifecycle", container.lifecycle, pod.grace, pod.system)
            yield from probes(here, container)
            continue
        for name in ("lifecycle", *PROBES):
            if container.HasField(name):
                yield forbidden(f"{here}.{name}", INIT_ONLY)


def ephemeral_containers(at: str, spec: Any, pod: Surroundings) -> Iterator[FieldError]:
    """Check the containers that were added for debugging."""
    others = {container.name for container in (*spec.containers, *spec.initContainers)}
    taken = set(others)
    for index, item in enumerate(spec.ephemeralContainers):
        here, container = f"{at}[{index}]", item.ephemeralContainerCommon
        yield from container_rules(here, container, pod)
        yield from image_of_pod(here, container)
        if container.name in taken:
            yield duplicate(f"{here}.name", container.name)
        taken.add(container.name)
        if item.targetContainerName and item.targetContainerName not in others:
            yield not_found(f"{here}.targetContainerName", item.targetContainerName)
        for name in NOT_EPHEMERAL:
            is_list = container.DESCRIPTOR.fields_by_name[name].is_repeated
            value = getattr(container, name)
            is_set = (
                bool(value) if is_list else container.HasField(name) and (name != "resources" or value.ListFields())
            )
            if is_set:
                yield forbidden(f"{here}.{name}", "cannot be set for an Ephemeral Container")
        for position, mount in enumerate(container.volumeMounts):
            for name in ("subPath", "subPathExpr"):
                if getattr(mount, name):
                    field = f"{here}.volumeMounts[{position}].{name}"
                    yield forbidden(field, "cannot be set for an Ephemeral Container")


def container_rules(at: str, container: Any, pod: Surroundings) -> Iterator[FieldError]:
    """Check what all containers have in common."""
    name = container.name
    if not name:
        yield required(f"{at}.name")
    elif problems := names.dns_label(name):
        yield from each(f"{at}.name", name, problems)
    if not container.image:
        yield required(f"{at}.image")
    if container.terminationMessagePolicy not in MESSAGE_POLICIES:
        yield from one_of(f"{at}.terminationMessagePolicy", container.terminationMessagePolicy, MESSAGE_POLICIES)
    if container.ports:
        yield from _ports(f"{at}.ports", container.ports)
    if container.env:
        yield from environment(f"{at}.env", container.env, pod.volumes)
    if container.envFrom:
        yield from environment_from(f"{at}.envFrom", container.envFrom)
    if container.volumeMounts:
        yield from mounts(f"{at}.volumeMounts", container, pod.volumes)
    if container.volumeDevices:
        yield from devices(f"{at}.volumeDevices", container, pod.volumes)
    if container.imagePullPolicy not in PULL_POLICIES:
        yield from one_of(f"{at}.imagePullPolicy", container.imagePullPolicy, PULL_POLICIES)
    if container.HasField("resources"):
        yield from requirements(f"{at}.resources", container.resources, pod.claims)
    if container.resizePolicy:
        yield from _resize_policy(f"{at}.resizePolicy", container.resizePolicy, pod.restart_policy)
    if container.HasField("securityContext"):
        yield from container_security(f"{at}.securityContext", container.securityContext, host_users=pod.host_users)


def image_of_pod(at: str, container: Any) -> Iterator[FieldError]:
    """Check what only pods must fulfil, not templates."""
    if container.image != container.image.strip():
        yield invalid(f"{at}.image", container.image, "must not have leading or trailing whitespace")


def _ports(at: str, ports: Any) -> Iterator[FieldError]:
    taken: set[str] = set()
    for index, port in enumerate(ports):
        here = f"{at}[{index}]"
        if port.name:
            if problems := formats.port_name(port.name):
                yield from each(f"{here}.name", port.name, problems)
            elif port.name in taken:
                yield duplicate(f"{here}.name", port.name)
            taken.add(port.name)
        if not port.containerPort:
            yield required(f"{here}.containerPort")
        else:
            yield from each(f"{here}.containerPort", port.containerPort, formats.port_number(port.containerPort))
        if port.hostPort:
            yield from each(f"{here}.hostPort", port.hostPort, formats.port_number(port.hostPort))
        if port.protocol not in PROTOCOLS:
            yield from one_of(f"{here}.protocol", port.protocol, PROTOCOLS)


def _host_ports(at: str, ports: Any, taken: set[str]) -> Iterator[FieldError]:
    for index, port in enumerate(ports):
        if not port.hostPort:
            continue
        key = f"{port.protocol}/{port.hostIP}/{port.hostPort}"
        if key in taken:
            yield duplicate(f"{at}.ports[{index}].hostPort", key)
        taken.add(key)


def _resize_policy(at: str, policies: Any, restart_policy: str) -> Iterator[FieldError]:
    taken: set[str] = set()
    for index, policy in enumerate(policies):
        if policy.resourceName in taken:
            yield duplicate(f"{at}[{index}]", policy.resourceName)
        taken.add(policy.resourceName)
        yield from one_of(at, policy.resourceName, RESIZED)
        yield from one_of(at, policy.restartPolicy, RESIZE_POLICIES)
        if restart_policy == "Never" and policy.restartPolicy != "NotRequired":
            yield invalid(at, policy.restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'")


def _restart_policy(at: str, container: Any) -> Iterator[FieldError]:
    policies = ("Always", "Never", "OnFailure")
    policy, rules = container.restartPolicy, container.restartPolicyRules
    if container.HasField("restartPolicy") and policy not in policies:
        yield unsupported(f"{at}.restartPolicy", policy, policies)
    if rules and not container.HasField("restartPolicy"):
        yield required(f"{at}.restartPolicy", "must specify restartPolicy when restart rules are used")
    if len(rules) > 20:
        yield too_many(f"{at}.restartPolicyRules", len(rules), 20)
    for index, rule in enumerate(rules):
        here = f"{at}.restartPolicyRules[{index}]"
        if rule.action not in ("Restart", "RestartAllContainers"):
            yield unsupported(f"{here}.action", rule.action, ("Restart", "RestartAllContainers"))
        if not rule.HasField("exitCodes"):
            yield required(f"{here}.exitCodes", "must be specified")
            continue
        codes = rule.exitCodes
        if codes.operator not in ("In", "NotIn"):
            yield unsupported(f"{here}.exitCodes.operator", codes.operator, ("In", "NotIn"))
        if len(codes.values) > 255:
            yield too_many(f"{here}.exitCodes.values", len(codes.values), 255)
        for position, code in enumerate(codes.values):
            if code in codes.values[:position]:
                yield duplicate(f"{here}.exitCodes.values[{position}]", code)


def every_container(at: str, spec: Any) -> Iterator[tuple[str, Any]]:
    """Yield all containers of a pod, with their paths."""
    for part in ("initContainers", "containers"):
        for index, container in enumerate(getattr(spec, part)):
            yield f"{at}.{part}[{index}]", container
    for index, item in enumerate(spec.ephemeralContainers):
        yield f"{at}.ephemeralContainers[{index}]", item.ephemeralContainerCommon
