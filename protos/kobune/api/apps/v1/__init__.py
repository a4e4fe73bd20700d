"""The messages of kobune.api.apps.v1."""

from kobune.api.apps.v1.types_pb2 import ControllerRevision as ControllerRevision
from kobune.api.apps.v1.types_pb2 import ControllerRevisionList as ControllerRevisionList
from kobune.api.apps.v1.types_pb2 import DaemonSet as DaemonSet
from kobune.api.apps.v1.types_pb2 import DaemonSetCondition as DaemonSetCondition
from kobune.api.apps.v1.types_pb2 import DaemonSetList as DaemonSetList
from kobune.api.apps.v1.types_pb2 import DaemonSetSpec as DaemonSetSpec
from kobune.api.apps.v1.types_pb2 import DaemonSetStatus as DaemonSetStatus
from kobune.api.apps.v1.types_pb2 import DaemonSetUpdateStrategy as DaemonSetUpdateStrategy
from kobune.api.apps.v1.types_pb2 import Deployment as Deployment
from kobune.api.apps.v1.types_pb2 import DeploymentCondition as DeploymentCondition
from kobune.api.apps.v1.types_pb2 import DeploymentList as DeploymentList
from kobune.api.apps.v1.types_pb2 import DeploymentSpec as DeploymentSpec
from kobune.api.apps.v1.types_pb2 import DeploymentStatus as DeploymentStatus
from kobune.api.apps.v1.types_pb2 import DeploymentStrategy as DeploymentStrategy
from kobune.api.apps.v1.types_pb2 import ReplicaSet as ReplicaSet
from kobune.api.apps.v1.types_pb2 import ReplicaSetCondition as ReplicaSetCondition
from kobune.api.apps.v1.types_pb2 import ReplicaSetList as ReplicaSetList
from kobune.api.apps.v1.types_pb2 import ReplicaSetSpec as ReplicaSetSpec
from kobune.api.apps.v1.types_pb2 import ReplicaSetStatus as ReplicaSetStatus
from kobune.api.apps.v1.types_pb2 import RollingUpdateDaemonSet as RollingUpdateDaemonSet
from kobune.api.apps.v1.types_pb2 import RollingUpdateDeployment as RollingUpdateDeployment
from kobune.api.apps.v1.types_pb2 import RollingUpdateStatefulSetStrategy as RollingUpdateStatefulSetStrategy
from kobune.api.apps.v1.types_pb2 import StatefulSet as StatefulSet
from kobune.api.apps.v1.types_pb2 import StatefulSetCondition as StatefulSetCondition
from kobune.api.apps.v1.types_pb2 import StatefulSetList as StatefulSetList
from kobune.api.apps.v1.types_pb2 import StatefulSetOrdinals as StatefulSetOrdinals
from kobune.api.apps.v1.types_pb2 import StatefulSetPersistentVolumeClaimRetentionPolicy as StatefulSetPersistentVolumeClaimRetentionPolicy
from kobune.api.apps.v1.types_pb2 import StatefulSetSpec as StatefulSetSpec
from kobune.api.apps.v1.types_pb2 import StatefulSetStatus as StatefulSetStatus
from kobune.api.apps.v1.types_pb2 import StatefulSetUpdateStrategy as StatefulSetUpdateStrategy

__all__ = ['ControllerRevision', 'ControllerRevisionList', 'DaemonSet', 'DaemonSetCondition', 'DaemonSetList', 'DaemonSetSpec', 'DaemonSetStatus', 'DaemonSetUpdateStrategy', 'Deployment', 'DeploymentCondition', 'DeploymentList', 'DeploymentSpec', 'DeploymentStatus', 'DeploymentStrategy', 'ReplicaSet', 'ReplicaSetCondition', 'ReplicaSetList', 'ReplicaSetSpec', 'ReplicaSetStatus', 'RollingUpdateDaemonSet', 'RollingUpdateDeployment', 'RollingUpdateStatefulSetStrategy', 'StatefulSet', 'StatefulSetCondition', 'StatefulSetList', 'StatefulSetOrdinals', 'StatefulSetPersistentVolumeClaimRetentionPolicy', 'StatefulSetSpec', 'StatefulSetStatus', 'StatefulSetUpdateStrategy']
