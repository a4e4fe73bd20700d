"""Which run of a container is meant: decided by the pod's status, in the words of Kubernetes. Pure."""

from itertools import chain

from kobune.api.core.v1 import ContainerStatus, PodStatus
from kobune.kubelet.streams.refusal import Refused, not_found

WAITING = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}
"""Why there is no log yet, by the reason of the wait; for any other, that reason itself."""


def logged_run(pod: str, status: PodStatus, container: str, *, previous: bool) -> str:
    """Return the id of the run whose log is shown; `Refused` if there is none."""
    found = _status(status, container)
    if found is None:
        raise Refused(f'container "{container}" in pod "{pod}" is not available')
    state, last = found.state, found.lastState.terminated.containerID
    if previous:
        if not last:
            raise Refused(f'previous terminated container "{container}" in pod "{pod}" not found')
        return bare(last)
    if state.HasField("running"):
        return bare(found.containerID)
    if state.HasField("terminated"):
        if not (ended := state.terminated.containerID or last):
            raise Refused(f'container "{container}" in pod "{pod}" is terminated')
        return bare(ended)
    if last:
        return bare(last)
    if state.HasField("waiting"):
        why = WAITING.get(state.waiting.reason, state.waiting.reason)
        raise Refused(f'container "{container}" in pod "{pod}" is waiting to start: {why}')
    raise Refused(f'container "{container}" in pod "{pod}" is waiting to start - no logs yet')


def running(pod: str, status: PodStatus, container: str) -> str:
    """Return the id of the run that is up; `Refused` if none is."""
    found = _status(status, container)
    if found is None or not found.state.HasField("running"):
        raise not_found(f'container not found ("{container}")')
    return bare(found.containerID)


def is_running(status: PodStatus, id: str) -> bool:
    """Whether a run is up."""
    return any(bare(one.containerID) == id and one.state.HasField("running") for one in _all(status))


def bare(id: str) -> str:
    """Return the id without the runtime's name before it."""
    return id.rpartition("://")[2]


def _all(status: PodStatus) -> "chain[ContainerStatus]":
    return chain(status.containerStatuses, status.initContainerStatuses, status.ephemeralContainerStatuses)


def _status(status: PodStatus, container: str) -> ContainerStatus | None:
    return next((one for one in _all(status) if one.name == container), None)
