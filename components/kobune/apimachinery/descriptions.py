"""What messages and fields are, in words for people.

The words are the comments in the `.proto` files, which `scripts/gen-protos` puts beside the generated code; they are
read when somebody asks. What all kinds have in common is said here once.
"""

import importlib.resources
from collections.abc import Mapping
from functools import cache
from typing import Final, cast

import orjson
from google.protobuf.descriptor import Descriptor, FieldDescriptor

API_VERSION: Final = "Group and version whose schema the object follows; the core group is `v1`."
KIND: Final = "The object's kind, in CamelCase. It cannot be changed."
OBJECT_META: Final = "What all objects have: name, namespace, labels, annotations, owners, versions."
LIST_META: Final = "The version of the list as a whole, and how to get more of it."
ITEMS: Final = "The objects in the list."
SPEC: Final = "What is wanted. Whoever makes the object writes it."
STATUS: Final = "What was last observed. The cluster writes it; what users send is ignored."
NAMED: Final = {
    ("metadata", "ObjectMeta"): OBJECT_META,
    ("metadata", "ListMeta"): LIST_META,
}


def describe(described: Descriptor | FieldDescriptor) -> str:
    """Return one or two sentences about a message or a field; empty if nothing is known about it."""
    if isinstance(described, FieldDescriptor):
        owner = cast(Descriptor, described.containing_type)
        return _words(owner).get(f"{owner.name}.{described.json_name}") or _common_field(owner, described)
    return _words(described).get(described.name) or _common_message(described)


def list_of(kind: str) -> str:
    """Return what is said of a list of objects of one kind."""
    return f"Some or all {kind} objects, as one answer."


def _common_message(message: Descriptor) -> str:
    return list_of(message.name.removesuffix("List")) if _is_list(message) else ""


def _common_field(owner: Descriptor, field: FieldDescriptor) -> str:
    kind = field.message_type.name if field.message_type is not None else ""
    if text := NAMED.get((field.name, kind)):
        return text
    if field.name == "items" and _is_list(owner):
        return ITEMS
    if "metadata" in owner.fields_by_name:
        return {"spec": SPEC, "status": STATUS}.get(field.name, "")
    return ""


def _is_list(message: Descriptor) -> bool:
    metadata = message.fields_by_name.get("metadata")
    return metadata is not None and metadata.message_type is not None and metadata.message_type.name == "ListMeta"


def _words(message: Descriptor) -> Mapping[str, str]:
    return _of_package(message.file.package)


@cache
def _of_package(package: str) -> Mapping[str, str]:
    found = importlib.resources.files(package).joinpath("descriptions.json")
    return cast(Mapping[str, str], orjson.loads(found.read_bytes()) if found.is_file() else {})
