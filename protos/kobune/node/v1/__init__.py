"""The messages of kobune.node.v1."""

from kobune.node.v1.nodes_pb2 import ContainerState as ContainerState
from kobune.node.v1.nodes_pb2 import ContainerUsage as ContainerUsage
from kobune.node.v1.nodes_pb2 import GetUsageRequest as GetUsageRequest
from kobune.node.v1.nodes_pb2 import GetUsageResponse as GetUsageResponse
from kobune.node.v1.nodes_pb2 import ListNodesRequest as ListNodesRequest
from kobune.node.v1.nodes_pb2 import ListNodesResponse as ListNodesResponse
from kobune.node.v1.nodes_pb2 import ListPodsRequest as ListPodsRequest
from kobune.node.v1.nodes_pb2 import ListPodsResponse as ListPodsResponse
from kobune.node.v1.nodes_pb2 import NodeState as NodeState
from kobune.node.v1.nodes_pb2 import PodState as PodState
from kobune.node.v1.nodes_pb2 import PodUsage as PodUsage
from kobune.node.v1.streams_pb2 import Data as Data
from kobune.node.v1.streams_pb2 import ExecInput as ExecInput
from kobune.node.v1.streams_pb2 import ExecOutput as ExecOutput
from kobune.node.v1.streams_pb2 import ExecStart as ExecStart
from kobune.node.v1.streams_pb2 import ForwardInput as ForwardInput
from kobune.node.v1.streams_pb2 import ForwardStart as ForwardStart
from kobune.node.v1.streams_pb2 import LogsRequest as LogsRequest
from kobune.node.v1.streams_pb2 import PageRequest as PageRequest
from kobune.node.v1.streams_pb2 import PageResponse as PageResponse

__all__ = ['ContainerState', 'ContainerUsage', 'Data', 'ExecInput', 'ExecOutput', 'ExecStart', 'ForwardInput', 'ForwardStart', 'GetUsageRequest', 'GetUsageResponse', 'ListNodesRequest', 'ListNodesResponse', 'ListPodsRequest', 'ListPodsResponse', 'LogsRequest', 'NodeState', 'PageRequest', 'PageResponse', 'PodState', 'PodUsage']
