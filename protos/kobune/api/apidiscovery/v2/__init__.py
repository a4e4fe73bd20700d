"""The messages of kobune.api.apidiscovery.v2."""

from kobune.api.apidiscovery.v2.types_pb2 import APIGroupDiscovery as APIGroupDiscovery
from kobune.api.apidiscovery.v2.types_pb2 import APIGroupDiscoveryList as APIGroupDiscoveryList
from kobune.api.apidiscovery.v2.types_pb2 import APIResourceDiscovery as APIResourceDiscovery
from kobune.api.apidiscovery.v2.types_pb2 import APISubresourceDiscovery as APISubresourceDiscovery
from kobune.api.apidiscovery.v2.types_pb2 import APIVersionDiscovery as APIVersionDiscovery

__all__ = ['APIGroupDiscovery', 'APIGroupDiscoveryList', 'APIResourceDiscovery', 'APISubresourceDiscovery', 'APIVersionDiscovery']
