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
    guaranteed, anything = bool(holders), False
    for holder in holders:
        if not holder.HasField("resources"):
            guaranteed = False
            continue
        requests, limits = holder.resources.requests, holder.resources.limits
        for name in COMPUTE:
            limit, request = limits.get(name), requests.get(name)
            anything = anything or _is_some(limit) or _is_some(request)
            if limit is None or (request is not None and amount(request) != amount(limit)):
                guaranteed = False
    if not anything:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def _is_some(quantity: Any) -> bool:
    return quantity is not None and amount(quantity) > 0
