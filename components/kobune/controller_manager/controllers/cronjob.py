"""Makes a Job whenever a schedule says so. Source: the documentation's *CronJob*."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from kobune.api.batch.v1 import CronJob, CronJobStatus, Job
from kobune.api.core.v1 import ObjectReference
from kobune.apimachinery.meta import controller_reference, is_deleting, seconds_of, time_of
from kobune.apimachinery.schedules import Schedule, parse, time_zone
from kobune.client import (
    Action,
    Announce,
    Controller,
    Create,
    RecordEvent,
    RequeueAfter,
    View,
    reference_to,
    status_written,
)
from kobune.client import delete as deletion
from kobune.controller_manager.jobs.verdict import final_condition

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
MANY = 100
"""Missed starts that make people wonder."""
SUCCESSES_KEPT = 3
FAILURES_KEPT = 1
TOO_MANY = (
    "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew or change schedule"
)
BUSY = "Not starting job because prior execution is running and concurrency policy is Forbid"


@dataclass(frozen=True)
class Timetable:
    """A schedule in its time zone."""

    schedule: Schedule
    zone: tzinfo

    def following(self, after: float) -> float | None:
        """Return the first time after another that a Job is due; None if none ever is."""
        return self.schedule.following(after, self.zone)

    def latest(self, since: float, now: float) -> tuple[float | None, int]:
        """Return the last time up to now that was due since another, and how many were, up to a bound."""
        found, count = None, 0
        due = self.following(since)
        while due is not None and due <= now:
            found, count = due, count + 1
            if count > MANY:  # so long ago that counting goes nowhere: look at the last day, and then at the last hour
                return self._last_before(now) or found, count
            due = self.following(due)
        return found, count

    def _last_before(self, now: float) -> float | None:
        for span in (3600.0, 86400.0, 31 * 86400.0):
            found, due = None, self.following(now - span)
            while due is not None and due <= now:
                found, due = due, self.following(due)
            if found is not None:
                return found
        return None


def reconcile(cron: CronJob, jobs: Sequence[Job], now: float) -> list[Action]:
    """Plan the Job that is due, those that are forgotten, and the status. `jobs` are those it controls."""
    if is_deleting(cron.metadata):
        return []
    actions: list[Action] = []
    status, events = status_of(cron, jobs)
    actions += events
    actions += forgotten(cron, jobs)
    if not cron.spec.suspend:
        try:
            timetable = timetable_of(cron)
        except ValueError as error:
            actions.append(RecordEvent(cron, "Warning", "UnparseableSchedule", str(error)))
        else:
            actions += due(cron, timetable, status, jobs, now)
            following = timetable.following(now)
            if following is not None:
                actions.append(RequeueAfter(following - now + 0.1))
    actions += status_written(cron, status)
    return actions


def timetable_of(cron: CronJob) -> Timetable:
    """Return when Jobs are due; `ValueError` if that makes no sense."""
    try:
        schedule = parse(cron.spec.schedule)
    except ValueError as error:
        raise ValueError(f"unparseable schedule: {cron.spec.schedule} : {error}") from None
    zone = time_zone(cron.spec.timeZone)
    if zone is None:
        raise ValueError(f"invalid timeZone: {cron.spec.timeZone}: unknown time zone {cron.spec.timeZone}")
    return Timetable(schedule, zone)


def due(cron: CronJob, timetable: Timetable, status: CronJobStatus, jobs: Sequence[Job], now: float) -> list[Action]:
    """Plan the Job that should have begun by now, if there is one and it may begin."""
    spec = cron.spec
    known = seconds_of(status.lastScheduleTime) if status.HasField("lastScheduleTime") else 0.0
    since = known or seconds_of(cron.metadata.creationTimestamp)
    if spec.HasField("startingDeadlineSeconds"):
        since = max(since, now - spec.startingDeadlineSeconds)
    time, missed = timetable.latest(since, now)
    actions: list[Action] = []
    if missed > MANY:
        actions.append(RecordEvent(cron, "Warning", "TooManyMissedTimes", TOO_MANY))
    if time is None or time <= known or any(job.metadata.name == job_name(cron, time) for job in jobs):
        return actions
    if spec.HasField("startingDeadlineSeconds") and time + spec.startingDeadlineSeconds < now:
        when = datetime.fromtimestamp(time, UTC).strftime("%a, %d %b %Y %H:%M:%S %z")
        return [*actions, RecordEvent(cron, "Warning", "MissSchedule", f"Missed scheduled time to start a job: {when}")]
    running = [job for job in jobs if any(each.uid == job.metadata.uid for each in status.active)]
    if running and spec.concurrencyPolicy == "Forbid":
        return [*actions, RecordEvent(cron, "Normal", "JobAlreadyActive", BUSY)]
    if spec.concurrencyPolicy == "Replace":
        actions += [remove(cron, job) for job in running if not is_deleting(job.metadata)]
    announce = Announce(cron, "SuccessfulCreate", "Created job {name}", "FailedCreate", "Error creating job: {error}")
    return [*actions, Create(new_job(cron, timetable, time), announce)]


def status_of(cron: CronJob, jobs: Sequence[Job]) -> tuple[CronJobStatus, list[Action]]:
    """Return the status that the Jobs amount to, and the events of what has changed."""
    status = CronJobStatus()
    status.CopyFrom(cron.status)
    events: list[Action] = []
    by_uid = {job.metadata.uid: job for job in jobs}
    active: list[ObjectReference] = []
    latest = job_name(cron, max(map(scheduled_at, jobs), default=0.0))
    for reference in cron.status.active:
        job = by_uid.get(reference.uid)
        if job is None and cron.spec.concurrencyPolicy == "Replace" and reference.name < latest:
            pass  # it was taken away for the one that came after it
        elif job is None:
            message = f"Active job went missing: {reference.name}"
            events.append(RecordEvent(cron, "Normal", "MissingJob", message))
        elif (final := final_condition(job)) is not None:
            message = f"Saw completed job: {reference.name}, condition: {final.type}"
            events.append(RecordEvent(cron, "Normal", "SawCompletedJob", message))
        else:
            active.append(reference)
    known = {reference.uid for reference in cron.status.active}
    last = seconds_of(status.lastScheduleTime) if status.HasField("lastScheduleTime") else 0.0
    for job in sorted(jobs, key=scheduled_at):
        time = scheduled_at(job)
        if final_condition(job) is None and job.metadata.uid not in known and time > last:
            active.append(reference_to(job))
        last = max(last, time)
        if job.status.HasField("completionTime"):
            done = seconds_of(job.status.completionTime)
            if not status.HasField("lastSuccessfulTime") or done > seconds_of(status.lastSuccessfulTime):
                status.lastSuccessfulTime.CopyFrom(job.status.completionTime)
    if last:
        status.lastScheduleTime.CopyFrom(time_of(last))
    kept = CronJobStatus(active=active)
    del status.active[:]
    status.active.extend(kept.active)
    return status, events


def scheduled_at(job: Job) -> float:
    """Return the time that a Job was made for; 0 if somebody else made it."""
    try:
        return datetime.fromisoformat(job.metadata.annotations[SCHEDULED]).timestamp()
    except (KeyError, ValueError):
        return 0.0


def forgotten(cron: CronJob, jobs: Iterable[Job]) -> list[Action]:
    """Plan the deletion of the oldest finished Jobs beyond the limits."""
    spec = cron.spec
    succeeded = spec.successfulJobsHistoryLimit if spec.HasField("successfulJobsHistoryLimit") else SUCCESSES_KEPT
    failed = spec.failedJobsHistoryLimit if spec.HasField("failedJobsHistoryLimit") else FAILURES_KEPT
    ended: dict[str, list[Job]] = {"Complete": [], "Failed": []}
    for job in sorted(jobs, key=lambda each: (seconds_of(each.status.startTime), each.metadata.name)):
        final = final_condition(job)
        if final is not None and not is_deleting(job.metadata):
            ended[final.type].append(job)
    surplus = [
        *ended["Complete"][: max(len(ended["Complete"]) - succeeded, 0)],
        *ended["Failed"][: max(len(ended["Failed"]) - failed, 0)],
    ]
    return [remove(cron, job) for job in surplus]


def remove(cron: CronJob, job: Job) -> Action:
    """Return the deletion of a Job with its pods."""
    announce = Announce(cron, "SuccessfulDelete", "Deleted job {name}", "FailedDelete", "Deleted job: {error}")
    return deletion(job, propagation="Background", announce=announce)


def job_name(cron: CronJob, time: float) -> str:
    """Return the name of the Job for a time: the same whoever makes it, so that there is never another."""
    return f"{cron.metadata.name}-{int(time) // 60}"


def new_job(cron: CronJob, timetable: Timetable, time: float) -> Job:
    """Return the Job for a time."""
    template = cron.spec.jobTemplate
    job = Job(spec=template.spec)
    meta = job.metadata
    meta.name, meta.namespace = job_name(cron, time), cron.metadata.namespace
    meta.labels.update(template.metadata.labels)
    meta.annotations.update(template.metadata.annotations)
    zone = timetable.zone if cron.spec.timeZone else UTC
    meta.annotations[SCHEDULED] = datetime.fromtimestamp(time, zone).isoformat().replace("+00:00", "Z")
    meta.ownerReferences.append(controller_reference(cron))
    return job


async def observe(view: View, key: str) -> tuple[Any, ...] | None:
    """Return what `reconcile` takes."""
    cron = view.get(CronJob, key)
    return (cron, view.owned(Job, cron.metadata.uid), view.now) if cron is not None else None


cronjob = Controller(
    name="cronjob", reporter="cronjob-controller", root=CronJob, owns=[Job], observe=observe, reconcile=reconcile
)
