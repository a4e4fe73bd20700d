from kobune.api.meta.v1 import types_pb2 as _types_pb2
from kobune.api.scheduling.v1alpha2 import types_pb2 as _types_pb2_1
from kobune.api.verbs.v1 import verbs_pb2 as _verbs_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PodGroupWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.PodGroup
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.PodGroup, _Mapping]] = ...) -> None: ...

class PodGroupWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[PodGroupWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[PodGroupWatchEvent, _Mapping]]] = ...) -> None: ...

class CreatePodGroupRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.PodGroup
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.PodGroup, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdatePodGroupRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.PodGroup
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.PodGroup, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...
