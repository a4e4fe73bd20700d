from kobune.api.autoscaling.v1 import types_pb2 as _types_pb2
from kobune.api.meta.v1 import types_pb2 as _types_pb2_1
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UpdateScaleRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.Scale
    options: _types_pb2_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.Scale, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1.UpdateOptions, _Mapping]] = ...) -> None: ...
