"""Environment variables, and the fields of a pod that its containers can be told."""

import re
from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation import formats
from kobune.apiserver.registry.validation.causes import each, invalid, required, unsupported
from kobune.apiserver.registry.validation.resources import amount, text

ENVIRONMENT_PATHS: Final = (
    *("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"),
    *("status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"),
)
VOLUME_PATHS: Final = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
KNOWN_PATHS: Final = frozenset(
    {*ENVIRONMENT_PATHS, *VOLUME_PATHS, "spec.restartPolicy", "spec.schedulerName", "status.phase"}
)
RESOURCES: Final = (
    *("limits.cpu", "limits.ephemeral-storage", "limits.memory"),
    *("requests.cpu", "requests.ephemeral-storage", "requests.memory"),
)
HUGE_PAGES: Final = ("limits.hugepages-", "requests.hugepages-")
CPU_DIVISORS: Final = frozenset({"1m", "1"})
BYTE_DIVISORS: Final = frozenset(
    {"1", *(f"1{unit}" for unit in "kMGTPE"), *(f"1{unit}i" for unit in "KMGTPE")},
)
BYTES: Final = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei"
SOURCES: Final = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")

_SUBSCRIPT = re.compile(r"(.*)\['(.*)'\]", re.DOTALL)


def environment(at: str, variables: Any, volumes: Any) -> Iterator[FieldError]:
    """Check the variables of a container."""
    for index, variable in enumerate(variables):
        if not variable.name:
            yield required(f"{at}[{index}].name")
        elif problems := formats.environment_name(variable.name):
            yield from each(f"{at}[{index}].name", variable.name, problems)
        if variable.HasField("valueFrom"):
            yield from _value_from(f"{at}[{index}].valueFrom", variable, volumes)


def environment_from(at: str, sources: Any) -> Iterator[FieldError]:
    """Check the config maps and secrets that become variables."""
    for index, source in enumerate(sources):
        here = f"{at}[{index}]"
        if source.prefix:
            yield from each(f"{here}.prefix", source.prefix, formats.environment_name(source.prefix))
        present = [name for name in ("configMapRef", "secretRef") if source.HasField(name)]
        for name in present:
            referred = getattr(source, name).localObjectReference.name
            if not referred:
                yield required(f"{here}.{name}.name")
            else:
                yield from each(f"{here}.{name}.name", referred, names.dns_subdomain(referred))
        if not present:
            yield invalid(at, "", "must specify one of: `configMapRef` or `secretRef`")
        elif len(present) > 1:
            yield invalid(at, "", "may not have more than one field specified at a time")


def _value_from(at: str, variable: Any, volumes: Any) -> Iterator[FieldError]:
    source = variable.valueFrom
    present = [name for name in SOURCES if source.HasField(name)]
    for name in present:
        value, here = getattr(source, name), f"{at}.{name}"
        if name == "fieldRef":
            yield from field_ref(here, value, ENVIRONMENT_PATHS)
        elif name == "resourceFieldRef":
            yield from resource_ref(here, value, needs_container=False)
        elif name == "fileKeyRef":
            yield from _file_key(here, value, volumes)
        else:
            yield from _key(here, value)
    if not present:
        yield invalid(
            at,
            "",
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        )
    elif variable.value:
        yield invalid(at, "", "may not be specified when `value` is not empty")
    elif len(present) > 1:
        yield invalid(at, "", "may not have more than one field specified at a time")


def _key(at: str, selector: Any) -> Iterator[FieldError]:
    name = selector.localObjectReference.name
    yield from each(f"{at}.name", name, names.dns_subdomain(name))
    if not selector.key:
        yield required(f"{at}.key")
    else:
        yield from each(f"{at}.key", selector.key, formats.config_key(selector.key))


def _file_key(at: str, selector: Any, volumes: Any) -> Iterator[FieldError]:
    if not selector.volumeName:
        yield required(f"{at}.volumeName")
    else:
        yield from each(f"{at}.volumeName", selector.volumeName, names.dns_label(selector.volumeName))
    if not selector.key:
        yield required(f"{at}.key")
    else:
        yield from each(f"{at}.key", selector.key, formats.environment_name(selector.key))
    if not selector.path:
        yield required(f"{at}.path")
    else:
        yield from formats.local_path(f"{at}.path", selector.path)


def field_ref(at: str, selector: Any, paths: tuple[str, ...]) -> Iterator[FieldError]:
    """Check a reference to a field of the pod."""
    if not selector.apiVersion:
        yield required(f"{at}.apiVersion")
        return
    path = selector.fieldPath
    if not path:
        yield required(f"{at}.fieldPath")
        return
    match = _SUBSCRIPT.fullmatch(path)
    base, subscript = (match[1], match[2]) if match else (path, "")
    if selector.apiVersion != "v1":
        why = f"unsupported pod version: {selector.apiVersion}"
        yield invalid(f"{at}.fieldPath", path, f"error converting fieldPath: {why}")
    elif match and base not in ("metadata.annotations", "metadata.labels"):
        why = f"field label does not support subscript: {path}"
        yield invalid(f"{at}.fieldPath", path, f"error converting fieldPath: {why}")
    elif base not in KNOWN_PATHS:
        yield invalid(f"{at}.fieldPath", path, f"error converting fieldPath: field label not supported: {path}")
    elif match:
        key = subscript.lower() if base == "metadata.annotations" else subscript
        yield from each(at, key, names.qualified_name(key))
    elif path not in paths:
        yield unsupported(f"{at}.fieldPath", path, paths)


def resource_ref(at: str, selector: Any, *, needs_container: bool) -> Iterator[FieldError]:
    """Check a reference to an amount that a container asks for or may have."""
    name = selector.resource
    if needs_container and not selector.containerName:
        yield required(f"{at}.containerName")
    elif not name:
        yield required(f"{at}.resource")
    elif name not in RESOURCES and not name.startswith(HUGE_PAGES):
        yield unsupported(f"{at}.resource", name, RESOURCES)
    if amount(selector.divisor):
        yield from _divisor(f"{at}.divisor", name, text(selector.divisor))


def _divisor(at: str, name: str, divisor: str) -> Iterator[FieldError]:
    short = name.partition(".")[2]
    if short == "cpu" and divisor not in CPU_DIVISORS:
        yield invalid(at, name, "only divisor's values 1m and 1 are supported with the cpu resource")
    elif divisor in BYTE_DIVISORS:
        return
    elif short == "memory":
        yield invalid(at, name, f"only divisor's values {BYTES} are supported with the memory resource")
    elif short == "ephemeral-storage":
        yield invalid(
            at, name, f"only divisor's values {BYTES} are supported with the local ephemeral storage resource"
        )
    elif name.startswith(HUGE_PAGES):
        yield invalid(at, name, f"only divisor's values {BYTES} are supported with the hugepages resource")
