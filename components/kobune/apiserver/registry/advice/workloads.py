"""What is odd about the kinds that run pods."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from kobune.apimachinery import codec
from kobune.apiserver.registry.advice.labels import name_warnings
from kobune.apiserver.registry.advice.pods import claim_spec_warnings, template_warnings

IN_PODS: Final = "Pod names and hostnames"
MANY_INDEXES: Final = (
    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes "
    "might not be able to track completedIndexes when a big number of indexes fail"
)


def of_template(*, named: bool) -> Callable[[Any, Any], Iterator[str]]:
    """Return the warnings of a kind with a template, whose name, if `named`, becomes part of its pods' names."""

    def warnings(new: Any, old: Any) -> Iterator[str]:
        if named and old is None:
            yield from name_warnings(new.metadata.name, IN_PODS)
        if old is None or not codec.same(new.spec.template, old.spec.template):
            yield from template_warnings("spec.template", new.spec.template)

    return warnings


def pod_template_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about a PodTemplate."""
    if old is None or not codec.same(new.template, old.template):
        yield from template_warnings("template", new.template)


def stateful_set_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about a StatefulSet."""
    if old is not None and codec.same(new.spec, old.spec):
        return
    yield from template_warnings("spec.template", new.spec.template)
    for index, claim in enumerate(new.spec.volumeClaimTemplates):
        yield from claim_spec_warnings(f"spec.volumeClaimTemplates[{index}].Spec", claim.spec)
    if new.spec.revisionHistoryLimit < 0:
        why = "a negative value retains all historical revisions; a value >= 0 is recommended"
        yield f"spec.revisionHistoryLimit: {why}"


def job_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about a Job."""
    if old is None:
        yield from name_warnings(new.metadata.name, IN_PODS)
    if old is None or not codec.same(new.spec, old.spec):
        yield from _job_spec("spec", new.spec)


def cron_job_warnings(new: Any, old: Any) -> Iterator[str]:
    """Yield what is odd about a CronJob."""
    if old is None:
        yield from name_warnings(new.metadata.name, IN_PODS)
    if old is None or not codec.same(new.spec, old.spec):
        yield from _job_spec("spec.jobTemplate.spec", new.spec.jobTemplate.spec)
    if "TZ" in new.spec.schedule:
        where = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
        yield f"CRON_TZ or TZ used in spec.schedule is not officially supported, see {where}"


def _job_spec(at: str, spec: Any) -> Iterator[str]:
    if spec.completionMode == "Indexed" and spec.completions > 100_000 and spec.parallelism > 10_000:
        yield f"{at}: {MANY_INDEXES}"
    yield from template_warnings(f"{at}.template", spec.template)
