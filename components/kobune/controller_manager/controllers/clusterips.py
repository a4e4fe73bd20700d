"""Keeps an IPAddress for each cluster IP of a Service, which says whose it is; the apiserver gives the addresses away.

    Service with an address ──► its IPAddress ──(somebody deletes or changes it)──► made again, and said
    Service gone, or without the address ──► the IPAddress goes

Source: *Service ClusterIP allocation* (KEP-1880).
"""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Any, Final

from kobune.api.core.v1 import Service
from kobune.api.networking.v1 import IPAddress
from kobune.apimachinery.meta import is_deleting, seconds_of
from kobune.client import Action, Controller, Create, RecordEvent, View, Watch, delete

FAMILY: Final = "ipaddress.kubernetes.io/ip-family"
MANAGED_BY: Final = "ipaddress.kubernetes.io/managed-by"
ALLOCATOR: Final = "ipallocator.k8s.io"
NEW: Final = 60.0
"""For how many seconds a Service is new, so that it is no news that its IPAddress has still to be made."""


def reconcile(ip: str, services: Sequence[Service], address: IPAddress | None, now: float) -> list[Action]:
    """Plan what becomes of the IPAddress of an address that these Services have: one, if all is well."""
    if not services:
        return (
            [delete(address)] if address is not None and is_ours(address) and not is_deleting(address.metadata) else []
        )
    family = f"IPv{ip_address(ip).version}"
    ordered = sorted(
        services, key=lambda service: (seconds_of(service.metadata.creationTimestamp), service.metadata.uid)
    )
    holder = next((service for service in ordered if address is not None and is_of(address, service)), ordered[0])
    message = f"Cluster IP [{family}]:{ip} was assigned to multiple services; please recreate service"
    actions: list[Action] = [
        RecordEvent(service, "Warning", "ClusterIPAlreadyAllocated", message)
        for service in ordered
        if service is not holder
    ]
    if address is None:
        if seconds_of(holder.metadata.creationTimestamp) + NEW < now:
            message = f"Cluster IP [{family}]: {ip} is not allocated; repairing"
            actions.append(RecordEvent(holder, "Warning", "ClusterIPNotAllocated", message))
        return [*actions, Create(new_address(ip, family, holder))]
    if is_deleting(address.metadata):
        return actions
    if not is_of(address, holder):
        meta = holder.metadata
        message = (
            f"the ClusterIP [{family}]: {ip} for Service {meta.namespace}/{meta.name} has a wrong reference; repairing"
        )
        return [*actions, RecordEvent(holder, "Warning", "ClusterIPNotAllocated", message), delete(address)]
    if not is_ours(address) or address.metadata.labels.get(FAMILY) != family:
        return [*actions, delete(address)]  # it is made again with its labels
    return actions


def is_ours(address: IPAddress) -> bool:
    """Whether an IPAddress is for a cluster IP, rather than kept by somebody for something else."""
    return address.metadata.labels.get(MANAGED_BY) == ALLOCATOR


def is_of(address: IPAddress, service: Service) -> bool:
    """Whether an IPAddress says that a Service has it."""
    parent, meta = address.spec.parentRef, service.metadata
    whose = (parent.group, parent.resource, parent.namespace, parent.name)
    return whose == ("", "services", meta.namespace, meta.name)


def new_address(ip: str, family: str, service: Service) -> IPAddress:
    """Return the IPAddress of a Service."""
    item = IPAddress()
    item.metadata.name = ip
    item.metadata.labels.update({FAMILY: family, MANAGED_BY: ALLOCATOR})
    parent = item.spec.parentRef
    parent.resource, parent.namespace, parent.name = "services", service.metadata.namespace, service.metadata.name
    return item


def addresses_of(view: View, service: Service) -> Iterable[str]:
    """Return the cluster IPs of a Service."""
    return by_address(service)


def by_address(service: Service) -> Iterable[str]:
    """Return the cluster IPs of a Service."""
    return [ip for ip in service.spec.clusterIPs if ip != "None"]


def is_other(old: Service | None, new: Service | None) -> bool:
    """Whether a Service has other addresses than before."""
    return old is None or new is None or list(old.spec.clusterIPs) != list(new.spec.clusterIPs)


def name_of(view: View, address: IPAddress) -> Iterable[str]:
    """Return the address that an IPAddress is about."""
    return (address.metadata.name,)


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return what `reconcile` takes."""
    return key, view.informer(Service).index("cluster-ip", by_address).get(key), view.get(IPAddress, key), view.now


clusterips = Controller(
    name="ipallocator-repair",
    watches=[Watch(Service, addresses_of, is_other), Watch(IPAddress, name_of)],
    observe=observe,
    reconcile=reconcile,
    reporter="ipallocator-repair-controller",
)
