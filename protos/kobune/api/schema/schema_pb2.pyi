from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Fidelity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENFORCED: _ClassVar[Fidelity]
    STORED: _ClassVar[Fidelity]
    REFUSED: _ClassVar[Fidelity]
ENFORCED: Fidelity
STORED: Fidelity
REFUSED: Fidelity
FIELD_FIELD_NUMBER: _ClassVar[int]
field: _descriptor.FieldDescriptor
RESOURCE_FIELD_NUMBER: _ClassVar[int]
resource: _descriptor.FieldDescriptor
KUBERNETES_PACKAGE_FIELD_NUMBER: _ClassVar[int]
kubernetes_package: _descriptor.FieldDescriptor
EFFECT_FIELD_NUMBER: _ClassVar[int]
effect: _descriptor.FieldDescriptor
STRUCT_TYPE_FIELD_NUMBER: _ClassVar[int]
struct_type: _descriptor.FieldDescriptor
PACKAGE_FIELD_NUMBER: _ClassVar[int]
package: _descriptor.FieldDescriptor
STRING_ENUM_FIELD_NUMBER: _ClassVar[int]
string_enum: _descriptor.FieldDescriptor

class Effect(_message.Message):
    __slots__ = ("fidelity", "missing")
    FIDELITY_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    fidelity: Fidelity
    missing: str
    def __init__(self, fidelity: _Optional[_Union[Fidelity, str]] = ..., missing: _Optional[str] = ...) -> None: ...

class Field(_message.Message):
    __slots__ = ("pointer", "omitempty", "required", "optional", "enum", "default", "patch_strategy", "patch_merge_key", "list_type", "list_map_keys", "map_type", "struct_type", "immutable", "fidelity", "omitzero", "inline")
    POINTER_FIELD_NUMBER: _ClassVar[int]
    OMITEMPTY_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    OPTIONAL_FIELD_NUMBER: _ClassVar[int]
    ENUM_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_FIELD_NUMBER: _ClassVar[int]
    PATCH_STRATEGY_FIELD_NUMBER: _ClassVar[int]
    PATCH_MERGE_KEY_FIELD_NUMBER: _ClassVar[int]
    LIST_TYPE_FIELD_NUMBER: _ClassVar[int]
    LIST_MAP_KEYS_FIELD_NUMBER: _ClassVar[int]
    MAP_TYPE_FIELD_NUMBER: _ClassVar[int]
    STRUCT_TYPE_FIELD_NUMBER: _ClassVar[int]
    IMMUTABLE_FIELD_NUMBER: _ClassVar[int]
    FIDELITY_FIELD_NUMBER: _ClassVar[int]
    OMITZERO_FIELD_NUMBER: _ClassVar[int]
    INLINE_FIELD_NUMBER: _ClassVar[int]
    pointer: bool
    omitempty: bool
    required: bool
    optional: bool
    enum: str
    default: str
    patch_strategy: str
    patch_merge_key: str
    list_type: str
    list_map_keys: _containers.RepeatedScalarFieldContainer[str]
    map_type: str
    struct_type: str
    immutable: bool
    fidelity: Fidelity
    omitzero: bool
    inline: bool
    def __init__(self, pointer: bool = ..., omitempty: bool = ..., required: bool = ..., optional: bool = ..., enum: _Optional[str] = ..., default: _Optional[str] = ..., patch_strategy: _Optional[str] = ..., patch_merge_key: _Optional[str] = ..., list_type: _Optional[str] = ..., list_map_keys: _Optional[_Iterable[str]] = ..., map_type: _Optional[str] = ..., struct_type: _Optional[str] = ..., immutable: bool = ..., fidelity: _Optional[_Union[Fidelity, str]] = ..., omitzero: bool = ..., inline: bool = ...) -> None: ...

class Subresource(_message.Message):
    __slots__ = ("name", "kind", "group", "version", "verbs")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    VERBS_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: str
    group: str
    version: str
    verbs: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[str] = ..., group: _Optional[str] = ..., version: _Optional[str] = ..., verbs: _Optional[_Iterable[str]] = ...) -> None: ...

class Resource(_message.Message):
    __slots__ = ("group", "version", "plural", "singular", "namespaced", "short_names", "categories", "verbs", "subresources")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PLURAL_FIELD_NUMBER: _ClassVar[int]
    SINGULAR_FIELD_NUMBER: _ClassVar[int]
    NAMESPACED_FIELD_NUMBER: _ClassVar[int]
    SHORT_NAMES_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    VERBS_FIELD_NUMBER: _ClassVar[int]
    SUBRESOURCES_FIELD_NUMBER: _ClassVar[int]
    group: str
    version: str
    plural: str
    singular: str
    namespaced: bool
    short_names: _containers.RepeatedScalarFieldContainer[str]
    categories: _containers.RepeatedScalarFieldContainer[str]
    verbs: _containers.RepeatedScalarFieldContainer[str]
    subresources: _containers.RepeatedCompositeFieldContainer[Subresource]
    def __init__(self, group: _Optional[str] = ..., version: _Optional[str] = ..., plural: _Optional[str] = ..., singular: _Optional[str] = ..., namespaced: bool = ..., short_names: _Optional[_Iterable[str]] = ..., categories: _Optional[_Iterable[str]] = ..., verbs: _Optional[_Iterable[str]] = ..., subresources: _Optional[_Iterable[_Union[Subresource, _Mapping]]] = ...) -> None: ...

class Package(_message.Message):
    __slots__ = ("group", "version", "kubernetes")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    KUBERNETES_FIELD_NUMBER: _ClassVar[int]
    group: str
    version: str
    kubernetes: str
    def __init__(self, group: _Optional[str] = ..., version: _Optional[str] = ..., kubernetes: _Optional[str] = ...) -> None: ...

class StringEnum(_message.Message):
    __slots__ = ("name", "values")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    name: str
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., values: _Optional[_Iterable[str]] = ...) -> None: ...
