"""What can happen to a pod."""

import enum
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Tick:
    """Time has passed, or the pod asks for something else now."""


@dataclass(frozen=True)
class Seen:
    """One container as the runtime has it."""

    name: str
    attempt: int
    id: str
    state: str
    """created, running or exited."""
    started_at: float = 0.0
    finished_at: float = 0.0
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    image: str = ""
    """As the pod named it."""
    image_id: str = ""


@dataclass(frozen=True)
class Observed:
    """The pod as the runtime has it."""

    sandbox: str
    attempt: int
    ready: bool
    ip: str
    containers: tuple[Seen, ...] = ()


@dataclass(frozen=True)
class SandboxFailed:
    """The runtime could not make the sandbox, or its volumes are not there."""

    message: str
    reason: str = "FailedCreatePodSandBox"


@dataclass(frozen=True)
class ImageReady:
    """A container's image is there."""

    container: str


@dataclass(frozen=True)
class ImageFailed:
    """A container's image could not be had."""

    container: str
    reason: str
    """ErrImagePull, ErrImageNeverPull or InvalidImageName."""
    message: str


@dataclass(frozen=True)
class StartFailed:
    """The runtime could not create or start a container."""

    sandbox: str
    """In which it was tried."""
    container: str
    reason: str
    """CreateContainerError or RunContainerError."""
    message: str


@dataclass(frozen=True)
class StopFailed:
    """The runtime could not end a container."""

    container: str
    message: str


class Probe(enum.Enum):
    """What is asked of a container from time to time."""

    STARTUP = "Startup"
    LIVENESS = "Liveness"
    READINESS = "Readiness"


@dataclass(frozen=True)
class Probed:
    """A probe has come to a verdict, after as many results in a row as it takes."""

    container: str
    id: str
    """The run that was probed."""
    probe: Probe
    passed: bool


@dataclass(frozen=True)
class Deleted:
    """Somebody asked for the pod's deletion, or for a sooner one."""

    grace: float


@dataclass(frozen=True)
class Removed:
    """The API has forgotten the pod."""


@dataclass(frozen=True)
class SandboxStopped:
    """The runtime has taken the sandbox down."""


@dataclass(frozen=True)
class SandboxStopFailed:
    """The runtime could not take the sandbox down."""

    message: str


Event: TypeAlias = (
    Tick
    | Observed
    | SandboxFailed
    | ImageReady
    | ImageFailed
    | StartFailed
    | StopFailed
    | Probed
    | Deleted
    | Removed
    | SandboxStopped
    | SandboxStopFailed
)
