"""What a runtime tells of a pod, in the terms of its lifecycle."""

from collections.abc import Iterable

from kobune.kubelet.annotations import IMAGE
from kobune.kubelet.lifecycle.events import Observed, Seen
from kobune.vendor.cri import ContainerStatus, PodSandboxStatus
from kobune.vendor.cri.runtime_pb2 import CONTAINER_CREATED, CONTAINER_EXITED, CONTAINER_RUNNING, SANDBOX_READY

STATES = {CONTAINER_CREATED: "created", CONTAINER_RUNNING: "running", CONTAINER_EXITED: "exited"}
NANO = 1e9


def observed_of(sandbox: PodSandboxStatus, containers: Iterable[ContainerStatus]) -> Observed:
    """Return a pod as its runtime has it."""
    return Observed(
        sandbox=sandbox.id,
        attempt=sandbox.metadata.attempt,
        ready=sandbox.state == SANDBOX_READY,
        ip=sandbox.network.ip,
        containers=tuple(seen_of(status) for status in containers if status.state in STATES),
    )


def seen_of(status: ContainerStatus) -> Seen:
    """Return a container as its runtime has it."""
    return Seen(
        name=status.metadata.name,
        attempt=status.metadata.attempt,
        id=status.id,
        state=STATES[status.state],
        started_at=status.started_at / NANO,
        finished_at=status.finished_at / NANO,
        exit_code=status.exit_code,
        reason=status.reason,
        message=status.message,
        image=status.annotations.get(IMAGE, ""),
        image_id=status.image_ref or status.image_id,
    )
