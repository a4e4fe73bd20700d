"""Jobs, which select their pods by their uid unless told otherwise, and CronJobs."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.advice.workloads import cron_job_warnings, job_warnings
from kobune.apiserver.registry.defaults.workloads import default_cron_job, default_job
from kobune.apiserver.registry.rules import Rules
from kobune.apiserver.registry.strategy import Strategy
from kobune.apiserver.registry.validation import jobs as rules

ORPHANS: Final = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
    "propagationPolicy=Orphan to suppress this warning"
)


class JobStrategy(Strategy):
    """A Job: it leaves its pods behind unless told otherwise."""

    propagation = "Orphan"
    deletion_warnings = (ORPHANS,)
    unknown_field = 'field label "{}" not supported for Job'

    def __init__(self) -> None:
        checks = Rules(new=rules.job, change=_update, status=rules.job_status)
        super().__init__(default_job, checks, warnings=job_warnings)

    def prepare_create(self, new: Any, view: Any) -> None:
        super().prepare_create(new, view)
        spec, labels = new.spec, new.metadata.labels
        if not spec.manualSelector:
            unlabelled = dict(labels) == dict(spec.template.metadata.labels)
            _select_own(new)
            if unlabelled:
                # Its labels were those of its template, and still are.
                labels.update(spec.template.metadata.labels)

    def selectable_fields(self) -> Mapping[str, str]:
        return {"status.successful": "status.succeeded"}


def _select_own(job: Any) -> None:
    """Label the pods of a job as its own, and select them by that; what the user says of it, validation judges."""
    uid, name = job.metadata.uid, job.metadata.name
    wanted = {rules.UID: uid, rules.OLD_UID: uid, rules.NAME: name, rules.OLD_NAME: name}
    labels = job.spec.template.metadata.labels
    for key, value in wanted.items():
        if key not in labels:
            labels[key] = value
    if rules.UID not in job.spec.selector.matchLabels:
        job.spec.selector.matchLabels[rules.UID] = uid


def _update(new: Any, old: Any) -> Iterator[FieldError]:
    yield from rules.whole_job_spec("spec", new.spec)
    yield from rules.job_update(new, old)


def kinds() -> Mapping[tuple[str, str], Strategy]:
    """Return the strategies of these kinds, by group and plural."""
    return {
        ("batch", "cronjobs"): Strategy(
            default_cron_job,
            Rules(always=rules.cron_job, new=rules.new_cron_job),
            warnings=cron_job_warnings,
        ),
        ("batch", "jobs"): JobStrategy(),
    }
