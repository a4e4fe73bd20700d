"""How the pods of a kind are to be spread: what a pod says, or what goes for those that say nothing.

Source: the documentation's *Pod Topology Spread Constraints*, KEP-895, KEP-3022 (minDomains), KEP-3094 (policies).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kobune.api.core.v1 import TopologySpreadConstraint
from kobune.apimachinery.selectors import Selector, from_label_selector, from_labels
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.objects import Objects
from kobune.scheduler.plugins.node_affinity import is_selected
from kobune.scheduler.plugins.taint_toleration import is_kept_away
from kobune.scheduler.podinfo import PodInfo

HARD: Final = "DoNotSchedule"
SOFT: Final = "ScheduleAnyway"
HOSTNAME: Final = "kubernetes.io/hostname"
ZONE: Final = "topology.kubernetes.io/zone"


@dataclass(frozen=True)
class Constraint:
    """How evenly the pods that are selected should be spread over the domains of `topology_key`."""

    topology_key: str
    max_skew: int
    selector: Selector
    min_domains: int = 1
    honors_affinity: bool = True
    honors_taints: bool = False

    def counts(self, pod: PodInfo, node: NodeInfo) -> bool:
        """Whether the node counts when a pod is placed."""
        if self.honors_affinity and not is_selected(pod, node):
            return False
        return not (self.honors_taints and is_kept_away(pod, node))

    def asks_nodes(self, pod: PodInfo) -> bool:
        """Whether there may be nodes that do not count."""
        selects = bool(pod.spec.nodeSelector) or pod.spec.affinity.HasField("nodeAffinity")
        return self.honors_taints or (self.honors_affinity and selects)

    def matches(self, namespace: str, other: PodInfo) -> bool:
        """Whether another pod counts. Those that are leaving do not, and a selector of everything counts none."""
        metadata = other.metadata
        return (
            bool(self.selector)
            and metadata.namespace == namespace
            and not metadata.HasField("deletionTimestamp")
            and self.selector.matches(metadata.labels)
        )


@dataclass(frozen=True)
class Spreading:
    """What is asked of a pod."""

    hard: Sequence[Constraint] = ()
    soft: Sequence[Constraint] = ()
    needs_all_keys: bool = True
    """Whether nodes without one of the labels are left out of the comparison."""


def own(pod: PodInfo) -> Spreading:
    """Return the constraints that a pod has."""
    labels = pod.metadata.labels
    found: dict[str, list[Constraint]] = {HARD: [], SOFT: []}
    for constraint in pod.spec.topologySpreadConstraints:
        found[constraint.whenUnsatisfiable].append(_constraint(constraint, _selector(constraint, labels)))
    return Spreading(found[HARD], found[SOFT])


def by_default(defaults: Iterable[TopologySpreadConstraint], selector: Selector, needs_all_keys: bool) -> Spreading:
    """Return the constraints of a pod that has none, whose like is selected by `selector`."""
    found: dict[str, list[Constraint]] = {HARD: [], SOFT: []}
    if selector:
        for constraint in defaults:
            found[constraint.whenUnsatisfiable].append(_constraint(constraint, selector))
    return Spreading(found[HARD], found[SOFT], needs_all_keys)


OWNERS: Final = {
    ("v1", "ReplicationController"): "replicationcontrollers",
    ("apps/v1", "ReplicaSet"): "replicasets",
    ("apps/v1", "StatefulSet"): "statefulsets",
}


def selector_of(pod: PodInfo, objects: Objects) -> Selector:
    """Return what selects the pods that belong together with a pod: what its services and its controller select."""
    metadata = pod.metadata
    labels: dict[str, str] = {}
    for service in objects.list("services", metadata.namespace):
        wanted = service.spec.selector
        if wanted and all(metadata.labels.get(key) == value for key, value in wanted.items()):
            labels.update(wanted)
    owner = next((owner for owner in metadata.ownerReferences if owner.controller), None)
    plural = OWNERS.get((owner.apiVersion, owner.kind)) if owner is not None else None
    found = objects.get(plural, metadata.namespace, owner.name) if plural is not None and owner is not None else None
    if found is None:
        return from_labels(labels)
    if plural == "replicationcontrollers":
        return from_labels({**labels, **found.spec.selector})
    return Selector(from_labels(labels).requirements + from_label_selector(found.spec.selector).requirements)


def _selector(constraint: TopologySpreadConstraint, labels: Mapping[str, str]) -> Selector:
    selector = from_label_selector(constraint.labelSelector if constraint.HasField("labelSelector") else None)
    # The apiserver has done this for pods that were created there; for others it is done here.
    keys = {key: labels[key] for key in constraint.matchLabelKeys if key in labels}
    return Selector(from_labels(keys).requirements + selector.requirements)


def _constraint(constraint: TopologySpreadConstraint, selector: Selector) -> Constraint:
    return Constraint(
        constraint.topologyKey,
        constraint.maxSkew,
        selector,
        constraint.minDomains if constraint.HasField("minDomains") else 1,
        constraint.nodeAffinityPolicy != "Ignore",
        constraint.nodeTaintsPolicy == "Honor",
    )
