from kobune.api.meta.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Resource(_message.Message):
    __slots__ = ("group", "version", "resource", "subresource")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    SUBRESOURCE_FIELD_NUMBER: _ClassVar[int]
    group: str
    version: str
    resource: str
    subresource: str
    def __init__(self, group: _Optional[str] = ..., version: _Optional[str] = ..., resource: _Optional[str] = ..., subresource: _Optional[str] = ...) -> None: ...

class Object(_message.Message):
    __slots__ = ("content_type", "body")
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    content_type: str
    body: bytes
    def __init__(self, content_type: _Optional[str] = ..., body: _Optional[bytes] = ...) -> None: ...

class ObjectRequest(_message.Message):
    __slots__ = ("resource", "namespace", "name", "content_type")
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    resource: Resource
    namespace: str
    name: str
    content_type: str
    def __init__(self, resource: _Optional[_Union[Resource, _Mapping]] = ..., namespace: _Optional[str] = ..., name: _Optional[str] = ..., content_type: _Optional[str] = ...) -> None: ...

class CollectionRequest(_message.Message):
    __slots__ = ("resource", "namespace", "options", "content_type")
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    resource: Resource
    namespace: str
    options: _types_pb2.ListOptions
    content_type: str
    def __init__(self, resource: _Optional[_Union[Resource, _Mapping]] = ..., namespace: _Optional[str] = ..., options: _Optional[_Union[_types_pb2.ListOptions, _Mapping]] = ..., content_type: _Optional[str] = ...) -> None: ...

class WriteRequest(_message.Message):
    __slots__ = ("resource", "namespace", "name", "object", "dry_run", "field_manager", "field_validation")
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    FIELD_MANAGER_FIELD_NUMBER: _ClassVar[int]
    FIELD_VALIDATION_FIELD_NUMBER: _ClassVar[int]
    resource: Resource
    namespace: str
    name: str
    object: Object
    dry_run: _containers.RepeatedScalarFieldContainer[str]
    field_manager: str
    field_validation: str
    def __init__(self, resource: _Optional[_Union[Resource, _Mapping]] = ..., namespace: _Optional[str] = ..., name: _Optional[str] = ..., object: _Optional[_Union[Object, _Mapping]] = ..., dry_run: _Optional[_Iterable[str]] = ..., field_manager: _Optional[str] = ..., field_validation: _Optional[str] = ...) -> None: ...

class PatchRequest(_message.Message):
    __slots__ = ("resource", "namespace", "name", "patch", "options", "content_type")
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PATCH_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    resource: Resource
    namespace: str
    name: str
    patch: Object
    options: _types_pb2.PatchOptions
    content_type: str
    def __init__(self, resource: _Optional[_Union[Resource, _Mapping]] = ..., namespace: _Optional[str] = ..., name: _Optional[str] = ..., patch: _Optional[_Union[Object, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.PatchOptions, _Mapping]] = ..., content_type: _Optional[str] = ...) -> None: ...

class DeleteRequest(_message.Message):
    __slots__ = ("resource", "namespace", "name", "options", "content_type")
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    resource: Resource
    namespace: str
    name: str
    options: _types_pb2.DeleteOptions
    content_type: str
    def __init__(self, resource: _Optional[_Union[Resource, _Mapping]] = ..., namespace: _Optional[str] = ..., name: _Optional[str] = ..., options: _Optional[_Union[_types_pb2.DeleteOptions, _Mapping]] = ..., content_type: _Optional[str] = ...) -> None: ...

class WatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: Object
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[Object, _Mapping]] = ...) -> None: ...

class WatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[WatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[WatchEvent, _Mapping]]] = ...) -> None: ...

class Write(_message.Message):
    __slots__ = ("create", "update", "patch", "delete")
    CREATE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_FIELD_NUMBER: _ClassVar[int]
    PATCH_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    create: WriteRequest
    update: WriteRequest
    patch: PatchRequest
    delete: DeleteRequest
    def __init__(self, create: _Optional[_Union[WriteRequest, _Mapping]] = ..., update: _Optional[_Union[WriteRequest, _Mapping]] = ..., patch: _Optional[_Union[PatchRequest, _Mapping]] = ..., delete: _Optional[_Union[DeleteRequest, _Mapping]] = ...) -> None: ...

class BatchRequest(_message.Message):
    __slots__ = ("writes", "brief")
    WRITES_FIELD_NUMBER: _ClassVar[int]
    BRIEF_FIELD_NUMBER: _ClassVar[int]
    writes: _containers.RepeatedCompositeFieldContainer[Write]
    brief: bool
    def __init__(self, writes: _Optional[_Iterable[_Union[Write, _Mapping]]] = ..., brief: bool = ...) -> None: ...

class Result(_message.Message):
    __slots__ = ("error", "object", "resource_version")
    ERROR_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_VERSION_FIELD_NUMBER: _ClassVar[int]
    error: _types_pb2.Status
    object: Object
    resource_version: str
    def __init__(self, error: _Optional[_Union[_types_pb2.Status, _Mapping]] = ..., object: _Optional[_Union[Object, _Mapping]] = ..., resource_version: _Optional[str] = ...) -> None: ...

class BatchResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[Result]
    def __init__(self, results: _Optional[_Iterable[_Union[Result, _Mapping]]] = ...) -> None: ...
