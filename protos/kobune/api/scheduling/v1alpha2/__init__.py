"""The messages of kobune.api.scheduling.v1alpha2."""

from kobune.api.scheduling.v1alpha2.types_pb2 import BasicSchedulingPolicy as BasicSchedulingPolicy
from kobune.api.scheduling.v1alpha2.types_pb2 import GangSchedulingPolicy as GangSchedulingPolicy
from kobune.api.scheduling.v1alpha2.types_pb2 import PodGroup as PodGroup
from kobune.api.scheduling.v1alpha2.types_pb2 import PodGroupList as PodGroupList
from kobune.api.scheduling.v1alpha2.types_pb2 import PodGroupSchedulingConstraints as PodGroupSchedulingConstraints
from kobune.api.scheduling.v1alpha2.types_pb2 import PodGroupSchedulingPolicy as PodGroupSchedulingPolicy
from kobune.api.scheduling.v1alpha2.types_pb2 import PodGroupSpec as PodGroupSpec
from kobune.api.scheduling.v1alpha2.types_pb2 import PodGroupStatus as PodGroupStatus
from kobune.api.scheduling.v1alpha2.types_pb2 import PodGroupTemplateReference as PodGroupTemplateReference
from kobune.api.scheduling.v1alpha2.types_pb2 import TopologyConstraint as TopologyConstraint
from kobune.api.scheduling.v1alpha2.types_pb2 import WorkloadPodGroupTemplateReference as WorkloadPodGroupTemplateReference

__all__ = ['BasicSchedulingPolicy', 'GangSchedulingPolicy', 'PodGroup', 'PodGroupList', 'PodGroupSchedulingConstraints', 'PodGroupSchedulingPolicy', 'PodGroupSpec', 'PodGroupStatus', 'PodGroupTemplateReference', 'TopologyConstraint', 'WorkloadPodGroupTemplateReference']
