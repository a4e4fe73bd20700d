"""The messages of kobune.vendor.openapi."""

from kobune.vendor.openapi.document_pb2 import AdditionalPropertiesItem as AdditionalPropertiesItem
from kobune.vendor.openapi.document_pb2 import Any as Any
from kobune.vendor.openapi.document_pb2 import BodyParameter as BodyParameter
from kobune.vendor.openapi.document_pb2 import Definitions as Definitions
from kobune.vendor.openapi.document_pb2 import Document as Document
from kobune.vendor.openapi.document_pb2 import Info as Info
from kobune.vendor.openapi.document_pb2 import ItemsItem as ItemsItem
from kobune.vendor.openapi.document_pb2 import NamedAny as NamedAny
from kobune.vendor.openapi.document_pb2 import NamedPathItem as NamedPathItem
from kobune.vendor.openapi.document_pb2 import NamedResponseValue as NamedResponseValue
from kobune.vendor.openapi.document_pb2 import NamedSchema as NamedSchema
from kobune.vendor.openapi.document_pb2 import NonBodyParameter as NonBodyParameter
from kobune.vendor.openapi.document_pb2 import Operation as Operation
from kobune.vendor.openapi.document_pb2 import Parameter as Parameter
from kobune.vendor.openapi.document_pb2 import ParametersItem as ParametersItem
from kobune.vendor.openapi.document_pb2 import PathItem as PathItem
from kobune.vendor.openapi.document_pb2 import Paths as Paths
from kobune.vendor.openapi.document_pb2 import Properties as Properties
from kobune.vendor.openapi.document_pb2 import QueryParameter as QueryParameter
from kobune.vendor.openapi.document_pb2 import Response as Response
from kobune.vendor.openapi.document_pb2 import ResponseValue as ResponseValue
from kobune.vendor.openapi.document_pb2 import Responses as Responses
from kobune.vendor.openapi.document_pb2 import Schema as Schema
from kobune.vendor.openapi.document_pb2 import SchemaItem as SchemaItem
from kobune.vendor.openapi.document_pb2 import TypeItem as TypeItem

__all__ = ['AdditionalPropertiesItem', 'Any', 'BodyParameter', 'Definitions', 'Document', 'Info', 'ItemsItem', 'NamedAny', 'NamedPathItem', 'NamedResponseValue', 'NamedSchema', 'NonBodyParameter', 'Operation', 'Parameter', 'ParametersItem', 'PathItem', 'Paths', 'Properties', 'QueryParameter', 'Response', 'ResponseValue', 'Responses', 'Schema', 'SchemaItem', 'TypeItem']
