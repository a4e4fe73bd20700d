"""What is to be done about a pod. Each is carried out by one or two calls of the runtime."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class RunSandbox:
    """Make the sandbox. Comes to `Observed` or `SandboxFailed`."""

    attempt: int


@dataclass(frozen=True)
class EnsureImage:
    """Have a container's image. Comes to `ImageReady` or `ImageFailed`."""

    container: str


@dataclass(frozen=True)
class StartContainer:
    """Create and start a container. Comes to `Observed` or `StartFailed`."""

    sandbox: str
    container: str
    attempt: int


@dataclass(frozen=True)
class StopContainer:
    """End a container within `grace` seconds. Comes to `Observed` or `StopFailed`."""

    container: str
    id: str
    grace: float


@dataclass(frozen=True)
class RemoveContainer:
    """Have the runtime forget a run that ended."""

    id: str


@dataclass(frozen=True)
class StopSandbox:
    """Take the sandbox down. Comes to `SandboxStopped` or `SandboxStopFailed`."""

    id: str


@dataclass(frozen=True)
class RemoveSandbox:
    """Have the runtime forget the sandbox, with its containers."""

    id: str


@dataclass(frozen=True)
class Record:
    """Tell people, by an event of the pod or of one of its containers."""

    type: str
    """Normal or Warning."""
    reason: str
    message: str
    container: str = ""


Action: TypeAlias = (
    RunSandbox | EnsureImage | StartContainer | StopContainer | RemoveContainer | StopSandbox | RemoveSandbox | Record
)
