"""Evict a pod: a deletion that asks the disruption budgets first. Source: *API-initiated Eviction*."""

from typing import Any

from kobune.api.meta.v1 import DeleteOptions, Status
from kobune.api.policy.v1 import Eviction
from kobune.apimachinery.errors import BadRequest, InternalError, TooManyRequests
from kobune.apimachinery.selectors import from_label_selector
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.delete import delete
from kobune.apiserver.verbs.modify import modify, must_get


async def evict(api: Api, call: Call, eviction: Eviction) -> Status:
    """Delete a pod if its disruption budget allows it; `TooManyRequests` if not now."""
    if not call.name:
        call.name, call.namespace = eviction.metadata.name, eviction.metadata.namespace
    if eviction.metadata.name and eviction.metadata.name != call.name:
        raise BadRequest("name in URL does not match name in Eviction object")
    pod: Any = must_get(api, call).message
    ended = pod.status.phase in ("Succeeded", "Failed", "Pending") or pod.metadata.HasField("deletionTimestamp")
    if not ended:
        await _spend_budget(api, call, pod)
    call.subresource = ""
    await delete(api, call, eviction.deleteOptions if eviction.HasField("deleteOptions") else DeleteOptions())
    return Status(status="Success", code=201)


async def _spend_budget(api: Api, call: Call, pod: Any) -> None:
    labels = pod.metadata.labels
    budgets = api.select(
        "poddisruptionbudgets", call.namespace, lambda pdb: from_label_selector(pdb.spec.selector).matches(labels)
    )
    if not budgets:
        return
    if len(budgets) > 1:
        raise InternalError(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        )
    name = budgets[0].metadata.name
    budget_call = Call(call.user, api.registry["poddisruptionbudgets"], call.namespace, name, "status", call.dry_run)

    def spend(current: Any) -> Any:
        new = current.private()
        new.metadata.ClearField("resourceVersion")
        if new.status.observedGeneration < new.metadata.generation or new.status.disruptionsAllowed <= 0:
            raise TooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.")
        new.status.disruptionsAllowed -= 1
        return new

    await modify(api, budget_call, spend)
