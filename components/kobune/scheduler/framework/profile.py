"""The plugins that decide for the pods of one `schedulerName`, sorted by extension point."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kobune.scheduler.framework.guard import Guarded, PluginFailed, guarded
from kobune.scheduler.podinfo import PodInfo

POINTS: Final = {
    "pre_enqueue": 1,
    "queue_sort": 1,
    "pre_filter": 2,
    "filter": 2,
    "filter_many": 3,
    "post_filter": 3,
    "review_victims": 2,
    "pre_score": 3,
    "score": 2,
    "score_many": 3,
    "reserve": 2,
    "permit": 2,
    "pre_bind": 2,
    "bind": 2,
    "post_bind": 2,
}
"""The extension points in the order in which they are reached, and how many arguments each has at least."""
STATEFUL: Final = {
    "filter": "pre_filter",
    "score": "pre_score",
    "reserve": "pre_filter",
    "pre_bind": "pre_filter",
}
"""Points that get what an earlier one returned as a further argument, if the method has a place for it."""


@dataclass(frozen=True)
class Extension:
    """A plugin at one extension point."""

    plugin: Any
    name: str
    point: str
    weight: int
    takes_state: bool
    method: Callable[..., Any]

    def __call__(self, *arguments: Any, state: Any = None) -> Any:
        """Call the plugin's method; `PluginFailed` if it raises."""
        try:
            return self.method(*arguments, state) if self.takes_state else self.method(*arguments)
        except PluginFailed:
            raise
        except Exception as error:
            raise PluginFailed.by(self.name, self.point, error) from error

    def concerns(self, pod: PodInfo) -> bool:
        """Whether the plugin has anything to say about pods like this one."""
        concerns = getattr(self.plugin, "concerns", None)
        return concerns is None or bool(concerns(pod))


class Profile:
    """Plugins by extension point. Having a method named after a point is joining it."""

    def __init__(
        self,
        name: str,
        plugins: Sequence[Any],
        *,
        weights: Mapping[str, int] | None = None,
        disabled: Mapping[str, Iterable[str]] | None = None,
        order: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """`weights` go by plugin name; `disabled` has, by point, the names of plugins that do not take part there.

        `order` has, by point, the names of those that do, and in which order they are asked.
        """
        self.name = name
        self.plugins = tuple(guarded(plugin, name_of(plugin)) for plugin in plugins)
        self.foreign = tuple(plugin.name for plugin in self.plugins if isinstance(plugin, Guarded))
        """The names of the plugins that others wrote."""
        self.patience = sum(float(getattr(plugin, "patience", 0.0)) for plugin in self.plugins)
        """For how many seconds a decision may have to wait for plugins outside."""
        off = {point: frozenset(names) for point, names in (disabled or {}).items()}
        self._points: dict[str, tuple[Extension, ...]] = {}
        for point in POINTS:
            joined = [
                Extension(
                    plugin,
                    name_of(plugin),
                    point,
                    (weights or {}).get(name_of(plugin)) or int(getattr(plugin, "weight", 1)),
                    _takes_state(plugin, point),
                    getattr(plugin, point),
                )
                for plugin in self._ordered(order.get(point) if order is not None else None)
                if hasattr(plugin, point) and name_of(plugin) not in off.get(point, ())
            ]
            self._points[point] = tuple(joined)

    def at(self, point: str) -> tuple[Extension, ...]:
        """Return the plugins of a point, in order."""
        return self._points[point]

    def _ordered(self, names: Sequence[str] | None) -> Sequence[Any]:
        if names is None:
            return self.plugins
        by_name = {name_of(plugin): plugin for plugin in self.plugins}
        return [by_name[name] for name in names if name in by_name]

    def plugin(self, name: str) -> Any:
        """Return a plugin by its name, or None."""
        return next((plugin for plugin in self.plugins if name_of(plugin) == name), None)


def name_of(plugin: Any) -> str:
    """Return what a plugin is called: its `name`, or that of its class."""
    return str(getattr(plugin, "name", "") or type(plugin).__name__)


def _takes_state(plugin: Any, point: str) -> bool:
    return point in (*STATEFUL, "pre_enqueue") and takes_more(getattr(plugin, point), POINTS[point])


def takes_more(method: Callable[..., Any], arguments: int) -> bool:
    """Whether a method has a place for more than so many arguments."""
    parameters = inspect.signature(method).parameters.values()
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)]
    return len(places) > arguments or any(p.kind is p.VAR_POSITIONAL for p in places)
