"""One pod against one state of the cluster, plugin by plugin and node by node: the readable form of every decision.

The columnar engine (`engine/`) decides the same faster. This is what it is compared with, what explains decisions, and
what runs where a plugin has no other form.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from kobune.scheduler.framework.answers import SKIP, No, Nominated, Note, Only, no_of
from kobune.scheduler.framework.decision import Decision, Placed, Unschedulable
from kobune.scheduler.framework.guard import PluginFailed
from kobune.scheduler.framework.profile import Extension, Profile
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

Scores = Mapping[str, float]
"""By the name of the node."""


@dataclass(frozen=True)
class Rating:
    """What the plugins think of the nodes where a pod fits."""

    scores: Mapping[str, Scores]
    """By plugin: normalized, before they are multiplied with its weight."""
    total: Scores


class Evaluation:
    """The evaluation of a pod. `refused` says why no node needs to be looked at, or is None."""

    def __init__(
        self, profile: Profile, pod: PodInfo, cluster: Snapshot, known: Mapping[str, Callable[[], Any]] | None = None
    ) -> None:
        """`known` has, by plugin, where to get what its `pre_filter` would return; the others are asked."""
        self.profile = profile
        self.pod = pod
        self.cluster = cluster
        self._known = dict(known or {})
        self._states: dict[str, Any] = {}
        self._prepared: dict[str, Any] = {}
        """The plugins that remember something."""
        self._filters = [filter for filter in profile.at("filter") if filter.concerns(pod)]
        self.only: frozenset[str] | None = None
        """The nodes that come into question; None for all."""
        self._restricted_by: list[str] = []
        self.refused = self._prepare()

    def why_not(self, node: NodeInfo) -> No | None:
        """Return why the pod cannot run on a node; None if it can, also beside those that are nominated for it."""
        if self.only is not None and node.name not in self.only:
            names = ", ".join(self._restricted_by)
            return No((f"node(s) didn't satisfy plugin(s) [{names}]",), final=True, plugin=self._restricted_by[0])
        no = self.filtered(node, self.states)
        return no if no is not None else self.crowded_out(node, self.states)

    def reserved(self) -> str | None:
        """Return the node that was nominated for the pod, if it fits there now: nobody else is looked at."""
        node = self.cluster.node(self.pod.status.nominatedNodeName)
        if node is None or self.why_not(node) is not None or self.sifted_out([node]):
            return None
        return node.name

    def crowded_out(self, node: NodeInfo, states: Mapping[str, Any]) -> No | None:
        """Return why the pod cannot run on a node, where it would fit, beside those that are to go there."""
        expected = self.cluster.nominated_on(node.name, self.pod)
        if not expected:
            return None
        crowded = node.copy()
        for other in expected:
            crowded.add(other)
            states = self.adjusted(states, "added", other, crowded)
        return self.filtered(crowded, states)

    def filtered(self, node: NodeInfo, states: Mapping[str, Any]) -> No | None:
        """Return what the first filter that objects says about a node, given what `pre_filter` remembered."""
        for filter in self._filters:
            answer = filter(self.pod, node, state=states.get(filter.name))
            if (no := no_of(answer, filter.name)) is not None:
                return no
        return None

    def asked(self, filters: Sequence[Extension]) -> Sequence[Extension]:
        """Return those of some filters that have something to say about the pod."""
        return [filter for filter in filters if filter in self._filters]

    @property
    def states(self) -> Mapping[str, Any]:
        """What each plugin's `pre_filter` remembered."""
        while self._known:
            name, state = self._known.popitem()
            extension = next((each for each in self.profile.at("pre_filter") if each.name == name), None)
            if extension is not None:
                self._remember(extension, state())
        return self._states

    def adjusted(self, states: Mapping[str, Any], how: str, other: PodInfo, node: NodeInfo) -> dict[str, Any]:
        """Return the states as they are once another pod was `added` to a node, or `removed` from it."""
        changed = dict(states)
        for name, state in states.items():
            if (method := getattr(self._prepared[name], how, None)) is not None:
                changed[name] = method(state, self.pod, other, node)
        return changed

    def sifted_out(self, nodes: Sequence[NodeInfo]) -> Mapping[str, No]:
        """Return which of the nodes that the filters leave will not do, for those who look at all of them at once."""
        found: dict[str, No] = {}
        for extension in self.profile.at("filter_many"):
            left = [node for node in nodes if node.name not in found]
            if not left:
                break
            for name, answer in extension(self.pod, left, self.cluster).items():
                if (no := no_of(answer, extension.name)) is not None:
                    found[name] = no
        return found

    def tried(self, node: NodeInfo) -> No | None:
        """Return why a node would not do as it would be, for those who look at many at once and can tell."""
        for extension in self.profile.at("filter_many"):
            if getattr(extension.plugin, "tries", False):
                answer = extension(self.pod, [node], self.cluster).get(node.name)
                if (no := no_of(answer, extension.name)) is not None:
                    return no
        return None

    def rated_at_once(self, nodes: Sequence[NodeInfo]) -> Mapping[str, Scores]:
        """Return the scores of those who look at all nodes at once, by plugin."""
        found: dict[str, Scores] = {}
        for extension in self.profile.at("score_many"):
            scores = extension(self.pod, nodes, self.cluster)
            found[extension.name] = {node.name: scores.get(node.name, 0.0) for node in nodes}
        return found

    def reviewed(self, victims: Mapping[str, Sequence[PodInfo]]) -> Mapping[str, Sequence[PodInfo]]:
        """Return which pods may be evicted where, of those that would have to be."""
        for extension in self.profile.at("review_victims"):
            victims = extension(self.pod, victims)
        return victims

    def rate(self, nodes: Sequence[NodeInfo]) -> Rating:
        """Return what the scoring plugins say about nodes where the pod fits."""
        states: dict[str, Any] = {}
        skipped = set()
        for extension in self.profile.at("pre_score"):
            answer = extension(self.pod, nodes, self.cluster)
            if answer is SKIP:
                skipped.add(extension.name)
            else:
                states[extension.name] = answer
        total = {node.name: 0.0 for node in nodes}
        scores: dict[str, Scores] = {}
        for scorer in self.profile.at("score"):
            if scorer.name in skipped:
                continue
            found: Scores = {node.name: scorer(self.pod, node, state=states.get(scorer.name)) for node in nodes}
            found = scores[scorer.name] = self._normalized(scorer, found)
            for name, score in found.items():
                total[name] += scorer.weight * score
        weights = {extension.name: extension.weight for extension in self.profile.at("score_many")}
        for plugin, found in self.rated_at_once(nodes).items():
            scores[plugin] = found
            for name, score in found.items():
                total[name] += weights[plugin] * score
        return Rating(scores, total)

    def _normalized(self, scorer: Extension, scores: Scores) -> Scores:
        normalize = getattr(scorer.plugin, "normalize", None)
        if normalize is None:
            return scores
        try:
            result: Scores = normalize(scores)
        except PluginFailed:
            raise
        except Exception as error:
            raise PluginFailed.by(scorer.name, "normalize", error) from error
        return result

    def _prepare(self) -> No | None:
        for extension in self.profile.at("pre_filter"):
            if extension.name in self._known:
                continue
            answer = extension(self.pod, self.cluster)
            if isinstance(answer, No):
                return No(answer.reasons, answer.final, extension.name)
            self._remember(extension, answer)
        return None

    def _remember(self, extension: Extension, answer: Any) -> None:
        if answer is SKIP:
            self._filters = [filter for filter in self._filters if filter.name != extension.name]
            return
        if isinstance(answer, Only):
            self.only = answer.nodes if self.only is None else self.only & answer.nodes
            self._restricted_by.append(extension.name)
            answer = answer.state
        self._states[extension.name] = answer
        self._prepared[extension.name] = extension.plugin


@dataclass(frozen=True)
class Trial:
    """What `post_filter` gets: why no node would do, and the way to ask what would be if pods were gone."""

    evaluation: Evaluation
    why_not: Mapping[str, No]

    def refused(self, node: NodeInfo, states: Mapping[str, Any]) -> No | None:
        """Return why the pod would not fit on a node as it would be, beside those nominated for it.

        `states` is what `pre_filter` remembered, adjusted to the pods that were taken off the node.
        """
        no = self.evaluation.filtered(node, states)
        if no is None:
            no = self.evaluation.crowded_out(node, states)
        return no if no is not None else self.evaluation.tried(node)


def decide(profile: Profile, pod: PodInfo, cluster: Snapshot, random: Random) -> Decision:
    """Return the best node; one of the best at random, so that equal nodes fill evenly."""
    evaluation = Evaluation(profile, pod, cluster)
    if evaluation.refused is not None:
        return unschedulable(evaluation, {})
    if (reserved := evaluation.reserved()) is not None:
        return Placed(reserved)
    why_not: dict[str, No] = {}
    fitting = []
    for node in cluster.nodes:
        if (no := evaluation.why_not(node)) is None:
            fitting.append(node)
        else:
            why_not[node.name] = no
    if fitting and (sifted := evaluation.sifted_out(fitting)):
        why_not.update(sifted)
        fitting = [node for node in fitting if node.name not in sifted]
    if not fitting:
        return unschedulable(evaluation, why_not)
    if len(fitting) == 1:
        return Placed(fitting[0].name)
    total = evaluation.rate(fitting).total
    highest = max(total.values())
    best = [name for name, score in total.items() if score == highest]
    return Placed(best[0] if len(best) == 1 else random.choice(best))


def reserve_in_snapshot(profile: Profile, pod: PodInfo, node: NodeInfo, cluster: Snapshot) -> No | Callable[[], None]:
    """Let a pod take what it needs besides its place on a node, as far as nobody but the cluster knows of that.

    Return what gives it back, or why it cannot have it.
    """
    taken: list[Callable[[], None]] = []

    def give_back() -> None:
        for undo in reversed(taken):
            undo()

    for extension in profile.at("reserve"):
        if not getattr(extension.plugin, "reserves_in_snapshot", False) or not extension.concerns(pod):
            continue
        before = next((one for one in profile.at("pre_filter") if one.name == extension.name), None)
        state = before(pod, cluster) if before is not None else None
        answer = state if isinstance(state, No) else extension(pod, node, state=None if state is SKIP else state)
        if (no := no_of(answer, extension.name)) is not None:
            give_back()
            return no
        taken.append(partial(extension.plugin.give_back, pod, state))
    return give_back


def unschedulable(evaluation: Evaluation, why_not: Mapping[str, No]) -> Unschedulable:
    """Return that no node will do, after asking whether room can be made."""
    count = len(evaluation.cluster.nodes)
    if evaluation.refused is not None:
        why_not = {node.name: evaluation.refused for node in evaluation.cluster.nodes}
    notes: list[str] = []
    writes: list[Any] = []
    trial = Trial(evaluation, why_not)
    for extension in evaluation.profile.at("post_filter") if count else ():
        answer = extension(evaluation.pod, evaluation.cluster, trial)
        if isinstance(answer, Nominated):
            return Unschedulable(count, why_not, evaluation.refused, notes, answer, writes=writes)
        if isinstance(answer, Note):
            notes.append(answer.message)
            writes += answer.writes
    return Unschedulable(count, why_not, evaluation.refused, notes, writes=writes)
