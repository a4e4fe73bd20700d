from kobune.api.meta.v1 import types_pb2 as _types_pb2
from kobune.api.rbac.v1 import types_pb2 as _types_pb2_1
from kobune.api.verbs.v1 import verbs_pb2 as _verbs_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ClusterRoleWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.ClusterRole
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.ClusterRole, _Mapping]] = ...) -> None: ...

class ClusterRoleWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ClusterRoleWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ClusterRoleWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateClusterRoleRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.ClusterRole
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.ClusterRole, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateClusterRoleRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.ClusterRole
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.ClusterRole, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...

class ClusterRoleBindingWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.ClusterRoleBinding
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.ClusterRoleBinding, _Mapping]] = ...) -> None: ...

class ClusterRoleBindingWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ClusterRoleBindingWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ClusterRoleBindingWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateClusterRoleBindingRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.ClusterRoleBinding
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.ClusterRoleBinding, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateClusterRoleBindingRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.ClusterRoleBinding
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.ClusterRoleBinding, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...

class RoleWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.Role
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.Role, _Mapping]] = ...) -> None: ...

class RoleWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[RoleWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[RoleWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateRoleRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.Role
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.Role, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateRoleRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.Role
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.Role, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...

class RoleBindingWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.RoleBinding
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.RoleBinding, _Mapping]] = ...) -> None: ...

class RoleBindingWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[RoleBindingWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[RoleBindingWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateRoleBindingRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.RoleBinding
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.RoleBinding, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateRoleBindingRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.RoleBinding
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.RoleBinding, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...
