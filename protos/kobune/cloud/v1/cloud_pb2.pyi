from kobune.api.core.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetProviderRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetProviderResponse(_message.Message):
    __slots__ = ("name", "instances", "zones", "load_balancers", "routes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    ZONES_FIELD_NUMBER: _ClassVar[int]
    LOAD_BALANCERS_FIELD_NUMBER: _ClassVar[int]
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    instances: bool
    zones: bool
    load_balancers: bool
    routes: bool
    def __init__(self, name: _Optional[str] = ..., instances: bool = ..., zones: bool = ..., load_balancers: bool = ..., routes: bool = ...) -> None: ...

class Node(_message.Message):
    __slots__ = ("name", "provider_id", "labels", "addresses")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    name: str
    provider_id: str
    labels: _containers.ScalarMap[str, str]
    addresses: _containers.RepeatedCompositeFieldContainer[_types_pb2.NodeAddress]
    def __init__(self, name: _Optional[str] = ..., provider_id: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., addresses: _Optional[_Iterable[_Union[_types_pb2.NodeAddress, _Mapping]]] = ...) -> None: ...

class InstanceExistsRequest(_message.Message):
    __slots__ = ("node",)
    NODE_FIELD_NUMBER: _ClassVar[int]
    node: Node
    def __init__(self, node: _Optional[_Union[Node, _Mapping]] = ...) -> None: ...

class InstanceExistsResponse(_message.Message):
    __slots__ = ("exists",)
    EXISTS_FIELD_NUMBER: _ClassVar[int]
    exists: bool
    def __init__(self, exists: bool = ...) -> None: ...

class InstanceShutdownRequest(_message.Message):
    __slots__ = ("node",)
    NODE_FIELD_NUMBER: _ClassVar[int]
    node: Node
    def __init__(self, node: _Optional[_Union[Node, _Mapping]] = ...) -> None: ...

class InstanceShutdownResponse(_message.Message):
    __slots__ = ("shutdown",)
    SHUTDOWN_FIELD_NUMBER: _ClassVar[int]
    shutdown: bool
    def __init__(self, shutdown: bool = ...) -> None: ...

class InstanceMetadataRequest(_message.Message):
    __slots__ = ("node",)
    NODE_FIELD_NUMBER: _ClassVar[int]
    node: Node
    def __init__(self, node: _Optional[_Union[Node, _Mapping]] = ...) -> None: ...

class InstanceMetadataResponse(_message.Message):
    __slots__ = ("provider_id", "instance_type", "zone", "region", "addresses", "additional_labels")
    class AdditionalLabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    ZONE_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    ADDITIONAL_LABELS_FIELD_NUMBER: _ClassVar[int]
    provider_id: str
    instance_type: str
    zone: str
    region: str
    addresses: _containers.RepeatedCompositeFieldContainer[_types_pb2.NodeAddress]
    additional_labels: _containers.ScalarMap[str, str]
    def __init__(self, provider_id: _Optional[str] = ..., instance_type: _Optional[str] = ..., zone: _Optional[str] = ..., region: _Optional[str] = ..., addresses: _Optional[_Iterable[_Union[_types_pb2.NodeAddress, _Mapping]]] = ..., additional_labels: _Optional[_Mapping[str, str]] = ...) -> None: ...

class GetZoneRequest(_message.Message):
    __slots__ = ("node",)
    NODE_FIELD_NUMBER: _ClassVar[int]
    node: Node
    def __init__(self, node: _Optional[_Union[Node, _Mapping]] = ...) -> None: ...

class GetZoneResponse(_message.Message):
    __slots__ = ("zone",)
    ZONE_FIELD_NUMBER: _ClassVar[int]
    zone: Zone
    def __init__(self, zone: _Optional[_Union[Zone, _Mapping]] = ...) -> None: ...

class ListZonesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListZonesResponse(_message.Message):
    __slots__ = ("zones",)
    ZONES_FIELD_NUMBER: _ClassVar[int]
    zones: _containers.RepeatedCompositeFieldContainer[Zone]
    def __init__(self, zones: _Optional[_Iterable[_Union[Zone, _Mapping]]] = ...) -> None: ...

class Zone(_message.Message):
    __slots__ = ("name", "region")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    name: str
    region: str
    def __init__(self, name: _Optional[str] = ..., region: _Optional[str] = ...) -> None: ...

class LoadBalancer(_message.Message):
    __slots__ = ("name", "status", "nodes", "fingerprint", "ports", "source_ranges", "external_traffic_policy", "health_check_node_port")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    PORTS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_RANGES_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_TRAFFIC_POLICY_FIELD_NUMBER: _ClassVar[int]
    HEALTH_CHECK_NODE_PORT_FIELD_NUMBER: _ClassVar[int]
    name: str
    status: _types_pb2.LoadBalancerStatus
    nodes: _containers.RepeatedScalarFieldContainer[str]
    fingerprint: str
    ports: _containers.RepeatedCompositeFieldContainer[_types_pb2.ServicePort]
    source_ranges: _containers.RepeatedScalarFieldContainer[str]
    external_traffic_policy: str
    health_check_node_port: int
    def __init__(self, name: _Optional[str] = ..., status: _Optional[_Union[_types_pb2.LoadBalancerStatus, _Mapping]] = ..., nodes: _Optional[_Iterable[str]] = ..., fingerprint: _Optional[str] = ..., ports: _Optional[_Iterable[_Union[_types_pb2.ServicePort, _Mapping]]] = ..., source_ranges: _Optional[_Iterable[str]] = ..., external_traffic_policy: _Optional[str] = ..., health_check_node_port: _Optional[int] = ...) -> None: ...

class GetLoadBalancerRequest(_message.Message):
    __slots__ = ("cluster_name", "service")
    CLUSTER_NAME_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    cluster_name: str
    service: _types_pb2.Service
    def __init__(self, cluster_name: _Optional[str] = ..., service: _Optional[_Union[_types_pb2.Service, _Mapping]] = ...) -> None: ...

class EnsureLoadBalancerRequest(_message.Message):
    __slots__ = ("cluster_name", "service", "nodes", "fingerprint")
    CLUSTER_NAME_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    cluster_name: str
    service: _types_pb2.Service
    nodes: _containers.RepeatedCompositeFieldContainer[Node]
    fingerprint: str
    def __init__(self, cluster_name: _Optional[str] = ..., service: _Optional[_Union[_types_pb2.Service, _Mapping]] = ..., nodes: _Optional[_Iterable[_Union[Node, _Mapping]]] = ..., fingerprint: _Optional[str] = ...) -> None: ...

class UpdateLoadBalancerRequest(_message.Message):
    __slots__ = ("cluster_name", "service", "nodes")
    CLUSTER_NAME_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    cluster_name: str
    service: _types_pb2.Service
    nodes: _containers.RepeatedCompositeFieldContainer[Node]
    def __init__(self, cluster_name: _Optional[str] = ..., service: _Optional[_Union[_types_pb2.Service, _Mapping]] = ..., nodes: _Optional[_Iterable[_Union[Node, _Mapping]]] = ...) -> None: ...

class EnsureLoadBalancerDeletedRequest(_message.Message):
    __slots__ = ("cluster_name", "service")
    CLUSTER_NAME_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    cluster_name: str
    service: _types_pb2.Service
    def __init__(self, cluster_name: _Optional[str] = ..., service: _Optional[_Union[_types_pb2.Service, _Mapping]] = ...) -> None: ...

class EnsureLoadBalancerDeletedResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Route(_message.Message):
    __slots__ = ("name", "target_node", "destination_cidr", "blackhole")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TARGET_NODE_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_CIDR_FIELD_NUMBER: _ClassVar[int]
    BLACKHOLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    target_node: str
    destination_cidr: str
    blackhole: bool
    def __init__(self, name: _Optional[str] = ..., target_node: _Optional[str] = ..., destination_cidr: _Optional[str] = ..., blackhole: bool = ...) -> None: ...

class ListRoutesRequest(_message.Message):
    __slots__ = ("cluster_name",)
    CLUSTER_NAME_FIELD_NUMBER: _ClassVar[int]
    cluster_name: str
    def __init__(self, cluster_name: _Optional[str] = ...) -> None: ...

class ListRoutesResponse(_message.Message):
    __slots__ = ("routes",)
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    routes: _containers.RepeatedCompositeFieldContainer[Route]
    def __init__(self, routes: _Optional[_Iterable[_Union[Route, _Mapping]]] = ...) -> None: ...

class CreateRouteRequest(_message.Message):
    __slots__ = ("cluster_name", "name_hint", "route")
    CLUSTER_NAME_FIELD_NUMBER: _ClassVar[int]
    NAME_HINT_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    cluster_name: str
    name_hint: str
    route: Route
    def __init__(self, cluster_name: _Optional[str] = ..., name_hint: _Optional[str] = ..., route: _Optional[_Union[Route, _Mapping]] = ...) -> None: ...

class CreateRouteResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DeleteRouteRequest(_message.Message):
    __slots__ = ("cluster_name", "route")
    CLUSTER_NAME_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    cluster_name: str
    route: Route
    def __init__(self, cluster_name: _Optional[str] = ..., route: _Optional[_Union[Route, _Mapping]] = ...) -> None: ...

class DeleteRouteResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
