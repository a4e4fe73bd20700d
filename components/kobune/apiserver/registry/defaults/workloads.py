"""The kinds that run pods."""

from typing import Any

from kobune.apiserver.registry.defaults.fill import fill, fill_number_or_percent
from kobune.apiserver.registry.defaults.pod import default_pod_spec


def default_deployment(deployment: Any) -> None:
    """Fill in a Deployment: rolling updates, a quarter more and a quarter less at a time."""
    spec = deployment.spec
    fill(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    fill(spec.strategy, type="RollingUpdate")
    if spec.strategy.type == "RollingUpdate":
        rolling = spec.strategy.rollingUpdate
        fill_number_or_percent(rolling, "maxUnavailable", "25%")
        fill_number_or_percent(rolling, "maxSurge", "25%")
    default_pod_spec(spec.template.spec)


def default_replica_set(replica_set: Any) -> None:
    """Fill in a ReplicaSet."""
    fill(replica_set.spec, replicas=1)
    default_pod_spec(replica_set.spec.template.spec)


def default_replication_controller(controller: Any) -> None:
    """Fill in a ReplicationController: its selector and labels are those of its template."""
    spec = controller.spec
    fill(spec, replicas=1)
    if spec.HasField("template"):
        default_pod_spec(spec.template.spec)
        labels = spec.template.metadata.labels
        if not spec.selector:
            spec.selector.update(labels)
        if not controller.metadata.labels:
            controller.metadata.labels.update(labels)


def default_daemon_set(daemon_set: Any) -> None:
    """Fill in a DaemonSet."""
    spec = daemon_set.spec
    fill(spec, revisionHistoryLimit=10)
    fill(spec.updateStrategy, type="RollingUpdate")
    if spec.updateStrategy.type == "RollingUpdate":
        rolling = spec.updateStrategy.rollingUpdate
        fill_number_or_percent(rolling, "maxUnavailable", 1)
        fill_number_or_percent(rolling, "maxSurge", 0)
    default_pod_spec(spec.template.spec)


def default_stateful_set(stateful_set: Any) -> None:
    """Fill in a StatefulSet."""
    spec = stateful_set.spec
    fill(spec, podManagementPolicy="OrderedReady", replicas=1, revisionHistoryLimit=10)
    fill(spec.updateStrategy, type="RollingUpdate")
    if spec.updateStrategy.type == "RollingUpdate":
        fill(spec.updateStrategy.rollingUpdate, partition=0)
    retention = spec.persistentVolumeClaimRetentionPolicy
    fill(retention, whenDeleted="Retain", whenScaled="Retain")
    default_pod_spec(spec.template.spec)
    for claim in spec.volumeClaimTemplates:
        fill(claim.spec, volumeMode="Filesystem")
        fill(claim.status, phase="Pending")


def default_job(job: Any) -> None:
    """Fill in a Job."""
    default_job_spec(job.spec)
    if not job.metadata.labels:
        job.metadata.labels.update(job.spec.template.metadata.labels)


def default_job_spec(spec: Any) -> None:
    """Fill in the spec of a Job, or of a CronJob's template: one pod, six retries."""
    if not spec.HasField("completions") and not spec.HasField("parallelism"):
        spec.completions = spec.parallelism = 1
    fill(
        spec,
        parallelism=1,
        backoffLimit=2**31 - 1 if spec.HasField("backoffLimitPerIndex") else 6,
        completionMode="NonIndexed",
        suspend=False,
        podReplacementPolicy="Failed" if spec.HasField("podFailurePolicy") else "TerminatingOrFailed",
        manualSelector=False,
    )
    if spec.HasField("podFailurePolicy"):
        for rule in spec.podFailurePolicy.rules:
            for condition in rule.onPodConditions:
                fill(condition, status="True")
    default_pod_spec(spec.template.spec)


def default_cron_job(cron_job: Any) -> None:
    """Fill in a CronJob."""
    spec = cron_job.spec
    fill(spec, concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    template = spec.jobTemplate.spec
    # What depends on the Job itself is filled in when there is one.
    default_pod_spec(template.template.spec)


def default_autoscaler(autoscaler: Any) -> None:
    """Fill in a HorizontalPodAutoscaler v2: 80% of the CPU, quick up and slow down."""
    spec = autoscaler.spec
    fill(spec, minReplicas=1)
    if not spec.metrics:
        metric = spec.metrics.add(type="Resource")
        metric.resource.name = "cpu"
        metric.resource.target.type = "Utilization"
        metric.resource.target.averageUtilization = 80
    if spec.HasField("behavior"):
        _default_scaling(spec.behavior.scaleUp, [("Pods", 4, 15), ("Percent", 100, 15)], stabilization=0)
        _default_scaling(spec.behavior.scaleDown, [("Percent", 100, 15)], stabilization=None)


def _default_scaling(rules: Any, policies: list[tuple[str, int, int]], stabilization: int | None) -> None:
    fill(rules, selectPolicy="Max")
    if stabilization is not None:
        fill(rules, stabilizationWindowSeconds=stabilization)
    if not rules.policies:
        for kind, value, period in policies:
            rules.policies.add(type=kind, value=value, periodSeconds=period)
