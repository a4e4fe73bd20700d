"""The quality-of-service class of a pod: who is evicted first when a node runs short.

Source: *Pod Quality of Service Classes* in the documentation.
"""

from collections.abc import Iterable

from kobune.api.core.v1 import Pod, ResourceRequirements
from kobune.apimachinery import quantity

COUNTED = ("cpu", "memory")


def qos_class(pod: Pod) -> str:
    """Return Guaranteed, Burstable or BestEffort."""
    own = pod.spec.resources
    if own.requests or own.limits:
        return _class([own])
    return _class([container.resources for container in [*pod.spec.initContainers, *pod.spec.containers]])


def _class(all_resources: Iterable[ResourceRequirements]) -> str:
    anything, guaranteed = False, True
    for resources in all_resources:
        for name in COUNTED:
            limit = quantity.parse(resources.limits[name].string) if name in resources.limits else 0
            request = quantity.parse(resources.requests[name].string) if name in resources.requests else limit
            anything = anything or bool(limit or request)
            guaranteed = guaranteed and bool(limit) and request == limit
    if not anything:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"
