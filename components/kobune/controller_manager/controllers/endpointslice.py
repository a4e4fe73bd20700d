"""Keeps a Service's EndpointSlices: the addresses of its pods, and whether they can serve."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kobune.api.core.v1 import Node, ObjectReference, Pod, Service
from kobune.api.discovery.v1 import Endpoint, EndpointConditions, EndpointPort, EndpointSlice
from kobune.api.meta.v1 import ObjectMeta
from kobune.apimachinery.meta import controller_reference, is_deleting, key_of
from kobune.client import Action, Controller, Create, Update, View, Watch, delete
from kobune.controller_manager.pods import is_finished, is_ready
from kobune.controller_manager.services import (
    HEADLESS,
    has_pods,
    matters_to_endpoints,
    pods_of,
    services_of,
    target_ports,
)

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"
ZONE = "topology.kubernetes.io/zone"
CAPACITY = 100
"""Endpoints in one slice."""

Ports = tuple[bytes, ...]


def reconcile(
    service: Service, pods: Sequence[Pod], slices: Sequence[EndpointSlice], zones: Mapping[str, str]
) -> list[Action]:
    """Plan the changes of a Service's slices. An endpoint stays in its slice, so that few slices change.

    `zones` are those of the nodes, by name.
    """
    if is_deleting(service.metadata) or not has_pods(service):
        return []
    wanted: dict[Ports, dict[str, Endpoint]] = defaultdict(dict)
    for pod in pods:
        if pod.status.podIP and not is_finished(pod):
            wanted[ports_of(service, pod)][pod.metadata.uid] = endpoint_of(service, pod, zones)
    if not wanted:
        wanted[()] = {}  # a slice without endpoints says that somebody looked
    actions: list[Action] = []
    existing: dict[Ports, list[EndpointSlice]] = defaultdict(list)
    for item in sorted(slices, key=lambda item: item.metadata.name):
        if not is_deleting(item.metadata):
            existing[tuple(port.SerializeToString(deterministic=True) for port in item.ports)].append(item)
    for ports, items in existing.items():
        if ports not in wanted:
            actions += [delete(item) for item in items]
    for ports, endpoints in wanted.items():
        actions += pack(service, ports, endpoints, existing[ports])
    return actions


def pack(
    service: Service, ports: Ports, endpoints: Mapping[str, Endpoint], slices: Sequence[EndpointSlice]
) -> list[Action]:
    """Plan the slices that hold the endpoints that have the same ports."""
    missing = dict(endpoints)
    contents = [
        [missing.pop(old.targetRef.uid) for old in item.endpoints if old.targetRef.uid in missing] for item in slices
    ]
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
    service: Service, ports: Ports, contents: Sequence[Sequence[Endpoint]], slices: Sequence[EndpointSlice]
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


def endpoint_of(service: Service, pod: Pod, zones: Mapping[str, str]) -> Endpoint:
    """Return a pod as an endpoint."""
    serving, terminating = is_ready(pod), is_deleting(pod.metadata)
    ready = service.spec.publishNotReadyAddresses or (serving and not terminating)
    endpoint = Endpoint(
        addresses=[pod.status.podIP],
        conditions=EndpointConditions(ready=ready, serving=serving, terminating=terminating),
        targetRef=ObjectReference(
            kind="Pod", namespace=pod.metadata.namespace, name=pod.metadata.name, uid=pod.metadata.uid
        ),
    )
    if pod.spec.nodeName:
        endpoint.nodeName = pod.spec.nodeName
        if zone := zones.get(pod.spec.nodeName):
            endpoint.zone = zone
    if pod.spec.hostname and pod.spec.subdomain == service.metadata.name:
        endpoint.hostname = pod.spec.hostname
    return endpoint


def ports_of(service: Service, pod: Pod) -> Ports:
    """Return the ports at which a pod serves the Service; named ports may differ from pod to pod."""
    ports = []
    for port, number in target_ports(service, pod):
        made = EndpointPort(name=port.name, protocol=port.protocol or "TCP", port=number)
        if port.HasField("appProtocol"):
            made.appProtocol = port.appProtocol
        ports.append(made.SerializeToString(deterministic=True))
    return tuple(ports)


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return what `reconcile` takes."""
    service = view.get(Service, key)
    if service is None:
        return None
    pods = pods_of(view, service)
    slices = [item for item in slices_of(view, key) if item.metadata.labels.get(MANAGED_BY) == MANAGER]
    zones: dict[str, str] = {}
    for name in {pod.spec.nodeName for pod in pods}:
        node = view.get(Node, name)
        if node is not None and ZONE in node.metadata.labels:
            zones[name] = node.metadata.labels[ZONE]
    return service, pods, slices, zones


def slices_of(view: View, key: str) -> list[EndpointSlice]:
    """Return the slices of the Service with this key."""
    return view.informer(EndpointSlice).index("service", lambda item: service_of(view, item)).get(key)


def service_of(view: View, item: EndpointSlice) -> Iterable[str]:
    """Return the key of the Service that a slice belongs to."""
    name = item.metadata.labels.get(SERVICE_NAME)
    return (key_of(item.metadata.namespace, name),) if name else ()


endpointslice = Controller(
    name="endpointslice",
    root=Service,
    watches=[
        Watch(EndpointSlice, service_of),
        Watch(Pod, services_of, matters_to_endpoints),
        Watch(Node),
    ],
    observe=observe,
    reconcile=reconcile,
)
