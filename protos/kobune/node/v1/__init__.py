"""The messages of kobune.node.v1."""

from kobune.node.v1.nodes_pb2 import ContainerState as ContainerState
from kobune.node.v1.nodes_pb2 import ListNodesRequest as ListNodesRequest
from kobune.node.v1.nodes_pb2 import ListNodesResponse as ListNodesResponse
from kobune.node.v1.nodes_pb2 import ListPodsRequest as ListPodsRequest
from kobune.node.v1.nodes_pb2 import ListPodsResponse as ListPodsResponse
from kobune.node.v1.nodes_pb2 import NodeState as NodeState
from kobune.node.v1.nodes_pb2 import PodState as PodState

__all__ = ['ContainerState', 'ListNodesRequest', 'ListNodesResponse', 'ListPodsRequest', 'ListPodsResponse', 'NodeState', 'PodState']
