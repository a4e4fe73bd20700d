"""The messages of kobune.api.apiregistration.v1."""

from kobune.api.apiregistration.v1.types_pb2 import APIService as APIService
from kobune.api.apiregistration.v1.types_pb2 import APIServiceCondition as APIServiceCondition
from kobune.api.apiregistration.v1.types_pb2 import APIServiceList as APIServiceList
from kobune.api.apiregistration.v1.types_pb2 import APIServiceSpec as APIServiceSpec
from kobune.api.apiregistration.v1.types_pb2 import APIServiceStatus as APIServiceStatus
from kobune.api.apiregistration.v1.types_pb2 import ServiceReference as ServiceReference

__all__ = ['APIService', 'APIServiceCondition', 'APIServiceList', 'APIServiceSpec', 'APIServiceStatus', 'ServiceReference']
