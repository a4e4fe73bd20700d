from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListControllersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListControllersResponse(_message.Message):
    __slots__ = ("controllers", "identity", "leader")
    CONTROLLERS_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    LEADER_FIELD_NUMBER: _ClassVar[int]
    controllers: _containers.RepeatedCompositeFieldContainer[ControllerStatus]
    identity: str
    leader: str
    def __init__(self, controllers: _Optional[_Iterable[_Union[ControllerStatus, _Mapping]]] = ..., identity: _Optional[str] = ..., leader: _Optional[str] = ...) -> None: ...

class PauseControllerRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ResumeControllerRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ControllerStatus(_message.Message):
    __slots__ = ("name", "queue_depth", "last_error", "retries", "reconciliations", "paused")
    NAME_FIELD_NUMBER: _ClassVar[int]
    QUEUE_DEPTH_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    RECONCILIATIONS_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    name: str
    queue_depth: int
    last_error: str
    retries: int
    reconciliations: int
    paused: bool
    def __init__(self, name: _Optional[str] = ..., queue_depth: _Optional[int] = ..., last_error: _Optional[str] = ..., retries: _Optional[int] = ..., reconciliations: _Optional[int] = ..., paused: bool = ...) -> None: ...
