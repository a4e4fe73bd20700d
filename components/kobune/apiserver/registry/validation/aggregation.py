"""APIs that are served by others."""

from collections.abc import Iterator
from typing import Any

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import each, invalid, required, unsupported
from kobune.apiserver.registry.validation.formats import port_number


def api_service(new: Any) -> Iterator[FieldError]:
    """Check an APIService."""
    spec = new.spec
    name = f"{spec.version}.{spec.group}"
    if new.metadata.name and not names.path_segment(new.metadata.name) and new.metadata.name != name:
        why = f'must be `spec.version+"."+spec.group`: "{name}"'
        yield invalid("metadata.name", new.metadata.name, why)
    if not spec.group and spec.version != "v1":
        yield required("spec.group", "only v1 may have an empty group and it better be legacy kube")
    if spec.group:
        yield from each("spec.group", spec.group, names.dns_subdomain(spec.group))
    yield from each("spec.version", spec.version, names.dns_label_1035(spec.version))
    for field, most in (("groupPriorityMinimum", 20000), ("versionPriority", 1000)):
        if not 0 < (value := getattr(spec, field)) <= most:
            yield invalid(f"spec.{field}", value, f"must be positive and less than {most}")
    if not spec.HasField("service"):
        if spec.caBundle:
            yield invalid("spec.caBundle", f"{len(spec.caBundle)} bytes", "local APIServices may not have a caBundle")
        if spec.insecureSkipTLSVerify:
            why = "local APIServices may not have insecureSkipTLSVerify"
            yield invalid("spec.insecureSkipTLSVerify", True, why)
        return
    for field in ("namespace", "name"):
        if not getattr(spec.service, field):
            yield required(f"spec.service.{field}")
    for problem in port_number(spec.service.port):
        yield invalid("spec.service.port", spec.service.port, f"port is not valid: {problem}")
    if spec.insecureSkipTLSVerify and spec.caBundle:
        yield invalid("spec.insecureSkipTLSVerify", True, "may not be true if caBundle is present")


def api_service_status(new: Any, old: Any) -> Iterator[FieldError]:
    """Check what the status of an APIService says."""
    for index, condition in enumerate(new.status.conditions):
        if condition.status not in ("True", "False", "Unknown"):
            yield unsupported(f"status.conditions[{index}].status", condition.status, ("True", "False", "Unknown"))
