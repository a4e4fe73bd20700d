"""The rules and preferences that come with the scheduler, one each."""

from collections.abc import Sequence
from typing import Any

from kobune.scheduler.plugins.node_affinity import NodeAffinity
from kobune.scheduler.plugins.node_name import NodeName
from kobune.scheduler.plugins.node_ports import NodePorts
from kobune.scheduler.plugins.node_resources_balanced_allocation import NodeResourcesBalancedAllocation
from kobune.scheduler.plugins.node_resources_fit import NodeResourcesFit
from kobune.scheduler.plugins.node_unschedulable import NodeUnschedulable
from kobune.scheduler.plugins.taint_toleration import TaintToleration
from kobune.scheduler.plugins.unsupported import Unsupported


def default_plugins() -> Sequence[Any]:
    """Return the plugins of the default profile, in order, with Kubernetes' weights."""
    return (
        Unsupported(),
        NodeUnschedulable(),
        NodeName(),
        TaintToleration(),
        NodeAffinity(),
        NodePorts(),
        NodeResourcesFit(),
        NodeResourcesBalancedAllocation(),
    )
