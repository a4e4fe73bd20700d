"""Why a pod is, or is not, on a node: what every plugin says about every node, and what would have to be different."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from kobune.api.core.v1 import Pod
from kobune.scheduler.framework import Evaluation, No, Profile
from kobune.scheduler.framework.evaluation import Rating
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

AMOUNTS: Final = {"cpu": ("m", 1), "memory": ("Mi", 1024 * 1024), "ephemeral-storage": ("Mi", 1024 * 1024)}
"""In what a shortage is told, and how much of what `PodInfo` counts that is."""


@dataclass(frozen=True)
class Verdict:
    """What the plugins say about one node."""

    node: str
    no: No | None
    """Why the pod cannot run there."""
    rank: int
    """1 for the best, equal for equals; 0 where the pod does not fit."""
    total: float
    scores: Mapping[str, tuple[float, int]]
    """By plugin: its score, 0 to 100, and its weight."""


@dataclass(frozen=True)
class Explanation:
    """All that a decision rests on."""

    pod: str
    verdicts: tuple[Verdict, ...]
    """The best first, then those where the pod does not fit."""
    refused: No | None
    """Why no node was looked at."""
    counterfactuals: tuple[str, ...]
    """What would make the pod fit somewhere, if it fits nowhere."""


def explain(profile: Profile, pod: PodInfo, cluster: Snapshot) -> Explanation:
    """Return why a pod would go where on a cluster as it is."""
    evaluation = Evaluation(profile, pod, cluster)
    if evaluation.refused is not None:
        return Explanation(pod.key, (), evaluation.refused, ())
    why_not = {node.name: evaluation.why_not(node) for node in cluster.nodes}
    why_not.update(evaluation.sifted_out([node for node in cluster.nodes if why_not[node.name] is None]))
    fitting = [node for node in cluster.nodes if why_not[node.name] is None]
    rating = evaluation.rate(fitting) if fitting else Rating({}, {})
    weights = {extension.name: extension.weight for extension in (*profile.at("score"), *profile.at("score_many"))}
    better = sorted(set(rating.total.values()), reverse=True)
    verdicts = [
        Verdict(
            node.name,
            why_not[node.name],
            better.index(rating.total[node.name]) + 1 if node.name in rating.total else 0,
            rating.total.get(node.name, 0.0),
            {name: (scores[node.name], weights[name]) for name, scores in rating.scores.items() if node.name in scores},
        )
        for node in cluster.nodes
    ]
    verdicts.sort(key=lambda verdict: (verdict.no is not None, verdict.rank, verdict.node))
    return Explanation(pod.key, tuple(verdicts), None, () if fitting else tuple(_otherwise(profile, pod, cluster)))


def _otherwise(profile: Profile, pod: PodInfo, cluster: Snapshot) -> Iterator[str]:
    """Yield the smallest changes to the pod, one of each sort, that would make it fit a node."""
    if (found := _less(profile, pod, cluster)) is not None:
        yield found
    for words, change in (
        ("tolerated its taints", _tolerant),
        ("did not ask for labels of nodes", _anywhere),
        ("had no terms about other pods", _alone),
        ("had no spread constraints", _unspread),
    ):
        changed = Pod()
        changed.CopyFrom(pod.pod)
        change(changed)
        if (node := _fits(profile, PodInfo(changed), cluster)) is not None:
            yield f"fits {node} if it {words}"


def _less(profile: Profile, pod: PodInfo, cluster: Snapshot) -> str | None:
    """Return on which node the least would be missing, if only resources are."""
    undemanding = Pod()
    undemanding.CopyFrom(pod.pod)
    for container in (*undemanding.spec.containers, *undemanding.spec.initContainers):
        container.resources.Clear()
    undemanding.spec.overhead.clear()
    evaluation = Evaluation(profile, PodInfo(undemanding), cluster)
    if evaluation.refused is not None:
        return None
    best: tuple[float, str, dict[str, int]] | None = None
    for node in cluster.nodes:
        if evaluation.why_not(node) is not None:
            continue
        missing = {
            name: amount - free
            for name, amount in pod.requests.items()
            if amount > (free := node.allocatable.get(name, 0) - node.requested.get(name, 0))
        }
        # What the pod has to do without, as a share of what it asks for.
        share = max((amount / pod.requests[name] for name, amount in missing.items()), default=0.0)
        if missing and (best is None or share < best[0]):
            best = (share, node.name, missing)
    if best is None:
        return None
    parts = " and ".join(f"{_told(name, amount)} less {name}" for name, amount in sorted(best[2].items()))
    return f"fits {best[1]} if it asked {parts}"


def _told(name: str, amount: int) -> str:
    unit, size = AMOUNTS.get(name, ("", 1))
    return f"{-(-amount // size)}{unit}"


def _fits(profile: Profile, pod: PodInfo, cluster: Snapshot) -> str | None:
    evaluation = Evaluation(profile, pod, cluster)
    if evaluation.refused is not None:
        return None
    return next((node.name for node in cluster.nodes if evaluation.why_not(node) is None), None)


def _tolerant(pod: Pod) -> None:
    pod.spec.tolerations.add(operator="Exists")


def _anywhere(pod: Pod) -> None:
    pod.spec.nodeSelector.clear()
    pod.spec.affinity.ClearField("nodeAffinity")


def _alone(pod: Pod) -> None:
    pod.spec.affinity.ClearField("podAffinity")
    pod.spec.affinity.ClearField("podAntiAffinity")


def _unspread(pod: Pod) -> None:
    del pod.spec.topologySpreadConstraints[:]
