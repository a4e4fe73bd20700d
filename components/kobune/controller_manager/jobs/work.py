"""A Job and its pods, counted.

A pod counts once. So that none is lost when it is deleted, each has a finalizer until it is in the status: first its
uid is noted there as uncounted, then its finalizer goes, then the number takes the uid's place. Each step is a write
that the next waits for; whatever fails in between is done again. Succeeded indexes are noted at once, for good.

Source: KEP-2307 for the tracking, KEP-3850 for limits per index, KEP-3939 for when pods are replaced.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kobune.api.batch.v1 import Job, JobStatus
from kobune.api.core.v1 import Pod
from kobune.apimachinery.meta import is_deleting
from kobune.controller_manager.jobs.failures import Ruling, ruling_of
from kobune.controller_manager.jobs.indexes import parse, written
from kobune.controller_manager.pods import is_active, is_finished

FINALIZER = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"
FAILURES = "batch.kubernetes.io/job-index-failure-count"
IGNORED = "batch.kubernetes.io/job-index-ignored-failure-count"
MOST_UNCOUNTED = 500
"""Uids in a status at once."""


def index_of(pod: Pod) -> int | None:
    """Return a pod's completion index, or None."""
    text = pod.metadata.annotations.get(INDEX, "")
    return int(text) if text.isdecimal() else None


def number_in(pod: Pod, annotation: str) -> int:
    """Return the number that an annotation holds, or 0."""
    text = pod.metadata.annotations.get(annotation, "")
    return int(text) if text.isdecimal() else 0


def is_tracked(pod: Pod) -> bool:
    """Whether a pod waits for being counted."""
    return FINALIZER in pod.metadata.finalizers


def awaits_all_failures(job: Job) -> bool:
    """Whether pods are replaced only once they have failed, not already when they are told to go."""
    return job.spec.podReplacementPolicy == "Failed" or job.spec.HasField("podFailurePolicy")


@dataclass(frozen=True)
class Work:
    """What can be said of a Job at one time."""

    job: Job
    pods: Sequence[Pod]
    over: bool = False
    """Whether no pod is to be made any more, so that none has to be kept for what comes after it."""
    rulings: dict[str, Ruling] = field(default_factory=dict)
    """What was found out about failed pods, by uid."""

    @property
    def is_indexed(self) -> bool:
        return self.job.spec.completionMode == "Indexed"

    @property
    def has_limit_per_index(self) -> bool:
        return self.job.spec.HasField("backoffLimitPerIndex")

    def has_failed(self, pod: Pod) -> bool:
        """Whether a pod is a failure: it ended as one, or is on its way out without an end of its own."""
        if pod.status.phase == "Failed":
            return True
        if pod.status.phase == "Succeeded" or not is_deleting(pod.metadata):
            return False
        return not awaits_all_failures(self.job)

    def ruling(self, pod: Pod) -> Ruling:
        """Return what the failure of a pod means."""
        if pod.metadata.uid not in self.rulings:
            self.rulings[pod.metadata.uid] = ruling_of(self.job, pod)
        return self.rulings[pod.metadata.uid]

    @cached_property
    def active(self) -> list[Pod]:
        return [pod for pod in self.pods if is_active(pod)]

    @cached_property
    def terminating(self) -> list[Pod]:
        return [pod for pod in self.pods if is_deleting(pod.metadata) and not is_finished(pod)]

    @cached_property
    def failures(self) -> list[Pod]:
        """Failed pods that are not counted yet."""
        return [pod for pod in self.pods if is_tracked(pod) and self.has_failed(pod)]

    @cached_property
    def status(self) -> JobStatus:
        """The status with the counts brought forward, and as many uids noted as there is room for."""
        status = JobStatus()
        status.CopyFrom(self.job.status)
        uncounted = status.uncountedTerminatedPods
        uncounted.SetInParent()
        tracked = {pod.metadata.uid: pod for pod in self.pods if is_tracked(pod)}
        for name, uids in (("succeeded", uncounted.succeeded), ("failed", uncounted.failed)):
            done = [uid for uid in uids if uid not in tracked]
            for uid in done:
                uids.remove(uid)
            if done:
                setattr(status, name, getattr(status, name) + len(done))
        for pod in tracked.values():
            if len(uncounted.succeeded) + len(uncounted.failed) >= MOST_UNCOUNTED:
                break
            uid = pod.metadata.uid
            if uid in uncounted.succeeded or uid in uncounted.failed:
                continue  # one that was told to go is a failure, though it may still succeed on its way out
            if pod.status.phase == "Succeeded":
                if not self.is_indexed:
                    uncounted.succeeded.append(uid)
            elif self._is_countable_failure(pod):
                uncounted.failed.append(uid)
        if self.is_indexed:
            if self.completed:
                status.completedIndexes = written(self.completed)
                status.succeeded = len(self.completed)
            if self.has_limit_per_index:
                status.failedIndexes = written(self.failed_indexes)
        return status

    def _is_countable_failure(self, pod: Pod) -> bool:
        return self.has_failed(pod) and self.is_released(pod) and self.ruling(pod).counts

    @cached_property
    def countable(self) -> list[Pod]:
        """The pods whose finalizers may go: the status as it is stored knows of them, or need not."""
        noted = self.job.status.uncountedTerminatedPods
        uids = {*noted.succeeded, *noted.failed}
        stored = parse(self.job.status.completedIndexes)
        found = []
        for pod in self.pods:
            if not is_tracked(pod):
                continue
            index = index_of(pod)
            if pod.metadata.uid in uids:
                found.append(pod)
            elif pod.status.phase == "Succeeded":
                if self.is_indexed and (index is None or index in stored or index >= self.job.spec.completions):
                    found.append(pod)
            elif self.has_failed(pod) and self.is_released(pod) and not self.ruling(pod).counts:
                found.append(pod)
        return found

    @cached_property
    def is_settled(self) -> bool:
        """Whether every pod that ended is counted, in the status as it is stored."""
        noted = self.job.status.uncountedTerminatedPods
        waiting = [pod for pod in self.pods if is_tracked(pod) and (is_finished(pod) or self.has_failed(pod))]
        return not noted.succeeded and not noted.failed and not waiting

    @cached_property
    def succeeded(self) -> int:
        """How many pods, or indexes, are done."""
        if self.is_indexed:
            return len(self.completed)
        return self.status.succeeded + len(self.status.uncountedTerminatedPods.succeeded)

    @cached_property
    def failed(self) -> int:
        """How many failures count, those included that are not in the status yet."""
        noted = set(self.status.uncountedTerminatedPods.failed)
        beyond = [pod for pod in self.failures if pod.metadata.uid not in noted and self.ruling(pod).counts]
        return self.status.failed + len(noted) + len(beyond)

    @cached_property
    def completed(self) -> set[int]:
        """The indexes that are done."""
        done = parse(self.job.status.completedIndexes, self.job.spec.completions)
        found = {index_of(pod) for pod in self.pods if pod.status.phase == "Succeeded" and is_tracked(pod)}
        return done | {index for index in found if index is not None and index < self.job.spec.completions}

    @cached_property
    def failed_indexes(self) -> set[int]:
        """The indexes that are given up, where each has a limit of its own."""
        if not self.has_limit_per_index:
            return set()
        known = parse(self.job.status.failedIndexes, self.job.spec.completions)
        for pod in self.failures:
            index = index_of(pod)
            if index is None or index in self.completed or index >= self.job.spec.completions:
                continue
            ruling = self.ruling(pod)
            is_last = ruling.counts and number_in(pod, FAILURES) >= self.job.spec.backoffLimitPerIndex
            if is_last or ruling.action == "FailIndex":
                known.add(index)
        return known

    def is_released(self, pod: Pod) -> bool:
        """Whether a failed pod may be counted, or its successor still has to learn from it how often it failed."""
        if not self.has_limit_per_index or self.over or is_deleting(self.job.metadata):
            return True
        index = index_of(pod)
        if index is None or index in self.failed_indexes or index in self.completed:
            return True
        last = self.last_of(index)
        return last is not pod

    def last_of(self, index: int) -> Pod | None:
        """Return the pod of an index that knows most about its failures."""
        return self._last.get(index)

    @cached_property
    def _last(self) -> dict[int, Pod]:
        last: dict[int, Pod] = {}
        for pod in self.pods:
            index = index_of(pod)
            if index is not None and (is_tracked(pod) or is_active(pod)):
                known = last.get(index)
                if known is None or _experience(pod) > _experience(known):
                    last[index] = pod
        return last

    def indexes_of(self, pods: Iterable[Pod]) -> set[int]:
        """Return the indexes of pods."""
        return {index for pod in pods if (index := index_of(pod)) is not None}


def _experience(pod: Pod) -> tuple[int, bool, float]:
    return (
        number_in(pod, FAILURES) + number_in(pod, IGNORED),
        is_active(pod),
        pod.metadata.creationTimestamp.seconds,
    )
