"""Whether a Job is done, and why: its conditions.

It is decided first (FailureTarget, SuccessCriteriaMet), and final (Failed, Complete) once every pod has ended and
counts. Source: the documentation's *Jobs*, *Job termination and cleanup* and *Success policy*.
"""

from dataclasses import dataclass

from kobune.api.batch.v1 import Job, JobCondition, JobStatus
from kobune.apimachinery.meta import seconds_of, time_of
from kobune.controller_manager.jobs.indexes import parse
from kobune.controller_manager.jobs.making import restarts
from kobune.controller_manager.jobs.work import Work

DECIDED = {"FailureTarget": "Failed", "SuccessCriteriaMet": "Complete"}
"""By what is decided: what it is in the end."""
DEFAULT_BACKOFF_LIMIT = 6


@dataclass(frozen=True)
class Verdict:
    """What a Job comes to."""

    type: str
    """FailureTarget or SuccessCriteriaMet."""
    reason: str
    message: str


def verdict_on(work: Work, now: float) -> Verdict | None:
    """Return what was or is decided; None while the Job goes on."""
    job = work.job
    for type_ in DECIDED:
        known = condition_of(job.status, type_)
        if known is not None and known.status == "True":
            return Verdict(type_, known.reason, known.message)
    for pod in work.failures:
        ruling = work.ruling(pod)
        if ruling.action == "FailJob":
            return failure("PodFailurePolicy", ruling.message)
    if exceeds_backoff(work):
        return failure("BackoffLimitExceeded", "Job has reached the specified backoff limit")
    if is_overdue(job, now):
        return failure("DeadlineExceeded", "Job was active longer than specified deadline")
    spec = job.spec
    if spec.HasField("maxFailedIndexes") and len(work.failed_indexes) > spec.maxFailedIndexes:
        message = "Job has exceeded the specified maximal number of failed indexes"
        return failure("MaxFailedIndexesExceeded", message)
    return by_success_policy(work) or by_completions(work)


def failure(reason: str, message: str) -> Verdict:
    return Verdict("FailureTarget", reason, message)


def by_completions(work: Work) -> Verdict | None:
    """Return the verdict on a Job with nothing left to do."""
    spec = work.job.spec
    if not spec.HasField("completions"):
        is_done = work.succeeded > 0 and not work.active and not work.terminating
    else:
        is_done = work.succeeded + len(work.failed_indexes) >= spec.completions
    if not is_done:
        return None
    if work.failed_indexes:
        return failure("FailedIndexes", "Job has failed indexes")
    return Verdict("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods")


def by_success_policy(work: Work) -> Verdict | None:
    """Return the verdict of the first success rule that is met."""
    if not work.is_indexed or not work.job.spec.HasField("successPolicy"):
        return None
    for number, rule in enumerate(work.job.spec.successPolicy.rules):
        done = work.completed
        if rule.HasField("succeededIndexes"):
            asked = parse(rule.succeededIndexes, work.job.spec.completions)
            done = done & asked
            needed = rule.succeededCount if rule.HasField("succeededCount") else len(asked)
        else:
            needed = rule.succeededCount
        if len(done) >= needed:
            return Verdict("SuccessCriteriaMet", "SuccessPolicy", f"Matched rules at index {number}")
    return None


def exceeds_backoff(work: Work) -> bool:
    """Whether pods, or their containers, have failed too often."""
    spec = work.job.spec
    limit = spec.backoffLimit if spec.HasField("backoffLimit") else DEFAULT_BACKOFF_LIMIT
    if work.failed > limit:
        return True
    if spec.template.spec.restartPolicy != "OnFailure":
        return False
    count = restarts(work.pods)
    return count > 0 if limit == 0 else count >= limit


def is_overdue(job: Job, now: float) -> bool:
    """Whether a Job has run for longer than it may."""
    left = time_left(job, now)
    return left is not None and left <= 0


def time_left(job: Job, now: float) -> float | None:
    """Return the seconds until a Job is overdue; None if it never is."""
    if not job.spec.HasField("activeDeadlineSeconds") or not job.status.HasField("startTime") or job.spec.suspend:
        return None
    return seconds_of(job.status.startTime) + job.spec.activeDeadlineSeconds - now


def is_over(job: Job) -> bool:
    """Whether a Job has come to its end."""
    return final_condition(job) is not None


def final_condition(job: Job) -> JobCondition | None:
    """Return the condition that says how a Job ended, if it has."""
    return next(
        (each for each in job.status.conditions if each.type in DECIDED.values() and each.status == "True"), None
    )


def condition_of(status: JobStatus, type_: str) -> JobCondition | None:
    """Return the condition of a type, or None."""
    return next((each for each in status.conditions if each.type == type_), None)


def set_condition(status: JobStatus, type_: str, value: str, reason: str, message: str, now: float) -> None:
    """Set a condition; one with the same status is left as it is."""
    known = condition_of(status, type_)
    if known is not None and known.status == value:
        return
    if known is None:
        known = status.conditions.add(type=type_)
    known.status, known.reason, known.message = value, reason, message
    known.lastProbeTime.CopyFrom(time_of(now))
    known.lastTransitionTime.CopyFrom(time_of(now))
