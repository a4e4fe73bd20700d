"""What is to be done on each node that a DaemonSet has pods on or wants one on.

Source: the documentation's *Perform a Rolling Update on a DaemonSet*, KEP-1591 for the surge.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kobune.api.apps.v1 import DaemonSet
from kobune.api.core.v1 import Pod
from kobune.api.runtime.v1 import IntOrString
from kobune.apimachinery.meta import is_deleting
from kobune.controller_manager.daemon.placing import GENERATION_LABEL, generation_of
from kobune.controller_manager.history import POD_LABEL
from kobune.controller_manager.pods import available_in, is_finished
from kobune.controller_manager.rollout.limits import resolve

ONE = IntOrString(type=0, intVal=1)


@dataclass(frozen=True)
class Place:
    """A node, as one DaemonSet sees it."""

    node: str
    wanted: bool
    """Whether a pod is to be made there."""
    allowed: bool
    """Whether one that is there may stay."""
    pods: Sequence[Pod]
    """Oldest first."""

    @property
    def live(self) -> list[Pod]:
        """Those that run or will, and stay."""
        return [pod for pod in self.pods if not is_finished(pod) and not is_deleting(pod.metadata)]

    @property
    def ended(self) -> list[Pod]:
        """Those that ended and are still there."""
        return [pod for pod in self.pods if is_finished(pod) and not is_deleting(pod.metadata)]


@dataclass(frozen=True)
class Plan:
    """What to do: on which nodes to make a pod, and which pods to give up."""

    make: list[str]
    remove: list[Pod]
    ended: list[Pod]
    """To be given up as well; but they may be ending again and again."""


@dataclass(frozen=True)
class Turnover:
    """How an update goes, for one DaemonSet."""

    wanted: DaemonSet
    digest: str
    now: float

    def is_new(self, pod: Pod) -> bool:
        """Whether a pod was made after the template as it is now."""
        labels = pod.metadata.labels
        return labels.get(POD_LABEL) == self.digest or labels.get(GENERATION_LABEL) == generation_of(self.wanted)

    def is_available(self, pod: Pod) -> bool:
        """Whether a pod has been ready for long enough."""
        return available_in(pod, self.wanted.spec.minReadySeconds, self.now) == 0

    def surge(self, places: int) -> int:
        """Return on how many nodes there may be two pods meanwhile."""
        rolling = self.wanted.spec.updateStrategy.rollingUpdate
        is_rolling = self.wanted.spec.updateStrategy.type != "OnDelete"
        return resolve(rolling.maxSurge, places, up=True) if is_rolling and rolling.HasField("maxSurge") else 0

    def unavailable(self, places: int) -> int:
        """Return on how many nodes a pod may be missing meanwhile."""
        rolling = self.wanted.spec.updateStrategy.rollingUpdate
        bound = resolve(rolling.maxUnavailable if rolling.HasField("maxUnavailable") else ONE, places, up=True)
        return bound if bound or self.surge(places) else 1


def plan(places: Sequence[Place], turnover: Turnover) -> Plan:
    """Return what to do on all nodes."""
    desired = sum(place.wanted for place in places)
    surge = turnover.surge(desired)
    made = Plan([], [], [])
    for place in places:
        _keep(place, turnover, surge > 0, made)
    if turnover.wanted.spec.updateStrategy.type != "OnDelete":
        wanted = [place for place in places if place.wanted or (place.live and place.allowed)]
        if surge:
            made.make.extend(_surge(wanted, turnover, surge))
        else:
            made.remove.extend(_replace(wanted, turnover, turnover.unavailable(desired)))
    return made


def _keep(place: Place, turnover: Turnover, surges: bool, made: Plan) -> None:
    """Add what a node needs whether or not there is an update: one pod where one belongs, none elsewhere."""
    live = place.live
    if not place.allowed:
        made.remove.extend([*live, *place.ended])
        return
    made.ended.extend(place.ended)
    if place.wanted and not (live if surges else place.pods):
        made.make.append(place.node)
    elif surges:
        made.remove.extend(_superseded(live, turnover))
    else:
        made.remove.extend(live[1:])


def _superseded(live: Sequence[Pod], turnover: Turnover) -> Iterator[Pod]:
    """Yield the pods that are too many: of each revision all but the oldest, and the old one once a new one serves."""
    new = [pod for pod in live if turnover.is_new(pod)]
    old = [pod for pod in live if not turnover.is_new(pod)]
    yield from [*new[1:], *old[1:]]
    if new and old and turnover.is_available(new[0]):
        yield old[0]


def _replace(places: Sequence[Place], turnover: Turnover, bound: int) -> list[Pod]:
    """Return the old pods to give up: all that serve nobody, and so many others that few enough are missing."""
    missing = 0
    idle: list[Pod] = []
    serving: list[Pod] = []
    for place in places:
        live = place.live
        if len(live) == 1 and not turnover.is_new(live[0]):
            (serving if turnover.is_available(live[0]) else idle).append(live[0])
            missing += not turnover.is_available(live[0])
        else:
            missing += not any(turnover.is_available(pod) for pod in live[:1])
    return [*idle, *serving[: max(bound - missing, 0)]]


def _surge(places: Sequence[Place], turnover: Turnover, bound: int) -> list[str]:
    """Return the nodes on which a new pod is made beside the old one."""
    idle: list[str] = []
    serving: list[str] = []
    surging = 0
    for place in places:
        live = place.live
        new = [pod for pod in live if turnover.is_new(pod)]
        if live and not new:
            (serving if turnover.is_available(live[0]) else idle).append(place.node)
        elif len(live) > len(new) and not turnover.is_available(new[0]):
            surging += 1
    return [*idle, *serving[: max(bound - surging, 0)]]


def by_node(pods: Mapping[str, list[Pod]], node: str) -> list[Pod]:
    """Return the pods for a node, oldest first."""
    return sorted(pods.get(node, ()), key=lambda pod: (pod.metadata.creationTimestamp.seconds, pod.metadata.name))
