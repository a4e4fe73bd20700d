"""Hypothesis strategies that make messages of any kind from its descriptor."""

from typing import Any, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from kobune.apimachinery.codec.normal import is_struct
from kobune.apimachinery.codec.shape import Field, fields

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
QUANTITIES = st.sampled_from(["0", "1", "100m", "1500m", "128Mi", "1Gi", "5e3", "12k", "1G", "0.5", "1024Ki"])
SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_STRING: TEXT,
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=8),
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_DOUBLE: st.floats(-1e6, 1e6).map(lambda number: round(number, 3)),
}
JSON = st.sampled_from([b"{}", b'{"a":[1,"b",null,true]}', b'"text"', b"[]", b"1.5"])
SECONDS = st.integers(0, 4_000_000_000)
DEPTH = 4


@st.composite
def messages(draw: st.DrawFn, descriptor: Descriptor, depth: int = 0) -> Message:
    """Return a message with some of its fields, as a client could have sent it."""
    message: Any = GetMessageClass(descriptor)()
    if special(draw, message):
        return cast(Message, message)
    for field in fields(descriptor):
        is_nested = field.message is not None and depth >= DEPTH
        if is_amount(field) or (not is_nested and draw(st.integers(0, 9 if depth else 3)) < 3):
            fill(draw, message, field, depth)
    return cast(Message, message)


def is_amount(field: Field) -> bool:
    """Whether an absent field means the same as the amount 0, so that it is always there in one form or the other."""
    return is_struct(field) and field.message is not None and field.message.name == "Quantity"


def fill(draw: st.DrawFn, message: Any, field: Field, depth: int) -> None:
    if field.message is None:
        values = SCALARS[field.element.type]
        if field.is_map:
            getattr(message, field.name).update(draw(st.dictionaries(TEXT, values, max_size=2)))
        elif field.is_list:
            getattr(message, field.name).extend(draw(st.lists(values, max_size=2)))
        else:
            setattr(message, field.name, draw(values))
        return
    nested = messages(field.message, depth + 1)
    if field.is_map:
        for key, value in draw(st.dictionaries(TEXT, nested, max_size=2)).items():
            getattr(message, field.name)[key].CopyFrom(value)
    elif field.is_list:
        getattr(message, field.name).extend(draw(st.lists(nested, max_size=2)))
    else:
        getattr(message, field.name).CopyFrom(draw(nested))


def special(draw: st.DrawFn, message: Any) -> bool:
    """Fill in a message that JSON writes as something else than an object; False if it is none."""
    match message.DESCRIPTOR.full_name.removeprefix("kobune.api."):
        case "meta.v1.Time":
            message.seconds, message.nanos = draw(SECONDS), 0
        case "meta.v1.MicroTime":
            message.seconds, message.nanos = draw(SECONDS), draw(st.integers(0, 999_999)) * 1000
        case "meta.v1.Duration":
            message.duration = draw(st.integers(0, 10**6)) * 10**6
        case "meta.v1.FieldsV1":
            message.Raw = draw(JSON)
        case "runtime.v1.Quantity":
            from kobune.apimachinery.quantity import canonical

            message.string = canonical(draw(QUANTITIES))
        case "runtime.v1.IntOrString":
            if draw(st.booleans()):
                message.type, message.strVal = 1, draw(TEXT)
            else:
                message.type, message.intVal = 0, draw(SCALARS[FieldDescriptor.TYPE_INT32])
        case "runtime.v1.RawExtension" | "apiextensions.v1.JSON":
            message.raw = draw(JSON)
        case "apiextensions.v1.JSONSchemaPropsOrBool":
            message.allows = draw(st.booleans())
        case "apiextensions.v1.JSONSchemaPropsOrArray" | "apiextensions.v1.JSONSchemaPropsOrStringArray":
            message.schema.type = "string"
        case _:
            return False
    return True
