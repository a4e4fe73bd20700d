"""Jobs, which end, and CronJobs, which make Jobs."""

from collections.abc import Iterator
from typing import Any, Final

from kobune.apimachinery import codec, names
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import (
    IMMUTABLE,
    OMITTED,
    duplicate,
    invalid,
    known,
    not_negative_fields,
    one_of,
    required,
    too_long,
    too_many,
    unsupported,
)
from kobune.apiserver.registry.validation.formats import domain_prefixed_path
from kobune.apiserver.registry.validation.labels import is_selector, label_key, label_selector, selects
from kobune.apiserver.registry.validation.pods.spec import template
from kobune.apiserver.registry.validation.pods.updates import put_back
from kobune.apiserver.registry.validation.schedules import schedule, time_zone

UID: Final = "batch.kubernetes.io/controller-uid"
NAME: Final = "batch.kubernetes.io/job-name"
OLD_UID: Final = "controller-uid"
OLD_NAME: Final = "job-name"
MANY: Final = 100_000
FEW: Final = 10_000
ACTIONS: Final = ("Count", "FailIndex", "FailJob", "Ignore")
STATUSES: Final = ("False", "True", "Unknown")
OPERATORS: Final = ("In", "NotIn")
SCHEDULING: Final = ("nodeSelector", "tolerations", "schedulingGates")


def job(new: Any) -> Iterator[FieldError]:
    """Check a new Job."""
    spec = new.spec
    yield from _generated_selector(new)
    yield from whole_job_spec("spec", spec)
    if spec.completionMode == "Indexed" and spec.completions > 0:
        host = f"{new.metadata.name}-{spec.completions - 1}"
        if names.dns_label(host):
            why = f"will not able to create pod with invalid DNS label: {host}"
            yield invalid("metadata.name", new.metadata.name, why)


def _generated_selector(new: Any) -> Iterator[FieldError]:
    spec, meta = new.spec, new.metadata
    if spec.manualSelector or not spec.HasField("selector"):
        return
    wanted = {UID: meta.uid, NAME: meta.name, OLD_UID: meta.uid, OLD_NAME: meta.name}
    found = spec.template.metadata.labels
    for key, value in wanted.items():
        at = f"spec.template.metadata.labels[{key}]"
        if key not in found:
            yield required(at, f"must be '{value}'")
        elif found[key] != value:
            yield invalid(at, found, f"must be '{value}'")
    if is_selector(spec.selector) and not selects(spec.selector, wanted):
        yield invalid("spec.selector", spec.selector, "`selector` not auto-generated")


def whole_job_spec(at: str, spec: Any) -> Iterator[FieldError]:
    """Check the spec of a Job, with its selector."""
    yield from job_spec(at, spec)
    if not spec.HasField("selector"):
        yield required(f"{at}.selector")
        return
    yield from label_selector(f"{at}.selector", spec.selector)
    made = spec.template.metadata.labels
    if is_selector(spec.selector) and not selects(spec.selector, made):
        yield invalid(f"{at}.template.metadata.labels", made, "`selector` does not match template `labels`")


def job_spec(at: str, spec: Any) -> Iterator[FieldError]:
    """Check the spec of a Job, or of the Jobs that a CronJob makes."""
    yield from not_negative_fields(
        at,
        spec,
        *("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"),
        *("backoffLimitPerIndex", "maxFailedIndexes"),
    )
    if spec.HasField("maxFailedIndexes") and not spec.HasField("backoffLimitPerIndex"):
        yield required(f"{at}.backoffLimitPerIndex", "when maxFailedIndexes is specified")
    if spec.HasField("managedBy"):
        yield from domain_prefixed_path(f"{at}.managedBy", spec.managedBy)
        if len(spec.managedBy.encode()) > 63:
            yield too_long(f"{at}.managedBy", 63)
    yield from known(f"{at}.completionMode", spec, "completionMode", ("NonIndexed", "Indexed"))
    if spec.completionMode == "Indexed":
        yield from _indexed(at, spec)
    if spec.completionMode in ("", "NonIndexed"):
        for name in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if spec.HasField(name):
                yield invalid(f"{at}.{name}", getattr(spec, name), "requires indexed completion mode")
    if spec.HasField("podFailurePolicy"):
        yield from _failure_policy(f"{at}.podFailurePolicy", spec)
    if spec.HasField("successPolicy"):
        yield from _success_policy(f"{at}.successPolicy", spec)
    policies = ("Failed",) if spec.HasField("podFailurePolicy") else ("Failed", "TerminatingOrFailed")
    yield from known(f"{at}.podReplacementPolicy", spec, "podReplacementPolicy", policies)
    yield from template(f"{at}.template", spec.template)
    yield from _ends(f"{at}.template.spec.restartPolicy", spec)


def _ends(at: str, spec: Any) -> Iterator[FieldError]:
    policy = spec.template.spec.restartPolicy
    if policy in ("", "Always"):
        yield required(at, 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        yield unsupported(at, policy, ("OnFailure", "Never"))
    elif spec.HasField("podFailurePolicy") and policy != "Never":
        yield invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified')


def _indexed(at: str, spec: Any) -> Iterator[FieldError]:
    if not spec.HasField("completions"):
        yield required(f"{at}.completions", "when completion mode is Indexed")
    if spec.parallelism > MANY:
        why = f"must be less than or equal to {MANY} when completion mode is Indexed"
        yield invalid(f"{at}.parallelism", spec.parallelism, why)
    if spec.HasField("maxFailedIndexes"):
        here, most = f"{at}.maxFailedIndexes", spec.maxFailedIndexes
        if spec.HasField("completions") and most > spec.completions:
            yield invalid(here, most, "must be less than or equal to completions")
        if most > MANY:
            yield invalid(here, most, f"must be less than or equal to {MANY}")
    if spec.completions > MANY and spec.HasField("backoffLimitPerIndex"):
        if not spec.HasField("maxFailedIndexes"):
            yield required(f"{at}.maxFailedIndexes", f"must be specified when completions is above {MANY}")
        for name in ("parallelism", "maxFailedIndexes"):
            if (value := getattr(spec, name)) > FEW:
                why = (
                    f"must be less than or equal to {FEW} when completions are above {MANY} and used with backoff limit"
                )
                yield invalid(f"{at}.{name}", value, f"{why} per index")


def _listed(values: tuple[str, ...]) -> str:
    return "[" + " ".join(f'"{value}"' for value in values) + "]"


def _failure_policy(at: str, spec: Any) -> Iterator[FieldError]:
    rules = spec.podFailurePolicy.rules
    if len(rules) > 20:
        yield too_many(f"{at}.rules", len(rules), 20)
    pod = spec.template.spec
    containers = {container.name for container in (*pod.containers, *pod.initContainers)}
    for index, rule in enumerate(rules):
        here = f"{at}.rules[{index}]"
        if not rule.action:
            yield required(f"{here}.action", f"valid values: {_listed(ACTIONS)}")
        elif rule.action == "FailIndex":
            if not spec.HasField("backoffLimitPerIndex"):
                yield invalid(f"{here}.action", rule.action, "requires the backoffLimitPerIndex to be set")
        elif rule.action not in ACTIONS:
            yield unsupported(f"{here}.action", rule.action, ACTIONS)
        by_code, by_condition = rule.HasField("onExitCodes"), bool(rule.onPodConditions)
        if by_code:
            yield from _exit_codes(f"{here}.onExitCodes", rule.onExitCodes, containers)
        if by_condition:
            yield from _conditions(f"{here}.onPodConditions", rule.onPodConditions)
        if by_code and by_condition:
            yield invalid(here, OMITTED, "specifying both OnExitCodes and OnPodConditions is not supported")
        if not by_code and not by_condition:
            yield invalid(here, OMITTED, "specifying one of OnExitCodes and OnPodConditions is required")


def _conditions(at: str, patterns: Any) -> Iterator[FieldError]:
    if len(patterns) > 20:
        yield too_many(at, len(patterns), 20)
    for index, pattern in enumerate(patterns):
        yield from label_key(f"{at}[{index}].type", pattern.type)
        if not pattern.status:
            yield required(f"{at}[{index}].status", f"valid values: {_listed(STATUSES)}")
        elif pattern.status not in STATUSES:
            yield unsupported(f"{at}[{index}].status", pattern.status, STATUSES)


def _exit_codes(at: str, wanted: Any, containers: set[str]) -> Iterator[FieldError]:
    if not wanted.operator:
        yield required(f"{at}.operator", f"valid values: {_listed(OPERATORS)}")
    elif wanted.operator not in OPERATORS:
        yield unsupported(f"{at}.operator", wanted.operator, OPERATORS)
    if wanted.HasField("containerName") and wanted.containerName not in containers:
        why = "must be one of the container or initContainer names in the pod template"
        yield invalid(f"{at}.containerName", wanted.containerName, why)
    here, codes = f"{at}.values", list(wanted.values)
    if not codes:
        yield invalid(here, wanted.values, "at least one value is required")
    elif len(codes) > 255:
        yield too_many(here, len(codes), 255)
    seen: set[int] = set()
    for index, code in enumerate(codes):
        if wanted.operator == "In" and code == 0:
            yield invalid(f"{here}[{index}]", code, "must not be 0 for the In operator")
        if code in seen:
            yield duplicate(f"{here}[{index}]", code)
        seen.add(code)
    if codes != sorted(codes):
        yield invalid(here, codes, "must be ordered")


def _success_policy(at: str, spec: Any) -> Iterator[FieldError]:
    policy = spec.successPolicy
    if spec.completionMode != "Indexed":
        yield invalid(at, policy, "requires indexed completion mode")
        return
    if not policy.rules:
        yield required(f"{at}.rules", "at least one rules must be specified when the successPolicy is specified")
    if len(policy.rules) > 20:
        yield too_many(f"{at}.rules", len(policy.rules), 20)
    for index, rule in enumerate(policy.rules):
        yield from _success_rule(f"{at}.rules[{index}]", rule, spec.completions)


def _success_rule(at: str, rule: Any, completions: int) -> Iterator[FieldError]:
    if not rule.HasField("succeededCount") and not rule.HasField("succeededIndexes"):
        yield required(at, "at least one of succeededCount or succeededIndexes must be specified")
    total: int | None = None
    if rule.HasField("succeededIndexes"):
        here, text = f"{at}.succeededIndexes", rule.succeededIndexes
        if len(text.encode()) > 64 * 1024:
            yield too_long(here, 64 * 1024)
        try:
            total = count_indexes(text, completions)
        except ValueError as error:
            yield invalid(here, text, f"error parsing succeededIndexes: {error}")
    if rule.HasField("succeededCount"):
        here, count = f"{at}.succeededCount", rule.succeededCount
        if count < 1:
            yield invalid(here, count, "must be greater than 0")
        if count > completions:
            yield invalid(
                here, count, f"must be less than or equal to {completions} (the number of specified completions)"
            )
        if total is not None and count > total:
            why = (
                f"must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)"
            )
            yield invalid(here, count, why)


def count_indexes(text: str, completions: int) -> int:
    """Return how many indexes `1,3-5,7` names; `ValueError` if they are not in order, or too large."""
    total, last = 0, -1
    if not text:
        return 0
    for part in text.split(","):
        first, dash, end = part.partition("-")
        if dash and "-" in end:
            why = "violates the requirement that an index interval can have at most two parts separated by '-'"
            raise ValueError(f'the fragment "{part}" {why}')
        bounds = []
        for number in (first, end) if dash else (first,):
            if not (number.isascii() and number.isdigit()):
                raise ValueError(f'cannot convert string to integer for index: "{number}"')
            if (bound := int(number)) >= completions:
                raise ValueError(f'too large index: "{number}"')
            bounds.append(bound)
        if bounds[0] <= last:
            raise ValueError(f"non-increasing order, previous: {last}, current: {bounds[0]}")
        if dash and bounds[0] >= bounds[1]:
            raise ValueError(f"non-increasing order, previous: {bounds[0]}, current: {bounds[1]}")
        total += bounds[-1] - bounds[0] + 1
        last = bounds[-1]
    return total


def job_update(new: Any, old: Any) -> Iterator[FieldError]:
    """Check that a Job stays what it was."""
    spec, before = new.spec, old.spec
    elastic = spec.completionMode == "Indexed"
    if not elastic or not before.HasField("completions"):
        yield from _same("spec.completions", spec, before, "completions")
    elif spec.HasField("completions") and spec.completions not in (before.completions, spec.parallelism):
        yield invalid("spec.completions", spec.completions, "can only be modified in tandem with spec.parallelism")
    yield from _same("spec.selector", spec, before, "selector")
    yield from _template_update(new, old)
    for name in ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"):
        yield from _same(f"spec.{name}", spec, before, name)


def _same(at: str, spec: Any, before: Any, name: str) -> Iterator[FieldError]:
    value, was = getattr(spec, name), getattr(before, name)
    is_set, was_set = spec.HasField(name), before.HasField(name)
    differs = is_set != was_set or (not codec.same(value, was) if hasattr(value, "CopyFrom") else value != was)
    if differs:
        yield invalid(at, value if is_set else None, IMMUTABLE)


def _template_update(new: Any, old: Any) -> Iterator[FieldError]:
    made, was = new.spec.template, type(old.spec.template)()
    was.CopyFrom(old.spec.template)
    suspended = any(item.type == "Suspended" and item.status == "True" for item in old.status.conditions)
    if old.spec.suspend and new.spec.suspend and (suspended or not old.status.HasField("startTime")):
        for name in SCHEDULING:
            put_back(was.spec, made.spec, name)
        for name in ("labels", "annotations"):
            put_back(was.metadata, made.metadata, name)
        if made.spec.affinity.HasField("nodeAffinity"):
            was.spec.affinity.nodeAffinity.CopyFrom(made.spec.affinity.nodeAffinity)
        elif was.spec.HasField("affinity"):
            was.spec.affinity.ClearField("nodeAffinity")
        if not made.spec.HasField("affinity") and not was.spec.affinity.ListFields():
            was.spec.ClearField("affinity")
        for part in ("containers", "initContainers"):
            for container, before in zip(getattr(made.spec, part), getattr(was.spec, part), strict=False):
                put_back(before, container, "resources")
    if not codec.same(made, was):
        yield invalid("spec.template", made, IMMUTABLE)


def job_status(new: Any, old: Any) -> Iterator[FieldError]:
    """Check what the status of a Job says."""
    status = new.status
    yield from not_negative_fields("status", status, "active", "succeeded", "failed", "ready", "terminating")
    seen: set[str] = set()
    for part in ("succeeded", "failed"):
        for index, uid in enumerate(getattr(status.uncountedTerminatedPods, part)):
            at = f"status.uncountedTerminatedPods.{part}[{index}]"
            if not uid:
                yield invalid(at, uid, "must not be empty")
            elif uid in seen:
                yield duplicate(at, uid)
            seen.add(uid)


def cron_job(new: Any) -> Iterator[FieldError]:
    """Check a CronJob."""
    spec = new.spec
    if not spec.schedule:
        yield required("spec.schedule")
    else:
        yield from schedule("spec.schedule", spec.schedule)
    yield from not_negative_fields(
        "spec", spec, "startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"
    )
    if spec.HasField("timeZone"):
        yield from time_zone("spec.timeZone", spec.timeZone)
    yield from one_of("spec.concurrencyPolicy", spec.concurrencyPolicy, ("Allow", "Forbid", "Replace"))
    at, made = "spec.jobTemplate.spec", spec.jobTemplate.spec
    yield from job_spec(at, made)
    if made.HasField("selector"):
        yield invalid(f"{at}.selector", made.selector, "`selector` will be auto-generated")
    if made.manualSelector:
        yield unsupported(f"{at}.manualSelector", made.manualSelector, ("nil", "false"))


def new_cron_job(new: Any) -> Iterator[FieldError]:
    """Check that the names of the Jobs that a new CronJob makes are not too long."""
    if len(new.metadata.name) > 52:
        yield invalid("metadata.name", new.metadata.name, "must be no more than 52 characters")
