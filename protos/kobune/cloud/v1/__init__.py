"""The messages of kobune.cloud.v1."""

from kobune.cloud.v1.cloud_pb2 import CreateRouteRequest as CreateRouteRequest
from kobune.cloud.v1.cloud_pb2 import CreateRouteResponse as CreateRouteResponse
from kobune.cloud.v1.cloud_pb2 import DeleteRouteRequest as DeleteRouteRequest
from kobune.cloud.v1.cloud_pb2 import DeleteRouteResponse as DeleteRouteResponse
from kobune.cloud.v1.cloud_pb2 import EnsureLoadBalancerDeletedRequest as EnsureLoadBalancerDeletedRequest
from kobune.cloud.v1.cloud_pb2 import EnsureLoadBalancerDeletedResponse as EnsureLoadBalancerDeletedResponse
from kobune.cloud.v1.cloud_pb2 import EnsureLoadBalancerRequest as EnsureLoadBalancerRequest
from kobune.cloud.v1.cloud_pb2 import GetLoadBalancerRequest as GetLoadBalancerRequest
from kobune.cloud.v1.cloud_pb2 import GetProviderRequest as GetProviderRequest
from kobune.cloud.v1.cloud_pb2 import GetProviderResponse as GetProviderResponse
from kobune.cloud.v1.cloud_pb2 import GetZoneRequest as GetZoneRequest
from kobune.cloud.v1.cloud_pb2 import GetZoneResponse as GetZoneResponse
from kobune.cloud.v1.cloud_pb2 import InstanceExistsRequest as InstanceExistsRequest
from kobune.cloud.v1.cloud_pb2 import InstanceExistsResponse as InstanceExistsResponse
from kobune.cloud.v1.cloud_pb2 import InstanceMetadataRequest as InstanceMetadataRequest
from kobune.cloud.v1.cloud_pb2 import InstanceMetadataResponse as InstanceMetadataResponse
from kobune.cloud.v1.cloud_pb2 import InstanceShutdownRequest as InstanceShutdownRequest
from kobune.cloud.v1.cloud_pb2 import InstanceShutdownResponse as InstanceShutdownResponse
from kobune.cloud.v1.cloud_pb2 import ListRoutesRequest as ListRoutesRequest
from kobune.cloud.v1.cloud_pb2 import ListRoutesResponse as ListRoutesResponse
from kobune.cloud.v1.cloud_pb2 import ListZonesRequest as ListZonesRequest
from kobune.cloud.v1.cloud_pb2 import ListZonesResponse as ListZonesResponse
from kobune.cloud.v1.cloud_pb2 import LoadBalancer as LoadBalancer
from kobune.cloud.v1.cloud_pb2 import Node as Node
from kobune.cloud.v1.cloud_pb2 import Route as Route
from kobune.cloud.v1.cloud_pb2 import UpdateLoadBalancerRequest as UpdateLoadBalancerRequest
from kobune.cloud.v1.cloud_pb2 import Zone as Zone
from kobune.cloud.v1.simulated_pb2 import StartMachineRequest as StartMachineRequest
from kobune.cloud.v1.simulated_pb2 import StartMachineResponse as StartMachineResponse
from kobune.cloud.v1.simulated_pb2 import StopMachineRequest as StopMachineRequest
from kobune.cloud.v1.simulated_pb2 import StopMachineResponse as StopMachineResponse
from kobune.cloud.v1.simulated_pb2 import TerminateMachineRequest as TerminateMachineRequest
from kobune.cloud.v1.simulated_pb2 import TerminateMachineResponse as TerminateMachineResponse

__all__ = ['CreateRouteRequest', 'CreateRouteResponse', 'DeleteRouteRequest', 'DeleteRouteResponse', 'EnsureLoadBalancerDeletedRequest', 'EnsureLoadBalancerDeletedResponse', 'EnsureLoadBalancerRequest', 'GetLoadBalancerRequest', 'GetProviderRequest', 'GetProviderResponse', 'GetZoneRequest', 'GetZoneResponse', 'InstanceExistsRequest', 'InstanceExistsResponse', 'InstanceMetadataRequest', 'InstanceMetadataResponse', 'InstanceShutdownRequest', 'InstanceShutdownResponse', 'ListRoutesRequest', 'ListRoutesResponse', 'ListZonesRequest', 'ListZonesResponse', 'LoadBalancer', 'Node', 'Route', 'StartMachineRequest', 'StartMachineResponse', 'StopMachineRequest', 'StopMachineResponse', 'TerminateMachineRequest', 'TerminateMachineResponse', 'UpdateLoadBalancerRequest', 'Zone']
