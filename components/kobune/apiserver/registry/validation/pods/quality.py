"""How a pod is treated when its node runs out of something. Source: *Pod Quality of Service Classes*."""

from typing import Any, Final

from kobune.apiserver.registry.validation.resources import amount

COMPUTE: Final = ("cpu", "memory")


def quality_of_service(pod: Any) -> str:
    """Return the class of a pod: Guaranteed, Burstable or BestEffort."""
    spec = pod.spec
    holders = [spec] if spec.HasField("resources") and spec.resources.ListFields() else [*spec.containers]
    if holders != [spec]:
        holders += spec.initContainers
    guaranteed = bool(holders)
    anything = False
    for holder in holders:
        requests, limits = holder.resources.requests, holder.resources.limits
        if not requests and not limits:
            guaranteed = False
            continue
        anything = anything or any(
            amount(found[name]) > 0 for found in (requests, limits) for name in COMPUTE if name in found
        )
        for name in COMPUTE:
            if name not in limits or (name in requests and amount(requests[name]) != amount(limits[name])):
                guaranteed = False
    if not anything:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"
