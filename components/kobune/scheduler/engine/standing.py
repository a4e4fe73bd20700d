"""How the pods of one template stand with every node: where they fit, and how good each node is."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kobune.scheduler.engine.arrays import Codes
from kobune.scheduler.engine.column import Column, Counted
from kobune.scheduler.engine.part import Part
from kobune.scheduler.engine.table import Bools, Floats, Ints, Rows
from kobune.scheduler.framework import SKIP, Extension, No, Only, Profile
from kobune.scheduler.framework.answers import no_of
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo

if TYPE_CHECKING:
    from kobune.scheduler.engine.columnar import Columnar

NOWHERE: Final = -np.inf
"""The rating of a node where the pod does not fit."""


@dataclass
class _Elsewhere:
    """A plugin whose answers depend on pods on other nodes."""

    plugin: Any
    name: str
    filters: bool
    weight: int
    column: Column | None = None
    depends: Any = None
    """What its answers depend on besides pods and nodes, when the column was made."""


class Standing:
    """What is known for a template, up to the change that was `seen` last."""

    def __init__(self, profile: Profile, pod: PodInfo, engine: "Columnar") -> None:
        self._engine = engine
        self.pod = pod
        self.seen = engine.first + len(engine.log)
        self._nodes_seen = 0
        self._objects_seen = Counter[str]()
        self._rows = 0
        self._order = [extension.name for extension in profile.at("filter")]
        self._only: frozenset[str] | None = None
        self._only_by = ""
        self._parts: list[Part] = []
        self._elsewhere: list[_Elsewhere] = []
        self.individual: list[Extension] = []
        """The filters that can say nothing of a template, only of each pod."""
        self._varying: list[Part] = []
        """The parts that are normalized, and do not say the same of all nodes."""
        self._question: Bools = np.zeros(0, np.bool_)
        """The rows of nodes that come into question at all."""
        self._node_fits: Bools = np.zeros(0, np.bool_)
        self._node_base: Floats = np.zeros(0)
        """As the next two, by what depends on the nodes alone."""
        self._fits: Bools = np.zeros(0, np.bool_)
        """Where all parts say yes."""
        self._base: Floats = np.zeros(0)
        """The weighted scores of parts that are not normalized; `NOWHERE` where the pod does not fit."""
        self.is_plain = not self._ask(profile)
        """Whether a plugin can only be asked as the reference does: then nothing is known here."""
        self._local = [part for part in self._parts if not part.is_static]

    # Following what happens.

    def catch_up(self) -> None:
        """Look at what has changed since the last time."""
        if self.is_plain:
            return
        engine, table = self._engine, self._engine.table
        start, end = self.seen - engine.first, len(engine.log)
        self.seen = engine.first + end
        if table.changes > self._nodes_seen:
            self._grow(len(table))
            touched = np.flatnonzero(table.changed_at[: len(table)] > self._nodes_seen)
            self._nodes_seen = table.changes
            self._look_again(touched)
        if self._elsewhere:
            self._follow_elsewhere(engine.log[start:] if start < end else ())
        if start < end:
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
        for part in self._parts:
            if part.pre_score is not None:
                state = part.pre_score(self.pod, (), self._engine.cluster)
                if state != part.score_state:
                    part.score_state = state
                    part.forget()
                    settled = Rows(table, live)
                    part.update(settled)
                    continue
            part.update(rows)
        self._settle_nodes(settled)
        self._settle(settled)
        self._varying = [part for part in self._parts if part.normalizes and part.varies(live)]
        for elsewhere in self._elsewhere:
            elsewhere.column = None

    def _follow_elsewhere(self, changes: Sequence[Counted]) -> None:
        """Take in pods that came or went, and make the columns anew where more than that has changed."""
        table = self._engine.table
        objects = table.objects
        if self._objects_seen != objects.changes:
            self._objects_seen = objects.changes.copy()
            for elsewhere in self._elsewhere:
                if hasattr(elsewhere.plugin, "depends"):
                    depends = elsewhere.plugin.depends(self.pod, objects)
                    if depends != elsewhere.depends:
                        elsewhere.depends = depends
                        elsewhere.column = None
        for elsewhere in self._elsewhere:
            if elsewhere.column is None:
                elsewhere.column = elsewhere.plugin.column(self.pod, table)
            elif changes:
                elsewhere.column.update(changes)

    def _settle_nodes(self, rows: Rows) -> None:
        """Add up what depends on the nodes alone."""
        index = rows.index
        fits = self._question[index]
        total = np.zeros(len(index))
        for part in self._parts:
            if part.is_static and part.filters:
                fits &= part.codes[index] == 0
            if part.is_static and part.scores and not part.normalizes:
                total += part.weight * part.raw[index]
        self._node_fits[index] = fits
        self._node_base[index] = total

    def _settle(self, rows: Rows) -> None:
        """Add what depends on the pods on the nodes as well."""
        index = rows.index
        if len(index) == 1:
            self._settle_one(int(index[0]))
            return
        fits, total = self._node_fits[index], self._node_base[index]
        for part in self._local:
            if part.filters:
                fits &= part.codes[index] == 0
            if part.scores and not part.normalizes:
                total += part.weight * part.raw[index]
        self._fits[index] = fits
        self._base[index] = np.where(fits, total, NOWHERE)

    def _settle_one(self, row: int) -> None:
        fits = bool(self._node_fits[row])
        total = self._node_base[row]
        for part in self._local:
            if part.filters and part.codes[row]:
                fits = False
                break
            if part.scores and not part.normalizes:
                total += part.weight * part.raw[row]
        self._fits[row] = fits
        self._base[row] = total if fits else NOWHERE

    def _comes_into_question(self, node: NodeInfo | None) -> bool:
        return node is not None and (self._only is None or node.name in self._only)

    def _grow(self, rows: int) -> None:
        more = rows - self._rows
        if not more:
            return
        self._node_fits = np.concatenate([self._node_fits, np.zeros(more, np.bool_)])
        self._node_base = np.concatenate([self._node_base, np.zeros(more)])
        self._fits = np.concatenate([self._fits, np.zeros(more, np.bool_)])
        self._base = np.concatenate([self._base, np.full(more, NOWHERE)])
        for part in self._parts:
            part.grow(rows)
        self._rows = rows

    # What comes of it.

    def fits(self) -> Bools:
        """Return where the pod fits; not to be changed."""
        fits = self._fits
        for elsewhere in self._elsewhere:
            if elsewhere.filters and (codes := _column(elsewhere).codes()) is not None:
                fits = fits & (codes == 0)
        return fits

    def best(self, fits: Bools, more: Floats | None = None) -> Ints:
        """Return the rows rated highest of those where it `fits`, in order; none if it fits nowhere.

        `more` is what others add to the rating.
        """
        total = self._total(fits)
        if more is not None:
            total = total + more
        highest = total.max(initial=NOWHERE)
        if highest == NOWHERE:
            return np.zeros(0, np.int64)
        return np.flatnonzero(total == highest)

    def _total(self, fits: Bools) -> Floats:
        more: Floats | None = None
        for part in self._varying:
            if (scores := part.normalized(fits)) is not None:
                more = part.weight * scores if more is None else more + part.weight * scores
        for elsewhere in self._elsewhere:
            if elsewhere.weight and (scores := _column(elsewhere).scores(fits)) is not None:
                more = elsewhere.weight * scores if more is None else more + elsewhere.weight * scores
        total = self._base if more is None else self._base + more
        return total if fits is self._fits else np.where(fits, total, NOWHERE)

    def comes_before(self, extension: Extension, plugin: str) -> bool:
        """Whether a filter is asked before that of another plugin."""
        return plugin in self._order and self._order.index(extension.name) < self._order.index(plugin)

    def why_not(self) -> Mapping[str, No]:
        """Return what the first plugin that objects says about each node where the pod does not fit."""
        table = self._engine.table
        refused: dict[str, No] = {}
        askers: dict[str, tuple[Codes, Any]] = {
            part.name: (part.codes, part.refusal) for part in self._parts if part.filters
        }
        for elsewhere in self._elsewhere:
            if elsewhere.filters and (codes := _column(elsewhere).codes()) is not None:
                askers[elsewhere.name] = (codes, _refusals(elsewhere, self.pod))
        first = np.full(self._rows, -1, np.int64)
        ordered = [askers[name] for name in self._order if name in askers]
        for at in range(len(ordered) - 1, -1, -1):
            first[ordered[at][0] != 0] = at
        meanings: dict[tuple[int, int], No] = {}
        restricted = No((f"node(s) didn't satisfy plugin(s) [{self._only_by}]",), final=True, plugin=self._only_by)
        for name, row in table.rows.items():
            if self._only is not None and name not in self._only:
                refused[name] = restricted
                continue
            at = int(first[row])
            if at < 0:
                continue
            codes, refusal = ordered[at]
            key = (at, int(codes[row]))
            if key not in meanings:
                meanings[key] = refusal(key[1])
            refused[name] = meanings[key]
        return refused

    # How each plugin can be asked.

    def _ask(self, profile: Profile) -> bool:
        """Find out how each plugin can be asked; False if one must be asked as the reference does."""
        points = {point: {extension.name: extension for extension in profile.at(point)} for point in ASKED}
        for name in {**points["filter"], **points["score"]}:
            filter, score = points["filter"].get(name), points["score"].get(name)
            extension = filter or score
            assert extension is not None
            if not extension.concerns(self.pod):
                continue
            plugin = extension.plugin
            if getattr(plugin, "individual", False) and score is None:
                self.individual.append(extension)
            elif hasattr(plugin, "column"):
                weight = score.weight if score is not None else 0
                self._elsewhere.append(_Elsewhere(plugin, name, filter is not None, weight))
            elif hasattr(plugin, "sees") or getattr(plugin, "local", False):
                if not self._add_part(plugin, name, filter, score, points):
                    return False
            else:
                return False
        return True

    def _add_part(
        self,
        plugin: Any,
        name: str,
        filter: Extension | None,
        score: Extension | None,
        points: Mapping[str, Mapping[str, Extension]],
    ) -> bool:
        state: Any = None
        if filter is not None and name in points["pre_filter"]:
            state = points["pre_filter"][name](self.pod, self._engine.cluster)
            if isinstance(state, No):
                return False
            if state is SKIP:
                filter = None
            elif isinstance(state, Only):
                self._only = state.nodes if self._only is None else self._only & state.nodes
                self._only_by = ", ".join(filter_ for filter_ in (self._only_by, name) if filter_)
                state = state.state
        pre_score = points["pre_score"].get(name) if score is not None else None
        if pre_score is not None and pre_score(self.pod, (), self._engine.cluster) is SKIP:
            score = None
        if filter is not None or score is not None:
            part = Part(plugin, name, self.pod, self._engine.table, filter, score)
            part.filter_state = state
            part.pre_score = pre_score if score is not None else None
            self._parts.append(part)
        return True


ASKED: Final = ("pre_filter", "filter", "pre_score", "score")


def _column(elsewhere: _Elsewhere) -> Column:
    assert elsewhere.column is not None
    return elsewhere.column


def _refusals(elsewhere: _Elsewhere, pod: PodInfo) -> Any:
    def refusal(code: int) -> No:
        no = no_of(elsewhere.plugin.refusal(pod, code), elsewhere.name)
        assert no is not None
        return no

    return refusal
