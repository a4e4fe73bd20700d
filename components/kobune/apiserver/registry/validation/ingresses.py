"""Ingresses and their classes: which requests from outside go where."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation import formats
from kobune.apiserver.registry.validation.causes import (
    each,
    forbidden,
    invalid,
    required,
    too_long,
    unsupported,
)
from kobune.apiserver.registry.validation.services import ingress_points

CLASS: Final = "kubernetes.io/ingress.class"
PATH_TYPES: Final = ("Exact", "ImplementationSpecific", "Prefix")
NOT_IN_PATHS: Final = ("//", "/./", "/../", "%2f", "%2F")
NOT_AT_ENDS: Final = ("/..", "/.")
PART: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
WILDCARD: Final = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
    "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', "
    f"regex used for validation is '\\*\\.{PART}(\\.{PART})*')"
)


def ingress(new: Any) -> Iterator[FieldError]:
    """Check an Ingress."""
    spec = new.spec
    if not spec.rules and not spec.HasField("defaultBackend"):
        yield invalid("spec", None, "either `defaultBackend` or `rules` must be specified")
    if spec.HasField("defaultBackend"):
        yield from _backend("spec.defaultBackend", spec.defaultBackend)
    for index, rule in enumerate(spec.rules):
        yield from _rule(f"spec.rules[{index}]", rule)
    for index, tls in enumerate(spec.tls):
        for position, host in enumerate(tls.hosts):
            yield from each(f"spec.tls[{index}].hosts[{position}]", host, _host(host))
        if tls.secretName:
            yield from each(f"spec.tls[{index}].secretName", tls.secretName, names.dns_subdomain(tls.secretName))
    if spec.HasField("ingressClassName"):
        yield from each("spec.ingressClassName", spec.ingressClassName, names.dns_subdomain(spec.ingressClassName))


def new_ingress(new: Any) -> Iterator[FieldError]:
    """Check that a new Ingress names one class, not two."""
    notes, spec = new.metadata.annotations, new.spec
    if CLASS in notes and spec.HasField("ingressClassName") and notes[CLASS] != spec.ingressClassName:
        why = "must match `ingressClassName` when both are specified"
        yield invalid(f"annotations.{CLASS}", notes[CLASS], why)


def ingress_status(new: Any, old: Any) -> Iterator[FieldError]:
    """Check where an Ingress says that it can be reached."""
    return ingress_points("status.loadBalancer.ingress", new.status.loadBalancer.ingress)


def _host(host: str) -> list[str]:
    if "*" not in host:
        return names.dns_subdomain(host)
    problems = ["must be no more than 253 characters"] if len(host.encode()) > 253 else []
    if not host.startswith("*.") or names.dns_subdomain(host[2:][:253]):
        problems.append(WILDCARD)
    return problems


def _rule(at: str, rule: Any) -> Iterator[FieldError]:
    if rule.host:
        if formats.parse_ip(rule.host):
            yield invalid(f"{at}.host", rule.host, "must be a DNS name, not an IP address")
        yield from each(f"{at}.host", rule.host, _host(rule.host))
    value = rule.ingressRuleValue
    if value.HasField("http"):
        if not value.http.paths:
            yield required(f"{at}.http.paths")
        for index, path in enumerate(value.http.paths):
            yield from _path(f"{at}.http.paths[{index}]", path)


def _path(at: str, path: Any) -> Iterator[FieldError]:
    if not path.HasField("pathType"):
        yield required(f"{at}.pathType", "pathType must be specified")
        return
    here, text = f"{at}.path", path.path
    if path.pathType not in PATH_TYPES:
        yield unsupported(f"{at}.pathType", path.pathType, PATH_TYPES)
    elif path.pathType == "ImplementationSpecific":
        if text and not text.startswith("/"):
            yield invalid(here, text, "must be an absolute path")
    else:
        if not text.startswith("/"):
            yield invalid(here, text, "must be an absolute path")
        for part in NOT_IN_PATHS:
            if part in text:
                yield invalid(here, text, f"must not contain '{part}'")
        for part in NOT_AT_ENDS:
            if text.endswith(part):
                yield invalid(here, text, f"cannot end with '{part}'")
    yield from _backend(f"{at}.backend", path.backend)


def _backend(at: str, backend: Any) -> Iterator[FieldError]:
    has_resource, has_service = backend.HasField("resource"), backend.HasField("service")
    if has_resource and has_service:
        yield invalid(at, "", "cannot set both resource and service backends")
    elif has_resource:
        yield from _typed_reference(f"{at}.resource", backend.resource)
    elif not has_service:
        yield invalid(at, "", "resource or service backend is required")
    else:
        name, port = backend.service.name, backend.service.port
        if not name:
            yield required(f"{at}.service.name")
        else:
            yield from each(f"{at}.service.name", name, names.dns_label(name))
        if port.name and port.number:
            yield invalid(at, "", "cannot set both port name & port number")
        elif port.name:
            yield from each(f"{at}.service.port.name", port.name, formats.port_name(port.name))
        elif port.number:
            yield from each(f"{at}.service.port.number", port.number, formats.port_number(port.number))
        else:
            yield required(at, "port name or number is required")


def _typed_reference(at: str, reference: Any) -> Iterator[FieldError]:
    if reference.HasField("apiGroup"):
        yield from each(f"{at}.apiGroup", reference.apiGroup, names.dns_subdomain(reference.apiGroup))
    for name in ("kind", "name"):
        if value := getattr(reference, name):
            yield from each(f"{at}.{name}", value, names.path_segment(value))
        else:
            yield required(f"{at}.{name}")


def ingress_class(new: Any) -> Iterator[FieldError]:
    """Check an IngressClass."""
    controller = new.spec.controller
    if not controller:
        yield required("spec.controller")
    else:
        if len(controller.encode()) > 250:
            yield too_long("spec.controller", 250)
        yield from formats.domain_prefixed_path("spec.controller", controller)
    if not new.spec.HasField("parameters"):
        return
    at, parameters = "spec.parameters", new.spec.parameters
    yield from _typed_reference(at, parameters)
    if not parameters.HasField("scope"):
        yield required(f"{at}.scope")
    elif parameters.scope == "Namespace":
        if not parameters.HasField("namespace"):
            yield required(f"{at}.namespace", "`parameters.scope` is set to 'Namespace'")
        else:
            yield from each(f"{at}.namespace", parameters.namespace, names.dns_label(parameters.namespace))
    elif parameters.scope != "Cluster":
        yield unsupported(f"{at}.scope", parameters.scope, ("Cluster", "Namespace"))
    elif parameters.HasField("namespace"):
        yield forbidden(f"{at}.namespace", "`parameters.scope` is set to 'Cluster'")
