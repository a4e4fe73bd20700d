"""How much a namespace, or one object in it, may use."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import IMMUTABLE, duplicate, each, forbidden, invalid, required
from kobune.apiserver.registry.validation.resources import (
    QUOTA,
    amount,
    container_resource_name,
    is_overcommitted,
    quantity_of,
    quota_resource_name,
    resource_name,
    text,
)

SCOPES: Final = (
    *("Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity"),
    "VolumeAttributesClass",
)
OPPOSITES: Final = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})
LIMIT_TYPES: Final = ("Pod", "Container", "PersistentVolumeClaim")
POD_RESOURCES: Final = frozenset(
    {
        *("pods", "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory"),
        *("requests.ephemeral-storage", "limits.cpu", "limits.memory", "limits.ephemeral-storage"),
    }
)
EXISTS_ONLY: Final = (
    "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
    "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)


def quota(new: Any) -> Iterator[FieldError]:
    """Check a ResourceQuota."""
    spec = new.spec
    yield from _amounts("spec.hard", spec.hard)
    yield from _scopes(spec)
    if spec.HasField("scopeSelector"):
        yield from _scope_selector("spec.scopeSelector.matchExpressions", spec)


def quota_status(new: Any, old: Any) -> Iterator[FieldError]:
    """Check what the status of a ResourceQuota says."""
    yield from _amounts("status.hard", new.status.hard)
    yield from _amounts("status.used", new.status.used)


def _amounts(at: str, amounts: Any) -> Iterator[FieldError]:
    for name, quantity in amounts.items():
        yield from quota_resource_name(f"{at}[{name}]", name)
        yield from quantity_of(f"{at}[{name}]", name, quantity)


def _fits(scope: str, resource: str) -> bool:
    """Whether a scope means anything for a resource."""
    if scope == "BestEffort":
        return resource == "pods"
    if scope == "VolumeAttributesClass":
        return resource in ("persistentvolumeclaims", "requests.storage")
    return scope in SCOPES and (resource in POD_RESOURCES or resource.startswith(("hugepages-", "requests.hugepages-")))


def _scopes(spec: Any) -> Iterator[FieldError]:
    at, scopes = "spec.scopes", spec.scopes
    for scope in scopes:
        if scope not in SCOPES:
            yield invalid(at, scopes, "unsupported scope")
        for resource in sorted(spec.hard):
            if resource in QUOTA and not _fits(scope, resource):
                yield invalid(at, scopes, "unsupported scope applied to resource")
    for pair in OPPOSITES:
        if pair <= set(scopes):
            yield invalid(at, scopes, "conflicting scopes")


def _scope_selector(at: str, spec: Any) -> Iterator[FieldError]:
    found = set()
    for requirement in spec.scopeSelector.matchExpressions:
        scope, operator = requirement.scopeName, requirement.operator
        found.add(scope)
        if scope not in SCOPES:
            yield invalid(f"{at}.scopeName", scope, "unsupported scope")
        for resource in sorted(spec.hard):
            if resource in QUOTA and not _fits(scope, resource):
                yield invalid(at, spec.scopeSelector, "unsupported scope applied to resource")
        if scope in SCOPES and scope not in ("PriorityClass", "VolumeAttributesClass") and operator != "Exists":
            yield invalid(f"{at}.operator", operator, EXISTS_ONLY)
        if operator in ("In", "NotIn"):
            if not requirement.values:
                why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
                yield required(f"{at}.values", why)
        elif operator in ("Exists", "DoesNotExist"):
            if requirement.values:
                why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
                yield invalid(f"{at}.values", requirement.values, why)
        else:
            yield invalid(f"{at}.operator", operator, "not a valid selector operator")
    for pair in OPPOSITES:
        if pair <= found:
            yield invalid(at, spec.scopes, "conflicting scopes")


def quota_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a quota is about the same objects."""
    if set(new.spec.scopes) != set(old.spec.scopes):
        yield invalid("spec.scopes", new.spec.scopes, IMMUTABLE)


def limit_range(new: Any) -> Iterator[FieldError]:
    """Check a LimitRange."""
    taken: set[str] = set()
    for index, limit in enumerate(new.spec.limits):
        at, kind = f"spec.limits[{index}]", limit.type
        problems = names.qualified_name(kind)
        yield from each(f"{at}.type", kind, problems)
        if not problems and "/" not in kind and kind not in LIMIT_TYPES:
            yield invalid(f"{at}.type", kind, "must be a standard limit type or fully qualified")
        if kind in taken:
            yield duplicate(f"{at}.type", kind)
        taken.add(kind)
        yield from _limit(at, limit)


def _limit(at: str, limit: Any) -> Iterator[FieldError]:
    parts = ["max", "min", "maxLimitRequestRatio"]
    for name in ("default", "defaultRequest"):
        if limit.type != "Pod":
            parts.append(name)
        elif getattr(limit, name):
            yield forbidden(f"{at}.{name}", "may not be specified when `type` is 'Pod'")
    rule = container_resource_name if limit.type in ("Pod", "Container") else resource_name
    for part in parts:
        for name in getattr(limit, part):
            yield from rule(f"{at}.{part}[{name}]", name)
    if limit.type == "PersistentVolumeClaim" and "storage" not in limit.min and "storage" not in limit.max:
        why = "either minimum or maximum storage value is required, but neither was provided"
        yield required(f"{at}.limits", why)
    for resource in {name for part in parts for name in getattr(limit, part)}:
        found = {part: getattr(limit, part)[resource] for part in parts if resource in getattr(limit, part)}
        yield from _consistent(at, resource, found)


ORDERED: Final = (
    ("min", "max", "min", "min", "min value {0} is greater than max value {1}"),
    (
        "min",
        "defaultRequest",
        "defaultRequest",
        "defaultRequest",
        "min value {0} is greater than default request value {1}",
    ),
    (
        "defaultRequest",
        "max",
        "defaultRequest",
        "defaultRequest",
        "default request value {0} is greater than max value {1}",
    ),
    (
        "defaultRequest",
        "default",
        "defaultRequest",
        "defaultRequest",
        "default request value {0} is greater than default limit value {1}",
    ),
    ("min", "default", "default", "min", "min value {0} is greater than default value {1}"),
    ("default", "max", "default", "max", "default value {0} is greater than max value {1}"),
)
"""What must not be more than what; the field that is blamed, whose value is shown, and what is said."""


def _consistent(at: str, resource: str, found: dict[str, Any]) -> Iterator[FieldError]:
    for less, more, blamed, value, why in ORDERED:
        if less in found and more in found and amount(found[less]) > amount(found[more]):
            words = why.format(text(found[less]), text(found[more]))
            yield invalid(f"{at}.{blamed}[{resource}]", text(found[value]), words)
    if "maxLimitRequestRatio" in found:
        ratio, here = found["maxLimitRequestRatio"], f"{at}.maxLimitRequestRatio[{resource}]"
        if amount(ratio) < 1:
            yield invalid(here, text(ratio), f"ratio {text(ratio)} is less than 1")
        if "min" in found and "max" in found and amount(found["min"]):
            most = amount(found["max"]) / amount(found["min"])
            if amount(ratio) > most:
                yield invalid(here, text(ratio), f"ratio {text(ratio)} is greater than max/min = {most:f}")
    if not is_overcommitted(resource) and "default" in found and "defaultRequest" in found:
        default, request = found["default"], found["defaultRequest"]
        if amount(default) != amount(request):
            why = f"default value {text(default)} must equal to defaultRequest value {text(request)} in {resource}"
            yield invalid(f"{at}.defaultRequest[{resource}]", text(request), why)
