"""Where plugins are found by name, and how they get their arguments."""

import dataclasses
import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import entry_points
from typing import Any, Final

from kobune.scheduler.configuration.arguments import ARGUMENTS
from kobune.scheduler.configuration.fields import Wrong, build, join, suggestion
from kobune.scheduler.configuration.model import API_VERSION
from kobune.scheduler.framework.profile import POINTS, STATEFUL, name_of

MAY_WAIT: Final = ("pre_bind", "bind")
GROUP: Final = "kobune.scheduler.plugins"
"""Entry points of this group are plugins."""
OF_KUBERNETES: Final = frozenset(
    {
        "DefaultBinder",
        "DefaultPreemption",
        "DynamicResources",
        "GangScheduling",
        "ImageLocality",
        "InterPodAffinity",
        "NodeAffinity",
        "NodeDeclaredFeatures",
        "NodeName",
        "NodePorts",
        "NodeResourcesBalancedAllocation",
        "NodeResourcesFit",
        "NodeUnschedulable",
        "NodeVolumeLimits",
        "PodTopologySpread",
        "PrioritySort",
        "SchedulingGates",
        "TaintToleration",
        "VolumeBinding",
        "VolumeRestrictions",
        "VolumeZone",
    }
)
"""The plugins that Kubernetes' scheduler has."""


class Catalogue:
    """All plugins that can be named."""

    def __init__(self, own: Sequence[Any]) -> None:
        """`own` are those that take part by default."""
        self._own: Mapping[str, type] = {name_of(plugin): type(plugin) for plugin in own}

    def is_lacking(self, name: str) -> bool:
        """Whether it is a plugin of Kubernetes that there is none of here."""
        return name in OF_KUBERNETES and name not in self._own

    def find(self, name: str, path: str) -> type:
        """Return the class of a plugin; `Wrong` says at `path` why there is none."""
        if name in self._own:
            return self._own[name]
        if self.is_lacking(name):
            raise Wrong(path, f"Kubernetes' plugin {name} is not supported yet")
        if ":" in name or "." in name:
            return _imported(name, path)
        entries = {entry.name: entry for entry in entry_points(group=GROUP)}
        if name not in entries:
            known = sorted({*self._own, *entries})
            hint = suggestion(name, known) or f"; there are {', '.join(known)}, and yours as module:Class"
            raise Wrong(path, f"there is no plugin {name!r}{hint}")
        try:
            return _checked(entries[name].load(), name, path)
        except Wrong:
            raise
        except Exception as error:
            raise Wrong(path, f"the entry point {entries[name].value!r} cannot be loaded: {_told(error)}") from error

    def make(self, kind: type, name: str, args: Mapping[str, Any], path: str) -> Any:
        """Return a plugin with its arguments."""
        args = dict(args)
        for field, wanted in (("apiVersion", API_VERSION), ("kind", f"{name}Args")):
            if field in args and args.pop(field) != wanted:
                raise Wrong(join(path, field), f"is not {wanted}")
        if name in ARGUMENTS and self._own.get(name) is kind:
            return build(ARGUMENTS[name], args, path).plugin()
        if dataclasses.is_dataclass(kind):
            # The weight of a default plugin is said where it is enabled, as Kubernetes does it.
            return build(kind, args, path, but=("weight",) if name in self._own else ())
        if args:
            raise Wrong(path, f"{name} takes no arguments: it is not a dataclass")
        try:
            return kind()
        except Exception as error:
            raise Wrong(path, f"{name} cannot be made: {_told(error)}") from error


def _imported(name: str, path: str) -> type:
    module, _, attribute = name.rpartition(":") if ":" in name else name.rpartition(".")
    if not module or not attribute:
        raise Wrong(path, f"{name!r} is not module:Class")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(f"{error.name}.")):
            raise Wrong(path, f"there is no module {error.name!r}, neither installed nor beside the file") from error
        raise Wrong(path, f"{module} cannot be imported: {_told(error)}") from error
    except Exception as error:
        raise Wrong(path, f"{module} cannot be imported: {_told(error)}") from error
    if not hasattr(found, attribute):
        where = getattr(found, "__file__", module)
        there = [key for key, value in vars(found).items() if inspect.isclass(value)]
        raise Wrong(path, f"there is no {attribute!r} in {where}{suggestion(attribute, there)}")
    return _checked(getattr(found, attribute), name, path)


def _checked(found: Any, name: str, path: str) -> type:
    if not inspect.isclass(found):
        raise Wrong(path, f"{name} is not a class")
    if not any(callable(getattr(found, point, None)) for point in POINTS):
        raise Wrong(path, f"{name} has no method of an extension point: {', '.join(POINTS)}")
    for point, arguments in POINTS.items():
        method = inspect.getattr_static(found, point, None)  # without `self`, only functions are understood
        if inspect.isfunction(method) and (why := _misshapen(method, point, arguments)):
            raise Wrong(path, f"{name}.{point} {why}")
    return found


def _misshapen(method: Callable[..., Any], point: str, arguments: int) -> str:
    """Return why a method cannot be called at a point; empty if it can."""
    if inspect.iscoroutinefunction(method) and point not in MAY_WAIT:
        return f"must not be async: only {' and '.join(MAY_WAIT)} may wait"
    signature = inspect.signature(method)
    most = arguments + (point in (*STATEFUL, "pre_enqueue"))
    for count in range(arguments, most + 1):
        with suppress(TypeError):
            signature.bind(*[None] * (count + 1))  # the first is `self`
            return ""
    return f"has to take {' or '.join(map(str, range(arguments, most + 1)))} arguments besides self"


def _told(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
