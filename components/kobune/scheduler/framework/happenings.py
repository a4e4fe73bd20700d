"""What happens in the cluster, and whom it may help. Source: KEP-4247 (queueing hints)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from kobune.api.core.v1 import Node, Pod
from kobune.scheduler.framework.guard import Guarded
from kobune.scheduler.framework.profile import Profile, name_of
from kobune.scheduler.podinfo import PodInfo

ANY: Final = "*"


@dataclass(frozen=True)
class Happening:
    """A change of an object that decisions look at: before and after."""

    kind: str
    actions: tuple[str, ...]
    """Add, Update or Delete; what of a node or pod is different comes first, as `UpdateNodeTaint`."""
    old: Any = None
    new: Any = None
    is_ours: bool = False
    """Whether the scheduler but takes something back: who failed because of that is to wait before the next try."""

    @cached_property
    def names(self) -> frozenset[str]:
        """What plugins may call it."""
        return frozenset({ANY, f"{self.kind}/*", *(f"{self.kind}/{action}" for action in self.actions)})

    @property
    def name(self) -> str:
        """The most particular of its names."""
        return f"{self.kind}/{self.actions[0]}"


Hint = Callable[[PodInfo, str, Any, Any], bool]


@dataclass(frozen=True)
class Interest:
    """What may help the pods that a plugin refused."""

    events: frozenset[str] | None
    """None for whatever happens."""
    hint: Hint | None
    is_guarded: bool

    def concerns(self, what: Happening) -> bool:
        """Whether it may help at all."""
        return self.events is None or not self.events.isdisjoint(what.names)

    def helps(self, pod: PodInfo, what: Happening) -> bool:
        """Whether it may help a certain pod."""
        return self.hint is None or bool(self.hint(pod, what.name, what.old, what.new))


def interests(profile: Profile) -> Mapping[str, Interest]:
    """Return what each plugin of a profile waits for."""
    found = {}
    for plugin in profile.plugins:
        events: Iterable[str] | None = getattr(plugin, "events", None)
        wanted = None if events is None else frozenset(events)
        found[name_of(plugin)] = Interest(wanted, getattr(plugin, "hint", None), isinstance(plugin, Guarded))
    return found


def of_node(old: Node | None, new: Node | None) -> Happening | None:
    """Return what happened to a node; None if it makes no difference to anybody."""
    if new is None:
        return Happening("Node", ("Delete",), old)
    if old is None:
        return Happening("Node", ("Add",), None, new)
    if not (actions := [name for name, facet in NODE_FACETS.items() if facet(old) != facet(new)]):
        return None
    return Happening("Node", (*actions, "Update"), old, new)


def of_placed_pod(old: Pod | None, new: Pod | None) -> Happening | None:
    """Return what happened to a pod that is on a node; None if it makes no difference to anybody."""
    if new is None:
        return Happening("Pod", ("Delete",), old)
    if old is None or not old.spec.nodeName:
        return Happening("Pod", ("Add",), None, new)
    if not (actions := [name for name, facet in POD_FACETS.items() if facet(old) != facet(new)]):
        return None
    return Happening("Pod", (*actions, "Update"), old, new)


def of_object(old: Any, new: Any) -> Happening:
    """Return what happened to an object of another kind."""
    action = "Delete" if new is None else "Add" if old is None else "Update"
    return Happening(type(new or old).__name__, (action,), old, new)


NODE_FACETS: Final[Mapping[str, Callable[[Node], Any]]] = {
    "UpdateNodeLabel": lambda node: dict(node.metadata.labels),
    "UpdateNodeTaint": lambda node: (
        [(taint.key, taint.value, taint.effect) for taint in node.spec.taints],
        node.spec.unschedulable,
    ),
    "UpdateNodeAllocatable": lambda node: {name: value.string for name, value in node.status.allocatable.items()},
    "UpdateNodeImage": lambda node: [(tuple(image.names), image.sizeBytes) for image in node.status.images],
    "UpdateNodeAnnotation": lambda node: dict(node.metadata.annotations),
    "UpdateNodeCondition": lambda node: [(condition.type, condition.status) for condition in node.status.conditions],
}
"""What plugins may look at of a node, and how its change is called."""

POD_FACETS: Final[Mapping[str, Callable[[Pod], Any]]] = {
    "UpdatePodLabel": lambda pod: dict(pod.metadata.labels),
    "UpdatePodScaleDown": lambda pod: [container.resources for container in pod.spec.containers],
}
"""What of a pod on a node makes a difference to others."""
