"""The scheduling framework: what a plugin may say, and how plugins come to a decision.

A plugin is any object with methods named after extension points; having one is joining it. `pod` is a `PodInfo`,
`node` a `NodeInfo`, `cluster` the `Snapshot`; `state` is what the plugin's own `pre_filter` (for `score`: `pre_score`)
returned, for methods that take one argument more.

    pre_enqueue(pod[, cluster]) -> str | None  why the pod may not be scheduled yet
    queue_sort(pod) -> key                     the smaller, the sooner (one plugin only)
    pre_filter(pod, cluster) -> state | SKIP | No | Only
    concerns(pod) -> bool                      False: it has nothing to say about such pods, and is not asked to filter
    filter(pod, node[, state]) -> str | Sequence[str] | No | None
                                               why the pod cannot run there; None if it can
    added(state, pod, other, node) -> state    what was remembered, once another pod is on a node …
    removed(state, pod, other, node) -> state  … or off it: for those who make room
    post_filter(pod, cluster, trial) -> Nominated | Note | None
    pre_score(pod, nodes, cluster) -> state | SKIP
    score(pod, node[, state]) -> float         how good the node is; more is better
    normalize(scores) -> scores                brings its own scores, by node name, into 0..100
    filter_many(pod, nodes, cluster) -> {name: str | Sequence[str] | No}
                                               asked once, about the nodes that all filters leave: which will not do
                                               with `tries = True` also about nodes as they would be without some pods
    score_many(pod, nodes, cluster) -> {name: float}
                                               asked once, about all nodes that will: how good they are, 0..100
    review_victims(pod, {name: pods}) -> {name: pods}
                                               which pods may be evicted to make room on which node
    reserve(pod, node[, state]), unreserve(pod, node[, state])
    permit(pod, node) -> str | No | Wait | None
    async pre_bind(pod, node[, state])
    async bind(pod, node) -> bool              whether it has bound the pod
    post_bind(pod, node)

    connect(client)                            gets the client of the scheduler that it takes part in
    reserves_in_snapshot: bool                 `reserve` changes nothing but what `state` knows of the cluster, …
    give_back(pod, state)                      … and this takes that back

    weight: int                                how much its scores count; 1 if it does not say
    name: str                                  what it is called; the name of its class if it does not say
    events: Sequence[str]                      what may help a pod that it refused, as `Kind/Action`; all, if not said
    hint(pod, event, old, new) -> bool         whether one of these may help a certain pod

Source: the documentation's *Scheduling Framework*, KEP-624, KEP-4247.
"""

from kobune.scheduler.framework.answers import SKIP, No, Nominated, Note, Only, Wait
from kobune.scheduler.framework.decision import Decision, Placed, Unschedulable
from kobune.scheduler.framework.evaluation import Evaluation, Rating, Scores, Trial, decide
from kobune.scheduler.framework.guard import PluginFailed
from kobune.scheduler.framework.profile import Extension, Profile

__all__ = [
    "SKIP",
    "Decision",
    "Evaluation",
    "Extension",
    "No",
    "Nominated",
    "Note",
    "Only",
    "Placed",
    "PluginFailed",
    "Profile",
    "Rating",
    "Scores",
    "Trial",
    "Unschedulable",
    "Wait",
    "decide",
]
