"""What a simulated container does once it is started."""

import math
from dataclasses import dataclass

from kobune.apimachinery import quantity
from kobune.kubelet.annotations import (
    CONTAINER_NAME,
    CPU,
    CPU_PER_REQUEST,
    EXIT_AFTER,
    EXIT_CODE,
    MEMORY,
    ROLE,
    STOP_AFTER,
)
from kobune.kubelet.runtimes.simulated.shell import seconds_of, understand
from kobune.kubelet.runtimes.simulated.usage import USUAL, Usage
from kobune.vendor.cri import ContainerConfig, PodSandboxConfig

JOB_LABEL = "batch.kubernetes.io/job-name"


class BadBehaviour(ValueError):
    """An annotation asks for something that makes no sense."""


@dataclass(frozen=True)
class Behaviour:
    """When and how a container ends."""

    exit_after: float = math.inf
    """Seconds from its start until it ends by itself."""
    exit_code: int = 0
    stop_after: float = 0.0
    """Seconds that it takes to end when it is told to."""
    output: tuple[str, ...] = ()


def behaviour_of(container: ContainerConfig, sandbox: PodSandboxConfig) -> Behaviour:
    """Return what a container does: as annotated, else what its command says, else what such containers do.

    An init container and a Job's container end at once and well; any other runs until it is stopped.
    """
    role = container.annotations.get(ROLE, "app")
    annotated = Annotated(sandbox, container.labels.get(CONTAINER_NAME, container.metadata.name), role)
    stop_after = annotated.seconds(STOP_AFTER) or 0.0
    code, after = annotated.code(), annotated.seconds(EXIT_AFTER)
    if code is not None or after is not None:
        return Behaviour(after or 0.0, code or 0, stop_after)
    outcome = understand([*container.command, *container.args])
    if outcome is not None:
        return Behaviour(outcome.seconds, outcome.code, stop_after, outcome.output)
    if role == "init" or (role == "app" and sandbox.labels.get(JOB_LABEL)):
        return Behaviour(exit_after=0.0, stop_after=stop_after)
    return Behaviour(stop_after=stop_after)


def usage_of(container: ContainerConfig, sandbox: PodSandboxConfig) -> Usage:
    """Return what a container uses: as annotated, else next to nothing."""
    role = container.annotations.get(ROLE, "app")
    annotated = Annotated(sandbox, container.labels.get(CONTAINER_NAME, container.metadata.name), role)
    usage = Usage(
        cpu=annotated.thousandths(CPU, USUAL.cpu),
        memory=int(annotated.thousandths(MEMORY, USUAL.memory)),
        cpu_per_request=annotated.thousandths(CPU_PER_REQUEST, USUAL.cpu_per_request),
    )
    return USUAL if usage == USUAL else usage


class Annotated:
    """The annotations of a pod that are meant for one of its containers: `name.container` comes before `name`."""

    def __init__(self, sandbox: PodSandboxConfig, container: str, role: str) -> None:
        self._annotations = sandbox.annotations
        self._container = container
        self._role = role

    def get(self, name: str) -> str | None:
        own = self._annotations.get(f"{name}.{self._container}")
        # What is said of the pod as a whole is not said of those that prepare it.
        return own if own is not None or self._role != "app" else self._annotations.get(name)

    def seconds(self, name: str) -> float | None:
        text = self.get(name)
        if text is None:
            return None
        try:
            return seconds_of(text)
        except ValueError:
            raise BadBehaviour(f"annotation {name}: {text!r} is no duration like 5s") from None

    def thousandths(self, name: str, usual: float) -> float:
        """Return an amount, which may have thousandths."""
        text = self.get(name)
        if text is None:
            return usual
        try:
            amount = quantity.milli(text) / 1000
        except ValueError:
            amount = -1.0
        if amount < 0:
            raise BadBehaviour(f"annotation {name}: {text!r} is no amount like 250m or 64Mi")
        return amount

    def code(self) -> int | None:
        text = self.get(EXIT_CODE)
        if text is not None and not (text.isdecimal() and int(text) < 256):
            raise BadBehaviour(f"annotation {EXIT_CODE}: {text!r} is no exit code between 0 and 255")
        return int(text) if text is not None else None
