"""The arguments of the default plugins, as Kubernetes names them. Source: *kube-scheduler Configuration (v1)*."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from kobune.api.core.v1 import NodeAffinity as Affinity
from kobune.api.core.v1 import TopologySpreadConstraint
from kobune.scheduler.configuration.fields import Wrong
from kobune.scheduler.plugins.allocation import LeastAllocated, MostAllocated, RequestedToCapacityRatio, Strategy
from kobune.scheduler.plugins.default_preemption import DefaultPreemption
from kobune.scheduler.plugins.inter_pod_affinity import InterPodAffinity
from kobune.scheduler.plugins.node_affinity import NodeAffinity
from kobune.scheduler.plugins.node_resources_balanced_allocation import NodeResourcesBalancedAllocation
from kobune.scheduler.plugins.node_resources_fit import NodeResourcesFit
from kobune.scheduler.plugins.pod_topology_spread import PodTopologySpread
from kobune.scheduler.plugins.volume_binding import ScoringVolumeBinding, VolumeBinding


class Arguments(Protocol):
    """A dataclass with the fields of Kubernetes' arguments of a plugin."""

    def plugin(self) -> Any:
        """Return the plugin with these arguments."""


@dataclass(frozen=True)
class Resource:
    """A resource, and how much it counts."""

    name: str
    weight: int = 1


CPU_AND_MEMORY: Final = (Resource("cpu"), Resource("memory"))


@dataclass(frozen=True)
class Point:
    """A point of a curve."""

    utilization: int
    score: int


@dataclass(frozen=True)
class Ratio:
    """The curve of `RequestedToCapacityRatio`."""

    shape: Sequence[Point] = ()


@dataclass(frozen=True)
class ScoringStrategy:
    """How the use of resources is rated."""

    type: Literal["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"] = "LeastAllocated"
    resources: Sequence[Resource] = CPU_AND_MEMORY
    requested_to_capacity_ratio: Ratio | None = None

    def __post_init__(self) -> None:
        """Refuse weights and curves that make no sense."""
        _check_resources(self.resources, 100)
        if self.type == "RequestedToCapacityRatio":
            _check_shape(self.requested_to_capacity_ratio.shape if self.requested_to_capacity_ratio else ())

    def strategy(self) -> Strategy:
        """Return what rates."""
        if self.type == "RequestedToCapacityRatio":
            assert self.requested_to_capacity_ratio is not None
            points = [(point.utilization, point.score) for point in self.requested_to_capacity_ratio.shape]
            return RequestedToCapacityRatio(tuple(points))
        return MostAllocated() if self.type == "MostAllocated" else LeastAllocated()


@dataclass(frozen=True)
class NodeResourcesFitArgs:
    ignored_resources: Sequence[str] = ()
    ignored_resource_groups: Sequence[str] = ()
    scoring_strategy: ScoringStrategy = field(default_factory=ScoringStrategy)

    def __post_init__(self) -> None:
        """Refuse groups that are resources."""
        for at, group in enumerate(self.ignored_resource_groups):
            if "/" in group:
                raise Wrong(f"ignoredResourceGroups[{at}]", f"{group!r}: a group cannot contain '/'")

    def plugin(self) -> NodeResourcesFit:
        return NodeResourcesFit(
            strategy=self.scoring_strategy.strategy(),
            resources=_weights(self.scoring_strategy.resources),
            ignored_resources=frozenset(self.ignored_resources),
            ignored_resource_groups=frozenset(self.ignored_resource_groups),
        )


@dataclass(frozen=True)
class NodeResourcesBalancedAllocationArgs:
    resources: Sequence[Resource] = CPU_AND_MEMORY

    def __post_init__(self) -> None:
        """Refuse weights: what is balanced has none."""
        _check_resources(self.resources, 1)

    def plugin(self) -> NodeResourcesBalancedAllocation:
        return NodeResourcesBalancedAllocation(resources=_weights(self.resources))


@dataclass(frozen=True)
class NodeAffinityArgs:
    added_affinity: Affinity = field(default_factory=Affinity)

    def plugin(self) -> NodeAffinity:
        return NodeAffinity(added_affinity=self.added_affinity)


@dataclass(frozen=True)
class DefaultPreemptionArgs:
    min_candidate_nodes_percentage: int = 10
    min_candidate_nodes_absolute: int = 100

    def __post_init__(self) -> None:
        """Refuse what would never try anything."""
        if not 0 <= self.min_candidate_nodes_percentage <= 100:
            share = self.min_candidate_nodes_percentage
            raise Wrong("minCandidateNodesPercentage", f"{share} is not in the range 0 to 100")
        if self.min_candidate_nodes_absolute < 0:
            raise Wrong("minCandidateNodesAbsolute", "must not be negative")
        if not self.min_candidate_nodes_percentage and not self.min_candidate_nodes_absolute:
            raise Wrong("", "minCandidateNodesPercentage and minCandidateNodesAbsolute cannot both be 0")

    def plugin(self) -> DefaultPreemption:
        return DefaultPreemption(self.min_candidate_nodes_percentage, self.min_candidate_nodes_absolute)


@dataclass(frozen=True)
class InterPodAffinityArgs:
    hard_pod_affinity_weight: int = 1
    ignore_preferred_terms_of_existing_pods: bool = False

    def __post_init__(self) -> None:
        """Refuse weights that no preference could have."""
        if not 0 <= self.hard_pod_affinity_weight <= 100:
            raise Wrong("hardPodAffinityWeight", f"{self.hard_pod_affinity_weight} is not in the range 0 to 100")

    def plugin(self) -> InterPodAffinity:
        return InterPodAffinity(
            hard_pod_affinity_weight=self.hard_pod_affinity_weight,
            ignore_preferred_terms_of_existing_pods=self.ignore_preferred_terms_of_existing_pods,
        )


@dataclass(frozen=True)
class PodTopologySpreadArgs:
    default_constraints: Sequence[TopologySpreadConstraint] = ()
    defaulting_type: Literal["System", "List"] = "System"

    def __post_init__(self) -> None:
        """Refuse constraints that say too little, or too much for a default."""
        if self.default_constraints and self.defaulting_type == "System":
            raise Wrong("defaultConstraints", "when .defaultingType is System, must be empty")
        for at, constraint in enumerate(self.default_constraints):
            path = f"defaultConstraints[{at}]"
            if constraint.maxSkew <= 0:
                raise Wrong(f"{path}.maxSkew", "not greater than zero")
            if not constraint.topologyKey:
                raise Wrong(f"{path}.topologyKey", "can not be empty")
            if constraint.whenUnsatisfiable not in ("DoNotSchedule", "ScheduleAnyway"):
                raise Wrong(f"{path}.whenUnsatisfiable", "is not one of DoNotSchedule, ScheduleAnyway")
            if constraint.HasField("labelSelector"):
                raise Wrong(f"{path}.labelSelector", "constraint must not define a selector, it comes from the pod")

    def plugin(self) -> PodTopologySpread:
        return PodTopologySpread(default_constraints=self.default_constraints, defaulting_type=self.defaulting_type)


@dataclass(frozen=True)
class VolumeBindingArgs:
    bind_timeout_seconds: int = 600
    shape: Sequence[Point] = ()

    def __post_init__(self) -> None:
        """Refuse to wait for less than no time, and curves that make no sense."""
        if self.bind_timeout_seconds < 0:
            raise Wrong("bindTimeoutSeconds", "invalid BindTimeoutSeconds, should not be a negative value")
        if self.shape:
            _check_shape(self.shape, "shape")

    def plugin(self) -> VolumeBinding:
        if not self.shape:
            return VolumeBinding(self.bind_timeout_seconds)
        points = [(point.utilization, point.score) for point in self.shape]
        return ScoringVolumeBinding(self.bind_timeout_seconds, points)


ARGUMENTS: Final[Mapping[str, type[Arguments]]] = {
    "NodeResourcesFit": NodeResourcesFitArgs,
    "NodeResourcesBalancedAllocation": NodeResourcesBalancedAllocationArgs,
    "NodeAffinity": NodeAffinityArgs,
    "DefaultPreemption": DefaultPreemptionArgs,
    "InterPodAffinity": InterPodAffinityArgs,
    "PodTopologySpread": PodTopologySpreadArgs,
    "VolumeBinding": VolumeBindingArgs,
}
"""By plugin; the arguments of all others are the fields of their own dataclasses."""


def _weights(resources: Sequence[Resource]) -> Mapping[str, int]:
    return {resource.name: resource.weight or 1 for resource in resources}


def _check_resources(resources: Sequence[Resource], most: int) -> None:
    for at, resource in enumerate(resources):
        if not 1 <= resource.weight <= most:
            allowed = "1" if most == 1 else f"in the range 1 to {most}"
            raise Wrong(f"resources[{at}].weight", f"{resource.weight} is not {allowed}")
        if resource.name in [other.name for other in resources[:at]]:
            raise Wrong(f"resources[{at}].name", f"{resource.name!r} is given twice")


def _check_shape(shape: Sequence[Point], path: str = "requestedToCapacityRatio.shape") -> None:
    if not shape:
        raise Wrong(path, "at least one point must be specified")
    for at, point in enumerate(shape):
        if not 0 <= point.utilization <= 100:
            raise Wrong(f"{path}[{at}].utilization", f"{point.utilization} is not in the range 0 to 100")
        if at and point.utilization <= shape[at - 1].utilization:
            raise Wrong(f"{path}[{at}].utilization", "values must be sorted in increasing order")
        if not 0 <= point.score <= 10:
            raise Wrong(f"{path}[{at}].score", f"{point.score} is not in the range 0 to 10")
