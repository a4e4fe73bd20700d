"""Deletes Jobs some time after they have finished. Source: *Automatic Cleanup for Finished Jobs*."""

from kobune.api.batch.v1 import Job
from kobune.apimachinery.meta import is_deleting, seconds_of
from kobune.client import Action, Controller, RequeueAfter, delete
from kobune.controller_manager.jobs.verdict import final_condition


def reconcile(job: Job, now: float) -> list[Action]:
    """Plan the end of a Job with its pods, or when to come back for it."""
    final = final_condition(job)
    if final is None or not job.spec.HasField("ttlSecondsAfterFinished") or is_deleting(job.metadata):
        return []
    wait = seconds_of(final.lastTransitionTime) + job.spec.ttlSecondsAfterFinished - now
    return [RequeueAfter(wait)] if wait > 0 else [delete(job, propagation="Foreground")]


ttlafterfinished = Controller(name="ttlafterfinished", root=Job, reconcile=reconcile)
