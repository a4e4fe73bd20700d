"""Mirrors hand-made Endpoints of Services without a selector into slices, which is where proxies look.

    Endpoints, one subset each ──► a slice for its ports and kind of address ──► none, once somebody else sees to it

Source: *EndpointSlices*, on mirroring.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from kobune.api.core.v1 import EndpointAddress, Endpoints, EndpointSubset, Service
from kobune.api.core.v1 import EndpointPort as OldPort
from kobune.api.discovery.v1 import Endpoint, EndpointConditions, EndpointPort, EndpointSlice
from kobune.apimachinery.meta import controller_reference, is_deleting, key_of
from kobune.client import Action, Controller, Create, RecordEvent, Update, View, Watch, delete
from kobune.controller_manager.networking.slices import (
    MANAGED_BY,
    SERVICE_NAME,
    Ports,
    ports_in,
    service_of,
    slices_of,
)
from kobune.controller_manager.networking.triggers import TRIGGER

MANAGER = "endpointslicemirroring-controller.k8s.io"
SKIP = "endpointslice.kubernetes.io/skip-mirror"
LEADER = "control-plane.alpha.kubernetes.io/leader"
"""Endpoints were locks, once."""
PRIVATE = (TRIGGER, "kubectl.kubernetes.io/last-applied-configuration")
"""Annotations that say something about the Endpoints themselves."""
MOST = 1000
"""Addresses of one subset that are mirrored."""

Group = tuple[str, Ports]
"""The kind of addresses, and their ports."""


@dataclass
class Mirror:
    """What slices are to show, and what is left out."""

    groups: dict[Group, dict[str, Endpoint]] = field(default_factory=lambda: defaultdict(dict))
    """In each, endpoints by address."""
    invalid: int = 0
    skipped: int = 0


def reconcile(service: Service | None, endpoints: Endpoints | None, slices: Sequence[EndpointSlice]) -> list[Action]:
    """Plan the slices that mirror Endpoints; those of Services with a selector have slices of their own."""
    current = [item for item in sorted(slices, key=lambda item: item.metadata.name) if not is_deleting(item.metadata)]
    if service is None or service.spec.selector or endpoints is None or not is_mirrored(endpoints):
        return [delete(item) for item in current]
    mirror = mirrored(endpoints)
    existing: dict[Group, list[EndpointSlice]] = defaultdict(list)
    for item in current:
        existing[item.addressType, ports_in(item)].append(item)
    actions: list[Action] = []
    for group in {**existing, **mirror.groups}:
        actions += plan(endpoints, group, mirror.groups.get(group, {}), existing[group])
    if actions:
        # Said with the changes only: a look at what is as it should be is no news.
        actions += left_out(endpoints, mirror)
    return actions


def is_mirrored(endpoints: Endpoints) -> bool:
    """Whether Endpoints are somebody's work that proxies should see."""
    meta = endpoints.metadata
    return not is_deleting(meta) and meta.labels.get(SKIP) != "true" and LEADER not in meta.annotations


def plan(
    endpoints: Endpoints, group: Group, wanted: dict[str, Endpoint], slices: Sequence[EndpointSlice]
) -> Iterator[Action]:
    """Yield what makes of some slices the one that there has to be."""
    for item in slices[1 if wanted else 0 :]:
        yield delete(item)
    if not wanted:
        return
    made = new_slice(endpoints, group)
    before = slices[0] if slices else None
    if before is None:
        made.endpoints.extend(wanted.values())
        yield Create(made)
        return
    # Addresses stay where they are in the list, so that a change is as small as what has changed.
    rest = dict(wanted)
    kept = [rest.pop(old.addresses[0]) for old in before.endpoints if old.addresses and old.addresses[0] in rest]
    made.endpoints.extend([*kept, *rest.values()])
    labels, annotations = dict(made.metadata.labels), dict(made.metadata.annotations)
    made.metadata.CopyFrom(before.metadata)
    for have, want in ((made.metadata.labels, labels), (made.metadata.annotations, annotations)):
        have.clear()
        have.update(want)
    if made != before:
        yield Update(made)


def new_slice(endpoints: Endpoints, group: Group) -> EndpointSlice:
    """Return a slice that belongs to Endpoints, still without any."""
    family, ports = group
    item = EndpointSlice(addressType=family)
    meta = item.metadata
    meta.generateName = f"{endpoints.metadata.name}-"
    meta.namespace = endpoints.metadata.namespace
    meta.ownerReferences.append(controller_reference(endpoints))
    meta.labels.update(endpoints.metadata.labels)
    meta.labels.update({SERVICE_NAME: endpoints.metadata.name, MANAGED_BY: MANAGER})
    meta.annotations.update({key: text for key, text in endpoints.metadata.annotations.items() if key not in PRIVATE})
    item.ports.extend(EndpointPort.FromString(port) for port in ports)
    return item


def mirrored(endpoints: Endpoints) -> Mirror:
    """Return what slices have to show of Endpoints."""
    mirror = Mirror()
    for subset in endpoints.subsets:
        ports = tuple(port_of(port).SerializeToString(deterministic=True) for port in subset.ports)
        count = 0
        for address, ready in addresses_of(subset):
            if count >= MOST:
                mirror.skipped += 1
                continue
            try:
                ip = ip_address(address.ip)
            except ValueError:
                mirror.invalid += 1
                continue
            group = mirror.groups[f"IPv{ip.version}", ports]
            if len(group) >= MOST and str(ip) not in group:  # subsets with the same ports share a slice
                mirror.skipped += 1
                continue
            group[str(ip)] = endpoint_of(address, str(ip), ready)
            count += 1
    return mirror


def addresses_of(subset: EndpointSubset) -> Iterator[tuple[EndpointAddress, bool]]:
    """Yield the addresses of a subset, and whether they are ready; those that are, first."""
    yield from ((address, True) for address in subset.addresses)
    yield from ((address, False) for address in subset.notReadyAddresses)


def port_of(port: OldPort) -> EndpointPort:
    """Return a port as slices have it."""
    made = EndpointPort(name=port.name, protocol=port.protocol or "TCP", port=port.port)
    if port.HasField("appProtocol"):
        made.appProtocol = port.appProtocol
    return made


def endpoint_of(address: EndpointAddress, ip: str, ready: bool) -> Endpoint:
    """Return an address as slices have it."""
    made = Endpoint(addresses=[ip], conditions=EndpointConditions(ready=ready))
    if address.HasField("targetRef"):
        made.targetRef.CopyFrom(address.targetRef)
    if address.nodeName:
        made.nodeName = address.nodeName
    if address.hostname:
        made.hostname = address.hostname
    return made


def left_out(endpoints: Endpoints, mirror: Mirror) -> Iterable[RecordEvent]:
    """Yield what people should hear of addresses that no slice has."""
    if mirror.invalid:
        message = f"Skipped {mirror.invalid} invalid IP addresses when mirroring to EndpointSlices"
        yield RecordEvent(endpoints, "Warning", "InvalidIPAddress", message)
    if mirror.skipped:
        message = (
            f"A max of {MOST} addresses can be mirrored to EndpointSlices per Endpoints subset. "
            f"{mirror.skipped} addresses were skipped"
        )
        yield RecordEvent(endpoints, "Warning", "TooManyAddressesToMirror", message)


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return what `reconcile` takes."""
    slices = [item for item in slices_of(view, key) if item.metadata.labels.get(MANAGED_BY) == MANAGER]
    return view.get(Service, key), view.get(Endpoints, key), slices


def same_name(view: View, item: Service) -> Iterable[str]:
    """Return the key of the Endpoints of a Service."""
    return (key_of(item.metadata.namespace, item.metadata.name),)


def mirror_of(view: View, item: EndpointSlice) -> Iterable[str]:
    """Return the key of the Endpoints that a slice mirrors, if it does."""
    return service_of(view, item) if item.metadata.labels.get(MANAGED_BY) == MANAGER else ()


def is_other(old: Service | None, new: Service | None) -> bool:
    """Whether a Service came, went, or began or ceased to select pods."""
    return old is None or new is None or bool(old.spec.selector) != bool(new.spec.selector)


endpointslicemirroring = Controller(
    name="endpointslicemirroring",
    root=Endpoints,
    watches=[Watch(Service, same_name, is_other), Watch(EndpointSlice, mirror_of)],
    observe=observe,
    reconcile=reconcile,
)
