from kobune.api.meta.v1 import types_pb2 as _types_pb2
from kobune.api.resource.v1 import types_pb2 as _types_pb2_1
from kobune.api.verbs.v1 import verbs_pb2 as _verbs_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeviceClassWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.DeviceClass
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.DeviceClass, _Mapping]] = ...) -> None: ...

class DeviceClassWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[DeviceClassWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[DeviceClassWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateDeviceClassRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.DeviceClass
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.DeviceClass, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateDeviceClassRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.DeviceClass
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.DeviceClass, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...

class ResourceClaimWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.ResourceClaim
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.ResourceClaim, _Mapping]] = ...) -> None: ...

class ResourceClaimWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ResourceClaimWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ResourceClaimWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateResourceClaimRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.ResourceClaim
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.ResourceClaim, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateResourceClaimRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.ResourceClaim
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.ResourceClaim, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...

class ResourceClaimTemplateWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.ResourceClaimTemplate
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.ResourceClaimTemplate, _Mapping]] = ...) -> None: ...

class ResourceClaimTemplateWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ResourceClaimTemplateWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ResourceClaimTemplateWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateResourceClaimTemplateRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.ResourceClaimTemplate
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.ResourceClaimTemplate, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateResourceClaimTemplateRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.ResourceClaimTemplate
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.ResourceClaimTemplate, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...

class ResourceSliceWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.ResourceSlice
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.ResourceSlice, _Mapping]] = ...) -> None: ...

class ResourceSliceWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ResourceSliceWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ResourceSliceWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateResourceSliceRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.ResourceSlice
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.ResourceSlice, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateResourceSliceRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.ResourceSlice
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.ResourceSlice, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...
