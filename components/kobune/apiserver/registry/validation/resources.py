"""Amounts of resources: what they may be called, and how much one may ask for."""

from collections.abc import Container, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from kobune.apimachinery import names
from kobune.apimachinery.errors import FieldError
from kobune.apimachinery.quantity import canonical, parse
from kobune.apiserver.registry.validation.causes import (
    NEGATIVE,
    NOT_POSITIVE,
    duplicate,
    each,
    forbidden,
    invalid,
    not_found,
    required,
)

HUGE_PAGES: Final = "hugepages-"
COMPUTE: Final = frozenset({"cpu", "memory"})
CONTAINER: Final = frozenset({"cpu", "memory", "ephemeral-storage"})
COUNTED: Final = frozenset(
    {
        *("pods", "persistentvolumeclaims", "services", "replicationcontrollers", "resourcequotas", "secrets"),
        *("configmaps", "services.nodeports", "services.loadbalancers"),
    }
)
QUOTA: Final = COUNTED | {
    *("cpu", "memory", "ephemeral-storage", "storage", "requests.cpu", "requests.memory", "requests.storage"),
    *("requests.ephemeral-storage", "limits.cpu", "limits.memory", "limits.ephemeral-storage"),
}
STANDARD: Final = QUOTA


def amount(quantity: Any) -> Decimal:
    """Return the amount of a quantity; 0 if it is none."""
    try:
        return parse(quantity.string) if quantity.string else Decimal(0)
    except ValueError:
        return Decimal(0)


def text(quantity: Any) -> str:
    """Return a quantity as it is shown."""
    try:
        return canonical(quantity.string) if quantity.string else "0"
    except ValueError:
        return str(quantity.string)


def is_native(name: str) -> bool:
    """Whether a resource is one of Kubernetes' own."""
    return "/" not in name or "kubernetes.io/" in name


def is_extended(name: str) -> bool:
    """Whether a resource is one that somebody advertises for nodes."""
    return not is_native(name) and not name.startswith("requests.") and not names.qualified_name(f"requests.{name}")


def is_overcommitted(name: str) -> bool:
    """Whether the limit of a resource may be higher than what is asked for."""
    return is_native(name) and not name.startswith(HUGE_PAGES)


def is_whole(name: str) -> bool:
    """Whether there are no parts of a resource: pods, devices."""
    return name in COUNTED or is_extended(name)


def not_negative_quantity(field: str, quantity: Any) -> Iterator[FieldError]:
    """Check that an amount is zero or more."""
    if amount(quantity) < 0:
        yield invalid(field, text(quantity), NEGATIVE)


def positive_quantity(field: str, quantity: Any) -> Iterator[FieldError]:
    """Check that an amount is more than zero."""
    if amount(quantity) <= 0:
        yield invalid(field, text(quantity), NOT_POSITIVE)


def basic_quantity(field: str, quantity: Any) -> Iterator[FieldError]:
    """Check that an amount makes sense at all."""
    if (value := amount(quantity)) < 0:
        yield invalid(field, int(value), "must be a valid resource quantity")


def quantity_of(field: str, name: str, quantity: Any) -> Iterator[FieldError]:
    """Check an amount of a resource: not negative, and whole where there are no parts."""
    value = amount(quantity)
    if value < 0:
        yield invalid(field, text(quantity), NEGATIVE)
    if value % 1 and is_whole(name):
        yield invalid(field, text(quantity), "must be an integer")


def resource_name(field: str, name: str) -> Iterator[FieldError]:
    """Check the name of any resource."""
    problems = names.qualified_name(name)
    yield from each(field, name, problems)
    if not problems and "/" not in name and name not in STANDARD and not name.startswith((HUGE_PAGES, "requests.huge")):
        yield invalid(field, name, "must be a standard resource type or fully qualified")


def container_resource_name(field: str, name: str) -> Iterator[FieldError]:
    """Check the name of a resource that containers use."""
    yield from resource_name(field, name)
    if "/" not in name:
        if name not in CONTAINER and not name.startswith(HUGE_PAGES):
            yield invalid(field, name, "must be a standard resource for containers")
    elif not is_native(name) and not is_extended(name):
        yield invalid(field, name, "doesn't follow extended resource name standard")


def quota_resource_name(field: str, name: str) -> Iterator[FieldError]:
    """Check the name of a resource that a quota bounds."""
    yield from resource_name(field, name)
    if "/" not in name and name not in QUOTA and not name.startswith((HUGE_PAGES, f"requests.{HUGE_PAGES}")):
        yield invalid(field, name, "must be a standard resource for quota")


def requirements(field: str, wanted: Any, claims: Container[str] = ()) -> Iterator[FieldError]:
    """Check what a container asks for and may have."""
    limits, requests = wanted.limits, wanted.requests
    if limits:
        yield from _amounts(f"{field}.limits", limits)
    if requests:
        yield from _amounts(f"{field}.requests", requests)
        yield from _within_limits(field, requests, limits)
    if limits or requests:
        found = {*limits, *requests}
        if not found & COMPUTE and any(name.startswith(HUGE_PAGES) for name in found):
            yield forbidden(field, "HugePages require cpu or memory")
    if wanted.claims:
        yield from _claims(f"{field}.claims", wanted.claims, claims)


def _amounts(field: str, amounts: Mapping[str, Any]) -> Iterator[FieldError]:
    for name, quantity in amounts.items():
        if name in COMPUTE and parse_is_fine(quantity):
            continue
        at = f"{field}[{name}]"
        yield from container_resource_name(at, name)
        yield from quantity_of(at, name, quantity)
        if name.startswith(HUGE_PAGES) and not _divides(name, quantity):
            yield invalid(at, text(quantity), f"{text(quantity)} is not positive integer multiple of {name}")


def parse_is_fine(quantity: Any) -> bool:
    """Whether an amount is zero or more, as nearly all are."""
    return amount(quantity) >= 0


def _divides(name: str, quantity: Any) -> bool:
    try:
        page = parse(name.removeprefix(HUGE_PAGES))
    except ValueError:
        return False
    return page > 0 and amount(quantity) % page == 0


def _within_limits(field: str, requests: Mapping[str, Any], limits: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in requests:
        if name not in limits:
            if not is_overcommitted(name):
                yield required(f"{field}.limits", "Limit must be set for non overcommitable resources")
            continue
        asked, most = requests[name], limits[name]
        if asked.string == most.string:
            continue
        if amount(asked) != amount(most) and not is_overcommitted(name):
            yield invalid(f"{field}.requests", text(asked), f"must be equal to {name} limit of {text(most)}")
        elif amount(asked) > amount(most):
            why = f"must be less than or equal to {name} limit of {text(most)}"
            yield invalid(f"{field}.requests", text(asked), why)


def _claims(field: str, claims: Any, known: Any) -> Iterator[FieldError]:
    taken: set[tuple[str, str]] = set()
    for index, claim in enumerate(claims):
        at = f"{field}[{index}]"
        if not claim.name:
            yield required(at)
            continue
        key = (claim.name, claim.request)
        if key in taken or (claim.name, "") in taken or (not claim.request and any(n == claim.name for n, _ in taken)):
            yield duplicate(at, claim.name if not claim.request else f"{claim.name}/{claim.request}")
        taken.add(key)
        if claim.name not in known:
            listed = f": {', '.join(sorted(known))}" if known else " which is empty"
            yield not_found(at, claim.name, f"must be one of the names in pod.spec.resourceClaims{listed}")
