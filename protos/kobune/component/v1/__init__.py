"""The messages of kobune.component.v1."""

from kobune.component.v1.component_pb2 import ComponentStatus as ComponentStatus
from kobune.component.v1.component_pb2 import GetMetricsRequest as GetMetricsRequest
from kobune.component.v1.component_pb2 import GetMetricsResponse as GetMetricsResponse
from kobune.component.v1.component_pb2 import GetStatusRequest as GetStatusRequest

__all__ = ['ComponentStatus', 'GetMetricsRequest', 'GetMetricsResponse', 'GetStatusRequest']
