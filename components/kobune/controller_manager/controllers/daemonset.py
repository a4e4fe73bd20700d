"""Keeps one pod on every node that fits, and replaces them node by node when the template changes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kobune.api.apps.v1 import ControllerRevision, DaemonSet, DaemonSetStatus
from kobune.api.core.v1 import Node, Pod
from kobune.apimachinery.meta import controller_of, is_deleting, key_of
from kobune.apimachinery.selectors import from_label_selector
from kobune.client import Action, Announce, Controller, Create, RecordEvent, RequeueAfter, View, Watch, status_written
from kobune.client import delete as deletion
from kobune.controller_manager.claims import adopters, claim, controlled_by, selects
from kobune.controller_manager.daemon.nodes import Place, Turnover, by_node, plan
from kobune.controller_manager.daemon.placing import belongs, digest_of, may_stay, new_pod, target_of, tolerations_of
from kobune.controller_manager.history import POD_LABEL, history_of, surplus
from kobune.controller_manager.pods import is_active, is_finished, is_ready, soonest_available
from kobune.controller_manager.setbacks import Setbacks


def reconcile(
    wanted: DaemonSet,
    owned: Sequence[Pod],
    orphans: Sequence[Pod],
    nodes: Sequence[Node],
    revisions: Sequence[ControllerRevision],
    due: Mapping[str, float],
    now: float,
) -> list[Action]:
    """Plan which pods are made and given up, on which nodes, and the status.

    `due` says of each pod that ended, by its uid, when another may follow.
    """
    selector = from_label_selector(wanted.spec.selector)
    if not selector:
        message = "This daemon set is selecting all pods. A non-empty selector is required."
        return [RecordEvent(wanted, "Warning", "SelectingAll", message)]
    pods = claim(wanted, selector, owned, orphans, is_active)
    mine = controlled_by(wanted, revisions)
    free = [item for item in revisions if controller_of(item.metadata) is None]
    kept = claim(wanted, selector, mine, free)
    if pods.actions or kept.actions:
        return [*pods.actions, *kept.actions]
    history = history_of(wanted, kept.objects, {item.metadata.name for item in revisions}, POD_LABEL)
    turnover = Turnover(wanted, digest_of(history.update), now)
    places = places_of(wanted, nodes, pods.objects)
    status = status_of(places, turnover, history.collisions)
    actions = list(history.actions)
    if not is_deleting(wanted.metadata) and not history.taken:
        todo = plan(places, turnover)
        made = Announce(wanted, "SuccessfulCreate", "Created pod: {name}", "FailedCreate", "Error creating: {error}")
        actions += [Create(new_pod(wanted, history.update, node), made) for node in todo.make]
        actions += [remove(wanted, pod) for pod in {pod.metadata.uid: pod for pod in todo.remove}.values()]
        actions += bury(wanted, todo.ended, due, now)
        used = {pod.metadata.labels.get(POD_LABEL, "") for pod in pods.objects}
        actions += surplus(wanted, history, {each.metadata.name for each in kept.objects if digest_of(each) in used})
    actions += status_written(wanted, status)
    actions += soonest_available(pods.objects, wanted.spec.minReadySeconds, now)
    return actions


def places_of(wanted: DaemonSet, nodes: Sequence[Node], pods: Iterable[Pod]) -> list[Place]:
    """Return the nodes with what is and what should be there."""
    there: dict[str, list[Pod]] = defaultdict(list)
    for pod in pods:
        there[target_of(pod)].append(pod)
    tolerations = tolerations_of(wanted.spec.template.spec)
    places = []
    for node in sorted(nodes, key=lambda item: item.metadata.name):
        name = node.metadata.name
        here, stays = belongs(wanted, tolerations, node), may_stay(wanted, tolerations, node)
        if here or name in there:
            places.append(Place(name, here, stays, by_node(there, name)))
    return places


def status_of(places: Sequence[Place], turnover: Turnover, collisions: int) -> DaemonSetStatus:
    """Return the status that the pods amount to."""
    wanted = turnover.wanted
    inhabited = [place.pods[0] for place in places if place.wanted and place.pods]
    available = sum(turnover.is_available(pod) for pod in inhabited)
    desired = sum(place.wanted for place in places)
    status = DaemonSetStatus(
        conditions=wanted.status.conditions,
        observedGeneration=wanted.metadata.generation,
        currentNumberScheduled=len(inhabited),
        desiredNumberScheduled=desired,
        numberMisscheduled=sum(bool(place.pods) and not place.wanted for place in places),
        numberReady=sum(is_ready(pod) for pod in inhabited),
    )
    counts = {
        "updatedNumberScheduled": sum(turnover.is_new(pod) for pod in inhabited),
        "numberAvailable": available,
        "numberUnavailable": desired - available,
        "collisionCount": collisions,
    }
    for name, count in counts.items():
        if count:
            setattr(status, name, count)
    return status


def bury(wanted: DaemonSet, ended: Sequence[Pod], due: Mapping[str, float], now: float) -> list[Action]:
    """Return the deletions of pods that ended, and when to come back for those whose time has not come."""
    actions: list[Action] = []
    for pod in ended:
        wait = due[pod.metadata.uid] - now
        if wait > 0:
            actions.append(RequeueAfter(wait))
            continue
        name = f"{pod.metadata.namespace}/{pod.metadata.name} on node {pod.spec.nodeName}"
        if pod.status.phase == "Failed":
            message = f"Found failed daemon pod {name}, will try to kill it"
            actions.append(RecordEvent(wanted, "Warning", "FailedDaemonPod", message))
        else:
            message = f"Found succeeded daemon pod {name}, will try to delete it"
            actions.append(RecordEvent(wanted, "Normal", "SucceededDaemonPod", message))
        actions.append(remove(wanted, pod))
    return actions


def remove(wanted: DaemonSet, pod: Pod) -> Action:
    """Return the deletion of a pod."""
    failure = f'Error deleting pod "{pod.metadata.name}": {{error}}'
    return deletion(pod, announce=Announce(wanted, "SuccessfulDelete", "Deleted pod: {name}", "FailedDelete", failure))


def everyone(view: View, node: Node) -> Iterable[str]:
    """Return the keys of all DaemonSets: a node concerns any of them."""
    return [key_of(wanted.metadata.namespace, wanted.metadata.name) for wanted in view.all(DaemonSet)]


def is_another(old: Node | None, new: Node | None) -> bool:
    """Whether a node came, went, or looks different to pods; heartbeats do not matter."""
    if old is None or new is None:
        return True
    return old.metadata.labels != new.metadata.labels or old.spec.taints != new.spec.taints


def daemonset() -> Controller:
    """Return the controller."""
    setbacks = Setbacks()

    async def observe(view: View, key: str) -> tuple[Any, ...] | None:
        wanted = view.get(DaemonSet, key)
        if wanted is None:
            return None
        namespace = wanted.metadata.namespace
        owned = view.owned(Pod, wanted.metadata.uid)
        ended = [(pod.metadata.uid, target_of(pod)) for pod in owned if is_finished(pod)]
        return (
            wanted,
            owned,
            view.orphans(Pod, namespace),
            list(view.all(Node)),
            view.in_namespace(ControllerRevision, namespace),
            {uid: setbacks.due(f"{wanted.metadata.uid}/{node}", uid, view.now) for uid, node in ended},
            view.now,
        )

    return Controller(
        name="daemonset",
        reporter="daemonset-controller",
        root=DaemonSet,
        owns=[Pod, ControllerRevision],
        watches=[Watch(Pod, adopters(DaemonSet, selects)), Watch(Node, everyone, is_another)],
        observe=observe,
        reconcile=reconcile,
    )
