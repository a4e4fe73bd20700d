"""The messages of kobune.api.coordination.v1."""

from kobune.api.coordination.v1.types_pb2 import Lease as Lease
from kobune.api.coordination.v1.types_pb2 import LeaseList as LeaseList
from kobune.api.coordination.v1.types_pb2 import LeaseSpec as LeaseSpec

__all__ = ['Lease', 'LeaseList', 'LeaseSpec']
