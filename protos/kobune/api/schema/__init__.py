"""The messages of kobune.api.schema."""

from kobune.api.schema.schema_pb2 import Effect as Effect
from kobune.api.schema.schema_pb2 import Field as Field
from kobune.api.schema.schema_pb2 import Package as Package
from kobune.api.schema.schema_pb2 import Resource as Resource
from kobune.api.schema.schema_pb2 import StringEnum as StringEnum
from kobune.api.schema.schema_pb2 import Subresource as Subresource

__all__ = ['Effect', 'Field', 'Package', 'Resource', 'StringEnum', 'Subresource']
