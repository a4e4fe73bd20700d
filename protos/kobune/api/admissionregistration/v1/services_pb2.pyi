from kobune.api.admissionregistration.v1 import types_pb2 as _types_pb2
from kobune.api.meta.v1 import types_pb2 as _types_pb2_1
from kobune.api.verbs.v1 import verbs_pb2 as _verbs_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MutatingAdmissionPolicyWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2.MutatingAdmissionPolicy
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2.MutatingAdmissionPolicy, _Mapping]] = ...) -> None: ...

class MutatingAdmissionPolicyWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[MutatingAdmissionPolicyWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[MutatingAdmissionPolicyWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateMutatingAdmissionPolicyRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.MutatingAdmissionPolicy
    options: _types_pb2_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.MutatingAdmissionPolicy, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateMutatingAdmissionPolicyRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.MutatingAdmissionPolicy
    options: _types_pb2_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.MutatingAdmissionPolicy, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class MutatingAdmissionPolicyBindingWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2.MutatingAdmissionPolicyBinding
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2.MutatingAdmissionPolicyBinding, _Mapping]] = ...) -> None: ...

class MutatingAdmissionPolicyBindingWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[MutatingAdmissionPolicyBindingWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[MutatingAdmissionPolicyBindingWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateMutatingAdmissionPolicyBindingRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.MutatingAdmissionPolicyBinding
    options: _types_pb2_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.MutatingAdmissionPolicyBinding, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateMutatingAdmissionPolicyBindingRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.MutatingAdmissionPolicyBinding
    options: _types_pb2_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.MutatingAdmissionPolicyBinding, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class MutatingWebhookConfigurationWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2.MutatingWebhookConfiguration
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2.MutatingWebhookConfiguration, _Mapping]] = ...) -> None: ...

class MutatingWebhookConfigurationWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[MutatingWebhookConfigurationWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[MutatingWebhookConfigurationWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateMutatingWebhookConfigurationRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.MutatingWebhookConfiguration
    options: _types_pb2_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.MutatingWebhookConfiguration, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateMutatingWebhookConfigurationRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.MutatingWebhookConfiguration
    options: _types_pb2_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.MutatingWebhookConfiguration, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class ValidatingAdmissionPolicyWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2.ValidatingAdmissionPolicy
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2.ValidatingAdmissionPolicy, _Mapping]] = ...) -> None: ...

class ValidatingAdmissionPolicyWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ValidatingAdmissionPolicyWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ValidatingAdmissionPolicyWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateValidatingAdmissionPolicyRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.ValidatingAdmissionPolicy
    options: _types_pb2_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.ValidatingAdmissionPolicy, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateValidatingAdmissionPolicyRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.ValidatingAdmissionPolicy
    options: _types_pb2_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.ValidatingAdmissionPolicy, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class ValidatingAdmissionPolicyBindingWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2.ValidatingAdmissionPolicyBinding
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2.ValidatingAdmissionPolicyBinding, _Mapping]] = ...) -> None: ...

class ValidatingAdmissionPolicyBindingWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ValidatingAdmissionPolicyBindingWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ValidatingAdmissionPolicyBindingWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateValidatingAdmissionPolicyBindingRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.ValidatingAdmissionPolicyBinding
    options: _types_pb2_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.ValidatingAdmissionPolicyBinding, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateValidatingAdmissionPolicyBindingRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.ValidatingAdmissionPolicyBinding
    options: _types_pb2_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.ValidatingAdmissionPolicyBinding, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1.UpdateOptions, _Mapping]] = ...) -> None: ...

class ValidatingWebhookConfigurationWatchEvent(_message.Message):
    __slots__ = ("type", "object")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    type: str
    object: _types_pb2.ValidatingWebhookConfiguration
    def __init__(self, type: _Optional[str] = ..., object: _Optional[_Union[_types_pb2.ValidatingWebhookConfiguration, _Mapping]] = ...) -> None: ...

class ValidatingWebhookConfigurationWatchEvents(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ValidatingWebhookConfigurationWatchEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ValidatingWebhookConfigurationWatchEvent, _Mapping]]] = ...) -> None: ...

class CreateValidatingWebhookConfigurationRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.ValidatingWebhookConfiguration
    options: _types_pb2_1.CreateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.ValidatingWebhookConfiguration, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1.CreateOptions, _Mapping]] = ...) -> None: ...

class UpdateValidatingWebhookConfigurationRequest(_message.Message):
    __slots__ = ("object", "options")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    object: _types_pb2.ValidatingWebhookConfiguration
    options: _types_pb2_1.UpdateOptions
    def __init__(self, object: _Optional[_Union[_types_pb2.ValidatingWebhookConfiguration, _Mapping]] = ..., options: _Optional[_Union[_types_pb2_1.UpdateOptions, _Mapping]] = ...) -> None: ...
