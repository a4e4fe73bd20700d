"""The messages of kobune.api.autoscaling.v1."""

from kobune.api.autoscaling.v1.scale_pb2 import UpdateScaleRequest as UpdateScaleRequest
from kobune.api.autoscaling.v1.types_pb2 import ContainerResourceMetricSource as ContainerResourceMetricSource
from kobune.api.autoscaling.v1.types_pb2 import ContainerResourceMetricStatus as ContainerResourceMetricStatus
from kobune.api.autoscaling.v1.types_pb2 import CrossVersionObjectReference as CrossVersionObjectReference
from kobune.api.autoscaling.v1.types_pb2 import ExternalMetricSource as ExternalMetricSource
from kobune.api.autoscaling.v1.types_pb2 import ExternalMetricStatus as ExternalMetricStatus
from kobune.api.autoscaling.v1.types_pb2 import HorizontalPodAutoscaler as HorizontalPodAutoscaler
from kobune.api.autoscaling.v1.types_pb2 import HorizontalPodAutoscalerCondition as HorizontalPodAutoscalerCondition
from kobune.api.autoscaling.v1.types_pb2 import HorizontalPodAutoscalerList as HorizontalPodAutoscalerList
from kobune.api.autoscaling.v1.types_pb2 import HorizontalPodAutoscalerSpec as HorizontalPodAutoscalerSpec
from kobune.api.autoscaling.v1.types_pb2 import HorizontalPodAutoscalerStatus as HorizontalPodAutoscalerStatus
from kobune.api.autoscaling.v1.types_pb2 import MetricSpec as MetricSpec
from kobune.api.autoscaling.v1.types_pb2 import MetricStatus as MetricStatus
from kobune.api.autoscaling.v1.types_pb2 import ObjectMetricSource as ObjectMetricSource
from kobune.api.autoscaling.v1.types_pb2 import ObjectMetricStatus as ObjectMetricStatus
from kobune.api.autoscaling.v1.types_pb2 import PodsMetricSource as PodsMetricSource
from kobune.api.autoscaling.v1.types_pb2 import PodsMetricStatus as PodsMetricStatus
from kobune.api.autoscaling.v1.types_pb2 import ResourceMetricSource as ResourceMetricSource
from kobune.api.autoscaling.v1.types_pb2 import ResourceMetricStatus as ResourceMetricStatus
from kobune.api.autoscaling.v1.types_pb2 import Scale as Scale
from kobune.api.autoscaling.v1.types_pb2 import ScaleSpec as ScaleSpec
from kobune.api.autoscaling.v1.types_pb2 import ScaleStatus as ScaleStatus

__all__ = ['ContainerResourceMetricSource', 'ContainerResourceMetricStatus', 'CrossVersionObjectReference', 'ExternalMetricSource', 'ExternalMetricStatus', 'HorizontalPodAutoscaler', 'HorizontalPodAutoscalerCondition', 'HorizontalPodAutoscalerList', 'HorizontalPodAutoscalerSpec', 'HorizontalPodAutoscalerStatus', 'MetricSpec', 'MetricStatus', 'ObjectMetricSource', 'ObjectMetricStatus', 'PodsMetricSource', 'PodsMetricStatus', 'ResourceMetricSource', 'ResourceMetricStatus', 'Scale', 'ScaleSpec', 'ScaleStatus', 'UpdateScaleRequest']
