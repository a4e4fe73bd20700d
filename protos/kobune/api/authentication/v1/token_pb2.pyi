from kobune.api.authentication.v1 import types_pb2 as _types_pb2
from kobune.api.meta.v1 import types_pb2 as _types_pb2_1
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateTokenRequest(_message.Message):
    __slots__ = ("object", "options", "name", "namespace")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.TokenRequest
    options: _types_pb2_1.CreateOptions
    name: str
    namespace: str
    def __init__(self, object: _Optional[_Union[_types_pb2.TokenRequest, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1.CreateOptions, _Mapping]] = ..., name: _Optional[str] = ..., namespace: _Optional[str] = ...) -> None: ...
