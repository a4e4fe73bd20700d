"""Which pods a Job needs now, and what they look like.

Source: the documentation's *Jobs*, *Parallel execution*, *Completion mode* and *Pod backoff failure policy*.
"""

from collections.abc import Iterable, Iterator

from kobune.api.batch.v1 import Job
from kobune.api.core.v1 import Container, EnvVar, Pod
from kobune.apimachinery.meta import seconds_of
from kobune.controller_manager.jobs.work import (
    FAILURES,
    FINALIZER,
    IGNORED,
    INDEX,
    Work,
    awaits_all_failures,
    index_of,
    number_in,
)
from kobune.controller_manager.pods import is_active, is_ready, pod_from

FIRST_WAIT = 10.0
LONGEST_WAIT = 600.0
INDEX_VARIABLE = "JOB_COMPLETION_INDEX"
LONGEST_HOST_NAME = 63
LONGEST_PREFIX = 58
"""What is left of a name for the rest of a generated one."""


def wanted_active(work: Work) -> int:
    """Return how many pods should be running."""
    spec = work.job.spec
    parallelism = spec.parallelism if spec.HasField("parallelism") else 1
    if not spec.HasField("completions"):
        return len(work.active) if work.succeeded else parallelism
    left = spec.completions - work.succeeded - len(work.failed_indexes)
    return max(min(left, parallelism), 0)


def surplus(work: Work, wanted: int) -> list[Pod]:
    """Return the pods to give up: those whose index is done, taken or too high, and then the least valuable."""
    unneeded = list(_unneeded(work)) if work.is_indexed else []
    taken = {pod.metadata.uid for pod in unneeded}
    others = sorted((pod for pod in work.active if pod.metadata.uid not in taken), key=_value)
    return unneeded + others[: max(len(others) - wanted, 0)]


def room(work: Work, wanted: int) -> int:
    """Return how many pods to make."""
    leaving = len(work.terminating) if awaits_all_failures(work.job) else 0
    return max(wanted - len(work.active) - leaving, 0)


def wait_for(work: Work, now: float) -> float:
    """Return the seconds to wait before pods are made: longer for each failure since the last success."""
    failures: list[float] = []
    last_success = 0.0
    for pod in work.pods:
        if pod.status.phase == "Succeeded":
            last_success = max(last_success, ended_at(pod))
        elif work.has_failed(pod):
            failures.append(ended_at(pod))
    recent = [time for time in failures if time > last_success]
    return _wait(len(recent), max(recent, default=0.0), now)


def free_indexes(work: Work, now: float) -> tuple[list[int], float]:
    """Return the lowest indexes that need a pod and may have one now, and the seconds until another may; 0 if none."""
    busy = work.indexes_of(work.active) | work.completed | work.failed_indexes
    if awaits_all_failures(work.job):
        busy |= work.indexes_of(work.terminating)
    free: list[int] = []
    soonest = 0.0
    for index in range(work.job.spec.completions):
        if index in busy:
            continue
        last = work.last_of(index) if work.has_limit_per_index else None
        wait = _wait(_failures_with(work, last), ended_at(last), now) if last is not None else 0.0
        if wait > 0:
            soonest = min(soonest or wait, wait)
        else:
            free.append(index)
    return free, soonest


def new_pod(work: Work, index: int | None) -> Pod:
    """Return a pod, for an index if the Job has such."""
    job = work.job
    pod = pod_from(job.spec.template, job)
    meta = pod.metadata
    meta.finalizers.append(FINALIZER)
    meta.generateName = f"{job.metadata.name}-"
    if index is not None:
        _index(pod, job, index)
        if work.has_limit_per_index:
            last = work.last_of(index)
            counts = last is not None and work.ruling(last).counts
            failures, ignored = (number_in(last, FAILURES), number_in(last, IGNORED)) if last is not None else (0, 0)
            meta.annotations[FAILURES] = str(failures + (last is not None and counts))
            if last is not None and (ignored or not counts):
                meta.annotations[IGNORED] = str(ignored + (not counts))
    return pod


def ended_at(pod: Pod) -> float:
    """Return when a pod ended, as far as that can be told."""
    statuses = [*pod.status.containerStatuses, *pod.status.initContainerStatuses]
    ends = [
        seconds_of(each.state.terminated.finishedAt)
        for each in statuses
        if each.state.HasField("terminated") and each.state.terminated.HasField("finishedAt")
    ]
    if ends:
        return max(ends)
    if pod.metadata.HasField("deletionTimestamp"):
        return seconds_of(pod.metadata.deletionTimestamp)
    changes = [seconds_of(each.lastTransitionTime) for each in pod.status.conditions if each.type == "Ready"]
    return max(changes, default=seconds_of(pod.metadata.creationTimestamp))


def _index(pod: Pod, job: Job, index: int) -> None:
    name = f"{job.metadata.name}-{index}"
    meta = pod.metadata
    meta.generateName = f"{name[:LONGEST_PREFIX]}-" if len(name) > LONGEST_PREFIX else f"{name}-"
    meta.annotations[INDEX] = str(index)
    meta.labels[INDEX] = str(index)
    if not pod.spec.hostname:
        pod.spec.hostname = name[:LONGEST_HOST_NAME]
    for containers in (pod.spec.initContainers, pod.spec.containers):
        for container in containers:
            _tell(container)


def _tell(container: Container) -> None:
    if not any(variable.name == INDEX_VARIABLE for variable in container.env):
        variable = EnvVar(name=INDEX_VARIABLE)
        variable.valueFrom.fieldRef.fieldPath = f"metadata.labels['{INDEX}']"
        container.env.append(variable)


def _unneeded(work: Work) -> Iterator[Pod]:
    limit = work.job.spec.completions
    seen: set[int] = set(work.completed | work.failed_indexes)
    for pod in sorted(work.active, key=_value, reverse=True):  # the most valuable of an index stays
        index = index_of(pod)
        if index is None or index >= limit or index in seen:
            yield pod
        else:
            seen.add(index)


def _value(pod: Pod) -> tuple[bool, bool, bool, float, str]:
    """Return what sorts pods that can be given up first to the front."""
    return (
        pod.spec.nodeName != "",
        pod.status.phase == "Running",
        is_ready(pod),
        -seconds_of(pod.metadata.creationTimestamp),
        pod.metadata.uid,
    )


def _failures_with(work: Work, last: Pod | None) -> int:
    if last is None or is_active(last):
        return 0
    return number_in(last, FAILURES) + number_in(last, IGNORED) + 1


def _wait(failures: int, last: float, now: float) -> float:
    if not failures:
        return 0.0
    wait: float = min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT)
    return max(last + wait - now, 0.0)


def restarts(pods: Iterable[Pod]) -> int:
    """Return how often the containers of pods were started again."""
    return sum(
        status.restartCount
        for pod in pods
        if pod.status.phase in ("Running", "Pending")
        for status in (*pod.status.initContainerStatuses, *pod.status.containerStatuses)
    )
