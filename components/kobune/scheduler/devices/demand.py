"""What a ResourceClaim asks for, read once: its requests with their alternatives, and what binds devices together."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

from kobune.api.resource.v1 import DeviceClass, DeviceSelector, DeviceToleration, ResourceClaim
from kobune.apimachinery.meta import key_of

MOST_DEVICES: Final = 32
"""As many devices as a claim can have."""

ClassOf: TypeAlias = Callable[[str], DeviceClass | None]


class Impossible(Exception):
    """A claim that cannot be allocated on any node as things are; its text is for the event."""


@dataclass(frozen=True)
class Selector:
    """An expression, and where it is said."""

    expression: str
    where: str


@dataclass(frozen=True)
class Wish:
    """Some devices of one class."""

    name: str
    """As results call it: `request`, or `request/alternative`."""
    device_class: DeviceClass
    selectors: Sequence[Selector]
    count: int | None
    """None for all that there are."""
    is_admin: bool
    """Whether it is about devices that others use."""
    tolerations: Sequence[DeviceToleration]

    @property
    def request(self) -> str:
        """The name of the request that it is, or is an alternative of."""
        return self.name.partition("/")[0]


@dataclass(frozen=True)
class Constraint:
    """What must be the same for all devices of some requests, or differ between any two."""

    requests: frozenset[str]
    """Empty for all."""
    attribute: str
    is_distinct: bool

    def concerns(self, wish: Wish) -> bool:
        """Whether it is about the devices of a wish."""
        return not self.requests or wish.name in self.requests or wish.request in self.requests


@dataclass(frozen=True)
class Demand:
    """All that one claim asks for."""

    claim: ResourceClaim
    key: str
    requests: Sequence[Sequence[Wish]]
    """For each request its alternatives, the preferred first."""
    constraints: Sequence[Constraint]

    @cached_property
    def signature(self) -> bytes:
        """What it is told by: the same for claims that ask for the same, of classes that say the same."""
        classes = {
            wish.device_class.metadata.name: wish.device_class.spec for wishes in self.requests for wish in wishes
        }
        specs = (spec.SerializeToString(deterministic=True) for _, spec in sorted(classes.items()))
        return b"/".join((self.claim.spec.SerializeToString(deterministic=True), *specs))


def demand_of(claim: ResourceClaim, class_of: ClassOf) -> Demand:
    """Return what a claim asks for; `Impossible` if it names what is not there, or what nobody honours here."""
    key = key_of(claim.metadata.namespace, claim.metadata.name)
    requests = [list(_wishes(key, request, class_of)) for request in claim.spec.devices.requests]
    least = sum(min(wish.count or 1 for wish in wishes) for wishes in requests)
    if least > MOST_DEVICES:
        raise Impossible(f"claim {key}: exceeds the claim limit of {MOST_DEVICES} devices")
    return Demand(key=key, claim=claim, requests=requests, constraints=list(_constraints(claim)))


def _wishes(key: str, request: Any, class_of: ClassOf) -> Iterator[Wish]:
    if request.HasField("exactly"):
        yield _wish(key, request.name, request.exactly, class_of)
    for alternative in request.firstAvailable:
        yield _wish(key, f"{request.name}/{alternative.name}", alternative, class_of)
    if not request.firstAvailable and not request.HasField("exactly"):
        raise Impossible(f"claim {key}, request {request.name}: unknown request type")


def _wish(key: str, name: str, asked: Any, class_of: ClassOf) -> Wish:
    if (device_class := class_of(asked.deviceClassName)) is None:
        raise Impossible(f"request {name}: device class {asked.deviceClassName} does not exist")
    if asked.capacity.requests:
        raise Impossible(f"claim {key}, request {name}: requests of capacity are not supported")
    if asked.allocationMode not in ("", "All", "ExactCount"):
        raise Impossible(f"claim {key}, request {name}: unsupported count mode {asked.allocationMode}")
    return Wish(
        name,
        device_class,
        [
            *_selectors(f"class {device_class.metadata.name}", device_class.spec.selectors),
            *_selectors(f"claim {key}", asked.selectors),
        ],
        None if asked.allocationMode == "All" else max(asked.count, 1),
        "adminAccess" in asked.DESCRIPTOR.fields_by_name and asked.adminAccess,
        asked.tolerations,
    )


def _selectors(where: str, selectors: Sequence[DeviceSelector]) -> Iterator[Selector]:
    for index, selector in enumerate(selectors):
        yield Selector(selector.cel.expression, f"{where}: selector #{index}")


def _constraints(claim: ResourceClaim) -> Iterator[Constraint]:
    for constraint in claim.spec.devices.constraints:
        for name in ("matchAttribute", "distinctAttribute"):
            if constraint.HasField(name):
                yield Constraint(
                    frozenset(constraint.requests), getattr(constraint, name), is_distinct=name != "matchAttribute"
                )
