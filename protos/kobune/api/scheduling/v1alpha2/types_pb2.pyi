from kobune.api.schema import schema_pb2 as _schema_pb2
from kobune.api.meta.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BasicSchedulingPolicy(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GangSchedulingPolicy(_message.Message):
    __slots__ = ("minCount",)
    MINCOUNT_FIELD_NUMBER: _ClassVar[int]
    minCount: int
    def __init__(self, minCount: _Optional[int] = ...) -> None: ...

class PodGroup(_message.Message):
    __slots__ = ("metadata", "spec", "status")
    METADATA_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    metadata: _types_pb2.ObjectMeta
    spec: PodGroupSpec
    status: PodGroupStatus
    def __init__(self, metadata: _Optional[_Union[_types_pb2.ObjectMeta, _Mapping]] = ..., spec: _Optional[_Union[PodGroupSpec, _Mapping]] = ..., status: _Optional[_Union[PodGroupStatus, _Mapping]] = ...) -> None: ...

class PodGroupList(_message.Message):
    __slots__ = ("metadata", "items")
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    metadata: _types_pb2.ListMeta
    items: _containers.RepeatedCompositeFieldContainer[PodGroup]
    def __init__(self, metadata: _Optional[_Union[_types_pb2.ListMeta, _Mapping]] = ..., items: _Optional[_Iterable[_Union[PodGroup, _Mapping]]] = ...) -> None: ...

class PodGroupSchedulingConstraints(_message.Message):
    __slots__ = ("topologyConstraints",)
    TOPOLOGYCONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    topologyConstraints: _containers.RepeatedCompositeFieldContainer[TopologyConstraint]
    def __init__(self, topologyConstraints: _Optional[_Iterable[_Union[TopologyConstraint, _Mapping]]] = ...) -> None: ...

class PodGroupSchedulingPolicy(_message.Message):
    __slots__ = ("basic", "gang")
    BASIC_FIELD_NUMBER: _ClassVar[int]
    GANG_FIELD_NUMBER: _ClassVar[int]
    basic: BasicSchedulingPolicy
    gang: GangSchedulingPolicy
    def __init__(self, basic: _Optional[_Union[BasicSchedulingPolicy, _Mapping]] = ..., gang: _Optional[_Union[GangSchedulingPolicy, _Mapping]] = ...) -> None: ...

class PodGroupSpec(_message.Message):
    __slots__ = ("podGroupTemplateRef", "schedulingPolicy", "schedulingConstraints")
    PODGROUPTEMPLATEREF_FIELD_NUMBER: _ClassVar[int]
    SCHEDULINGPOLICY_FIELD_NUMBER: _ClassVar[int]
    SCHEDULINGCONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    podGroupTemplateRef: PodGroupTemplateReference
    schedulingPolicy: PodGroupSchedulingPolicy
    schedulingConstraints: PodGroupSchedulingConstraints
    def __init__(self, podGroupTemplateRef: _Optional[_Union[PodGroupTemplateReference, _Mapping]] = ..., schedulingPolicy: _Optional[_Union[PodGroupSchedulingPolicy, _Mapping]] = ..., schedulingConstraints: _Optional[_Union[PodGroupSchedulingConstraints, _Mapping]] = ...) -> None: ...

class PodGroupStatus(_message.Message):
    __slots__ = ("conditions",)
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    conditions: _containers.RepeatedCompositeFieldContainer[_types_pb2.Condition]
    def __init__(self, conditions: _Optional[_Iterable[_Union[_types_pb2.Condition, _Mapping]]] = ...) -> None: ...

class PodGroupTemplateReference(_message.Message):
    __slots__ = ("workload",)
    WORKLOAD_FIELD_NUMBER: _ClassVar[int]
    workload: WorkloadPodGroupTemplateReference
    def __init__(self, workload: _Optional[_Union[WorkloadPodGroupTemplateReference, _Mapping]] = ...) -> None: ...

class TopologyConstraint(_message.Message):
    __slots__ = ("topologyKey",)
    TOPOLOGYKEY_FIELD_NUMBER: _ClassVar[int]
    topologyKey: str
    def __init__(self, topologyKey: _Optional[str] = ...) -> None: ...

class WorkloadPodGroupTemplateReference(_message.Message):
    __slots__ = ("workloadName", "podGroupTemplateName")
    WORKLOADNAME_FIELD_NUMBER: _ClassVar[int]
    PODGROUPTEMPLATENAME_FIELD_NUMBER: _ClassVar[int]
    workloadName: str
    podGroupTemplateName: str
    def __init__(self, workloadName: _Optional[str] = ..., podGroupTemplateName: _Optional[str] = ...) -> None: ...
