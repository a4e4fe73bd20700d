"""The messages of kobune.api.scheduling.v1."""

from kobune.api.scheduling.v1.types_pb2 import PriorityClass as PriorityClass
from kobune.api.scheduling.v1.types_pb2 import PriorityClassList as PriorityClassList

__all__ = ['PriorityClass', 'PriorityClassList']
