from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListFrontendsRequest(_message.Message):
    __slots__ = ("namespace", "service")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    service: str
    def __init__(self, namespace: _Optional[str] = ..., service: _Optional[str] = ...) -> None: ...

class ListFrontendsResponse(_message.Message):
    __slots__ = ("frontends",)
    FRONTENDS_FIELD_NUMBER: _ClassVar[int]
    frontends: _containers.RepeatedCompositeFieldContainer[Frontend]
    def __init__(self, frontends: _Optional[_Iterable[_Union[Frontend, _Mapping]]] = ...) -> None: ...

class Frontend(_message.Message):
    __slots__ = ("namespace", "service", "port_name", "kind", "protocol", "ip", "port", "listening", "endpoints", "session_affinity_seconds", "source_ranges", "connections", "accepted")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    PORT_NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    IP_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    LISTENING_FIELD_NUMBER: _ClassVar[int]
    ENDPOINTS_FIELD_NUMBER: _ClassVar[int]
    SESSION_AFFINITY_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_RANGES_FIELD_NUMBER: _ClassVar[int]
    CONNECTIONS_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    service: str
    port_name: str
    kind: str
    protocol: str
    ip: str
    port: int
    listening: str
    endpoints: _containers.RepeatedCompositeFieldContainer[Endpoint]
    session_affinity_seconds: int
    source_ranges: _containers.RepeatedScalarFieldContainer[str]
    connections: int
    accepted: int
    def __init__(self, namespace: _Optional[str] = ..., service: _Optional[str] = ..., port_name: _Optional[str] = ..., kind: _Optional[str] = ..., protocol: _Optional[str] = ..., ip: _Optional[str] = ..., port: _Optional[int] = ..., listening: _Optional[str] = ..., endpoints: _Optional[_Iterable[_Union[Endpoint, _Mapping]]] = ..., session_affinity_seconds: _Optional[int] = ..., source_ranges: _Optional[_Iterable[str]] = ..., connections: _Optional[int] = ..., accepted: _Optional[int] = ...) -> None: ...

class Endpoint(_message.Message):
    __slots__ = ("ip", "port", "node")
    IP_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    ip: str
    port: int
    node: str
    def __init__(self, ip: _Optional[str] = ..., port: _Optional[int] = ..., node: _Optional[str] = ...) -> None: ...
