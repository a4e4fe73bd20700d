from kobune.api.apps.v1 import types_pb2 as _types_pb2
from kobune.api.autoscaling.v1 import scale_pb2 as _scale_pb2
from kobune.api.autoscaling.v1 import types_pb2 as _types_pb2_1
from kobune.api.meta.v1 import types_pb2 as _types_pb2_1_1
from kobune.api.verbs.v1 import verbs_pb2 as _verbs_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ControllerRevisionWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2.ControllerRevision
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2.ControllerRevision, _Mapping]] = ...) -> None: ...

class ControllerRevisionWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ControllerRevisionWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ControllerRevisionWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateControllerRevisionRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.ControllerRevision
    options: _types_pb2_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.ControllerRevision, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateControllerRevisionRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.ControllerRevision
    options: _types_pb2_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.ControllerRevision, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class DaemonSetWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2.DaemonSet
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2.DaemonSet, _Mapping]] = ...) -> None: ...

class DaemonSetWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[DaemonSetWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[DaemonSetWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateDaemonSetRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.DaemonSet
    options: _types_pb2_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.DaemonSet, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateDaemonSetRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.DaemonSet
    options: _types_pb2_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.DaemonSet, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class DeploymentWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2.Deployment
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2.Deployment, _Mapping]] = ...) -> None: ...

class DeploymentWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[DeploymentWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[DeploymentWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateDeploymentRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.Deployment
    options: _types_pb2_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.Deployment, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateDeploymentRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.Deployment
    options: _types_pb2_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.Deployment, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class ReplicaSetWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2.ReplicaSet
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2.ReplicaSet, _Mapping]] = ...) -> None: ...

class ReplicaSetWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ReplicaSetWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ReplicaSetWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateReplicaSetRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.ReplicaSet
    options: _types_pb2_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.ReplicaSet, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateReplicaSetRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.ReplicaSet
    options: _types_pb2_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.ReplicaSet, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class StatefulSetWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2.StatefulSet
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2.StatefulSet, _Mapping]] = ...) -> None: ...

class StatefulSetWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[StatefulSetWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[StatefulSetWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateStatefulSetRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.StatefulSet
    options: _types_pb2_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.StatefulSet, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateStatefulSetRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.StatefulSet
    options: _types_pb2_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.StatefulSet, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...
