from kobune.api.meta.v1 import types_pb2 as _types_pb2
from kobune.api.networking.v1 import types_pb2 as _types_pb2_1
from kobune.api.verbs.v1 import verbs_pb2 as _verbs_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class IPAddressWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.IPAddress
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.IPAddress, _Mapping]] = ...) -> None: ...

class IPAddressWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[IPAddressWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[IPAddressWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateIPAddressRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.IPAddress
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.IPAddress, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateIPAddressRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.IPAddress
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.IPAddress, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...

class IngressWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.Ingress
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.Ingress, _Mapping]] = ...) -> None: ...

class IngressWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[IngressWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[IngressWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateIngressRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.Ingress
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.Ingress, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateIngressRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.Ingress
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.Ingress, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...

class IngressClassWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.IngressClass
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.IngressClass, _Mapping]] = ...) -> None: ...

class IngressClassWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[IngressClassWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[IngressClassWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateIngressClassRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.IngressClass
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.IngressClass, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateIngressClassRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.IngressClass
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.IngressClass, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...

class NetworkPolicyWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.NetworkPolicy
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.NetworkPolicy, _Mapping]] = ...) -> None: ...

class NetworkPolicyWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[NetworkPolicyWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[NetworkPolicyWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateNetworkPolicyRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.NetworkPolicy
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.NetworkPolicy, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateNetworkPolicyRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.NetworkPolicy
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.NetworkPolicy, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...

class ServiceCIDRWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.ServiceCIDR
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.ServiceCIDR, _Mapping]] = ...) -> None: ...

class ServiceCIDRWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ServiceCIDRWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ServiceCIDRWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateServiceCIDRRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.ServiceCIDR
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.ServiceCIDR, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateServiceCIDRRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.ServiceCIDR
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.ServiceCIDR, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...
