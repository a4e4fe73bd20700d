"""Room for an important pod is made by evicting less important ones. Source: *Pod Priority and Preemption*, KEP-268."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kobune.apimachinery.selectors import Selector, from_label_selector
from kobune.scheduler.framework import No, Nominated, Note, Trial
from kobune.scheduler.framework.decision import tally
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

NO_HELP = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"


@dataclass(frozen=True)
class Candidate:
    """A node, and who would have to leave it."""

    node: str
    victims: tuple[PodInfo, ...]
    """The most important first."""
    violations: int
    """How many of them a disruption budget would keep."""

    def cost(self) -> tuple[float, ...]:
        """Return what is compared, the first difference decides: the least is best."""
        priorities = [victim.priority for victim in self.victims]
        highest = max(priorities)
        first = min(victim.started for victim in self.victims if victim.priority == highest)
        # 2**31 for each pod, so that a few pods of low priority are not better than none of a negative one.
        return self.violations, highest, sum(priority + 2**31 for priority in priorities), len(priorities), -first


@dataclass(frozen=True)
class DefaultPreemption:
    """Finds the node where the least harm is done, and nominates it."""

    min_candidate_nodes_percentage: int = 10
    min_candidate_nodes_absolute: int = 100

    def post_filter(self, pod: PodInfo, cluster: Snapshot, trial: Trial) -> Nominated | Note:
        if pod.spec.preemptionPolicy == "Never":
            return Note("preemption: not eligible due to preemptionPolicy=Never.")
        if is_waiting(pod, cluster, trial.why_not):
            return Note("preemption: not eligible due to a terminating pod on the nominated node.")
        if not cluster.has_below(pod.priority):
            return _note(cluster, _all_in_vain(cluster, trial))
        budgets = budgets_of(cluster, pod)
        wanted = max(cluster.node_count * self.min_candidate_nodes_percentage // 100, self.min_candidate_nodes_absolute)
        candidates: list[Candidate] = []
        reasons: Counter[str] = Counter()
        for node in _from_somewhere(cluster.nodes, pod):
            no = trial.why_not.get(node.name)
            if no is None or no.final:
                reasons[NO_HELP] += 1
                continue
            found = candidate(pod, node, trial, budgets)
            if isinstance(found, Candidate):
                candidates.append(found)
                if len(candidates) >= wanted:
                    break
            else:
                reasons.update(found)
        if candidates and trial.evaluation.profile.at("review_victims"):
            candidates = _reviewed(candidates, trial)
        if candidates:
            best = min(candidates, key=Candidate.cost)
            return Nominated(best.node, best.victims)
        return _note(cluster, reasons)


def _all_in_vain(cluster: Snapshot, trial: Trial) -> Counter[str]:
    """Return why no node would do if nobody is less important than the pod."""
    refused = [(no.final, count) for no, count in tally(trial.why_not)]
    in_vain = sum(count for final, count in refused if not final)
    return Counter({NO_VICTIMS: in_vain, NO_HELP: cluster.node_count - in_vain})


def _note(cluster: Snapshot, reasons: Counter[str]) -> Note:
    parts = ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items() if count))
    return Note(f"preemption: 0/{cluster.node_count} nodes are available: {parts}.")


def candidate(pod: PodInfo, node: NodeInfo, trial: Trial, budgets: Sequence["Budget"]) -> Candidate | Sequence[str]:
    """Return who would have to leave a node for a pod, or why that would not do."""
    weaker = [other for other in node.pods if other.priority < pod.priority]
    if not weaker:
        return (NO_VICTIMS,)
    emptier = node.copy()
    states: Mapping[str, Any] = trial.evaluation.states
    for other in weaker:
        emptier.remove(other.uid)
        states = trial.evaluation.adjusted(states, "removed", other, emptier)
    if (no := trial.refused(emptier, states)) is not None:
        return no.reasons
    weaker.sort(key=lambda other: (-other.priority, other.started))
    free, guarded = _guarded(weaker, budgets)
    victims: list[PodInfo] = []
    violations = 0
    # Those that a budget guards are spared first, then the most important.
    for others, counts in ((guarded, 1), (free, 0)):
        for other in others:
            emptier.add(other)
            fuller = trial.evaluation.adjusted(states, "added", other, emptier)
            if trial.refused(emptier, fuller) is None:
                states = fuller
                continue
            emptier.remove(other.uid)
            victims.append(other)
            violations += counts
    if not victims:
        return (NO_VICTIMS,)  # what keeps the pod from the node is something that evictions do not change
    victims.sort(key=lambda other: (-other.priority, other.started))
    return Candidate(node.name, tuple(victims), violations)


def _reviewed(candidates: Sequence[Candidate], trial: Trial) -> list[Candidate]:
    """Return the candidates that are left when those have looked at them who want to."""
    left = trial.evaluation.reviewed({one.node: one.victims for one in candidates})
    return [replace(one, victims=tuple(left[one.node])) for one in candidates if left.get(one.node)]


@dataclass
class Budget:
    """How many more pods may be disrupted."""

    namespace: str
    selector: Selector
    allowed: int
    disrupted: frozenset[str]
    """The names of pods that are counted already."""

    def covers(self, pod: PodInfo) -> bool:
        """Whether it is about a pod."""
        meta = pod.metadata
        return (
            meta.namespace == self.namespace and meta.name not in self.disrupted and self.selector.matches(meta.labels)
        )


def budgets_of(cluster: Snapshot, pod: PodInfo) -> list[Budget]:
    """Return every disruption budget that guards any pod."""
    return [
        Budget(
            budget.metadata.namespace,
            from_label_selector(budget.spec.selector),
            budget.status.disruptionsAllowed,
            frozenset(budget.status.disruptedPods),
        )
        for budget in cluster.objects.list("poddisruptionbudgets")
        if budget.spec.HasField("selector")
    ]


def _guarded(pods: Sequence[PodInfo], budgets: Sequence[Budget]) -> tuple[list[PodInfo], list[PodInfo]]:
    """Return the pods that may be evicted, and those that a budget would keep if all before them were evicted."""
    left = [budget.allowed for budget in budgets]
    free: list[PodInfo] = []
    guarded: list[PodInfo] = []
    for pod in pods:
        covering = [at for at, budget in enumerate(budgets) if budget.covers(pod)]
        for at in covering:
            left[at] -= 1
        (guarded if any(left[at] < 0 for at in covering) else free).append(pod)
    return free, guarded


def is_waiting(pod: PodInfo, cluster: Snapshot, why_not: Mapping[str, No]) -> bool:
    """Whether pods are leaving the node that the pod was nominated for: then nobody else has to."""
    name = pod.status.nominatedNodeName
    node = cluster.node(name) if name else None
    if node is None or ((no := why_not.get(name)) is not None and no.final):
        return False
    return any(other.priority < pod.priority and other.metadata.HasField("deletionTimestamp") for other in node.pods)


def _from_somewhere(nodes: Sequence[NodeInfo], pod: PodInfo) -> Sequence[NodeInfo]:
    """Return the nodes in order, from one on that differs between pods: not all should evict on the same nodes."""
    start = sum(pod.uid.encode()) % len(nodes) if nodes else 0
    return [*nodes[start:], *nodes[:start]]
