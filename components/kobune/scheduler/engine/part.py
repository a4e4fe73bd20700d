"""One plugin's answers about every node, for the pods of one template, where they depend on the node alone."""

from collections.abc import Hashable
from typing import Any

import numpy as np

from kobune.scheduler.engine.table import Bools, Floats, Ints, Rows, Table
from kobune.scheduler.framework import Extension, No
from kobune.scheduler.framework.answers import no_of
from kobune.scheduler.podinfo import PodInfo

FEW = 8
"""Up to so many rows, asking about each is faster than asking about all of them at once."""
REMEMBERED = 10_000
"""For so many amounts it is remembered what a plugin said."""


class Part:
    """A plugin that rules nodes out, or rates them, or both: row by row."""

    def __init__(
        self, plugin: Any, name: str, pod: PodInfo, table: Table, filter: Extension | None, score: Extension | None
    ) -> None:
        self.plugin = plugin
        self.name = name
        self.is_static = hasattr(plugin, "sees")
        self._counts_only = getattr(plugin, "counts_only", False)
        self.weight = score.weight if score is not None else 0
        self.filter_state: Any = None
        self.score_state: Any = None
        self.pre_score: Extension | None = None
        """What makes `score_state`, which may change with the nodes there are."""
        self._pod = pod
        self._table = table
        self._filter = filter
        self._score = score
        self._seen: dict[Hashable, tuple[int, float]] = {}
        self._nos: list[No | None] = [None]
        self._code_of: dict[No, int] = {}
        self.codes: Ints = np.zeros(0, np.int64)
        """0 where the pod fits."""
        self.raw: Floats = np.zeros(0)
        """The scores as the plugin gives them."""

    @property
    def filters(self) -> bool:
        """Whether it rules out nodes."""
        return self._filter is not None

    @property
    def scores(self) -> bool:
        """Whether it rates nodes."""
        return self._score is not None

    @property
    def normalizes(self) -> bool:
        """Whether its scores have to be seen together."""
        return self.scores and hasattr(self.plugin, "normalize")

    def grow(self, rows: int) -> None:
        """Make place for more nodes."""
        self.codes = np.concatenate([self.codes, np.zeros(rows - len(self.codes), np.int64)])
        self.raw = np.concatenate([self.raw, np.zeros(rows - len(self.raw))])

    def forget(self) -> None:
        """Take nothing for granted that was seen so far."""
        self._seen.clear()

    def update(self, rows: Rows) -> None:
        """Look at these nodes again."""
        if len(rows) <= FEW or not (
            (not self.filters or hasattr(self.plugin, "filter_rows"))
            and (not self.scores or hasattr(self.plugin, "score_rows"))
        ):
            for row in rows.index.tolist():
                self.update_row(row, self._table.amounts(row))
            return
        if self.filters:
            self.codes[rows.index] = self.plugin.filter_rows(self._pod, rows)
        if self.scores:
            self.raw[rows.index] = self.plugin.score_rows(self._pod, rows)

    def refusal(self, code: int) -> No:
        """Return what a code means."""
        if code < 0:
            no = self._nos[-code]
            assert no is not None
            return no
        no = no_of(self.plugin.refusal(self._pod, code), self.name)
        assert no is not None
        return no

    def varies(self, rows: Ints) -> bool:
        """Whether it rates some of these nodes otherwise than others, as far as that cannot change by pods."""
        found = self.raw[rows]
        return not self.is_static or bool(len(found) and found.min() != found.max())

    def normalized(self, fitting: Bools) -> Floats | None:
        """Return the normalized scores, which count where `fitting`; None if they are all the same."""
        found = self.raw[fitting]
        if not len(found) or found.min() == found.max():
            return None
        scores = np.zeros(len(self.raw))
        scores[fitting] = self.plugin.normalize_rows(found)
        return scores

    def update_row(self, row: int, amounts: bytes) -> None:
        """Look at a node again, with these amounts of everything."""
        node = self._table.nodes[row]
        if node is None:
            return
        if self.is_static or self._counts_only:
            key = self.plugin.sees(self._pod, node) if self.is_static else amounts
            known = self._seen.get(key)
            if known is None:
                if len(self._seen) >= REMEMBERED:
                    self._seen.clear()
                known = self._seen[key] = (self._code(node), self._rating(node))
            self.codes[row], self.raw[row] = known
            return
        if self._filter is not None:
            self.codes[row] = self._code(node)
        if self._score is not None:
            self.raw[row] = self._rating(node)

    def _code(self, node: Any) -> int:
        if self._filter is None:
            return 0
        no = no_of(self._filter(self._pod, node, state=self.filter_state), self.name)
        if no is None:
            return 0
        code = self._code_of.get(no)
        if code is None:
            # Negative, so that they are not taken for those of `filter_rows`.
            code = self._code_of[no] = -len(self._nos)
            self._nos.append(no)
        return code

    def _rating(self, node: Any) -> float:
        return self._score(self._pod, node, state=self.score_state) if self._score is not None else 0.0
