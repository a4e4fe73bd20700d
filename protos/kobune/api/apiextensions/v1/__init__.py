"""The messages of kobune.api.apiextensions.v1."""

from kobune.api.apiextensions.v1.types_pb2 import ConversionRequest as ConversionRequest
from kobune.api.apiextensions.v1.types_pb2 import ConversionResponse as ConversionResponse
from kobune.api.apiextensions.v1.types_pb2 import ConversionReview as ConversionReview
from kobune.api.apiextensions.v1.types_pb2 import CustomResourceColumnDefinition as CustomResourceColumnDefinition
from kobune.api.apiextensions.v1.types_pb2 import CustomResourceConversion as CustomResourceConversion
from kobune.api.apiextensions.v1.types_pb2 import CustomResourceDefinition as CustomResourceDefinition
from kobune.api.apiextensions.v1.types_pb2 import CustomResourceDefinitionCondition as CustomResourceDefinitionCondition
from kobune.api.apiextensions.v1.types_pb2 import CustomResourceDefinitionList as CustomResourceDefinitionList
from kobune.api.apiextensions.v1.types_pb2 import CustomResourceDefinitionNames as CustomResourceDefinitionNames
from kobune.api.apiextensions.v1.types_pb2 import CustomResourceDefinitionSpec as CustomResourceDefinitionSpec
from kobune.api.apiextensions.v1.types_pb2 import CustomResourceDefinitionStatus as CustomResourceDefinitionStatus
from kobune.api.apiextensions.v1.types_pb2 import CustomResourceDefinitionVersion as CustomResourceDefinitionVersion
from kobune.api.apiextensions.v1.types_pb2 import CustomResourceSubresourceScale as CustomResourceSubresourceScale
from kobune.api.apiextensions.v1.types_pb2 import CustomResourceSubresourceStatus as CustomResourceSubresourceStatus
from kobune.api.apiextensions.v1.types_pb2 import CustomResourceSubresources as CustomResourceSubresources
from kobune.api.apiextensions.v1.types_pb2 import CustomResourceValidation as CustomResourceValidation
from kobune.api.apiextensions.v1.types_pb2 import ExternalDocumentation as ExternalDocumentation
from kobune.api.apiextensions.v1.types_pb2 import JSON as JSON
from kobune.api.apiextensions.v1.types_pb2 import JSONSchemaProps as JSONSchemaProps
from kobune.api.apiextensions.v1.types_pb2 import JSONSchemaPropsOrArray as JSONSchemaPropsOrArray
from kobune.api.apiextensions.v1.types_pb2 import JSONSchemaPropsOrBool as JSONSchemaPropsOrBool
from kobune.api.apiextensions.v1.types_pb2 import JSONSchemaPropsOrStringArray as JSONSchemaPropsOrStringArray
from kobune.api.apiextensions.v1.types_pb2 import SelectableField as SelectableField
from kobune.api.apiextensions.v1.types_pb2 import ServiceReference as ServiceReference
from kobune.api.apiextensions.v1.types_pb2 import ValidationRule as ValidationRule
from kobune.api.apiextensions.v1.types_pb2 import WebhookClientConfig as WebhookClientConfig
from kobune.api.apiextensions.v1.types_pb2 import WebhookConversion as WebhookConversion

__all__ = ['ConversionRequest', 'ConversionResponse', 'ConversionReview', 'CustomResourceColumnDefinition', 'CustomResourceConversion', 'CustomResourceDefinition', 'CustomResourceDefinitionCondition', 'CustomResourceDefinitionList', 'CustomResourceDefinitionNames', 'CustomResourceDefinitionSpec', 'CustomResourceDefinitionStatus', 'CustomResourceDefinitionVersion', 'CustomResourceSubresourceScale', 'CustomResourceSubresourceStatus', 'CustomResourceSubresources', 'CustomResourceValidation', 'ExternalDocumentation', 'JSON', 'JSONSchemaProps', 'JSONSchemaPropsOrArray', 'JSONSchemaPropsOrBool', 'JSONSchemaPropsOrStringArray', 'SelectableField', 'ServiceReference', 'ValidationRule', 'WebhookClientConfig', 'WebhookConversion']
