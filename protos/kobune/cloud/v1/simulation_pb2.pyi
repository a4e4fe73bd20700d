from kobune.cloud.v1 import cloud_pb2 as _cloud_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InstanceState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INSTANCE_STATE_UNSPECIFIED: _ClassVar[InstanceState]
    RUNNING: _ClassVar[InstanceState]
    STOPPED: _ClassVar[InstanceState]
    TERMINATED: _ClassVar[InstanceState]
    CUT_OFF: _ClassVar[InstanceState]
INSTANCE_STATE_UNSPECIFIED: InstanceState
RUNNING: InstanceState
STOPPED: InstanceState
TERMINATED: InstanceState
CUT_OFF: InstanceState

class Instance(_message.Message):
    __slots__ = ("name", "provider_id", "state", "instance_type", "zone", "region", "addresses")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    ZONE_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    name: str
    provider_id: str
    state: InstanceState
    instance_type: str
    zone: str
    region: str
    addresses: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., provider_id: _Optional[str] = ..., state: _Optional[_Union[InstanceState, str]] = ..., instance_type: _Optional[str] = ..., zone: _Optional[str] = ..., region: _Optional[str] = ..., addresses: _Optional[_Iterable[str]] = ...) -> None: ...

class ZoneState(_message.Message):
    __slots__ = ("name", "region", "cut", "instances")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    name: str
    region: str
    cut: bool
    instances: int
    def __init__(self, name: _Optional[str] = ..., region: _Optional[str] = ..., cut: bool = ..., instances: _Optional[int] = ...) -> None: ...

class SimulatedBalancer(_message.Message):
    __slots__ = ("service", "balancer")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    BALANCER_FIELD_NUMBER: _ClassVar[int]
    service: str
    balancer: _cloud_pb2.LoadBalancer
    def __init__(self, service: _Optional[str] = ..., balancer: _Optional[_Union[_cloud_pb2.LoadBalancer, _Mapping]] = ...) -> None: ...

class DescribeCloudRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeCloudResponse(_message.Message):
    __slots__ = ("instances", "zones", "balancers", "routes", "troubles")
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    ZONES_FIELD_NUMBER: _ClassVar[int]
    BALANCERS_FIELD_NUMBER: _ClassVar[int]
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    TROUBLES_FIELD_NUMBER: _ClassVar[int]
    instances: _containers.RepeatedCompositeFieldContainer[Instance]
    zones: _containers.RepeatedCompositeFieldContainer[ZoneState]
    balancers: _containers.RepeatedCompositeFieldContainer[SimulatedBalancer]
    routes: _containers.RepeatedCompositeFieldContainer[_cloud_pb2.Route]
    troubles: Troubles
    def __init__(self, instances: _Optional[_Iterable[_Union[Instance, _Mapping]]] = ..., zones: _Optional[_Iterable[_Union[ZoneState, _Mapping]]] = ..., balancers: _Optional[_Iterable[_Union[SimulatedBalancer, _Mapping]]] = ..., routes: _Optional[_Iterable[_Union[_cloud_pb2.Route, _Mapping]]] = ..., troubles: _Optional[_Union[Troubles, _Mapping]] = ...) -> None: ...

class Troubles(_message.Message):
    __slots__ = ("requests_per_second", "seconds", "latency_seconds")
    REQUESTS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_SECONDS_FIELD_NUMBER: _ClassVar[int]
    requests_per_second: float
    seconds: float
    latency_seconds: float
    def __init__(self, requests_per_second: _Optional[float] = ..., seconds: _Optional[float] = ..., latency_seconds: _Optional[float] = ...) -> None: ...

class StopInstanceRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class StopInstanceResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StartInstanceRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class StartInstanceResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DeleteInstanceRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class DeleteInstanceResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CutZoneRequest(_message.Message):
    __slots__ = ("zone",)
    ZONE_FIELD_NUMBER: _ClassVar[int]
    zone: str
    def __init__(self, zone: _Optional[str] = ...) -> None: ...

class CutZoneResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class HealZoneRequest(_message.Message):
    __slots__ = ("zone",)
    ZONE_FIELD_NUMBER: _ClassVar[int]
    zone: str
    def __init__(self, zone: _Optional[str] = ...) -> None: ...

class HealZoneResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class TroubleRequest(_message.Message):
    __slots__ = ("requests_per_second", "seconds", "latency_seconds")
    REQUESTS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_SECONDS_FIELD_NUMBER: _ClassVar[int]
    requests_per_second: float
    seconds: float
    latency_seconds: float
    def __init__(self, requests_per_second: _Optional[float] = ..., seconds: _Optional[float] = ..., latency_seconds: _Optional[float] = ...) -> None: ...

class TroubleResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchInstancesRequest(_message.Message):
    __slots__ = ("names",)
    NAMES_FIELD_NUMBER: _ClassVar[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, names: _Optional[_Iterable[str]] = ...) -> None: ...

class InstanceStates(_message.Message):
    __slots__ = ("off", "cut_off")
    OFF_FIELD_NUMBER: _ClassVar[int]
    CUT_OFF_FIELD_NUMBER: _ClassVar[int]
    off: _containers.RepeatedScalarFieldContainer[str]
    cut_off: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, off: _Optional[_Iterable[str]] = ..., cut_off: _Optional[_Iterable[str]] = ...) -> None: ...
