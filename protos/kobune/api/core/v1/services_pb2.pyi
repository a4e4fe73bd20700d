from kobune.api.authentication.v1 import token_pb2 as _token_pb2
from kobune.api.authentication.v1 import types_pb2 as _types_pb2
from kobune.api.autoscaling.v1 import scale_pb2 as _scale_pb2
from kobune.api.autoscaling.v1 import types_pb2 as _types_pb2_1
from kobune.api.core.v1 import types_pb2 as _types_pb2_1_1
from kobune.api.meta.v1 import types_pb2 as _types_pb2_1_1_1
from kobune.api.policy.v1 import eviction_pb2 as _eviction_pb2
from kobune.api.verbs.v1 import verbs_pb2 as _verbs_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PodLogsRequest(_message.Message):
    __slots__ = ("namespace", "name", "options")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    options: _types_pb2_1_1.PodLogOptions
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ..., options: _Optional[_Union[_types_pb2_1_1.PodLogOptions, _Mapping]] = ...) -> None: ...

class PodData(_message.Message):
    __slots__ = ("data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...

class PodExecStart(_message.Message):
    __slots__ = ("namespace", "name", "options")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    options: _types_pb2_1_1.PodExecOptions
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ..., options: _Optional[_Union[_types_pb2_1_1.PodExecOptions, _Mapping]] = ...) -> None: ...

class PodExecInput(_message.Message):
    __slots__ = ("start", "stdin", "stdin_closed", "width", "height")
    START_FIELD_NUMBER: _ClassVar[int]
    STDIN_FIELD_NUMBER: _ClassVar[int]
    STDIN_CLOSED_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    start: PodExecStart
    stdin: bytes
    stdin_closed: bool
    width: int
    height: int
    def __init__(self, start: _Optional[_Union[PodExecStart, _Mapping]] = ..., stdin: _Optional[bytes] = ..., stdin_closed: bool = ..., width: _Optional[int] = ..., height: _Optional[int] = ...) -> None: ...

class PodExecOutput(_message.Message):
    __slots__ = ("stdout", "stderr", "status")
    STDOUT_FIELD_NUMBER: _ClassVar[int]
    STDERR_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    stdout: bytes
    stderr: bytes
    status: _types_pb2_1_1_1.Status
    def __init__(self, stdout: _Optional[bytes] = ..., stderr: _Optional[bytes] = ..., status: _Optional[_Union[_types_pb2_1_1_1.Status, _Mapping]] = ...) -> None: ...

class PodPortForwardStart(_message.Message):
    __slots__ = ("namespace", "name", "port")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    name: str
    port: int
    def __init__(self, namespace: _Optional[str] = ..., name: _Optional[str] = ..., port: _Optional[int] = ...) -> None: ...

class PodPortForwardInput(_message.Message):
    __slots__ = ("start", "data")
    START_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    start: PodPortForwardStart
    data: bytes
    def __init__(self, start: _Optional[_Union[PodPortForwardStart, _Mapping]] = ..., data: _Optional[bytes] = ...) -> None: ...

class CreateBindingRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.Binding
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.Binding, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class ConfigMapWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1_1.ConfigMap
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1_1.ConfigMap, _Mapping]] = ...) -> None: ...

class ConfigMapWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ConfigMapWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ConfigMapWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateConfigMapRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.ConfigMap
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.ConfigMap, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateConfigMapRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.ConfigMap
    options: _types_pb2_1_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.ConfigMap, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class EndpointsWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1_1.Endpoints
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1_1.Endpoints, _Mapping]] = ...) -> None: ...

class EndpointsWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[EndpointsWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[EndpointsWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateEndpointsRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.Endpoints
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.Endpoints, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateEndpointsRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.Endpoints
    options: _types_pb2_1_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.Endpoints, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class EventWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1_1.Event
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1_1.Event, _Mapping]] = ...) -> None: ...

class EventWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[EventWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[EventWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateEventRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.Event
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.Event, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateEventRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.Event
    options: _types_pb2_1_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.Event, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class LimitRangeWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1_1.LimitRange
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1_1.LimitRange, _Mapping]] = ...) -> None: ...

class LimitRangeWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[LimitRangeWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[LimitRangeWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateLimitRangeRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.LimitRange
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.LimitRange, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateLimitRangeRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.LimitRange
    options: _types_pb2_1_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.LimitRange, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class NamespaceWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1_1.Namespace
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1_1.Namespace, _Mapping]] = ...) -> None: ...

class NamespaceWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[NamespaceWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[NamespaceWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateNamespaceRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.Namespace
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.Namespace, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateNamespaceRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.Namespace
    options: _types_pb2_1_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.Namespace, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class NodeWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1_1.Node
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1_1.Node, _Mapping]] = ...) -> None: ...

class NodeWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[NodeWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[NodeWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateNodeRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.Node
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.Node, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateNodeRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.Node
    options: _types_pb2_1_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.Node, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class PersistentVolumeWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1_1.PersistentVolume
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1_1.PersistentVolume, _Mapping]] = ...) -> None: ...

class PersistentVolumeWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[PersistentVolumeWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[PersistentVolumeWatchEvent, _Mapping]]] = ...) -> None: ...

class CreatePersistentVolumeRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.PersistentVolume
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.PersistentVolume, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdatePersistentVolumeRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.PersistentVolume
    options: _types_pb2_1_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.PersistentVolume, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class PersistentVolumeClaimWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1_1.PersistentVolumeClaim
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1_1.PersistentVolumeClaim, _Mapping]] = ...) -> None: ...

class PersistentVolumeClaimWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[PersistentVolumeClaimWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[PersistentVolumeClaimWatchEvent, _Mapping]]] = ...) -> None: ...

class CreatePersistentVolumeClaimRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.PersistentVolumeClaim
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.PersistentVolumeClaim, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdatePersistentVolumeClaimRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.PersistentVolumeClaim
    options: _types_pb2_1_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.PersistentVolumeClaim, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class PodWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1_1.Pod
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1_1.Pod, _Mapping]] = ...) -> None: ...

class PodWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[PodWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[PodWatchEvent, _Mapping]]] = ...) -> None: ...

class CreatePodRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.Pod
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.Pod, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdatePodRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.Pod
    options: _types_pb2_1_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.Pod, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class PodTemplateWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1_1.PodTemplate
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1_1.PodTemplate, _Mapping]] = ...) -> None: ...

class PodTemplateWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[PodTemplateWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[PodTemplateWatchEvent, _Mapping]]] = ...) -> None: ...

class CreatePodTemplateRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.PodTemplate
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.PodTemplate, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdatePodTemplateRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.PodTemplate
    options: _types_pb2_1_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.PodTemplate, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class ReplicationControllerWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1_1.ReplicationController
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1_1.ReplicationController, _Mapping]] = ...) -> None: ...

class ReplicationControllerWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ReplicationControllerWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ReplicationControllerWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateReplicationControllerRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.ReplicationController
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.ReplicationController, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateReplicationControllerRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.ReplicationController
    options: _types_pb2_1_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.ReplicationController, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class ResourceQuotaWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1_1.ResourceQuota
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1_1.ResourceQuota, _Mapping]] = ...) -> None: ...

class ResourceQuotaWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ResourceQuotaWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ResourceQuotaWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateResourceQuotaRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.ResourceQuota
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.ResourceQuota, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateResourceQuotaRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.ResourceQuota
    options: _types_pb2_1_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.ResourceQuota, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class SecretWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1_1.Secret
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1_1.Secret, _Mapping]] = ...) -> None: ...

class SecretWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[SecretWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[SecretWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateSecretRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.Secret
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.Secret, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateSecretRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.Secret
    options: _types_pb2_1_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.Secret, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class ServiceWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1_1.Service
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1_1.Service, _Mapping]] = ...) -> None: ...

class ServiceWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ServiceWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ServiceWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateServiceRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.Service
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.Service, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateServiceRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.Service
    options: _types_pb2_1_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.Service, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class ServiceAccountWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1_1.ServiceAccount
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1_1.ServiceAccount, _Mapping]] = ...) -> None: ...

class ServiceAccountWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ServiceAccountWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ServiceAccountWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateServiceAccountRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.ServiceAccount
    options: _types_pb2_1_1_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.ServiceAccount, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateServiceAccountRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1_1.ServiceAccount
    options: _types_pb2_1_1_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1_1.ServiceAccount, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1_1_1.UpdateOptions, _Mapping]] = ...) -> None: ...
