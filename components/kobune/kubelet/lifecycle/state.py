"""How a pod and its containers are.

The pod:

    Preparing ──sandbox──► Active ──(deleted, done, failed, deadline)──► Terminating ──all ended──► Closing
      ▲  │                   │                                                                        │
      │  └─(deleted)─────┐   └──(sandbox lost)──► Preparing                               sandbox stopped
      └─(sandbox failed)─┘                                                                            ▼
                                                                       Gone ◄──(removed)── Terminated

One of its containers:

    Waiting ──► Pulling ──► Starting ──► Running ──► Stopping ──► Exited ──(restart)──► Waiting
       ▲           │            │           └──────(by itself)──────▲
       └─(failed)──┴────────────┘
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias


@dataclass(frozen=True)
class Ended:
    """How a run of a container ended."""

    id: str
    exit_code: int
    reason: str
    message: str = ""
    started_at: float = 0.0
    finished_at: float = 0.0


@dataclass(frozen=True)
class Waiting:
    """Not run yet, or not again yet. Without a `reason`, only because it is not its turn."""

    reason: str = ""
    message: str = ""
    until: float = -math.inf
    """When it is tried again."""
    looks_at: float = math.inf
    """When ErrImagePull turns into ImagePullBackOff."""


@dataclass(frozen=True)
class Pulling:
    """Its image is fetched."""


@dataclass(frozen=True)
class Starting:
    """It is created and started."""


@dataclass(frozen=True)
class Running:
    """It runs."""

    id: str
    started_at: float
    started: bool
    """Whether it has passed its startup probe, or has none."""
    ready: bool
    """Whether it passes its readiness probe, or has none."""


@dataclass(frozen=True)
class Stopping:
    """It was told to end."""

    id: str
    started_at: float
    ready: bool = False
    """Whether it still serves."""
    retry_at: float = math.inf
    """When it is told again, if that failed."""


@dataclass(frozen=True)
class Exited:
    """It ended."""

    ended: Ended
    restart_at: float = math.inf
    """When it runs again; never, if infinite."""


Run: TypeAlias = Waiting | Pulling | Starting | Running | Stopping | Exited


@dataclass(frozen=True)
class Container:
    """One container of a pod, through all of its runs."""

    run: Run = field(default_factory=Waiting)
    runs: int = 0
    """How often it was started. The next run has this number."""
    last: Ended | None = None
    """How the run before this one ended."""
    crashes: int = 0
    """Ends in a row that came soon after the start."""
    failures: int = 0
    """Failures in a row to get its image or to start it."""
    image: str = ""
    """What the current run was made from, as the pod names it."""
    image_id: str = ""
    begun: bool = False
    """Whether it was ever up: a sidecar lets the next container start from then on."""

    @property
    def restarts(self) -> int:
        return max(self.runs - 1, 0)

    @property
    def is_alive(self) -> bool:
        """Whether it runs, or may turn out to."""
        return isinstance(self.run, Starting | Running | Stopping)


Containers: TypeAlias = Mapping[str, Container]


@dataclass(frozen=True)
class Sandbox:
    """Where the pod's containers run."""

    id: str
    ip: str
    """Empty on the node's own network."""
    attempt: int = 0


@dataclass(frozen=True)
class Failure:
    """Why a pod failed, when not because of its containers' exit codes."""

    reason: str
    message: str


@dataclass(frozen=True)
class End:
    """That and how a pod is brought to its end."""

    grace: float
    failure: Failure | None = None
    removed: bool = False
    """Whether the API has forgotten the pod already."""


@dataclass(frozen=True)
class Preparing:
    """The sandbox is made."""

    containers: Containers
    attempt: int = 0
    asked: bool = False
    """Whether the runtime is at it."""
    retry_at: float = -math.inf
    failures: int = 0
    end: End | None = None
    """Set when the pod is to end as soon as the runtime has answered."""


@dataclass(frozen=True)
class Active:
    """The containers run, or wait for their turn."""

    sandbox: Sandbox
    containers: Containers


@dataclass(frozen=True)
class Terminating:
    """The containers are told to end."""

    sandbox: Sandbox
    containers: Containers
    end: End


@dataclass(frozen=True)
class Closing:
    """All containers have ended, and the sandbox is taken down."""

    sandbox: Sandbox
    containers: Containers
    end: End
    retry_at: float = math.inf


@dataclass(frozen=True)
class Terminated:
    """Nothing of the pod runs. It stays so until the API forgets it."""

    sandbox: Sandbox | None
    containers: Containers
    failure: Failure | None = None


@dataclass(frozen=True)
class Gone:
    """Nothing is left of the pod."""

    containers: Containers = field(default_factory=dict)


State: TypeAlias = Preparing | Active | Terminating | Closing | Terminated | Gone


def with_container(containers: Containers, name: str, container: Container) -> Containers:
    """Return the containers with one of them replaced."""
    return {**containers, name: container}


def with_run(container: Container, run: Run) -> Container:
    """Return the container in another run state."""
    return replace(container, run=run)
