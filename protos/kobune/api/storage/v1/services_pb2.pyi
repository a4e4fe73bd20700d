from kobune.api.meta.v1 import types_pb2 as _types_pb2
from kobune.api.storage.v1 import types_pb2 as _types_pb2_1
from kobune.api.verbs.v1 import verbs_pb2 as _verbs_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CSIDriverWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.CSIDriver
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.CSIDriver, _Mapping]] = ...) -> None: ...

class CSIDriverWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[CSIDriverWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[CSIDriverWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateCSIDriverRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.CSIDriver
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.CSIDriver, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateCSIDriverRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.CSIDriver
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.CSIDriver, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...

class CSINodeWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.CSINode
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.CSINode, _Mapping]] = ...) -> None: ...

class CSINodeWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[CSINodeWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[CSINodeWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateCSINodeRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.CSINode
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.CSINode, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateCSINodeRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.CSINode
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.CSINode, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...

class CSIStorageCapacityWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.CSIStorageCapacity
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.CSIStorageCapacity, _Mapping]] = ...) -> None: ...

class CSIStorageCapacityWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[CSIStorageCapacityWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[CSIStorageCapacityWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateCSIStorageCapacityRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.CSIStorageCapacity
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.CSIStorageCapacity, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateCSIStorageCapacityRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.CSIStorageCapacity
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.CSIStorageCapacity, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...

class StorageClassWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.StorageClass
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.StorageClass, _Mapping]] = ...) -> None: ...

class StorageClassWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[StorageClassWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[StorageClassWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateStorageClassRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.StorageClass
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.StorageClass, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateStorageClassRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.StorageClass
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.StorageClass, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...

class VolumeAttachmentWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.VolumeAttachment
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.VolumeAttachment, _Mapping]] = ...) -> None: ...

class VolumeAttachmentWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[VolumeAttachmentWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[VolumeAttachmentWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateVolumeAttachmentRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.VolumeAttachment
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.VolumeAttachment, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateVolumeAttachmentRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.VolumeAttachment
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.VolumeAttachment, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...

class VolumeAttributesClassWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2_1.VolumeAttributesClass
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2_1.VolumeAttributesClass, _Mapping]] = ...) -> None: ...

class VolumeAttributesClassWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[VolumeAttributesClassWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[VolumeAttributesClassWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateVolumeAttributesClassRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.VolumeAttributesClass
    options: _types_pb2.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.VolumeAttributesClass, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateVolumeAttributesClassRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2_1.VolumeAttributesClass
    options: _types_pb2.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2_1.VolumeAttributesClass, _Mapping]] = ..., options: _Optional[_Union[_types_pb2.UpdateOptions, _Mapping]] = ...) -> None: ...
