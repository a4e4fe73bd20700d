"""Runs pods until enough of them have succeeded, or too many have failed.

pods made ──► ended ──► noted ──► counted ──► decided ──► the rest is stopped ──► Complete or Failed
"""

from collections.abc import Iterable, Sequence
from typing import Any

from kobune.api.batch.v1 import Job, JobStatus
from kobune.api.core.v1 import Pod
from kobune.apimachinery.meta import controller_of, is_deleting, key_of, time_of
from kobune.apimachinery.selectors import from_label_selector
from kobune.client import (
    Action,
    Announce,
    Controller,
    Create,
    RecordEvent,
    RequeueAfter,
    Update,
    View,
    Watch,
    status_written,
)
from kobune.client import delete as deletion
from kobune.controller_manager.claims import adopters, claim, selects
from kobune.controller_manager.jobs.making import free_indexes, new_pod, room, surplus, wait_for, wanted_active
from kobune.controller_manager.jobs.verdict import (
    DECIDED,
    Verdict,
    is_over,
    set_condition,
    time_left,
    verdict_on,
)
from kobune.controller_manager.jobs.work import FINALIZER, Work, is_tracked
from kobune.controller_manager.pods import is_active, is_ready

NAME = "batch.kubernetes.io/job-name"
OURS = ("", "kubernetes.io/job-controller")
MOST_AT_ONCE = 500


def reconcile(
    job: Job | None, owned: Sequence[Pod], orphans: Sequence[Pod], left: Sequence[Pod], now: float
) -> list[Action]:
    """Plan what is counted, made and stopped, and the status.

    `left` are pods of an earlier Job of that name: nobody counts them any more.
    """
    freed = [untracked(pod) for pod in left]
    if job is None or job.spec.managedBy not in OURS:
        return freed
    if is_over(job):
        return [*freed, *(untracked(pod) for pod in owned if is_tracked(pod))]
    claimed = claim(job, from_label_selector(job.spec.selector), owned, orphans, is_active)
    if claimed.actions:
        return [*freed, *(tracked(action, job) for action in claimed.actions)]
    verdict = verdict_on(Work(job, claimed.objects), now)
    work = Work(job, claimed.objects, over=verdict is not None)
    actions = [*freed, *(untracked(pod) for pod in work.countable)]
    if verdict is not None:
        actions += [stop(job, pod) for pod in work.active]
    elif not is_deleting(job.metadata):
        actions += made(work, now)
    status = status_of(work, verdict, now)
    actions += told(job, status)
    actions += status_written(job, status)
    remaining = time_left(job, now)
    if remaining is not None and verdict is None:
        actions.append(RequeueAfter(max(remaining, 0) + 0.1))
    return actions


def made(work: Work, now: float) -> list[Action]:
    """Plan which pods are made and given up."""
    job = work.job
    if job.spec.suspend:
        return [stop(job, pod) for pod in work.active]
    wanted = wanted_active(work)
    actions: list[Action] = [stop(job, pod) for pod in surplus(work, wanted)]
    count = min(room(work, wanted), MOST_AT_ONCE)
    if actions or not count:
        return actions
    indexes: list[int | None] = [None] * count
    wait = 0.0 if work.has_limit_per_index else wait_for(work, now)
    if wait > 0:
        return [RequeueAfter(wait)]
    if work.is_indexed:
        free, wait = free_indexes(work, now)
        indexes = list(free[:count])
        if wait > 0 and len(free) < count:
            actions.append(RequeueAfter(wait))
    announce = Announce(job, "SuccessfulCreate", "Created pod: {name}", "FailedCreate", "Error creating: {error}")
    return [*actions, *(Create(new_pod(work, index), announce) for index in indexes)]


def status_of(work: Work, verdict: Verdict | None, now: float) -> JobStatus:
    """Return the status that the pods amount to."""
    job, status = work.job, work.status
    active = 0 if verdict is not None or job.spec.suspend else len(work.active)
    if active:
        status.active = active
    else:
        status.ClearField("active")
    status.ready = sum(is_ready(pod) for pod in work.active) if active else 0
    status.terminating = len(work.terminating) + (len(work.active) if not active else 0)
    suspend(job, status, now)
    if verdict is not None:
        set_condition(status, verdict.type, "True", verdict.reason, verdict.message, now)
        if work.is_settled and not work.active and not work.terminating:
            set_condition(status, DECIDED[verdict.type], "True", verdict.reason, verdict.message, now)
            if verdict.type == "SuccessCriteriaMet":
                status.completionTime.CopyFrom(time_of(now))
    return status


def suspend(job: Job, status: JobStatus, now: float) -> None:
    """Note that a Job starts, is held up, or goes on."""
    if job.spec.suspend:
        set_condition(status, "Suspended", "True", "JobSuspended", "Job suspended", now)
        status.ClearField("startTime")
        return
    if any(each.type == "Suspended" and each.status == "True" for each in status.conditions):
        set_condition(status, "Suspended", "False", "JobResumed", "Job resumed", now)
        status.startTime.CopyFrom(time_of(now))
    elif not status.HasField("startTime"):
        status.startTime.CopyFrom(time_of(now))


def told(job: Job, status: JobStatus) -> list[Action]:
    """Return the events of conditions that are new."""
    before = {(each.type, each.status) for each in job.status.conditions}
    events: list[Action] = []
    for each in status.conditions:
        match each.type, each.status:
            case state if state in before:
                pass
            case "Suspended", "True":
                events.append(RecordEvent(job, "Normal", "Suspended", "Job suspended"))
            case "Suspended", "False":
                events.append(RecordEvent(job, "Normal", "Resumed", "Job resumed"))
            case "Complete", "True":
                events.append(RecordEvent(job, "Normal", "Completed", "Job completed"))
            case "Failed", "True":
                events.append(RecordEvent(job, "Warning", each.reason, each.message))
    return events


def stop(job: Job, pod: Pod) -> Action:
    """Return the deletion of a pod."""
    failure = f'Error deleting pod "{pod.metadata.name}": {{error}}'
    return deletion(pod, announce=Announce(job, "SuccessfulDelete", "Deleted pod: {name}", "FailedDelete", failure))


def untracked(pod: Pod) -> Action:
    """Return the write that lets a pod go: it is counted."""
    copy = Pod()
    copy.CopyFrom(pod)
    copy.metadata.finalizers.remove(FINALIZER)
    return Update(copy)


def tracked(action: Action, job: Job) -> Action:
    """Return an adoption with the finalizer, and a release without."""
    if isinstance(action, Update):
        owner = controller_of(action.object.metadata)
        is_ours = owner is not None and owner.uid == job.metadata.uid
        finalizers = action.object.metadata.finalizers
        if is_ours and FINALIZER not in finalizers:
            finalizers.append(FINALIZER)
        elif not is_ours and FINALIZER in finalizers:
            finalizers.remove(FINALIZER)
    return action


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return what `reconcile` takes."""
    job = view.get(Job, key)
    namespace, _, name = key.partition("/")
    uid = job.metadata.uid if job is not None else ""
    left = [pod for pod in view.in_namespace(Pod, namespace) if is_tracked(pod) and is_left(pod, name, uid)]
    if job is None:
        return None, (), (), left, view.now
    return job, view.owned(Pod, uid), view.orphans(Pod, namespace), left, view.now


def is_left(pod: Pod, name: str, uid: str) -> bool:
    """Whether a pod was one of a Job of that name which is gone; `uid` is that of the Job there is now."""
    owner = controller_of(pod.metadata)
    if owner is None:
        return not uid and pod.metadata.labels.get(NAME) == name
    return owner.kind == "Job" and owner.name == name and owner.uid != uid


def former(view: View, pod: Pod) -> Iterable[str]:
    """Return the key of the Job that a pod was of which nobody controls any more, but which waits for being counted."""
    if is_tracked(pod) and controller_of(pod.metadata) is None:
        yield key_of(pod.metadata.namespace, pod.metadata.labels.get(NAME, ""))


job = Controller(
    name="job",
    reporter="job-controller",
    root=Job,
    owns=[Pod],
    watches=[Watch(Pod, adopters(Job, selects)), Watch(Pod, former)],
    observe=observe,
    reconcile=reconcile,
)
