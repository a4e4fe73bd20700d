"""The messages of kobune.api.discovery.v1."""

from kobune.api.discovery.v1.types_pb2 import Endpoint as Endpoint
from kobune.api.discovery.v1.types_pb2 import EndpointConditions as EndpointConditions
from kobune.api.discovery.v1.types_pb2 import EndpointHints as EndpointHints
from kobune.api.discovery.v1.types_pb2 import EndpointPort as EndpointPort
from kobune.api.discovery.v1.types_pb2 import EndpointSlice as EndpointSlice
from kobune.api.discovery.v1.types_pb2 import EndpointSliceList as EndpointSliceList
from kobune.api.discovery.v1.types_pb2 import ForNode as ForNode
from kobune.api.discovery.v1.types_pb2 import ForZone as ForZone

__all__ = ['Endpoint', 'EndpointConditions', 'EndpointHints', 'EndpointPort', 'EndpointSlice', 'EndpointSliceList', 'ForNode', 'ForZone']
