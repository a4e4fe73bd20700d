"""The kinds that run pods, and those that say how many there should be."""

from collections.abc import Mapping
from typing import Any, Final

from kobune.apimachinery import codec, names
from kobune.apiserver.registry.advice.workloads import of_template, pod_template_warnings, stateful_set_warnings
from kobune.apiserver.registry.defaults import workloads as defaults
from kobune.apiserver.registry.defaults.cluster import default_pod_template
from kobune.apiserver.registry.rules import Rules
from kobune.apiserver.registry.strategy import Strategy, UncountedStrategy
from kobune.apiserver.registry.validation import autoscaling, workloads
from kobune.apiserver.registry.validation.frozen import frozen
from kobune.apiserver.registry.validation.statuses import counts

TEMPLATE_GENERATION: Final = "deprecated.daemonset.template.generation"


class DaemonSetStrategy(Strategy):
    """A DaemonSet: an annotation counts the changes of its template."""

    def prepare_create(self, new: Any, view: Any) -> None:
        super().prepare_create(new, view)
        if not new.metadata.annotations.get(TEMPLATE_GENERATION, "").isdigit():
            new.metadata.annotations[TEMPLATE_GENERATION] = "1"

    def prepare_update(self, new: Any, old: Any) -> None:
        super().prepare_update(new, old)
        before = old.metadata.annotations.get(TEMPLATE_GENERATION, "0")
        changed = not codec.same(new.spec.template, old.spec.template)
        new.metadata.annotations[TEMPLATE_GENERATION] = str(int(before) + 1) if changed else before


class ReplicationControllerStrategy(Strategy):
    """A ReplicationController can be found by how many pods it has, and leaves them behind."""

    propagation = "Orphan"

    def selectable_fields(self) -> Mapping[str, str]:
        return {"status.replicas": "status.replicas"}


def kinds() -> Mapping[tuple[str, str], Strategy]:
    """Return the strategies of these kinds, by group and plural."""
    named, unnamed = of_template(named=True), of_template(named=False)
    return {
        ("", "podtemplates"): Strategy(
            default_pod_template,
            Rules(always=workloads.pod_template),
            counted=("template",),
            returns_deleted=True,
            warnings=pod_template_warnings,
        ),
        ("", "replicationcontrollers"): ReplicationControllerStrategy(
            defaults.default_replication_controller,
            Rules(always=workloads.replication_controller, status=counts("ReplicationController")),
            warnings=named,
        ),
        ("apps", "controllerrevisions"): UncountedStrategy(
            rules=Rules(always=workloads.controller_revision, change=frozen("data"))
        ),
        ("apps", "daemonsets"): DaemonSetStrategy(
            defaults.default_daemon_set,
            Rules(always=workloads.daemon_set, change=frozen("spec.selector"), status=counts("DaemonSet")),
            warnings=unnamed,
        ),
        ("apps", "deployments"): Strategy(
            defaults.default_deployment,
            Rules(always=workloads.deployment, change=frozen("spec.selector"), status=counts("Deployment")),
            warnings=named,
        ),
        ("apps", "replicasets"): Strategy(
            defaults.default_replica_set,
            Rules(always=workloads.replica_set, change=frozen("spec.selector"), status=counts("ReplicaSet")),
            warnings=named,
        ),
        ("apps", "statefulsets"): Strategy(
            defaults.default_stateful_set,
            Rules(
                always=workloads.stateful_set,
                change=workloads.stateful_set_update,
                status=counts("StatefulSet"),
            ),
            name_rule=names.dns_label,
            warnings=stateful_set_warnings,
        ),
        ("autoscaling", "horizontalpodautoscalers"): UncountedStrategy(
            defaults.default_autoscaler,
            Rules(always=autoscaling.autoscaler, status=counts("HorizontalPodAutoscaler")),
        ),
        ("policy", "poddisruptionbudgets"): Strategy(
            rules=Rules(always=autoscaling.disruption_budget, status=counts("PodDisruptionBudget")),
            name_rule=names.path_segment,
        ),
    }
