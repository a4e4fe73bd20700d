"""The kinds that differ, one module each."""

from collections.abc import Mapping

from kobune.apiserver.registry.defaults import cluster as defaults
from kobune.apiserver.registry.defaults import network as network_defaults
from kobune.apiserver.registry.defaults import workloads as workload_defaults
from kobune.apiserver.registry.strategies.access import PathNamedStrategy
from kobune.apiserver.registry.strategies.cluster import EventStrategy, LeaseStrategy, NamespaceStrategy, NodeStrategy
from kobune.apiserver.registry.strategies.configuration import ConfigMapStrategy, SecretStrategy
from kobune.apiserver.registry.strategies.definitions import CustomResourceDefinitionStrategy
from kobune.apiserver.registry.strategies.frozen import FrozenStrategy
from kobune.apiserver.registry.strategies.pod import PodStrategy
from kobune.apiserver.registry.strategies.service import ServiceStrategy
from kobune.apiserver.registry.strategies.workloads import (
    DaemonSetStrategy,
    DeploymentStrategy,
    JobStrategy,
    ReplicaSetStrategy,
    ReplicationControllerStrategy,
    StatefulSetStrategy,
)
from kobune.apiserver.registry.strategy import Strategy, UncountedStrategy

RBAC = "rbac.authorization.k8s.io"


def strategies() -> Mapping[tuple[str, str], Strategy]:
    """Return the strategy of each kind that has one of its own, by group and plural."""
    return {
        ("", "configmaps"): ConfigMapStrategy(),
        ("", "endpoints"): UncountedStrategy(network_defaults.default_endpoints),
        ("", "events"): EventStrategy(defaults.default_event),
        ("", "limitranges"): UncountedStrategy(defaults.default_limit_range),
        ("", "namespaces"): NamespaceStrategy(),
        ("", "nodes"): NodeStrategy(),
        ("", "persistentvolumeclaims"): UncountedStrategy(
            defaults.default_persistent_volume_claim, returns_deleted=True
        ),
        ("", "persistentvolumes"): UncountedStrategy(defaults.default_persistent_volume, returns_deleted=True),
        ("", "pods"): PodStrategy(),
        ("", "podtemplates"): UncountedStrategy(defaults.default_pod_template, returns_deleted=True),
        ("", "replicationcontrollers"): ReplicationControllerStrategy(workload_defaults.default_replication_controller),
        ("", "resourcequotas"): UncountedStrategy(returns_deleted=True),
        ("", "serviceaccounts"): UncountedStrategy(returns_deleted=True),
        ("", "secrets"): SecretStrategy(defaults.default_secret),
        ("", "services"): ServiceStrategy(network_defaults.default_service),
        ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"): Strategy(defaults.default_webhooks),
        ("admissionregistration.k8s.io", "validatingwebhookconfigurations"): Strategy(defaults.default_webhooks),
        ("apiextensions.k8s.io", "customresourcedefinitions"): CustomResourceDefinitionStrategy(
            defaults.default_custom_resource_definition
        ),
        ("apps", "controllerrevisions"): FrozenStrategy("data"),
        ("apps", "daemonsets"): DaemonSetStrategy(workload_defaults.default_daemon_set),
        ("apps", "deployments"): DeploymentStrategy(workload_defaults.default_deployment),
        ("apps", "replicasets"): ReplicaSetStrategy(workload_defaults.default_replica_set),
        ("apps", "statefulsets"): StatefulSetStrategy(workload_defaults.default_stateful_set),
        ("autoscaling", "horizontalpodautoscalers"): UncountedStrategy(workload_defaults.default_autoscaler),
        ("batch", "cronjobs"): Strategy(workload_defaults.default_cron_job),
        ("batch", "jobs"): JobStrategy(workload_defaults.default_job),
        ("certificates.k8s.io", "certificatesigningrequests"): UncountedStrategy(defaults.default_certificate_request),
        ("coordination.k8s.io", "leases"): LeaseStrategy(),
        ("discovery.k8s.io", "endpointslices"): FrozenStrategy(
            "addressType", default=network_defaults.default_endpoint_slice, generation=True
        ),
        ("flowcontrol.apiserver.k8s.io", "flowschemas"): Strategy(defaults.default_flow_schema),
        ("networking.k8s.io", "ipaddresses"): UncountedStrategy(),
        ("networking.k8s.io", "servicecidrs"): UncountedStrategy(),
        ("networking.k8s.io", "networkpolicies"): Strategy(network_defaults.default_network_policy),
        ("node.k8s.io", "runtimeclasses"): FrozenStrategy("handler"),
        ("scheduling.k8s.io", "priorityclasses"): FrozenStrategy(
            "value",
            "preemptionPolicy",
            default=defaults.default_priority_class,
            why="may not be changed in an update.",
        ),
        ("storage.k8s.io", "csidrivers"): UncountedStrategy(defaults.default_csi_driver),
        ("storage.k8s.io", "csinodes"): UncountedStrategy(),
        ("storage.k8s.io", "storageclasses"): FrozenStrategy(
            "parameters",
            "provisioner",
            "reclaimPolicy",
            "volumeBindingMode",
            default=defaults.default_storage_class,
        ),
        ("storage.k8s.io", "volumeattachments"): UncountedStrategy(),
        (RBAC, "clusterrolebindings"): PathNamedStrategy(defaults.default_binding),
        (RBAC, "clusterroles"): PathNamedStrategy(),
        (RBAC, "rolebindings"): PathNamedStrategy(defaults.default_binding),
        (RBAC, "roles"): PathNamedStrategy(),
    }
