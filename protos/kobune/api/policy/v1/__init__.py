"""The messages of kobune.api.policy.v1."""

from kobune.api.policy.v1.eviction_pb2 import CreateEvictionRequest as CreateEvictionRequest
from kobune.api.policy.v1.types_pb2 import Eviction as Eviction
from kobune.api.policy.v1.types_pb2 import PodDisruptionBudget as PodDisruptionBudget
from kobune.api.policy.v1.types_pb2 import PodDisruptionBudgetList as PodDisruptionBudgetList
from kobune.api.policy.v1.types_pb2 import PodDisruptionBudgetSpec as PodDisruptionBudgetSpec
from kobune.api.policy.v1.types_pb2 import PodDisruptionBudgetStatus as PodDisruptionBudgetStatus

__all__ = ['CreateEvictionRequest', 'Eviction', 'PodDisruptionBudget', 'PodDisruptionBudgetList', 'PodDisruptionBudgetSpec', 'PodDisruptionBudgetStatus']
