"""The engine: one `Standing` per template, brought up to date and asked for its best nodes."""

from random import Random
from typing import Final

from kobune.scheduler.engine.column import Counted
from kobune.scheduler.engine.standing import Standing
from kobune.scheduler.engine.table import Table
from kobune.scheduler.framework import Decision, Evaluation, No, Placed, Profile, decide
from kobune.scheduler.framework.evaluation import unschedulable
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

TEMPLATES: Final = 1000
"""For how many templates standings are kept: the ones used last."""
SPARE: Final = 64
"""How many empty rows are no matter."""
LOG: Final = 100_000
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
        for node in cluster.nodes:
            self.node_changed(node)
        cluster.followers.append(self)

    # Following the snapshot.

    def pods_changed(self, node: NodeInfo, pod: PodInfo, sign: int) -> None:
        """Note that a pod was counted in or out."""
        row = self.table.rows[node.name]
        self.table.count(row, pod, sign)
        self.log.append(Counted(row, pod, sign))
        self.log_rows.append(row)
        if len(self.log) > 2 * LOG:
            self._forget()

    def node_changed(self, node: NodeInfo) -> None:
        """Note that a node is new, or its object changed."""
        self.table.set_node(node)

    def node_removed(self, name: str) -> None:
        """Note that a node is gone."""
        self.table.remove_node(name)
        self._standings.clear()
        if len(self.table) > 2 * len(self.table.rows) + SPARE:
            self._rebuild()

    # Deciding.

    def decide(self, profile: Profile, pod: PodInfo, random: Random) -> Decision:
        """Return what `framework.decide` would."""
        standing = self._standing(profile, pod)
        if standing.is_plain:
            self.plain += 1
            return decide(profile, pod, self.cluster, random)
        pod.adopt(standing.pod)
        evaluation = None
        if pod.status.nominatedNodeName:
            evaluation = Evaluation(profile, pod, self.cluster)
            if (reserved := evaluation.reserved()) is not None:
                return Placed(reserved)
        fits = standing.fits()
        crowded: dict[str, No] = {}
        for name in self.cluster.nominated_nodes:
            row = self.table.rows.get(name)
            node = self.cluster.node(name)
            if row is None or node is None or not fits[row]:
                continue
            evaluation = evaluation or Evaluation(profile, pod, self.cluster)
            if (no := evaluation.crowded_out(node)) is not None:
                crowded[name] = no
        if crowded:
            fits = fits.copy()
            fits[[self.table.rows[name] for name in crowded]] = False
        best = standing.best(fits)
        if not len(best):
            evaluation = evaluation or Evaluation(profile, pod, self.cluster)
            return unschedulable(evaluation, {**standing.why_not(), **crowded})
        row = int(best[0]) if len(best) == 1 else int(random.choice(best))
        chosen = self.table.nodes[row]
        assert chosen is not None
        return Placed(chosen.name)

    def _standing(self, profile: Profile, pod: PodInfo) -> Standing:
        key = (profile.name, pod.template)
        standing = self._standings.pop(key, None)
        if standing is None or standing.seen < self.first:
            standing = Standing(profile, pod, self)
            if len(self._standings) >= TEMPLATES:
                del self._standings[next(iter(self._standings))]
        self._standings[key] = standing  # the last used is the last to go
        standing.catch_up()
        return standing

    def _forget(self) -> None:
        del self.log[:LOG], self.log_rows[:LOG]
        self.first += LOG

    def _rebuild(self) -> None:
        """Number the rows anew: most belong to nodes that are gone."""
        self.table = Table(self.cluster.objects)
        for node in self.cluster.nodes:
            self.node_changed(node)
