"""The profile that Kubernetes' scheduler has when nobody configures it. Source: the reference of its configuration."""

from collections.abc import Sequence
from typing import Any

from kobune.scheduler.framework import Profile
from kobune.scheduler.plugins.default_binder import DefaultBinder
from kobune.scheduler.plugins.default_preemption import DefaultPreemption
from kobune.scheduler.plugins.dynamic_resources import DynamicResources
from kobune.scheduler.plugins.gang_scheduling import GangScheduling
from kobune.scheduler.plugins.image_locality import ImageLocality
from kobune.scheduler.plugins.inter_pod_affinity import InterPodAffinity
from kobune.scheduler.plugins.node_affinity import NodeAffinity
from kobune.scheduler.plugins.node_name import NodeName
from kobune.scheduler.plugins.node_ports import NodePorts
from kobune.scheduler.plugins.node_resources_balanced_allocation import NodeResourcesBalancedAllocation
from kobune.scheduler.plugins.node_resources_fit import NodeResourcesFit
from kobune.scheduler.plugins.node_unschedulable import NodeUnschedulable
from kobune.scheduler.plugins.node_volume_limits import NodeVolumeLimits
from kobune.scheduler.plugins.pod_topology_spread import PodTopologySpread
from kobune.scheduler.plugins.priority_sort import PrioritySort
from kobune.scheduler.plugins.scheduling_gates import SchedulingGates
from kobune.scheduler.plugins.taint_toleration import TaintToleration
from kobune.scheduler.plugins.volume_binding import VolumeBinding
from kobune.scheduler.plugins.volume_restrictions import VolumeRestrictions
from kobune.scheduler.plugins.volume_zone import VolumeZone

NAME = "default-scheduler"


def default_profile(name: str = NAME) -> Profile:
    """Return the default plugins in their order, with their weights."""
    return Profile(name, default_plugins())


def default_plugins() -> Sequence[Any]:
    """Return the default plugins in their order."""
    return (
        SchedulingGates(),
        PrioritySort(),
        GangScheduling(),
        NodeUnschedulable(),
        NodeName(),
        TaintToleration(),
        NodeAffinity(),
        NodePorts(),
        NodeResourcesFit(),
        VolumeRestrictions(),
        NodeVolumeLimits(),
        VolumeBinding(),
        VolumeZone(),
        PodTopologySpread(),
        InterPodAffinity(),
        DynamicResources(),
        DefaultPreemption(),
        NodeResourcesBalancedAllocation(),
        ImageLocality(),
        DefaultBinder(),
    )
