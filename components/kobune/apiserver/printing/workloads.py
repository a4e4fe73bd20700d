"""The columns of the kinds that run pods."""

from typing import Any

from kobune.apimachinery.meta import seconds_of
from kobune.apiserver.printing.column import AGE, NAME, Cell, Column, flag, human_duration, number, show, text
from kobune.apiserver.printing.selectors import labels_text, selector_text


def _containers(path: str = "spec.template.spec") -> tuple[Column, Column]:
    def spec_of(message: Any) -> Any:
        return show(path)(message, 0)

    return (
        text("Containers", lambda m, now: ",".join(c.name for c in spec_of(m).containers), wide=True),
        text("Images", lambda m, now: ",".join(c.image for c in spec_of(m).containers), wide=True),
    )


SELECTOR = text(
    "Selector", lambda m, now: selector_text(m.spec.selector) if m.spec.HasField("selector") else "<none>", wide=True
)


def _of(done: str, wanted: str) -> Cell:
    return lambda message, now: f"{show(done)(message, now)}/{show(wanted)(message, now)}"


def _job_status(job: Any, now: float) -> str:
    true = {condition.type: condition for condition in job.status.conditions if condition.status == "True"}
    for kind, word in (("Complete", "Complete"), ("Failed", "Failed"), ("Suspended", "Suspended")):
        if kind in true:
            return word
    if job.metadata.HasField("deletionTimestamp"):
        return "Terminating"
    for kind in ("SuccessCriteriaMet", "FailureTarget"):
        if kind in true:
            return kind
    return "Running"


def _completions(job: Any, now: float) -> str:
    done, spec = job.status.succeeded, job.spec
    if spec.HasField("completions"):
        return f"{done}/{spec.completions}"
    return f"{done}/1 of {spec.parallelism}" if spec.parallelism > 1 else f"{done}/1"


def _duration(job: Any, now: float) -> str:
    if not job.status.HasField("startTime"):
        return ""
    end = seconds_of(job.status.completionTime) if job.status.HasField("completionTime") else now
    return human_duration(end - seconds_of(job.status.startTime))


def _last_schedule(cron_job: Any, now: float) -> str:
    last = cron_job.status.lastScheduleTime
    return human_duration(now - last.seconds) if last.seconds else "<none>"


def _reference(autoscaler: Any, now: float) -> str:
    target = autoscaler.spec.scaleTargetRef
    return f"{target.kind}/{target.name}"


def _targets(autoscaler: Any, now: float) -> str:
    """Return each metric's present value and its target, of the first two."""
    metrics, known = autoscaler.spec.metrics, autoscaler.status.currentMetrics
    shown = [_target(spec, known[at] if at < len(known) else None) for at, spec in enumerate(metrics)]
    more = f" + {len(shown) - TARGETS_SHOWN} more..." if len(shown) > TARGETS_SHOWN else ""
    return ", ".join(shown[:TARGETS_SHOWN]) + more or "<none>"


def _target(spec: Any, status: Any) -> str:
    part = spec.type[:1].lower() + spec.type[1:]
    if part not in ("resource", "containerResource", "pods", "object", "external"):
        return "<unknown type>"
    target = getattr(spec, part).target
    current = getattr(status, part).current if status is not None and status.HasField(part) else None
    name = f"{spec.resource.name or spec.containerResource.name}: " if "esource" in part else ""
    if name and target.HasField("averageUtilization"):
        value = f"{current.averageUtilization}%" if current is not None else "<unknown>"
        return f"{name}{value}/{target.averageUtilization}%"
    if target.HasField("averageValue"):
        value = current.averageValue.string if current is not None else "<unknown>"
        suffix = " (avg)" if part in ("object", "external") else ""
        return f"{name}{value}/{target.averageValue.string}{suffix}"
    value = current.value.string if current is not None else "<unknown>"
    return f"{name}{value}/{target.value.string}"


TARGETS_SHOWN = 2
_DAEMONS = (
    ("Desired", "desiredNumberScheduled"),
    ("Current", "currentNumberScheduled"),
    ("Ready", "numberReady"),
    ("Up-to-date", "updatedNumberScheduled"),
    ("Available", "numberAvailable"),
)
_REPLICAS = (
    NAME,
    number("Desired", show("spec.replicas")),
    number("Current", show("status.replicas")),
    number("Ready", show("status.readyReplicas")),
    AGE,
    *_containers(),
)

COLUMNS: dict[str, tuple[Column, ...]] = {
    "deployments": (
        NAME,
        text("Ready", _of("status.readyReplicas", "spec.replicas")),
        text("Up-to-date", show("status.updatedReplicas")),
        text("Available", show("status.availableReplicas")),
        AGE,
        *_containers(),
        SELECTOR,
    ),
    "replicasets": (*_REPLICAS, SELECTOR),
    "scales": (
        NAME,
        number("Desired", show("spec.replicas")),
        number("Available", show("status.replicas")),
        AGE,
    ),
    "replicationcontrollers": (*_REPLICAS, text("Selector", lambda m, now: labels_text(m.spec.selector), wide=True)),
    "statefulsets": (NAME, text("Ready", _of("status.readyReplicas", "spec.replicas")), AGE, *_containers()),
    "daemonsets": (
        NAME,
        *(number(name, show(f"status.{field}")) for name, field in _DAEMONS),
        text("Node Selector", lambda m, now: labels_text(m.spec.template.spec.nodeSelector)),
        AGE,
        *_containers(),
        SELECTOR,
    ),
    "jobs": (
        NAME,
        text("Status", _job_status),
        text("Completions", _completions),
        text("Duration", _duration),
        AGE,
        *_containers(),
        SELECTOR,
    ),
    "cronjobs": (
        NAME,
        text("Schedule", show("spec.schedule")),
        text("Timezone", show("spec.timeZone", "<none>")),
        flag("Suspend", show("spec.suspend")),
        number("Active", lambda m, now: len(m.status.active)),
        text("Last Schedule", _last_schedule),
        AGE,
        *_containers("spec.jobTemplate.spec.template.spec"),
        text("Selector", lambda m, now: selector_text(m.spec.jobTemplate.spec.selector), wide=True),
    ),
    "controllerrevisions": (
        NAME,
        text(
            "Controller",
            lambda m, now: ",".join(f"{o.kind.lower()}/{o.name}" for o in m.metadata.ownerReferences) or "<none>",
        ),
        text("Revision", show("revision")),
        AGE,
    ),
    "horizontalpodautoscalers": (
        NAME,
        text("Reference", _reference),
        text("Targets", _targets),
        text("MinPods", lambda m, now: str(m.spec.minReplicas) if m.spec.HasField("minReplicas") else "<unset>"),
        text("MaxPods", show("spec.maxReplicas")),
        text("Replicas", show("status.currentReplicas")),
        AGE,
    ),
    "podtemplates": (
        NAME,
        text("Containers", lambda m, now: ",".join(c.name for c in m.template.spec.containers)),
        text("Images", lambda m, now: ",".join(c.image for c in m.template.spec.containers)),
        text("Pod Labels", lambda m, now: labels_text(m.template.metadata.labels)),
    ),
    "poddisruptionbudgets": (
        NAME,
        text("Min Available", lambda m, now: _amount(m.spec, "minAvailable")),
        text("Max Unavailable", lambda m, now: _amount(m.spec, "maxUnavailable")),
        number("Allowed Disruptions", show("status.disruptionsAllowed")),
        AGE,
    ),
}
"""By the plural of the resource."""


def _amount(spec: Any, name: str) -> str:
    if not spec.HasField(name):
        return "N/A"
    value = getattr(spec, name)
    return value.strVal if value.type == 1 else str(value.intVal)
