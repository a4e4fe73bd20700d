"""The engine: one `Standing` per template, brought up to date and asked for its best nodes."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from random import Random
from typing import Final
from weakref import WeakValueDictionary

import numpy as np

from kobune.scheduler.engine.column import Counted
from kobune.scheduler.engine.ground import Asked, Ground, key_of, likeness
from kobune.scheduler.engine.standing import Standing
from kobune.scheduler.engine.table import Bools, Floats, Table
from kobune.scheduler.framework import Decision, Evaluation, Extension, No, Placed, Profile, decide
from kobune.scheduler.framework.answers import no_of
from kobune.scheduler.framework.evaluation import unschedulable
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

TEMPLATES: Final = 1000
"""For how many templates standings are kept: the ones used last."""
SPARE: Final = 64
"""How many empty rows are no matter."""
LOG: Final = 20_000
"""How many changes are kept for standings that have not seen them."""


class Columnar:
    """Decides for one or more profiles on one snapshot, which it follows."""

    def __init__(self, cluster: Snapshot) -> None:
        self.cluster = cluster
        self.table = Table(self.cluster.objects)
        self.log: list[Counted] = []
        """Pods that came and went…"""
        self.log_rows: list[int] = []
        """…the rows of these changes…"""
        self.first = 0
        """…from this change on."""
        self.plain = 0
        """How many decisions were made as the reference makes them."""
        self._standings: dict[tuple[str, bytes], Standing] = {}
        self._grounds: WeakValueDictionary[Hashable, Ground] = WeakValueDictionary()
        """What standings have in common."""
        for node in cluster.nodes:
            self.node_changed(node)
        cluster.followers.append(self)

    # Following the snapshot.

    def pods_changed(self, node: NodeInfo, pod: PodInfo, sign: int) -> None:
        """Note that a pod was counted in or out."""
        row = self.table.rows[node.name]
        self.log.append(Counted(row, self.table.count(row, pod, sign), sign))
        self.log_rows.append(row)
        if len(self.log) > 2 * LOG:
            self._forget()

    def node_changed(self, node: NodeInfo) -> None:
        """Note that a node is new, or its object changed."""
        self.table.set_node(node)

    def node_removed(self, name: str) -> None:
        """Note that a node is gone."""
        self.table.remove_node(name)
        self._start_over()
        if len(self.table) > 2 * len(self.table.rows) + SPARE:
            self._rebuild()

    # Deciding.

    def decide(self, profile: Profile, pod: PodInfo, random: Random) -> Decision:
        """Return what `framework.decide` would."""
        standing = self._standing(profile, pod)
        try:
            return self._decide(profile, pod, standing, random)
        except BaseException:
            self._start_over()  # nobody knows in which state things are
            raise

    def _decide(self, profile: Profile, pod: PodInfo, standing: Standing, random: Random) -> Decision:
        if standing.ground is None:
            self.plain += 1
            return decide(profile, pod, self.cluster, random)
        pod.adopt(standing.pod)
        evaluation = None
        if pod.status.nominatedNodeName or standing.individual:
            evaluation = Evaluation(profile, pod, self.cluster, standing.states())
            if evaluation.refused is not None:
                return unschedulable(evaluation, {})
            if pod.status.nominatedNodeName and (reserved := evaluation.reserved()) is not None:
                return Placed(reserved)
        fits = standing.fits()
        crowded: dict[str, No] = {}
        if standing.individual and evaluation is not None:
            crowded = _objections(evaluation, standing.individual, self._nodes(fits))
            fits = self._without(fits, crowded)
        for name in self.cluster.nominated_nodes:
            row = self.table.rows.get(name)
            node = self.cluster.node(name)
            if row is None or node is None or not fits[row] or not self.cluster.nominated_on(name, pod):
                continue
            evaluation = evaluation or Evaluation(profile, pod, self.cluster, standing.states())
            if (no := evaluation.crowded_out(node, evaluation.states)) is not None:
                crowded[name] = no
        fits = self._without(fits, crowded)
        if profile.at("filter_many") and fits.any():
            evaluation = evaluation or Evaluation(profile, pod, self.cluster, standing.states())
            sifted = evaluation.sifted_out(self._nodes(fits))
            if sifted:
                crowded = {**crowded, **sifted}
                fits = self._without(fits, sifted)
        more = None
        if profile.at("score_many") and fits.sum() > 1:
            evaluation = evaluation or Evaluation(profile, pod, self.cluster, standing.states())
            more = self._rated_at_once(profile, evaluation, fits)
        best = standing.best(fits, more)
        if not len(best):
            evaluation = evaluation or Evaluation(profile, pod, self.cluster, standing.states())
            why_not = standing.why_not()
            if crowded:
                why_not = {**why_not, **crowded}
            if standing.individual:
                why_not = {**why_not, **self._earlier(standing, evaluation, why_not)}
            return unschedulable(evaluation, why_not)
        row = int(best[0]) if len(best) == 1 else int(random.choice(best))
        chosen = self.table.nodes[row]
        assert chosen is not None
        return Placed(chosen.name)

    def _earlier(self, standing: Standing, evaluation: Evaluation, why_not: Mapping[str, No]) -> Mapping[str, No]:
        """Return the objections of those who were not asked about nodes that a later filter rules out, too."""
        found: dict[str, No] = {}
        for name, no in why_not.items():
            earlier = [extension for extension in standing.individual if standing.comes_before(extension, no.plugin)]
            node = self.cluster.node(name)
            if earlier and node is not None and (evaluation.only is None or name in evaluation.only):
                found |= _objections(evaluation, earlier, [node])
        return found

    def _without(self, fits: Bools, names: Iterable[str]) -> Bools:
        rows = [self.table.rows[name] for name in names if name in self.table.rows]
        if not rows:
            return fits
        fits = fits.copy()
        fits[rows] = False
        return fits

    def _nodes(self, fits: Bools) -> Sequence[NodeInfo]:
        nodes = [self.table.nodes[row] for row in np.flatnonzero(fits).tolist()]
        return [node for node in nodes if node is not None]

    def _rated_at_once(self, profile: Profile, evaluation: Evaluation, fits: Bools) -> Floats:
        weights = {extension.name: extension.weight for extension in profile.at("score_many")}
        more = np.zeros(len(fits))
        for plugin, scores in evaluation.rated_at_once(self._nodes(fits)).items():
            rows = [self.table.rows[name] for name in scores]
            more[rows] += weights[plugin] * np.fromiter(scores.values(), np.float64, len(scores))
        return more

    def _standing(self, profile: Profile, pod: PodInfo) -> Standing:
        key = (profile.name, likeness(profile, pod))
        standing = self._standings.pop(key, None)
        if standing is None or standing.seen < self.first:
            standing = Standing(profile, pod, self)
            if len(self._standings) >= TEMPLATES:
                del self._standings[next(iter(self._standings))]
        try:
            standing.catch_up()
        except BaseException:
            self._start_over()
            raise
        self._standings[key] = standing  # the last used is the last to go
        return standing

    def ground(self, profile: Profile, pod: PodInfo, asked: Sequence[Asked]) -> Ground:
        """Return what nodes alone are to pods with the needs of this one."""
        key = key_of(profile, pod, asked)
        found = self._grounds.get(key)
        if found is None or found.seen < self.first:
            found = self._grounds[key] = Ground(profile, pod, asked, self)
        return found

    def _start_over(self) -> None:
        self._standings.clear()
        self._grounds.clear()

    def _forget(self) -> None:
        del self.log[:LOG], self.log_rows[:LOG]
        self.first += LOG

    def _rebuild(self) -> None:
        """Number the rows anew: most belong to nodes that are gone."""
        self.table = Table(self.cluster.objects)
        for node in self.cluster.nodes:
            self.node_changed(node)


def _objections(evaluation: Evaluation, filters: Sequence[Extension], nodes: Sequence[NodeInfo]) -> dict[str, No]:
    """Return what the first of these filters that objects says about each of these nodes."""
    found: dict[str, No] = {}
    asked = evaluation.asked(filters)
    for node in nodes:
        for filter in asked:
            answer = filter(evaluation.pod, node, state=evaluation.states.get(filter.name))
            if (no := no_of(answer, filter.name)) is not None:
                found[node.name] = no
                break
    return found
