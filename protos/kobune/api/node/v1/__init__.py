"""The messages of kobune.api.node.v1."""

from kobune.api.node.v1.types_pb2 import Overhead as Overhead
from kobune.api.node.v1.types_pb2 import RuntimeClass as RuntimeClass
from kobune.api.node.v1.types_pb2 import RuntimeClassList as RuntimeClassList
from kobune.api.node.v1.types_pb2 import Scheduling as Scheduling

__all__ = ['Overhead', 'RuntimeClass', 'RuntimeClassList', 'Scheduling']
