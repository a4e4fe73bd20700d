"""Whether two pod templates mean the same, and what tells one from another.

Kubernetes' structs cannot tell an absent part from an empty one, unless it is a pointer; messages can. What came as
JSON has `resources: {}`, what came as a message need not, and both are the same template.
"""

import hashlib
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from kobune.api.core.v1 import PodTemplateSpec
from kobune.api.schema import schema_pb2

HASH_LABEL = "pod-template-hash"
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""No vowels, and nothing that looks alike: a hash must not spell a word."""


def same_template(one: PodTemplateSpec, other: PodTemplateSpec) -> bool:
    """Whether two templates mean the same pods, whatever their hash label says."""
    return one == other or essence(one) == essence(other)


def essence(template: PodTemplateSpec) -> PodTemplateSpec:
    """Return the template without its hash label, and without parts that are there but empty."""
    copy = PodTemplateSpec()
    copy.CopyFrom(template)
    copy.metadata.labels.pop(HASH_LABEL, None)
    _prune(copy)
    return copy


def hash_of(template: PodTemplateSpec, collisions: int | None) -> str:
    """Return the label that tells this template's pods from others'; it is another for each count of collisions."""
    digest = hashlib.blake2b(essence(template).SerializeToString(deterministic=True), digest_size=8)
    if collisions is not None:
        digest.update(collisions.to_bytes(4, "little"))
    number = int.from_bytes(digest.digest(), "little")
    letters = ""
    for _ in range(10):
        number, letter = divmod(number, len(ALPHABET))
        letters += ALPHABET[letter]
    return letters


def _prune(message: Message) -> None:
    structs = _structs(message.DESCRIPTOR)
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        if isinstance(value, Message):
            _prune(value)
            if field.name in structs and not value.ListFields():
                message.ClearField(field.name)
        else:
            for item in value:
                _prune(item)


@cache
def _structs(descriptor: Descriptor) -> frozenset[str]:
    """Return the names of the fields whose absence means the same as their being empty."""
    options: Any = schema_pb2.field
    return frozenset(
        field.name
        for field in descriptor.fields
        if field.message_type is not None and not field.GetOptions().Extensions[options].pointer
    )
