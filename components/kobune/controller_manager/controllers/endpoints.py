"""Keeps the old Endpoints object of each Service, for clients that do not know EndpointSlices."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from kobune.api.core.v1 import (
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSubset,
    ObjectReference,
    Pod,
    Service,
)
from kobune.apimachinery.meta import is_deleting
from kobune.client import Action, Controller, Create, Update, View, Watch, delete
from kobune.controller_manager.networking.triggers import mark, trigger_time
from kobune.controller_manager.pods import is_ready
from kobune.controller_manager.services import (
    HEADLESS,
    has_pods,
    matters_to_endpoints,
    pods_of,
    services_of,
    target_ports,
)

MANAGED_BY = "endpoints.kubernetes.io/managed-by"
MANAGER = "endpoint-controller"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
CAPACITY = 1000
"""Addresses in one object; more are left out, and an annotation says so."""


def reconcile(service: Service | None, current: Endpoints | None, pods: Sequence[Pod]) -> list[Action]:
    """Plan the Endpoints of a Service; without the Service, ours go too."""
    if service is None or is_deleting(service.metadata):
        if current is not None and current.metadata.labels.get(MANAGED_BY) == MANAGER:
            return [delete(current)]
        return []
    if not has_pods(service):
        return []
    wanted = Endpoints()
    if current is not None:
        wanted.metadata.CopyFrom(current.metadata)
    wanted.metadata.name = service.metadata.name
    wanted.metadata.namespace = service.metadata.namespace
    label(wanted, service)
    addressed = sorted((pod for pod in pods if is_listed(service, pod)), key=lambda pod: pod.metadata.uid)
    wanted.subsets.extend(subsets(service, truncated(addressed)))
    if len(addressed) > CAPACITY:
        wanted.metadata.annotations[OVER_CAPACITY] = "truncated"
    else:
        wanted.metadata.annotations.pop(OVER_CAPACITY, None)
    if wanted == current:
        return []
    mark(wanted.metadata, trigger_time(service, pods, shown(current) if current is not None else None))
    return [Create(wanted)] if current is None else [Update(wanted)]


def truncated(pods: Sequence[Pod]) -> list[Pod]:
    """Return as many pods as there is room for; those that are ready first."""
    return sorted(pods, key=lambda pod: not is_ready(pod))[:CAPACITY] if len(pods) > CAPACITY else list(pods)


def shown(endpoints: Endpoints) -> dict[str, bool]:
    """Return the uids of the pods that Endpoints have, and whether they say that these are ready."""
    ready = {address.targetRef.uid: True for subset in endpoints.subsets for address in subset.addresses}
    others = {address.targetRef.uid: False for subset in endpoints.subsets for address in subset.notReadyAddresses}
    return others | ready


def label(wanted: Endpoints, service: Service) -> None:
    """Give the Endpoints the Service's labels and ours."""
    labels = wanted.metadata.labels
    labels.clear()
    labels.update({key: value for key, value in service.metadata.labels.items() if key != HEADLESS})
    labels[MANAGED_BY] = MANAGER
    if service.spec.clusterIP == "None":
        labels[HEADLESS] = ""


def is_listed(service: Service, pod: Pod) -> bool:
    """Whether a pod has an address to show."""
    if not pod.status.podIP or (is_deleting(pod.metadata) and not service.spec.publishNotReadyAddresses):
        return False
    match pod.spec.restartPolicy:
        case "Never":
            return pod.status.phase not in ("Succeeded", "Failed")
        case "OnFailure":
            return pod.status.phase != "Succeeded"
        case _:
            return True


def subsets(service: Service, pods: Sequence[Pod]) -> list[EndpointSubset]:
    """Return the addresses, grouped by the ports that they have."""
    groups: dict[tuple[bytes, ...], EndpointSubset] = defaultdict(EndpointSubset)
    for pod in sorted(pods, key=lambda pod: (pod.status.podIP, pod.metadata.uid)):
        ports = ports_of(service, pod)
        if service.spec.ports and not ports:
            continue  # it has none of the ports that go by name
        subset = groups[tuple(port.SerializeToString(deterministic=True) for port in ports)]
        if not subset.ports:
            subset.ports.extend(ports)
        ready = service.spec.publishNotReadyAddresses or is_ready(pod)
        (subset.addresses if ready else subset.notReadyAddresses).append(address_of(service, pod))
    return [subset for _, subset in sorted(groups.items())]


def address_of(service: Service, pod: Pod) -> EndpointAddress:
    """Return a pod as an address."""
    meta = pod.metadata
    address = EndpointAddress(
        ip=pod.status.podIP,
        targetRef=ObjectReference(kind="Pod", namespace=meta.namespace, name=meta.name, uid=meta.uid),
    )
    if pod.spec.nodeName:
        address.nodeName = pod.spec.nodeName
    if pod.spec.hostname and pod.spec.subdomain == service.metadata.name:
        address.hostname = pod.spec.hostname
    return address


def ports_of(service: Service, pod: Pod) -> list[EndpointPort]:
    """Return the ports at which a pod serves the Service."""
    ports = []
    for port, number in target_ports(service, pod):
        made = EndpointPort(port=number, protocol=port.protocol or "TCP")
        if port.name:
            made.name = port.name
        if port.HasField("appProtocol"):
            made.appProtocol = port.appProtocol
        ports.append(made)
    return sorted(ports, key=lambda port: (port.name, port.port))


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return what `reconcile` takes."""
    service = view.get(Service, key)
    return service, view.get(Endpoints, key), pods_of(view, service) if service is not None else []


def same_name(view: View, item: Endpoints) -> Iterable[str]:
    """Return the key of the Service whose Endpoints these are."""
    return (f"{item.metadata.namespace}/{item.metadata.name}",)


endpoints = Controller(
    name="endpoints",
    root=Service,
    watches=[Watch(Endpoints, same_name), Watch(Pod, services_of, matters_to_endpoints)],
    observe=observe,
    reconcile=reconcile,
)
