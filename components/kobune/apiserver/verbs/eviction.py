"""Evict a pod: a deletion that asks the disruption budgets first. Source: *API-initiated Eviction*."""

from typing import Any

from kobune.api.core.v1 import PodCondition, PodStatus
from kobune.api.meta.v1 import Status, StatusCause, StatusDetails
from kobune.api.policy.v1 import Eviction
from kobune.apimachinery.errors import BadRequest, Forbidden, TooManyRequests, Unexplained
from kobune.apimachinery.meta import time_of
from kobune.apimachinery.selectors import from_label_selector
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.delete import delete
from kobune.apiserver.verbs.modify import modify, must_get

MOST_DISRUPTED = 2000
"""Evictions that a budget's controller may not have seen yet."""


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
        await _mark(api, call, api.now())
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
    if may_always_go(budgets[0], pod):
        return
    name = budgets[0].metadata.name
    budget_call = Call(
        call.user, api.registry["poddisruptionbudgets"], call.namespace, name, "status", dry_run=call.dry_run
    )

    def spend(current: Any) -> Any:
        new = current.private()
        new.metadata.ClearField("resourceVersion")
        spent(new, pod.metadata.name, api.now())
        return new

    await modify(api, budget_call, spend)


def may_always_go(budget: Any, pod: Any) -> bool:
    """Whether a pod may be evicted whatever the budget has left: one that is not healthy serves nobody anyway."""
    if _is_ready(pod):
        return False
    if budget.spec.unhealthyPodEvictionPolicy == "AlwaysAllow":
        return True
    status = budget.status
    is_whole: bool = status.currentHealthy >= status.desiredHealthy > 0
    return is_whole


def spent(budget: Any, pod: str, now: float) -> None:
    """Take one eviction from a budget and note whose it is; `TooManyRequests` or `Forbidden` if it has none."""
    status, name = budget.status, budget.metadata.name
    if status.observedGeneration < budget.metadata.generation:
        raise _not_now(f"The disruption budget {name} is still being processed by the server.", retry_after=10)
    if status.disruptionsAllowed < 0:
        raise _forbidden(name, "pdb disruptions allowed is negative")
    if len(status.disruptedPods) > MOST_DISRUPTED:
        raise _forbidden(name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller")
    condition = next((each for each in status.conditions if each.type == "DisruptionAllowed"), None)
    if status.disruptionsAllowed == 0:
        if condition is not None and condition.reason == "SyncFailed":
            why = f"does not allow evicting pods currently because it failed sync: {condition.message}"
        else:
            why = f"needs {status.desiredHealthy} healthy pods and has {status.currentHealthy} currently"
        raise _not_now(f"The disruption budget {name} {why}")
    status.disruptionsAllowed -= 1
    status.disruptedPods[pod].CopyFrom(time_of(now))
    if status.disruptionsAllowed == 0 and condition is not None:
        condition.status, condition.reason = "False", "InsufficientPods"
        condition.lastTransitionTime.CopyFrom(time_of(now))


async def _mark(api: Api, call: Call, now: float) -> None:
    """Note on a pod why it is going."""

    def mark(current: Any) -> Any:
        new = current.private()
        new.metadata.ClearField("resourceVersion")
        others = [each for each in new.status.conditions if each.type != "DisruptionTarget"]
        made = PodCondition(
            type="DisruptionTarget",
            status="True",
            reason="EvictionByEvictionAPI",
            message="Eviction API: evicting",
            lastTransitionTime=time_of(now),
        )
        kept = PodStatus(conditions=[*others, made])
        new.status.ClearField("conditions")
        new.status.conditions.extend(kept.conditions)
        return new

    status_call = Call(call.user, api.registry["pods"], call.namespace, call.name, "status", dry_run=call.dry_run)
    await modify(api, status_call, mark, tracked=False)


def _is_ready(pod: Any) -> bool:
    return any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions)


def _forbidden(name: str, why: str) -> Forbidden:
    return Forbidden(f'poddisruptionbudgets.policy "{name}" is forbidden: {why}')


def _not_now(why: str, *, retry_after: int = 0) -> TooManyRequests:
    details = StatusDetails(causes=[StatusCause(reason="DisruptionBudget", message=why)])
    if retry_after:
        details.retryAfterSeconds = retry_after
    return TooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", details)
