"""The messages of kobune.api.metrics.v1beta1."""

from kobune.api.metrics.v1beta1.types_pb2 import ContainerMetrics as ContainerMetrics
from kobune.api.metrics.v1beta1.types_pb2 import NodeMetrics as NodeMetrics
from kobune.api.metrics.v1beta1.types_pb2 import NodeMetricsList as NodeMetricsList
from kobune.api.metrics.v1beta1.types_pb2 import PodMetrics as PodMetrics
from kobune.api.metrics.v1beta1.types_pb2 import PodMetricsList as PodMetricsList

__all__ = ['ContainerMetrics', 'NodeMetrics', 'NodeMetricsList', 'PodMetrics', 'PodMetricsList']
