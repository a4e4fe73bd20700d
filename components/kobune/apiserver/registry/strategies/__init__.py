"""The kinds that differ: a module for each group of them, with a row for each."""

from collections.abc import Mapping

from kobune.apiserver.registry.strategies import (
    access,
    cluster,
    configuration,
    devices,
    extension,
    jobs,
    network,
    storage,
    workloads,
)
from kobune.apiserver.registry.strategies.pod import PodStrategy
from kobune.apiserver.registry.strategy import Strategy

RBAC = access.RBAC
RECHECKED = frozenset(
    {
        *(("", plural) for plural in ("configmaps", "endpoints", "limitranges", "namespaces", "nodes")),
        *(("", plural) for plural in ("persistentvolumeclaims", "persistentvolumes", "pods", "secrets")),
        *(("", plural) for plural in ("replicationcontrollers", "serviceaccounts", "services")),
        *((extension.ADMISSION, plural) for plural in extension.CONFIGURATIONS),
        *(("apps", plural) for plural in ("daemonsets", "replicasets")),
        ("discovery.k8s.io", "endpointslices"),
        *((extension.FLOW_CONTROL, plural) for plural in ("flowschemas", "prioritylevelconfigurations")),
        ("networking.k8s.io", "ingresses"),
        *((RBAC, plural) for plural in ("clusterrolebindings", "clusterroles", "rolebindings", "roles")),
        *((storage.GROUP, plural) for plural in ("csidrivers", "csinodes", "storageclasses", "volumeattachments")),
    }
)
"""Kinds whose updates check the metadata once more as if it were new."""
CHECKED_ONCE = frozenset(
    {
        ("", "limitranges"),
        ("", "persistentvolumes"),
        *((extension.ADMISSION, plural) for plural in extension.CONFIGURATIONS),
        ("discovery.k8s.io", "endpointslices"),
        *((extension.FLOW_CONTROL, plural) for plural in ("flowschemas", "prioritylevelconfigurations")),
        ("policy", "poddisruptionbudgets"),
        *((storage.GROUP, plural) for plural in ("csinodes", "volumeattachments")),
    }
)
"""Kinds that do not repeat for themselves what is checked of the metadata of all."""
FREE = frozenset(
    {
        ("", "events"),
        *((extension.ADMISSION, plural) for plural in extension.CONFIGURATIONS),
        *((extension.ADMISSION, plural) for plural in extension.POLICIES),
        ("policy", "poddisruptionbudgets"),
    }
)
"""Kinds whose finalizers may be called anything."""
METADATA = ("labels", "annotations", "finalizers", "ownerReferences")
STATUS_KEEPS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "pods"): ("ownerReferences",),
    ("apps", "deployments"): ("labels",),
    (extension.ADMISSION, "validatingadmissionpolicies"): METADATA,
    ("apiextensions.k8s.io", "customresourcedefinitions"): METADATA,
    ("apiregistration.k8s.io", "apiservices"): METADATA,
    (extension.FLOW_CONTROL, "flowschemas"): METADATA,
    (extension.FLOW_CONTROL, "prioritylevelconfigurations"): METADATA,
    ("networking.k8s.io", "servicecidrs"): METADATA,
    ("resource.k8s.io", "resourceclaims"): METADATA,
    (storage.GROUP, "volumeattachments"): METADATA,
}
"""What of the metadata an update of the status may not change, of the kinds where that is anything."""
GROUPS = (access, cluster, configuration, devices, extension, jobs, network, storage, workloads)


def strategies() -> Mapping[tuple[str, str], Strategy]:
    """Return the strategy of each kind that has one of its own, by group and plural."""
    found: dict[tuple[str, str], Strategy] = {("", "pods"): PodStrategy()}
    for group in GROUPS:
        found.update(group.kinds())
    for key, strategy in found.items():
        strategy.rechecks_metadata = key in RECHECKED
        strategy.repeats_metadata = key not in CHECKED_ONCE
        strategy.status_keeps = STATUS_KEEPS.get(key, ())
        strategy.free_finalizers = strategy.free_finalizers or key in FREE
    return found
