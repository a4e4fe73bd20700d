"""The messages of kobune.proxy.v1."""

from kobune.proxy.v1.proxy_pb2 import Endpoint as Endpoint
from kobune.proxy.v1.proxy_pb2 import Frontend as Frontend
from kobune.proxy.v1.proxy_pb2 import ListFrontendsRequest as ListFrontendsRequest
from kobune.proxy.v1.proxy_pb2 import ListFrontendsResponse as ListFrontendsResponse

__all__ = ['Endpoint', 'Frontend', 'ListFrontendsRequest', 'ListFrontendsResponse']
