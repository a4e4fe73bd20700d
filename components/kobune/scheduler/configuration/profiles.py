"""From what a configuration says to the profiles that decide."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass, replace
from pathlib import Path
from typing import Any, Final

from kobune.scheduler.configuration.catalogue import Catalogue
from kobune.scheduler.configuration.fields import Wrong, camel
from kobune.scheduler.configuration.file import at_fault
from kobune.scheduler.configuration.model import KubeSchedulerConfiguration, Plugin, PluginSet
from kobune.scheduler.configuration.model import Profile as Described
from kobune.scheduler.configuration.outside import (
    extenders,
    ignored_resources,
    is_remote,
    remote_name,
    remote_plugin,
)
from kobune.scheduler.defaults import default_plugins
from kobune.scheduler.framework import Profile
from kobune.scheduler.framework.guard import Guarded
from kobune.scheduler.framework.profile import POINTS, name_of
from kobune.scheduler.outside.extender import HttpExtender
from kobune.scheduler.outside.remote import RemotePlugin
from kobune.scheduler.plugins.node_resources_fit import NodeResourcesFit
from kobune.scheduler.queue import Backoff

ALL: Final = "*"
MULTI: Final = "multi_point"
SAID_AT: Final = {"filter_many": "filter", "score_many": "score", "review_victims": "post_filter"}
"""Under which point of Kubernetes it is said who takes part at one that only Kobune has."""
HEAVIEST: Final = 2**31 - 1


@dataclass(frozen=True)
class Composed:
    """What a configuration comes to."""

    profiles: Sequence[Profile]
    backoff: Backoff


def compose(configuration: KubeSchedulerConfiguration, file: Path) -> Composed:
    """Return the profiles of a configuration; plugins are imported, also such as lie beside the file."""
    folder = str(file.absolute().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # at the end: what lies there takes the place of nothing that is installed
    with at_fault(file):
        asked = extenders(configuration.extenders)
        ignored = ignored_resources(configuration.extenders)
        profiles = [
            _Maker(described, f"profiles[{at}]", asked, ignored).make()
            for at, described in enumerate(configuration.profiles)
        ]
        _check_queue(profiles)
    first, longest = configuration.pod_initial_backoff_seconds, configuration.pod_max_backoff_seconds
    return Composed(profiles, Backoff(float(first), float(longest)))


class _Maker:
    """Makes one profile. Plugins are known by the name that they give themselves, or as they were referred to."""

    def __init__(
        self, described: Described, path: str, extenders: Sequence[HttpExtender], ignored: frozenset[str]
    ) -> None:
        self.described = described
        self.path = path
        self.extenders = extenders
        self.ignored = ignored
        self.own = default_plugins()
        self.catalogue = Catalogue(self.own)
        self.plugins: dict[str, Any] = {name_of(plugin): plugin for plugin in self.own}
        self.referred: dict[str, str] = {}
        """The names of plugins by what refers to them."""
        self.kinds: dict[str, type] = {}
        self.paths: dict[str, str] = {}

    def make(self) -> Profile:
        self._import()
        self._give_arguments()
        multi = self._multi()
        order = {point: self._order(point, multi) for point in POINTS}
        self._extend(order)
        weights = self._weights()
        profile = Profile(self.described.scheduler_name, self._used(order), weights=weights, order=order)
        if not profile.at("queue_sort"):
            raise Wrong(f"{self.path}.plugins.queueSort", "one plugin must sort the queue")
        if len(profile.at("queue_sort")) > 1:
            names = ", ".join(extension.name for extension in profile.at("queue_sort"))
            raise Wrong(f"{self.path}.plugins.queueSort", f"only one plugin can sort the queue, there are {names}")
        if not profile.at("bind"):
            raise Wrong(f"{self.path}.plugins.bind", "one plugin must bind")
        return profile

    def _import(self) -> None:
        for point in (*POINTS, MULTI):
            for at, plugin in enumerate(self._said(point).enabled if point not in SAID_AT else ()):
                path = f"{self.path}.plugins.{camel(point)}.enabled[{at}]"
                if not 0 <= plugin.weight <= HEAVIEST:
                    raise Wrong(f"{path}.weight", f"{plugin.weight} is not in the range 0 to {HEAVIEST}")
                self._refer(plugin.name, f"{path}.name")

    def _refer(self, reference: str, path: str) -> str:
        if reference in self.referred:
            return self.referred[reference]
        if is_remote(reference):
            kind: type = RemotePlugin
            name = remote_name(reference, path)
        else:
            kind = self.catalogue.find(reference, path)
            name = str(getattr(kind, "name", "") or kind.__name__)
        known: type | None = self.kinds.get(name)
        if known is None and name in self.plugins and reference != name:
            known = type(self.plugins[name])
        if known is not None and (known is not kind or is_remote(reference)):
            raise Wrong(path, f"there is another plugin that is called {name}")
        self.kinds[name] = kind
        self.paths.setdefault(name, path)
        self.referred[reference] = self.referred[name] = name
        return name

    def _give_arguments(self) -> None:
        given: dict[str, tuple[Mapping[str, Any], str]] = {}
        for at, config in enumerate(self.described.plugin_config):
            path = f"{self.path}.pluginConfig[{at}]"
            name = self.referred.get(config.name, config.name)
            if name not in self.plugins and name not in self.kinds:
                self.catalogue.find(config.name, f"{path}.name")
                raise Wrong(f"{path}.name", f"{config.name} is not enabled in this profile")
            if name in given:
                raise Wrong(f"{path}.name", f"{config.name} is given twice")
            given[name] = (config.args, f"{path}.args")
        for name, kind in self.kinds.items():
            if name not in self.plugins:
                args, path = given.pop(name, ({}, self.paths[name]))
                if kind is RemotePlugin:
                    reference = next(one for one, known in self.referred.items() if known == name and is_remote(one))
                    self.plugins[name] = remote_plugin(reference, self.described.scheduler_name, args, path)
                else:
                    self.plugins[name] = self.catalogue.make(kind, name, args, path)
        for name, (args, path) in given.items():
            self.plugins[name] = self.catalogue.make(type(self.plugins[name]), name, args, path)

    def _multi(self) -> list[str]:
        """Return who takes part wherever it has a method, in order."""
        said = self._said(MULTI)
        off = {self._disabled(plugin, MULTI, at) for at, plugin in enumerate(said.disabled)}
        names = [] if ALL in off else [name for plugin in self.own if (name := name_of(plugin)) not in off]
        names += [name for plugin in said.enabled if (name := self.referred[plugin.name]) not in names]
        return names

    def _order(self, point: str, multi: Sequence[str]) -> list[str]:
        """Return who takes part at a point: those that are named for it come first."""
        written = SAID_AT.get(point, point)
        said = self._said(written)
        off = {self._disabled(plugin, written, at) for at, plugin in enumerate(said.disabled)}
        first = []
        for at, plugin in enumerate(said.enabled):
            name = self.referred[plugin.name]
            path = f"{self.path}.plugins.{camel(written)}.enabled[{at}].name"
            if not _joins(self.plugins[name], written):
                raise Wrong(path, _missing(self.plugins[name], name, written))
            if name in first:
                raise Wrong(path, f"{name} is given twice")
            first.append(name)
        first = [name for name in first if hasattr(self.plugins[name], point)]
        if ALL in off:
            return first
        rest = [name for name in multi if name not in off and name not in first and hasattr(self.plugins[name], point)]
        if point == "bind":
            rest.sort(key=lambda name: name == "DefaultBinder")  # it leaves nothing to those after it
        return first + rest

    def _disabled(self, plugin: Plugin, point: str, at: int) -> str:
        name = self.referred.get(plugin.name, plugin.name)
        if name != ALL and name not in self.plugins and not self.catalogue.is_lacking(name):
            self.catalogue.find(name, f"{self.path}.plugins.{camel(point)}.disabled[{at}].name")
        return name

    def _weights(self) -> Mapping[str, int]:
        """Return how much each plugin's scores count, where that is said: at `score` before `multiPoint`."""
        found: dict[str, int] = {}
        for point in (MULTI, "score"):
            for plugin in self._said(point).enabled:
                if plugin.weight:
                    found[self.referred[plugin.name]] = plugin.weight
        return found

    def _extend(self, order: Mapping[str, list[str]]) -> None:
        """Ask the extenders after all others, but for a binding, which the first takes who wants it."""
        for extender in self.extenders:
            self.plugins[extender.name] = extender
            for point, names in order.items():
                if point == "bind" and hasattr(extender, point):
                    names.insert(0, extender.name)
                elif hasattr(extender, point):
                    names.append(extender.name)
        fit = self.plugins["NodeResourcesFit"]
        if self.ignored and isinstance(fit, NodeResourcesFit):
            self.plugins["NodeResourcesFit"] = replace(fit, ignored_resources=fit.ignored_resources | self.ignored)

    def _used(self, order: Mapping[str, Sequence[str]]) -> Sequence[Any]:
        used = {name for names in order.values() for name in names}
        return [plugin for name, plugin in self.plugins.items() if name in used]

    def _said(self, point: str) -> PluginSet:
        return self.described.plugins.at(point)


def _missing(plugin: Any, name: str, point: str) -> str:
    """Return why a plugin cannot take part at a point."""
    if not isinstance(getattr(plugin, "plugin", plugin), RemotePlugin):
        return f"{name} has no method {point}"
    there = ", ".join(camel(other) for other in POINTS if other not in SAID_AT and _joins(plugin, other))
    return f"{name} is in another process, and the protocol for that has no {camel(point)}: it has {there}"


def _joins(plugin: Any, point: str) -> bool:
    return any(hasattr(plugin, method) for method in _methods(point))


def _methods(point: str) -> list[str]:
    """Return the methods that join a point of Kubernetes."""
    return [point, *(method for method, written in SAID_AT.items() if written == point)]


def _check_queue(profiles: Sequence[Profile]) -> None:
    """Refuse profiles that would sort the queue, of which there is one, differently."""
    first, *others = [profile.at("queue_sort")[0].plugin for profile in profiles]
    for at, other in enumerate(others, 1):
        if not _same(first, other):
            raise Wrong(
                f"profiles[{at}].plugins.queueSort",
                f"{name_of(other)} is not what the first profile has, {name_of(first)}: there is one queue for all",
            )


def _same(one: Any, other: Any) -> bool:
    one, other = (plugin.plugin if isinstance(plugin, Guarded) else plugin for plugin in (one, other))
    return type(one) is type(other) and (one == other or not is_dataclass(one))
