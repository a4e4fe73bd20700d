"""The messages of kobune.api.rbac.v1."""

from kobune.api.rbac.v1.types_pb2 import AggregationRule as AggregationRule
from kobune.api.rbac.v1.types_pb2 import ClusterRole as ClusterRole
from kobune.api.rbac.v1.types_pb2 import ClusterRoleBinding as ClusterRoleBinding
from kobune.api.rbac.v1.types_pb2 import ClusterRoleBindingList as ClusterRoleBindingList
from kobune.api.rbac.v1.types_pb2 import ClusterRoleList as ClusterRoleList
from kobune.api.rbac.v1.types_pb2 import PolicyRule as PolicyRule
from kobune.api.rbac.v1.types_pb2 import Role as Role
from kobune.api.rbac.v1.types_pb2 import RoleBinding as RoleBinding
from kobune.api.rbac.v1.types_pb2 import RoleBindingList as RoleBindingList
from kobune.api.rbac.v1.types_pb2 import RoleList as RoleList
from kobune.api.rbac.v1.types_pb2 import RoleRef as RoleRef
from kobune.api.rbac.v1.types_pb2 import Subject as Subject

__all__ = ['AggregationRule', 'ClusterRole', 'ClusterRoleBinding', 'ClusterRoleBindingList', 'ClusterRoleList', 'PolicyRule', 'Role', 'RoleBinding', 'RoleBindingList', 'RoleList', 'RoleRef', 'Subject']
