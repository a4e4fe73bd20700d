"""The slices of a Service: how endpoints are packed into them, and how they are found."""

from collections.abc import Iterable, Mapping, Sequence

from kobune.api.core.v1 import Service
from kobune.api.discovery.v1 import Endpoint, EndpointPort, EndpointSlice
from kobune.api.meta.v1 import ObjectMeta
from kobune.apimachinery.meta import controller_reference, key_of
from kobune.client import Action, Create, Update, View, delete
from kobune.controller_manager.services import HEADLESS

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"
CAPACITY = 100
"""Endpoints in one slice."""

Ports = tuple[bytes, ...]
"""Ports of endpoints, each written so that equal ones are equal."""


def ports_in(item: EndpointSlice) -> Ports:
    """Return the ports of a slice."""
    return tuple(port.SerializeToString(deterministic=True) for port in item.ports)


def pack(
    service: Service, ports: Ports, endpoints: Mapping[str, Endpoint], slices: Sequence[EndpointSlice]
) -> list[Action]:
    """Plan the slices that hold the endpoints that have the same ports."""
    missing = dict(endpoints)
    contents = [
        [missing.pop(old.targetRef.uid) for old in item.endpoints if old.targetRef.uid in missing] for item in slices
    ]
    for kept in contents:  # somebody may have put too many in
        missing.update((endpoint.targetRef.uid, endpoint) for endpoint in kept[CAPACITY:])
        del kept[CAPACITY:]
    rest = list(missing.values())
    # Those that change anyway are filled first.
    changes = [kept != list(item.endpoints) for item, kept in zip(slices, contents, strict=True)]
    for at in sorted(range(len(slices)), key=lambda at: not changes[at]):
        room = CAPACITY - len(contents[at])
        contents[at] += rest[:room]
        del rest[:room]
    while rest:
        contents.append(rest[:CAPACITY])
        del rest[:CAPACITY]
    return plan(service, ports, contents or [[]], slices)


def plan(
    service: Service,
    ports: Ports,
    contents: Sequence[Sequence[Endpoint]],
    slices: Sequence[EndpointSlice],
) -> list[Action]:
    """Plan the writes that give slices their contents; what is beyond them is made, what is left empty goes but one."""
    actions: list[Action] = []
    keep_empty = 0 if not any(contents) else None
    for at, kept in enumerate(contents):
        made = new_slice(service, ports, kept)
        if at >= len(slices):
            actions.append(Create(made))
        elif not kept and at != keep_empty:
            actions.append(delete(slices[at]))
        else:
            keep_identity(made, slices[at])
            if made != slices[at]:
                actions.append(Update(made))
    return actions


def new_slice(service: Service, ports: Ports, endpoints: Iterable[Endpoint]) -> EndpointSlice:
    """Return a slice with these endpoints."""
    item = EndpointSlice(addressType="IPv4", endpoints=endpoints)
    item.metadata.generateName = f"{service.metadata.name}-"
    item.metadata.namespace = service.metadata.namespace
    item.metadata.ownerReferences.append(controller_reference(service))
    labels = item.metadata.labels
    labels.update({key: value for key, value in service.metadata.labels.items() if key != HEADLESS})
    labels.update({SERVICE_NAME: service.metadata.name, MANAGED_BY: MANAGER})
    if service.spec.clusterIP == "None":
        labels[HEADLESS] = ""
    item.ports.extend(EndpointPort.FromString(port) for port in ports)
    return item


def keep_identity(new: EndpointSlice, old: EndpointSlice) -> None:
    """Make `new` the next version of `old`: only labels, ports and endpoints may differ."""
    meta = ObjectMeta()
    meta.CopyFrom(old.metadata)
    meta.labels.clear()
    meta.labels.update(new.metadata.labels)
    new.metadata.CopyFrom(meta)


def slices_of(view: View, key: str) -> list[EndpointSlice]:
    """Return the slices of the Service with this key."""
    return view.informer(EndpointSlice).index("service", lambda item: service_of(view, item)).get(key)


def service_of(view: View, item: EndpointSlice) -> Iterable[str]:
    """Return the key of the Service that a slice belongs to."""
    name = item.metadata.labels.get(SERVICE_NAME)
    return (key_of(item.metadata.namespace, name),) if name else ()
