"""Keeps the numbers of disruption budgets: how many pods may be evicted now.

Source: the documentation's *Disruptions* and *Specifying a Disruption Budget*.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kobune.api.apps.v1 import Deployment, ReplicaSet, StatefulSet
from kobune.api.core.v1 import Pod, ReplicationController
from kobune.api.meta.v1 import Condition, OwnerReference, Time
from kobune.api.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetStatus
from kobune.apimachinery.meta import controller_of, is_deleting, key_of, seconds_of, time_of
from kobune.apimachinery.selectors import Selector, from_label_selector
from kobune.client import Action, Controller, RecordEvent, RequeueAfter, View, Watch, status_written
from kobune.controller_manager.pods import is_finished, is_ready
from kobune.controller_manager.rollout.limits import resolve

PATIENCE = 120.0
"""Seconds in which a pod whose eviction was allowed has to go; after that it counts again."""
STRING = 1
SCALED = {kind.__name__: kind for kind in (ReplicationController, ReplicaSet, StatefulSet, Deployment)}
UNMANAGED = (
    "Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be unmanaged. As a result, the "
    "status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these "
    'pods please set ".spec.minAvailable" field of the PDB to an integer value.'
)


@dataclass(frozen=True)
class Expected:
    """How many pods the owners of those that a budget guards want altogether."""

    pods: int
    unmanaged: bool = False
    """Whether there are pods that nobody controls."""
    unknown: str = ""
    """What is wrong, if that cannot be told."""


def reconcile(budget: PodDisruptionBudget, pods: Sequence[Pod], expected: Expected, now: float) -> list[Action]:
    """Plan the status. `pods` are those that the budget guards."""
    actions: list[Action] = []
    if not pods:
        actions.append(RecordEvent(budget, "Normal", "NoPods", "No matching pods found"))
    if asks_owners(budget):
        if expected.unknown:
            return [*actions, *failed(budget, expected.unknown, now)]
        if expected.unmanaged:
            words = UNMANAGED.format(selector=words_of(from_label_selector(budget.spec.selector)))
            actions.append(RecordEvent(budget, "Normal", "UnmanagedPods", words))
    disrupted = still_disrupted(budget, pods, now)
    for pod in pods:
        if pod.metadata.name in budget.status.disruptedPods and is_late(budget, pod, now):
            name = key_of(budget.metadata.namespace, budget.metadata.name)
            words = f"Pod was expected by PDB {name} to be deleted but it wasn't"
            actions.append(RecordEvent(pod, "Warning", "NotDeleted", words))
    status = status_of(budget, pods, expected, disrupted, now)
    actions += status_written(budget, status)
    if disrupted:
        soonest = min(seconds_of(time) for time in disrupted.values())
        actions.append(RequeueAfter(max(soonest + PATIENCE - now, 0) + 0.1))
    return actions


def asks_owners(budget: PodDisruptionBudget) -> bool:
    """Whether a budget's number depends on how many pods there should be; a plain `minAvailable` does not."""
    return not budget.spec.HasField("minAvailable") or budget.spec.minAvailable.type == STRING


def status_of(
    budget: PodDisruptionBudget, pods: Sequence[Pod], expected: Expected, disrupted: dict[str, Time], now: float
) -> PodDisruptionBudgetStatus:
    """Return the status that the pods amount to."""
    spec = budget.spec
    total = expected.pods if asks_owners(budget) else len(pods)
    if spec.HasField("maxUnavailable"):
        desired = max(total - resolve(spec.maxUnavailable, total, up=True), 0)
    else:
        desired = resolve(spec.minAvailable, total, up=True) if spec.HasField("minAvailable") else 0
    healthy = sum(
        is_ready(pod) and not is_deleting(pod.metadata) and pod.metadata.name not in disrupted for pod in pods
    )
    allowed = max(healthy - desired, 0) if total > 0 else 0
    status = PodDisruptionBudgetStatus(
        observedGeneration=budget.metadata.generation,
        disruptionsAllowed=allowed,
        currentHealthy=healthy,
        desiredHealthy=desired,
        expectedPods=total,
        conditions=budget.status.conditions,
    )
    for name, time in disrupted.items():
        status.disruptedPods[name].CopyFrom(time)
    set_allowed(budget, status, "SufficientPods" if allowed else "InsufficientPods", "", now)
    return status


def still_disrupted(budget: PodDisruptionBudget, pods: Iterable[Pod], now: float) -> dict[str, Time]:
    """Return the pods whose eviction was allowed and that are about to go."""
    there = {pod.metadata.name: pod for pod in pods}
    return {
        name: time
        for name, time in budget.status.disruptedPods.items()
        if (pod := there.get(name)) is not None and not is_deleting(pod.metadata) and not is_late(budget, pod, now)
    }


def is_late(budget: PodDisruptionBudget, pod: Pod, now: float) -> bool:
    """Whether a pod is still there, although its eviction was allowed long ago."""
    allowed = budget.status.disruptedPods[pod.metadata.name]
    return not is_deleting(pod.metadata) and seconds_of(allowed) + PATIENCE <= now


def failed(budget: PodDisruptionBudget, why: str, now: float) -> list[Action]:
    """Plan to say that the numbers are not known, and to allow nothing."""
    status = PodDisruptionBudgetStatus()
    status.CopyFrom(budget.status)
    status.disruptionsAllowed = 0
    status.observedGeneration = budget.metadata.generation
    set_allowed(budget, status, "SyncFailed", why, now)
    changes = status_written(budget, status)
    message = f"Failed to calculate the number of expected pods: {why}"
    return [RecordEvent(budget, "Warning", "CalculateExpectedPodCountFailed", message), *changes] if changes else []


def set_allowed(
    budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus, reason: str, message: str, now: float
) -> None:
    """Set the condition DisruptionAllowed."""
    value = "True" if status.disruptionsAllowed > 0 else "False"
    before = next((each for each in budget.status.conditions if each.type == "DisruptionAllowed"), None)
    unchanged = before is not None and before.status == value
    made = Condition(
        type="DisruptionAllowed",
        status=value,
        reason=reason,
        message=message,
        observedGeneration=budget.metadata.generation,
        lastTransitionTime=before.lastTransitionTime if unchanged and before is not None else time_of(now),
    )
    others = [each for each in budget.status.conditions if each.type != "DisruptionAllowed"]
    del status.conditions[:]
    status.conditions.extend([*others, made])


def words_of(selector: Selector) -> str:
    """Return a selector as Kubernetes' events have it."""
    return ",".join(
        f"{each.key}={each.values[0]}"
        if each.operator == "In" and len(each.values) == 1
        else f"{each.key} {each.operator}"
        for each in selector.requirements
    )


def expected_of(view: View, pods: Iterable[Pod]) -> Expected:
    """Return what the owners of pods want: each is counted once, a ReplicaSet of a Deployment as that Deployment."""
    sizes: dict[str, int] = {}
    unmanaged = False
    for pod in pods:
        owner = controller_of(pod.metadata)
        if owner is None:
            unmanaged = True
        elif owner.uid not in sizes:
            try:
                uid, size = size_of(view, owner, pod.metadata.namespace)
            except LookupError as error:
                return Expected(0, unknown=str(error))
            sizes[uid] = size
    return Expected(sum(sizes.values()), unmanaged)


def size_of(view: View, owner: OwnerReference, namespace: str) -> tuple[str, int]:
    """Return the uid and size of what scales the pods of an owner; `LookupError` if it has no size."""
    kind = SCALED.get(owner.kind)
    if kind is None:
        group = owner.apiVersion.partition("/")[0] if "/" in owner.apiVersion else ""
        resource = f"{owner.kind.lower()}s.{group}" if group else f"{owner.kind.lower()}s"
        raise LookupError(f"{resource} does not implement the scale subresource")
    found: Any = view.get(kind, key_of(namespace, owner.name))
    if found is None or found.metadata.uid != owner.uid:
        raise LookupError(f'found no controllers for pod with owner "{owner.name}"')
    above = controller_of(found.metadata)
    if above is not None and above.kind == "Deployment":
        return size_of(view, above, namespace)
    return owner.uid, found.spec.replicas if found.spec.HasField("replicas") else 1


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return what `reconcile` takes."""
    budget = view.get(PodDisruptionBudget, key)
    if budget is None or is_deleting(budget.metadata):
        return None
    selector = selector_of(budget)
    around = view.in_namespace(Pod, budget.metadata.namespace)
    pods = [pod for pod in around if selector is not None and selector.matches(pod.metadata.labels)]
    pods = [pod for pod in pods if not is_finished(pod)]
    return budget, pods, expected_of(view, pods), view.now


def selector_of(budget: PodDisruptionBudget) -> Selector | None:
    """Return which pods a budget guards; None if it guards none."""
    return from_label_selector(budget.spec.selector) if budget.spec.HasField("selector") else None


def guards(view: View, pod: Pod) -> Iterable[str]:
    """Return the keys of the budgets that guard a pod."""
    for budget in view.in_namespace(PodDisruptionBudget, pod.metadata.namespace):
        selector = selector_of(budget)
        if selector is not None and selector.matches(pod.metadata.labels):
            yield key_of(budget.metadata.namespace, budget.metadata.name)


def guards_of_owned(view: View, owner: Any) -> Iterable[str]:
    """Return the keys of the budgets that may guard pods of something that scales."""
    for pod in view.owned(Pod, owner.metadata.uid):
        yield from guards(view, pod)
    if isinstance(owner, Deployment):
        for each in view.owned(ReplicaSet, owner.metadata.uid):
            yield from guards_of_owned(view, each)


def is_resized(old: Any | None, new: Any | None) -> bool:
    """Whether something wants another number of pods."""
    return old is None or new is None or old.spec.replicas != new.spec.replicas


disruption = Controller(
    name="disruption",
    reporter="controllermanager",
    root=PodDisruptionBudget,
    watches=[Watch(Pod, guards), *(Watch(kind, guards_of_owned, is_resized) for kind in SCALED.values())],
    observe=observe,
    reconcile=reconcile,
)
