"""What happens to a cluster, as its starter tells it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ComponentReady:
    """A component serves; `seconds` after it was started."""

    name: str
    address: str
    seconds: float
    again: bool = False
    """Whether it had died before."""


@dataclass(frozen=True)
class ComponentDied:
    """A component is gone, and is started again in `retry` seconds."""

    name: str
    reason: str
    retry: float


@dataclass(frozen=True)
class ClusterReady:
    """All components were ready at once, `seconds` after the start."""

    seconds: float
    server: str
    """The address for kubectl."""


@dataclass(frozen=True)
class ClusterStopped:
    """Nothing runs any more."""

    seconds: float


Progress = ComponentReady | ComponentDied | ClusterReady | ClusterStopped


def line(progress: Progress) -> str:
    """Return what a person reads."""
    match progress:
        case ComponentReady(name, address, seconds, again):
            return f"  {name:<25} {'ready again' if again else 'ready'} {seconds * 1000:6.0f} ms   {address}"
        case ComponentDied(name, reason, retry):
            return f"  {name:<25} died: {reason}; starting it again in {retry:.1f} s"
        case ClusterReady(seconds, server):
            return f"ready in {seconds:.2f} s: {server}" if server else f"ready in {seconds:.2f} s"
        case ClusterStopped(seconds):
            return f"stopped in {seconds:.2f} s"
