"""How the pods of one template stand with every node: where they fit, and how good each node is."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from kobune.scheduler.engine.arrays import Codes
from kobune.scheduler.engine.column import Column, Counted
from kobune.scheduler.engine.ground import NOWHERE, Asked, Ground
from kobune.scheduler.engine.refusals import Refusals
from kobune.scheduler.engine.table import Bools, Floats, Ints
from kobune.scheduler.framework import Extension, No, Profile
from kobune.scheduler.framework.answers import no_of
from kobune.scheduler.podinfo import PodInfo

if TYPE_CHECKING:
    from kobune.scheduler.engine.columnar import Columnar


@dataclass
class Elsewhere:
    """A plugin whose answers depend on pods on other nodes."""

    plugin: Any
    name: str
    filters: bool
    weight: int
    column: Column | None = None
    depends: Any = None
    """What its answers depend on besides pods and nodes, when the column was made."""


@dataclass
class Askers:
    """The plugins that have something to say about a pod, by how they can be asked."""

    about_nodes: list[Asked]
    elsewhere: list[Elsewhere]
    individual: list[Extension]
    """The filters that can say nothing of a template, only of each pod."""


def askers(profile: Profile, pod: PodInfo) -> Askers | None:
    """Return how each plugin can be asked about a pod; None if one must be asked as the reference does."""
    found = Askers([], [], [])
    filters = {extension.name: extension for extension in profile.at("filter")}
    scores = {extension.name: extension for extension in profile.at("score")}
    for name in {**filters, **scores}:
        filter, score = filters.get(name), scores.get(name)
        extension = filter or score
        assert extension is not None
        if not extension.concerns(pod):
            continue
        plugin = extension.plugin
        if getattr(plugin, "individual", False) and score is None:
            found.individual.append(extension)
        elif hasattr(plugin, "column"):
            weight = score.weight if score is not None else 0
            found.elsewhere.append(Elsewhere(plugin, name, filter is not None, weight))
        elif hasattr(plugin, "sees") or getattr(plugin, "local", False):
            found.about_nodes.append(Asked(plugin, name, filter, score))
        else:
            return None
    return found


class Standing:
    """What is known for a template, up to the change that was `seen` last."""

    def __init__(self, profile: Profile, pod: PodInfo, engine: "Columnar") -> None:
        self._engine = engine
        self.pod = pod
        self.seen = engine.first + len(engine.log)
        self._nodes_seen = 0
        self._objects_seen = Counter[str]()
        self._order = [extension.name for extension in profile.at("filter")]
        found = askers(profile, pod)
        self.individual: Sequence[Extension] = found.individual if found is not None else ()
        """The filters that can say nothing of a template, only of each pod."""
        self._elsewhere = found.elsewhere if found is not None else []
        ground = engine.ground(profile, pod, found.about_nodes) if found is not None else None
        self.ground: Ground | None = None if ground is None or ground.is_plain else ground
        """What the nodes alone say; None if plugins can only be asked as the reference does: nothing is known then."""

    # Following what happens.

    def catch_up(self) -> None:
        """Look at what has changed since the last time."""
        if self.ground is None:
            return
        self.ground.catch_up()
        engine = self._engine
        start, end = self.seen - engine.first, len(engine.log)
        self.seen = engine.first + end
        if engine.table.changes > self._nodes_seen:
            self._nodes_seen = engine.table.changes
            for elsewhere in self._elsewhere:
                elsewhere.column = None
        if self._elsewhere:
            self._follow_elsewhere(engine.log[start:] if start < end else ())

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

    # What comes of it.

    def fits(self) -> Bools:
        """Return where the pod fits; not to be changed."""
        fits = self._known.fits
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
        highest = np.maximum.reduce(total, initial=NOWHERE)
        if highest == NOWHERE:
            return np.zeros(0, np.int64)
        rows: Ints = (total == highest).nonzero()[0]
        return rows

    def _total(self, fits: Bools) -> Floats:
        ground = self._known
        more: Floats | None = None
        for part in ground.varying:
            if (scores := part.normalized(fits)) is not None:
                more = part.weight * scores if more is None else more + part.weight * scores
        for elsewhere in self._elsewhere:
            if elsewhere.weight and (scores := _column(elsewhere).scores(fits)) is not None:
                more = elsewhere.weight * scores if more is None else more + elsewhere.weight * scores
        total = ground.base if more is None else ground.base + more
        return total if fits is ground.fits else np.where(fits, total, NOWHERE)

    def comes_before(self, extension: Extension, plugin: str) -> bool:
        """Whether a filter is asked before that of another plugin."""
        return plugin in self._order and self._order.index(extension.name) < self._order.index(plugin)

    def why_not(self) -> Mapping[str, No]:
        """Return what the first plugin that objects says about each node where the pod does not fit."""
        ground = self._known
        found: dict[str, tuple[Codes, Any]] = {
            part.name: (part.codes, part.refusal) for part in ground.parts if part.filters
        }
        for elsewhere in self._elsewhere:
            if elsewhere.filters and (codes := _column(elsewhere).codes()) is not None:
                found[elsewhere.name] = (codes, _refusals(elsewhere, self.pod))
        restricted = No((f"node(s) didn't satisfy plugin(s) [{ground.only_by}]",), final=True, plugin=ground.only_by)
        in_order = [found[name] for name in self._order if name in found]
        return Refusals.of(self._engine.table, in_order, ground.only, restricted)

    def states(self) -> Mapping[str, Callable[[], Any]]:
        """Return how to get what some plugins' `pre_filter` would return, without asking about every pod there is."""
        return {
            each.name: partial(each.plugin.state, self.pod, _column(each))
            for each in self._elsewhere
            if each.filters and hasattr(each.plugin, "state")
        }

    @property
    def _known(self) -> Ground:
        assert self.ground is not None
        return self.ground


def _column(elsewhere: Elsewhere) -> Column:
    assert elsewhere.column is not None
    return elsewhere.column


def _refusals(elsewhere: Elsewhere, pod: PodInfo) -> Any:
    def refusal(code: int) -> No:
        no = no_of(elsewhere.plugin.refusal(pod, code), elsewhere.name)
        assert no is not None
        return no

    return refusal
