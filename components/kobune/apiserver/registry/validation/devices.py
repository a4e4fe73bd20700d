"""Devices, what there is of them, and who wants which. Source: *Dynamic Resource Allocation*.

Whether expressions are CEL is said elsewhere.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from kobune.apimachinery import codec, names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import (
    IMMUTABLE,
    duplicate,
    each,
    forbidden,
    invalid,
    required,
    too_long,
    too_many,
    unsupported,
)
from kobune.apiserver.registry.validation.labels import annotations, label_key, labels
from kobune.apiserver.registry.validation.pods.scheduling import node_selector
from kobune.apiserver.registry.validation.resources import is_extended
from kobune.apiserver.registry.validation.volume_sources import csi_driver_name

MOST: Final = 32
MOST_SUBREQUESTS: Final = 8
MOST_TOLERATIONS: Final = 16
MOST_DEVICES: Final = 128
MOST_TAINTS: Final = 16
LONGEST_EXPRESSION: Final = 10 * 1024
LARGEST_PARAMETERS: Final = 10 * 1024
LONGEST_DOMAIN: Final = 63
LONGEST_ID: Final = 32
LONGEST_ATTRIBUTE: Final = 64
EFFECTS: Final = ("NoExecute", "NoSchedule", "None")
ONE_KIND: Final = "exactly one of `exactly` or `firstAvailable` is required"

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = r"(0|[1-9]\d*)"
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")


def claim(new: Any) -> Iterator[FieldError]:
    """Check a ResourceClaim."""
    return device_claim("spec.devices", new.spec.devices)


def claim_template(new: Any) -> Iterator[FieldError]:
    """Check a ResourceClaimTemplate."""
    meta = new.spec.metadata
    yield from annotations("spec.metadata.annotations", meta.annotations)
    yield from labels("spec.metadata.labels", meta.labels)
    for field, _ in meta.ListFields():
        if field.name not in ("labels", "annotations"):
            yield forbidden(f"spec.metadata.{field.name}", "cannot be set")
    yield from device_claim("spec.spec.devices", new.spec.spec.devices)


def spec_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that the spec stays as it was."""
    if not codec.same(new.spec, old.spec):
        yield invalid("spec", new.spec, IMMUTABLE)


def device_claim(at: str, wanted: Any) -> Iterator[FieldError]:
    """Check which devices are wanted."""
    known = {request.name: {item.name for item in request.firstAvailable} for request in wanted.requests}
    yield from _listed(f"{at}.requests", wanted.requests, MOST, _request, key=lambda request: request.name)
    yield from _listed(f"{at}.constraints", wanted.constraints, MOST, lambda here, item: _constraint(here, item, known))
    yield from _listed(f"{at}.config", wanted.config, MOST, lambda here, item: _configuration(here, item, known))


def _listed(
    at: str, items: Any, most: int, rule: Callable[[str, Any], Iterator[FieldError]], *, key: Any = None
) -> Iterator[FieldError]:
    """Check each item of a list that is not too long, and that none is there twice."""
    if len(items) > most:
        yield too_many(at, len(items), most)
    seen: set[Any] = set()
    for index, item in enumerate(items):
        yield from rule(f"{at}[{index}]", item)
        if key is not None:
            if key(item) in seen:
                yield duplicate(f"{at}[{index}]", key(item))
            seen.add(key(item))


def _request(at: str, request: Any) -> Iterator[FieldError]:
    yield from _name(f"{at}.name", request.name)
    first, exactly = bool(request.firstAvailable), request.HasField("exactly")
    if not first and not exactly:
        yield required(at, ONE_KIND)
    elif first and exactly:
        yield invalid(at, None, f"{ONE_KIND}, but multiple fields are set")
    elif exactly:
        yield from _exact(f"{at}.exactly", request.exactly)
    else:

        def subrequest(here: str, item: Any) -> Iterator[FieldError]:
            yield from _name(f"{here}.name", item.name)
            yield from _exact(here, item)

        here = f"{at}.firstAvailable"
        yield from _listed(here, request.firstAvailable, MOST_SUBREQUESTS, subrequest, key=lambda item: item.name)


def _name(at: str, name: str) -> Iterator[FieldError]:
    if not name:
        yield required(at)
    else:
        yield from each(at, name, names.dns_label(name))


def _exact(at: str, request: Any) -> Iterator[FieldError]:
    if not request.deviceClassName:
        yield required(f"{at}.deviceClassName")
    else:
        yield from each(f"{at}.deviceClassName", request.deviceClassName, names.dns_subdomain(request.deviceClassName))
    yield from _listed(f"{at}.selectors", request.selectors, MOST, _selector)
    mode, count = request.allocationMode, request.count
    if mode == "All":
        if count:
            yield invalid(f"{at}.count", count, "must not be specified when allocationMode is 'All'")
    elif mode == "ExactCount":
        if count <= 0:
            yield invalid(f"{at}.count", count, "must be greater than zero")
    else:
        yield unsupported(f"{at}.allocationMode", mode, ("All", "ExactCount"))
    yield from _listed(f"{at}.tolerations", request.tolerations, MOST_TOLERATIONS, _toleration)


def _selector(at: str, selector: Any) -> Iterator[FieldError]:
    if not selector.HasField("cel"):
        yield required(f"{at}.cel")
    elif not selector.cel.expression:
        yield required(f"{at}.cel.expression")
    elif len(selector.cel.expression.encode()) > LONGEST_EXPRESSION:
        yield too_long(f"{at}.cel.expression", LONGEST_EXPRESSION)


def _toleration(at: str, toleration: Any) -> Iterator[FieldError]:
    if toleration.key:
        yield from label_key(f"{at}.key", toleration.key)
    match toleration.operator:
        case "Exists":
            if toleration.value:
                yield invalid(f"{at}.value", toleration.value, "must be empty for operator `Exists`")
        case "Equal":
            yield from each(f"{at}.value", toleration.value, names.label_value(toleration.value))
            if not toleration.key:
                yield required(f"{at}.key", "required for operator `Equal`")
        case "":
            yield required(f"{at}.operator")
        case _:
            yield unsupported(f"{at}.operator", toleration.operator, ("Equal", "Exists"))
    if toleration.effect and toleration.effect not in EFFECTS[:2]:
        yield unsupported(f"{at}.effect", toleration.effect, EFFECTS[:2])
    if toleration.HasField("tolerationSeconds") and toleration.effect != "NoExecute":
        why = "must be 'NoExecute' when `tolerationSeconds` is set"
        yield invalid(f"{at}.effect", toleration.effect, why)


def _constraint(at: str, constraint: Any, known: dict[str, set[str]]) -> Iterator[FieldError]:
    yield from _requests(f"{at}.requests", constraint.requests, known)
    present = [name for name in ("matchAttribute", "distinctAttribute") if constraint.HasField(name)]
    if not present:
        yield required(f"{at}.matchAttribute")
    for name in present:
        yield from _qualified(f"{at}.{name}", getattr(constraint, name), needs_domain=True)


def _requests(at: str, requests: Any, known: dict[str, set[str]]) -> Iterator[FieldError]:
    if len(requests) > MOST:
        yield too_many(at, len(requests), MOST)
    for index, name in enumerate(requests):
        here = f"{at}[{index}]"
        main, slash, sub = name.partition("/")
        for part in (main, sub) if slash else (main,):
            yield from each(here, name if not slash else part, names.dns_label(part))
        if main not in known or (slash and sub not in known[main]):
            yield invalid(
                here,
                name,
                "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'",
            )
        if name in requests[:index]:
            yield duplicate(here, name)


def _configuration(at: str, item: Any, known: dict[str, set[str]]) -> Iterator[FieldError]:
    yield from _requests(f"{at}.requests", item.requests, known)
    yield from _opaque(at, item.deviceConfiguration)


def _opaque(at: str, configuration: Any) -> Iterator[FieldError]:
    if not configuration.HasField("opaque"):
        yield required(f"{at}.opaque")
        return
    here, opaque = f"{at}.opaque", configuration.opaque
    yield from csi_driver_name(f"{here}.driver", opaque.driver)
    if not opaque.parameters.raw:
        yield required(f"{here}.parameters")
    elif len(opaque.parameters.raw) > LARGEST_PARAMETERS:
        yield too_long(f"{here}.parameters", LARGEST_PARAMETERS)
    else:
        try:
            tree = json.loads(opaque.parameters.raw)
        except (ValueError, RecursionError):
            tree = None
        if not isinstance(tree, dict):
            yield invalid(f"{here}.parameters", "<value omitted>", "must be a valid JSON object")


def _qualified(at: str, name: str, *, needs_domain: bool = False) -> Iterator[FieldError]:
    if not name:
        yield required(at, "name required")
        return
    domain, slash, identifier = name.rpartition("/")
    if name.count("/") > 1:
        yield invalid(at, name, "must be an identifier or a domain and an identifier separated by a slash")
        return
    if not slash and needs_domain:
        yield invalid(at, name, "must include a domain")
    if slash:
        if not domain:
            yield required(at, "the domain must not be empty")
        else:
            if len(domain.encode()) > LONGEST_DOMAIN:
                yield too_long(at, LONGEST_DOMAIN)
            yield from each(at, domain, names.dns_subdomain(domain))
    if not identifier:
        yield required(at, "the name must not be empty")
        return
    if len(identifier.encode()) > LONGEST_ID:
        yield too_long(at, LONGEST_ID)
    if not _ID.fullmatch(identifier):
        yield invalid(
            at,
            identifier,
            "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric "
            "characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is "
            "'[A-Za-z_][A-Za-z0-9_]*')",
        )


def device_class(new: Any) -> Iterator[FieldError]:
    """Check a DeviceClass."""
    yield from _listed("spec.selectors", new.spec.selectors, MOST, _selector)
    yield from _listed("spec.config", new.spec.config, MOST, lambda at, item: _opaque(at, item.deviceConfiguration))
    if new.spec.HasField("extendedResourceName"):
        name = new.spec.extendedResourceName
        if not is_extended(name):
            yield invalid("spec.extendedResourceName", name, "must be a valid extended resource name")


def resource_slice(new: Any) -> Iterator[FieldError]:
    """Check a ResourceSlice."""
    spec = new.spec
    places = [
        name for name in ("nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection") if _is_set(spec, name)
    ]
    if spec.HasField("nodeName"):
        if not spec.nodeName:
            yield required("spec.nodeName")
        else:
            yield from each("spec.nodeName", spec.nodeName, names.dns_subdomain(spec.nodeName))
    if spec.HasField("nodeSelector"):
        yield from node_selector("spec.nodeSelector", spec.nodeSelector)
        if len(spec.nodeSelector.nodeSelectorTerms) != 1:
            why = "must have exactly one node selector term"
            yield invalid("spec.nodeSelector.nodeSelectorTerms", spec.nodeSelector.nodeSelectorTerms, why)
    options = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
    if not places:
        yield required("spec", options)
    elif len(places) > 1:
        shown = "{" + ", ".join(places) + "}"
        yield invalid("spec", shown, f"{options}, but multiple fields are set")
    yield from csi_driver_name("spec.driver", spec.driver)
    yield from _pool("spec.pool", spec.pool)
    yield from _listed("spec.devices", spec.devices, MOST_DEVICES, _device, key=lambda device: device.name)


def _is_set(spec: Any, name: str) -> bool:
    return bool(spec.HasField(name)) and (name in ("nodeSelector", "nodeName") or bool(getattr(spec, name)))


def _pool(at: str, pool: Any) -> Iterator[FieldError]:
    if not pool.name:
        yield required(f"{at}.name")
    else:
        if len(pool.name.encode()) > 253:
            yield too_long(f"{at}.name", 253)
        for part in pool.name.split("/"):
            yield from each(f"{at}.name", part, names.dns_subdomain(part))
    if pool.resourceSliceCount <= 0:
        yield invalid(f"{at}.resourceSliceCount", pool.resourceSliceCount, "must be greater than zero")
    if pool.generation < 0:
        yield invalid(f"{at}.generation", pool.generation, "must be greater than or equal to zero")


def _device(at: str, device: Any) -> Iterator[FieldError]:
    yield from _name(f"{at}.name", device.name)
    for key, attribute in device.attributes.items():
        here = f"{at}.attributes[{key}]"
        yield from _qualified(here, key)
        yield from _attribute(here, attribute)
    for key in device.capacity:
        yield from _qualified(f"{at}.capacity[{key}]", key)
    if len(device.attributes) + len(device.capacity) > MOST:
        count = len(device.attributes) + len(device.capacity)
        yield invalid(at, count, f"the total number of attributes and capacities must not exceed {MOST}")
    yield from _listed(f"{at}.taints", device.taints, MOST_TAINTS, _taint)


def _attribute(at: str, attribute: Any) -> Iterator[FieldError]:
    scalars = [name for name in ("int", "bool", "string", "version") if attribute.HasField(name)]
    lists = [name for name in ("ints", "bools", "strings", "versions") if getattr(attribute, name)]
    present = scalars + lists
    if not present:
        yield required(at, "exactly one value must be specified")
    elif len(present) > 1:
        yield invalid(at, attribute, "exactly one value must be specified")
    for name in ("string", "version"):
        text = getattr(attribute, name)
        if len(text.encode()) > LONGEST_ATTRIBUTE:
            yield too_long(f"{at}.{name}", LONGEST_ATTRIBUTE)
    if attribute.HasField("version") and not _VERSION.fullmatch(attribute.version):
        why = "must be a string compatible with semver.org spec 2.0.0"
        yield invalid(f"{at}.version", attribute.version, why)


def _taint(at: str, taint: Any) -> Iterator[FieldError]:
    yield from label_key(f"{at}.key", taint.key)
    if taint.value:
        yield from each(f"{at}.value", taint.value, names.label_value(taint.value))
    if not taint.effect:
        yield required(f"{at}.effect")
    elif taint.effect not in EFFECTS:
        yield unsupported(f"{at}.effect", taint.effect, EFFECTS)


def slice_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a ResourceSlice is of the same driver, pool and nodes."""
    if new.spec.driver != old.spec.driver:
        yield invalid("spec.driver", new.spec.driver, IMMUTABLE)
    if new.spec.pool.name != old.spec.pool.name:
        yield invalid("spec.pool.name", new.spec.pool.name, IMMUTABLE)
    for name in ("nodeName", "allNodes"):
        if getattr(new.spec, name) != getattr(old.spec, name) or new.spec.HasField(name) != old.spec.HasField(name):
            yield invalid(f"spec.{name}", getattr(new.spec, name) if new.spec.HasField(name) else None, IMMUTABLE)
    if not codec.same(new.spec.nodeSelector, old.spec.nodeSelector):
        yield invalid("spec.nodeSelector", new.spec.nodeSelector, IMMUTABLE)


def claim_status(new: Any, old: Any) -> Iterator[FieldError]:
    """Check what the status of a ResourceClaim says of who uses it."""
    status = new.status
    if len(status.reservedFor) > 256:
        yield too_many("status.reservedFor", len(status.reservedFor), 256)
    seen: set[str] = set()
    for index, consumer in enumerate(status.reservedFor):
        at = f"status.reservedFor[{index}]"
        for name in ("resource", "name", "uid"):
            if not getattr(consumer, name):
                yield required(f"{at}.{name}")
        if consumer.uid and consumer.uid in seen:
            yield duplicate(at, consumer.uid)
        seen.add(consumer.uid)
    if status.reservedFor and not status.HasField("allocation"):
        yield forbidden("status.reservedFor", "may not be specified when `allocated` is not set")
    stays = old.status.HasField("allocation") and status.HasField("allocation")
    if stays and not codec.same(status.allocation, old.status.allocation):
        yield invalid("status.allocation", status.allocation, IMMUTABLE)
    requests = {request.name: {item.name for item in request.firstAvailable} for request in new.spec.devices.requests}
    for index, result in enumerate(status.allocation.devices.results):
        at = f"status.allocation.devices.results[{index}]"
        main, _, sub = result.request.partition("/")
        if main not in requests or (sub and sub not in requests[main]):
            yield invalid(
                f"{at}.request",
                result.request,
                "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'",
            )
        yield from csi_driver_name(f"{at}.driver", result.driver)
        yield from _name(f"{at}.device", result.device)
