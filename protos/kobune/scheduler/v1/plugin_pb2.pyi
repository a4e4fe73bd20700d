from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ToPlugin(_message.Message):
    __slots__ = ("hello", "changes", "question")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    changes: Changes
    question: Question
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., changes: _Optional[_Union[Changes, _Mapping]] = ..., question: _Optional[_Union[Question, _Mapping]] = ...) -> None: ...

class FromPlugin(_message.Message):
    __slots__ = ("welcome", "answer", "release")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    answer: Answer
    release: Release
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping]] = ..., answer: _Optional[_Union[Answer, _Mapping]] = ..., release: _Optional[_Union[Release, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("version", "scheduler", "arguments")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SCHEDULER_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    version: int
    scheduler: str
    arguments: str
    def __init__(self, version: _Optional[int] = ..., scheduler: _Optional[str] = ..., arguments: _Optional[str] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("version", "name", "filters", "scores", "error", "tries", "reserves", "permits", "prepares", "follows")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    FILTERS_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    TRIES_FIELD_NUMBER: _ClassVar[int]
    RESERVES_FIELD_NUMBER: _ClassVar[int]
    PERMITS_FIELD_NUMBER: _ClassVar[int]
    PREPARES_FIELD_NUMBER: _ClassVar[int]
    FOLLOWS_FIELD_NUMBER: _ClassVar[int]
    version: int
    name: str
    filters: bool
    scores: bool
    error: str
    tries: bool
    reserves: bool
    permits: bool
    prepares: bool
    follows: bool
    def __init__(self, version: _Optional[int] = ..., name: _Optional[str] = ..., filters: bool = ..., scores: bool = ..., error: _Optional[str] = ..., tries: bool = ..., reserves: bool = ..., permits: bool = ..., prepares: bool = ..., follows: bool = ...) -> None: ...

class Changes(_message.Message):
    __slots__ = ("nodes", "gone", "placed", "left", "templates")
    NODES_FIELD_NUMBER: _ClassVar[int]
    GONE_FIELD_NUMBER: _ClassVar[int]
    PLACED_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    TEMPLATES_FIELD_NUMBER: _ClassVar[int]
    nodes: _containers.RepeatedCompositeFieldContainer[Node]
    gone: _containers.RepeatedScalarFieldContainer[str]
    placed: _containers.RepeatedCompositeFieldContainer[Placed]
    left: _containers.RepeatedCompositeFieldContainer[Left]
    templates: _containers.RepeatedCompositeFieldContainer[Template]
    def __init__(self, nodes: _Optional[_Iterable[_Union[Node, _Mapping]]] = ..., gone: _Optional[_Iterable[str]] = ..., placed: _Optional[_Iterable[_Union[Placed, _Mapping]]] = ..., left: _Optional[_Iterable[_Union[Left, _Mapping]]] = ..., templates: _Optional[_Iterable[_Union[Template, _Mapping]]] = ...) -> None: ...

class Node(_message.Message):
    __slots__ = ("id", "name", "labels", "taints", "unschedulable", "allocatable")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class AllocatableEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    TAINTS_FIELD_NUMBER: _ClassVar[int]
    UNSCHEDULABLE_FIELD_NUMBER: _ClassVar[int]
    ALLOCATABLE_FIELD_NUMBER: _ClassVar[int]
    id: int
    name: str
    labels: _containers.ScalarMap[str, str]
    taints: _containers.RepeatedCompositeFieldContainer[Taint]
    unschedulable: bool
    allocatable: _containers.ScalarMap[str, int]
    def __init__(self, id: _Optional[int] = ..., name: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., taints: _Optional[_Iterable[_Union[Taint, _Mapping]]] = ..., unschedulable: bool = ..., allocatable: _Optional[_Mapping[str, int]] = ...) -> None: ...

class Taint(_message.Message):
    __slots__ = ("key", "value", "effect")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: str
    effect: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ..., effect: _Optional[str] = ...) -> None: ...

class Template(_message.Message):
    __slots__ = ("id", "namespace", "labels", "requests", "priority", "pod")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class RequestsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    POD_FIELD_NUMBER: _ClassVar[int]
    id: int
    namespace: str
    labels: _containers.ScalarMap[str, str]
    requests: _containers.ScalarMap[str, int]
    priority: int
    pod: str
    def __init__(self, id: _Optional[int] = ..., namespace: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., requests: _Optional[_Mapping[str, int]] = ..., priority: _Optional[int] = ..., pod: _Optional[str] = ...) -> None: ...

class Placed(_message.Message):
    __slots__ = ("uid", "node", "template")
    UID_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    uid: str
    node: int
    template: int
    def __init__(self, uid: _Optional[str] = ..., node: _Optional[int] = ..., template: _Optional[int] = ...) -> None: ...

class Left(_message.Message):
    __slots__ = ("uid", "node")
    UID_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    uid: str
    node: int
    def __init__(self, uid: _Optional[str] = ..., node: _Optional[int] = ...) -> None: ...

class Question(_message.Message):
    __slots__ = ("number", "filter", "score", "reserve", "unreserve", "permit", "pre_bind", "post_bind", "seconds")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    RESERVE_FIELD_NUMBER: _ClassVar[int]
    UNRESERVE_FIELD_NUMBER: _ClassVar[int]
    PERMIT_FIELD_NUMBER: _ClassVar[int]
    PRE_BIND_FIELD_NUMBER: _ClassVar[int]
    POST_BIND_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    number: int
    filter: Batch
    score: Batch
    reserve: Placement
    unreserve: Placement
    permit: Placement
    pre_bind: Placement
    post_bind: Placement
    seconds: float
    def __init__(self, number: _Optional[int] = ..., filter: _Optional[_Union[Batch, _Mapping]] = ..., score: _Optional[_Union[Batch, _Mapping]] = ..., reserve: _Optional[_Union[Placement, _Mapping]] = ..., unreserve: _Optional[_Union[Placement, _Mapping]] = ..., permit: _Optional[_Union[Placement, _Mapping]] = ..., pre_bind: _Optional[_Union[Placement, _Mapping]] = ..., post_bind: _Optional[_Union[Placement, _Mapping]] = ..., seconds: _Optional[float] = ...) -> None: ...

class Batch(_message.Message):
    __slots__ = ("uid", "name", "template", "nodes", "without")
    UID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_FIELD_NUMBER: _ClassVar[int]
    uid: str
    name: str
    template: int
    nodes: _containers.RepeatedScalarFieldContainer[int]
    without: _containers.RepeatedCompositeFieldContainer[Left]
    def __init__(self, uid: _Optional[str] = ..., name: _Optional[str] = ..., template: _Optional[int] = ..., nodes: _Optional[_Iterable[int]] = ..., without: _Optional[_Iterable[_Union[Left, _Mapping]]] = ...) -> None: ...

class Placement(_message.Message):
    __slots__ = ("uid", "node", "pod")
    UID_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    POD_FIELD_NUMBER: _ClassVar[int]
    uid: str
    node: str
    pod: str
    def __init__(self, uid: _Optional[str] = ..., node: _Optional[str] = ..., pod: _Optional[str] = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ("uid", "refusal")
    UID_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    uid: str
    refusal: str
    def __init__(self, uid: _Optional[str] = ..., refusal: _Optional[str] = ...) -> None: ...

class Answer(_message.Message):
    __slots__ = ("number", "refused", "scores", "error", "refusal", "hold_seconds")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    HOLD_SECONDS_FIELD_NUMBER: _ClassVar[int]
    number: int
    refused: _containers.RepeatedCompositeFieldContainer[Refusal]
    scores: _containers.RepeatedScalarFieldContainer[float]
    error: str
    refusal: str
    hold_seconds: float
    def __init__(self, number: _Optional[int] = ..., refused: _Optional[_Iterable[_Union[Refusal, _Mapping]]] = ..., scores: _Optional[_Iterable[float]] = ..., error: _Optional[str] = ..., refusal: _Optional[str] = ..., hold_seconds: _Optional[float] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("reason", "final", "nodes")
    REASON_FIELD_NUMBER: _ClassVar[int]
    FINAL_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    reason: str
    final: bool
    nodes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, reason: _Optional[str] = ..., final: bool = ..., nodes: _Optional[_Iterable[int]] = ...) -> None: ...
