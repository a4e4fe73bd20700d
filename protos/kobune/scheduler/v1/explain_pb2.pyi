from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExplainRequest(_message.Message):
    __slots__ = ("namespace", "pod")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    POD_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    pod: str
    def __init__(self, namespace: _Optional[str] = ..., pod: _Optional[str] = ...) -> None: ...

class Explanation(_message.Message):
    __slots__ = ("summary", "verdict")
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    summary: Summary
    verdict: Verdict
    def __init__(self, summary: _Optional[_Union[Summary, _Mapping]] = ..., verdict: _Optional[_Union[Verdict, _Mapping]] = ...) -> None: ...

class Summary(_message.Message):
    __slots__ = ("scheduler", "time", "node", "message", "nodes", "fitting", "refused", "otherwise")
    SCHEDULER_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    FITTING_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    OTHERWISE_FIELD_NUMBER: _ClassVar[int]
    scheduler: str
    time: float
    node: str
    message: str
    nodes: int
    fitting: int
    refused: Objection
    otherwise: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, scheduler: _Optional[str] = ..., time: _Optional[float] = ..., node: _Optional[str] = ..., message: _Optional[str] = ..., nodes: _Optional[int] = ..., fitting: _Optional[int] = ..., refused: _Optional[_Union[Objection, _Mapping]] = ..., otherwise: _Optional[_Iterable[str]] = ...) -> None: ...

class Verdict(_message.Message):
    __slots__ = ("node", "objection", "rank", "total", "scores")
    NODE_FIELD_NUMBER: _ClassVar[int]
    OBJECTION_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    node: str
    objection: Objection
    rank: int
    total: float
    scores: _containers.RepeatedCompositeFieldContainer[Score]
    def __init__(self, node: _Optional[str] = ..., objection: _Optional[_Union[Objection, _Mapping]] = ..., rank: _Optional[int] = ..., total: _Optional[float] = ..., scores: _Optional[_Iterable[_Union[Score, _Mapping]]] = ...) -> None: ...

class Objection(_message.Message):
    __slots__ = ("plugin", "reasons", "final")
    PLUGIN_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    FINAL_FIELD_NUMBER: _ClassVar[int]
    plugin: str
    reasons: _containers.RepeatedScalarFieldContainer[str]
    final: bool
    def __init__(self, plugin: _Optional[str] = ..., reasons: _Optional[_Iterable[str]] = ..., final: bool = ...) -> None: ...

class Score(_message.Message):
    __slots__ = ("plugin", "score", "weight")
    PLUGIN_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    plugin: str
    score: float
    weight: int
    def __init__(self, plugin: _Optional[str] = ..., score: _Optional[float] = ..., weight: _Optional[int] = ...) -> None: ...
