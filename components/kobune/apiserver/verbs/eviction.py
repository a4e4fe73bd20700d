"""Evict a pod: a deletion that asks the disruption budgets first. Source: *API-initiated Eviction*."""

from typing import Any

from kobune.api.meta.v1 import Status, StatusCause, StatusDetails
from kobune.api.policy.v1 import Eviction
from kobune.apimachinery.errors import BadRequest, TooManyRequests, Unexplained
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
    call.dry_run = call.dry_run or bool(eviction.deleteOptions.dryRun)
    ended = pod.status.phase in ("Succeeded", "Failed", "Pending") or pod.metadata.HasField("deletionTimestamp")
    if not ended:
        await _spend_budget(api, call, pod)
    call.subresource = ""
    await delete(api, call, eviction.deleteOptions)
    return Status(status="Success", code=201)


async def _spend_budget(api: Api, call: Call, pod: Any) -> None:
    labels = pod.metadata.labels
    budgets = api.select(
        "poddisruptionbudgets", call.namespace, lambda pdb: from_label_selector(pdb.spec.selector).matches(labels)
    )
    if not budgets:
        return
    if len(budgets) > 1:
        raise Unexplained(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        )
    name = budgets[0].metadata.name
    budget_call = Call(
        call.user, api.registry["poddisruptionbudgets"], call.namespace, name, "status", dry_run=call.dry_run
    )

    def spend(current: Any) -> Any:
        new = current.private()
        new.metadata.ClearField("resourceVersion")
        status = new.status
        if status.observedGeneration < new.metadata.generation:
            raise _not_now(f"The disruption budget {name} is still being processed by the server.", retry_after=10)
        if status.disruptionsAllowed <= 0:
            healthy = f"needs {status.desiredHealthy} healthy pods and has {status.currentHealthy} currently"
            raise _not_now(f"The disruption budget {name} {healthy}")
        status.disruptionsAllowed -= 1
        return new

    await modify(api, budget_call, spend)


def _not_now(why: str, *, retry_after: int = 0) -> TooManyRequests:
    details = StatusDetails(causes=[StatusCause(reason="DisruptionBudget", message=why)])
    if retry_after:
        details.retryAfterSeconds = retry_after
    return TooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", details)
