"""Which devices the expressions in classes and requests select.

Source: the documentation of `CELDeviceSelector`: the variable is `device`, with its driver, attributes and capacity by
domain; what a device has no value for is an error, which the claim is refused with.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kobune.api.resource.v1 import DeviceAttribute
from kobune.scheduler.devices.pools import Offered

LISTS = ("ints", "bools", "strings")


@dataclass(frozen=True)
class Domains(Mapping[str, Any]):
    """Values by domain; a domain that nobody speaks for has no values."""

    known: Mapping[str, Mapping[str, Any]]

    def __getitem__(self, domain: str) -> Mapping[str, Any]:
        return self.known.get(domain, {})

    def __contains__(self, domain: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)


def selects(expression: str, offered: Offered) -> bool | str:
    """Whether an expression selects a device, or why that cannot be said."""
    verdict = offered.verdicts.get(expression)
    if verdict is None:
        verdict = offered.verdicts[expression] = _selects(expression, offered)
    return verdict


def _selects(expression: str, offered: Offered) -> bool | str:
    from kobune.apimachinery.cel import Budget, CelError, EvaluationError  # who has no devices does not load it

    try:
        return bool(_compiled(expression).evaluate({"device": _seen(offered)}, Budget()))
    except CelError as error:
        return f"CEL compile error: {error}"
    except EvaluationError as error:
        return f"CEL runtime error: {error}"


@lru_cache(maxsize=256)  # of a pure function: nothing depends on who asked before
def _compiled(expression: str) -> Any:
    from kobune.apimachinery.cel import compile
    from kobune.apimachinery.cel.environments import DEVICE
    from kobune.apimachinery.cel.types import BOOL

    return compile(expression, DEVICE, BOOL)


def _seen(offered: Offered) -> dict[str, Any]:
    from kobune.apimachinery.cel.libraries import quantities

    device = offered.device
    return {
        "driver": offered.id.driver,
        "allowMultipleAllocations": device.allowMultipleAllocations,
        "attributes": _by_domain(offered, {name: _value(value) for name, value in device.attributes.items()}),
        "capacity": _by_domain(
            offered, {name: quantities.parse(value.value.string) for name, value in device.capacity.items()}
        ),
    }


def _by_domain(offered: Offered, values: Mapping[str, Any]) -> Domains:
    found: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        domain, _, short = name.rpartition("/")
        found.setdefault(domain or offered.id.driver, {})[short] = value
    return Domains(found)


def _value(attribute: DeviceAttribute) -> Any:
    from kobune.apimachinery.cel.libraries import versions

    for name in ("int", "bool", "string"):
        if attribute.HasField(name):
            return getattr(attribute, name)
    if attribute.HasField("version"):
        return versions.parse(attribute.version)
    if attribute.versions:
        return [versions.parse(version) for version in attribute.versions]
    return next((list(getattr(attribute, name)) for name in LISTS if getattr(attribute, name)), [])
