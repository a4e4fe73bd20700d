"""How pods that need the same of a node stand with every node: where they fit, and how good each node is.

Everything here depends on nodes and the pods on them, one by one. Templates that differ only in what other pods can
tell them by share it: a hundred applications with the same requests look at a new node once.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kobune.scheduler.engine.part import FEW, Part
from kobune.scheduler.engine.table import Bools, Floats, Ints, Rows
from kobune.scheduler.framework import SKIP, Extension, No, Only, Profile
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo

if TYPE_CHECKING:
    from kobune.scheduler.engine.columnar import Columnar

NOWHERE: Final = -np.inf
"""The rating of a node where the pod does not fit."""


@dataclass(frozen=True)
class Asked:
    """A plugin that rules out nodes, or rates them, or both."""

    plugin: Any
    name: str
    filter: Extension | None
    score: Extension | None


def key_of(profile: Profile, pod: PodInfo, asked: Sequence[Asked]) -> Hashable:
    """Return what is equal for pods of which these plugins say the same."""
    shares = all(getattr(each.plugin, "needs_only", False) for each in asked)
    return profile.name, pod.needs if shares else likeness(profile, pod), tuple(each.name for each in asked)


def likeness(profile: Profile, pod: PodInfo) -> bytes:
    """Return what is equal for pods that plugins need not be asked about one by one."""
    return pod.template if profile.foreign else pod.likeness


class Ground:
    """What is known for pods with the same needs, up to the change that was `seen` last."""

    def __init__(self, profile: Profile, pod: PodInfo, asked: Sequence[Asked], engine: "Columnar") -> None:
        self._engine = engine
        self._pod = pod
        self.seen = engine.first + len(engine.log)
        self._nodes_seen = 0
        self.rows = 0
        self.only: frozenset[str] | None = None
        """The nodes that come into question; None for all."""
        self.only_by = ""
        self.parts: list[Part] = []
        self.varying: list[Part] = []
        """The parts that are normalized, and do not say the same of all nodes."""
        self._question: Bools = np.zeros(0, np.bool_)
        """The rows of nodes that come into question at all."""
        self._node_fits: Bools = np.zeros(0, np.bool_)
        self._node_base: Floats = np.zeros(0)
        """As the next two, by what depends on the nodes alone."""
        self.fits: Bools = np.zeros(0, np.bool_)
        """Where all parts say yes."""
        self.base: Floats = np.zeros(0)
        """The weighted scores of parts that are not normalized; `NOWHERE` where the pod does not fit."""
        points = {point: {each.name: each for each in profile.at(point)} for point in ("pre_filter", "pre_score")}
        self.is_plain = not all(self._add_part(each, points) for each in asked)
        """Whether nothing can be known here: a plugin refuses the pod before it has looked at a node."""
        self._local = [part for part in self.parts if not part.is_static]

    # Following what happens.

    def catch_up(self) -> None:
        """Look at what has changed since the last time."""
        engine, table = self._engine, self._engine.table
        start, end = self.seen - engine.first, len(engine.log)
        self.seen = engine.first + end
        if table.changes > self._nodes_seen:
            self._grow(len(table))
            touched = np.flatnonzero(table.changed_at[: len(table)] > self._nodes_seen)
            self._nodes_seen = table.changes
            self._look_again(touched)
        if start < end <= start + FEW:
            for row in set(engine.log_rows[start:]):
                amounts = table.amounts(row)
                for part in self._local:
                    part.update_row(row, amounts)
                self._settle_one(row)
        elif start < end:
            rows = Rows(table, np.array(list(set(engine.log_rows[start:])), np.int64))
            for part in self._local:
                part.update(rows)
            self._settle(rows)

    def _look_again(self, touched: Ints) -> None:
        """Take in nodes that are new or changed."""
        table = self._engine.table
        self._question = np.fromiter((self._comes_into_question(node) for node in table.nodes), np.bool_, len(table))
        live = np.array(list(table.rows.values()), np.int64)
        settled = rows = Rows(table, np.intersect1d(touched, live))
        for part in self.parts:
            if part.pre_score is not None:
                state = part.pre_score(self._pod, (), self._engine.cluster)
                if state != part.score_state:
                    part.score_state = state
                    part.forget()
                    settled = Rows(table, live)
                    part.update(settled)
                    continue
            part.update(rows)
        self._settle_nodes(settled)
        self._settle(settled)
        self.varying = [part for part in self.parts if part.normalizes and part.varies(live)]

    def _settle_nodes(self, rows: Rows) -> None:
        """Add up what depends on the nodes alone."""
        index = rows.index
        fits = self._question[index]
        total = np.zeros(len(index))
        for part in self.parts:
            if part.is_static and part.filters:
                fits &= part.codes[index] == 0
            if part.is_static and part.scores and not part.normalizes:
                total += part.weight * part.raw[index]
        self._node_fits[index] = fits
        self._node_base[index] = total

    def _settle(self, rows: Rows) -> None:
        """Add what depends on the pods on the nodes as well."""
        index = rows.index
        fits, total = self._node_fits[index], self._node_base[index]
        for part in self._local:
            if part.filters:
                fits &= part.codes[index] == 0
            if part.scores and not part.normalizes:
                total += part.weight * part.raw[index]
        self.fits[index] = fits
        self.base[index] = np.where(fits, total, NOWHERE)

    def _settle_one(self, row: int) -> None:
        fits = bool(self._node_fits[row])
        total = self._node_base[row]
        for part in self._local:
            if part.filters and part.codes[row]:
                fits = False
                break
            if part.scores and not part.normalizes:
                total += part.weight * part.raw[row]
        self.fits[row] = fits
        self.base[row] = total if fits else NOWHERE

    def _comes_into_question(self, node: NodeInfo | None) -> bool:
        return node is not None and (self.only is None or node.name in self.only)

    def _grow(self, rows: int) -> None:
        more = rows - self.rows
        if not more:
            return
        self._node_fits = np.concatenate([self._node_fits, np.zeros(more, np.bool_)])
        self._node_base = np.concatenate([self._node_base, np.zeros(more)])
        self.fits = np.concatenate([self.fits, np.zeros(more, np.bool_)])
        self.base = np.concatenate([self.base, np.full(more, NOWHERE)])
        for part in self.parts:
            part.grow(rows)
        self.rows = rows

    # How each plugin can be asked.

    def _add_part(self, asked: Asked, points: Mapping[str, Mapping[str, Extension]]) -> bool:
        name, filter, score = asked.name, asked.filter, asked.score
        state: Any = None
        if filter is not None and name in points["pre_filter"]:
            state = points["pre_filter"][name](self._pod, self._engine.cluster)
            if isinstance(state, No):
                return False
            if state is SKIP:
                filter = None
            elif isinstance(state, Only):
                self.only = state.nodes if self.only is None else self.only & state.nodes
                self.only_by = ", ".join(filter_ for filter_ in (self.only_by, name) if filter_)
                state = state.state
        pre_score = points["pre_score"].get(name) if score is not None else None
        if pre_score is not None and pre_score(self._pod, (), self._engine.cluster) is SKIP:
            score = None
        if filter is not None or score is not None:
            part = Part(asked.plugin, name, self._pod, self._engine.table, filter, score)
            part.filter_state = state
            part.pre_score = pre_score if score is not None else None
            self.parts.append(part)
        return True
