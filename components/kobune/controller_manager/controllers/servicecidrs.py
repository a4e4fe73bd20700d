"""Says which ranges Services get addresses from, and keeps one that is deleted until nobody has an address of it.

    ServiceCIDR ──► finalizer, Ready ──(deleted)──► not Ready: gives no addresses ──► no IPAddress needs it: gone

Source: *Extend Service IP Ranges* (KEP-1880).
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final

from kobune.api.meta.v1 import Condition
from kobune.api.networking.v1 import IPAddress, ServiceCIDR
from kobune.apimachinery.meta import is_deleting, time_of
from kobune.client import Action, Controller, Update, UpdateStatus, View, Watch

FINALIZER: Final = "networking.k8s.io/service-cidr-finalizer"
READY: Final = ("True", "", "Kubernetes Service CIDR is ready")
ENDING: Final = (
    "False",
    "Terminating",
    "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
)


def reconcile(
    cidr: ServiceCIDR, others: Sequence[ServiceCIDR], addresses: Iterable[IPAddress], now: float
) -> list[Action]:
    """Plan what becomes of a range, next to the others that there are."""
    copy = ServiceCIDR()
    copy.CopyFrom(cidr)
    finalizers = copy.metadata.finalizers
    if not is_deleting(cidr.metadata):
        if FINALIZER not in finalizers:
            finalizers.append(FINALIZER)
            return [Update(copy)]
    elif FINALIZER not in finalizers:
        return []
    elif not is_needed(cidr, others, addresses):
        finalizers.remove(FINALIZER)
        return [Update(copy)]
    status, reason, message = ENDING if is_deleting(cidr.metadata) else READY
    ready = next((each for each in copy.status.conditions if each.type == "Ready"), None)
    if ready is not None and (ready.status, ready.reason, ready.message) == (status, reason, message):
        return []
    if ready is None:
        ready = copy.status.conditions.add()
    since = ready.lastTransitionTime if ready.status == status else time_of(now)
    ready.CopyFrom(Condition(type="Ready", status=status, reason=reason, message=message, lastTransitionTime=since))
    return [UpdateStatus(copy)]


def is_needed(cidr: ServiceCIDR, others: Sequence[ServiceCIDR], addresses: Iterable[IPAddress]) -> bool:
    """Whether an address is in a range and in no other."""
    mine = networks(cidr)
    kept = [network for other in others if not is_deleting(other.metadata) for network in networks(other)]
    for address in addresses:
        ip = ip_address(address.metadata.name)
        if any(ip in network for network in mine) and not any(ip in network for network in kept):
            return True
    return False


def networks(cidr: ServiceCIDR) -> list[IPv4Network | IPv6Network]:
    """Return the networks of a range: one for each family."""
    return [ip_network(text, strict=False) for text in cidr.spec.cidrs]


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return what `reconcile` takes."""
    cidr = view.get(ServiceCIDR, key)
    if cidr is None:
        return None
    return cidr, [other for other in view.all(ServiceCIDR) if other is not cidr], view.all(IPAddress), view.now


def ending(view: View, item: Any) -> Iterable[str]:
    """Return the names of the ranges that wait for addresses to go, or for another range."""
    return [cidr.metadata.name for cidr in view.all(ServiceCIDR) if is_deleting(cidr.metadata)]


servicecidrs = Controller(
    name="service-cidr",
    root=ServiceCIDR,
    watches=[
        Watch(IPAddress, ending, lambda old, new: new is None),
        Watch(ServiceCIDR, ending, lambda old, new: old is None),
    ],
    observe=observe,
    reconcile=reconcile,
    reporter="service-cidr-controller",
)
