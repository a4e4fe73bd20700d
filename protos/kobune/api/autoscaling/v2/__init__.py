"""The messages of kobune.api.autoscaling.v2."""

from kobune.api.autoscaling.v2.types_pb2 import ContainerResourceMetricSource as ContainerResourceMetricSource
from kobune.api.autoscaling.v2.types_pb2 import ContainerResourceMetricStatus as ContainerResourceMetricStatus
from kobune.api.autoscaling.v2.types_pb2 import CrossVersionObjectReference as CrossVersionObjectReference
from kobune.api.autoscaling.v2.types_pb2 import ExternalMetricSource as ExternalMetricSource
from kobune.api.autoscaling.v2.types_pb2 import ExternalMetricStatus as ExternalMetricStatus
from kobune.api.autoscaling.v2.types_pb2 import HPAScalingPolicy as HPAScalingPolicy
from kobune.api.autoscaling.v2.types_pb2 import HPAScalingRules as HPAScalingRules
from kobune.api.autoscaling.v2.types_pb2 import HorizontalPodAutoscaler as HorizontalPodAutoscaler
from kobune.api.autoscaling.v2.types_pb2 import HorizontalPodAutoscalerBehavior as HorizontalPodAutoscalerBehavior
from kobune.api.autoscaling.v2.types_pb2 import HorizontalPodAutoscalerCondition as HorizontalPodAutoscalerCondition
from kobune.api.autoscaling.v2.types_pb2 import HorizontalPodAutoscalerList as HorizontalPodAutoscalerList
from kobune.api.autoscaling.v2.types_pb2 import HorizontalPodAutoscalerSpec as HorizontalPodAutoscalerSpec
from kobune.api.autoscaling.v2.types_pb2 import HorizontalPodAutoscalerStatus as HorizontalPodAutoscalerStatus
from kobune.api.autoscaling.v2.types_pb2 import MetricIdentifier as MetricIdentifier
from kobune.api.autoscaling.v2.types_pb2 import MetricSpec as MetricSpec
from kobune.api.autoscaling.v2.types_pb2 import MetricStatus as MetricStatus
from kobune.api.autoscaling.v2.types_pb2 import MetricTarget as MetricTarget
from kobune.api.autoscaling.v2.types_pb2 import MetricValueStatus as MetricValueStatus
from kobune.api.autoscaling.v2.types_pb2 import ObjectMetricSource as ObjectMetricSource
from kobune.api.autoscaling.v2.types_pb2 import ObjectMetricStatus as ObjectMetricStatus
from kobune.api.autoscaling.v2.types_pb2 import PodsMetricSource as PodsMetricSource
from kobune.api.autoscaling.v2.types_pb2 import PodsMetricStatus as PodsMetricStatus
from kobune.api.autoscaling.v2.types_pb2 import ResourceMetricSource as ResourceMetricSource
from kobune.api.autoscaling.v2.types_pb2 import ResourceMetricStatus as ResourceMetricStatus

__all__ = ['ContainerResourceMetricSource', 'ContainerResourceMetricStatus', 'CrossVersionObjectReference', 'ExternalMetricSource', 'ExternalMetricStatus', 'HPAScalingPolicy', 'HPAScalingRules', 'HorizontalPodAutoscaler', 'HorizontalPodAutoscalerBehavior', 'HorizontalPodAutoscalerCondition', 'HorizontalPodAutoscalerList', 'HorizontalPodAutoscalerSpec', 'HorizontalPodAutoscalerStatus', 'MetricIdentifier', 'MetricSpec', 'MetricStatus', 'MetricTarget', 'MetricValueStatus', 'ObjectMetricSource', 'ObjectMetricStatus', 'PodsMetricSource', 'PodsMetricStatus', 'ResourceMetricSource', 'ResourceMetricStatus']
