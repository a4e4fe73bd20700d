"""JSON to message and back, as Kubernetes writes JSON.

Kubernetes' JSON is not protobuf's: quantities, times, numbers-or-names, raw values, inlined structures and what is left
out when empty all differ. Everything here is worked out from the descriptors and the schema's options.
"""

from typing import Any, TypeVar

import orjson
from google.protobuf.message import Message

from kobune.apimachinery.codec.decode import Misfit, reader
from kobune.apimachinery.codec.encode import writer
from kobune.apimachinery.codec.normal import normalize
from kobune.apimachinery.codec.strict import Sieve, Undecodable
from kobune.apimachinery.schema import descriptor_of

T = TypeVar("T", bound=Message)

__all__ = ["Undecodable", "decode", "encode", "from_json", "normalize", "same", "to_json"]


def from_json(message: type[T], body: bytes) -> T:
    """Return the message that JSON text describes; `Undecodable` if it does not fit to the last field."""
    decoded, unknown = decode(message, body)
    if unknown:
        raise Undecodable("strict decoding error: " + ", ".join(f'unknown field "{path}"' for path in unknown))
    return decoded


def decode(message: type[T], body: bytes, tree: Any = None) -> tuple[T, list[str]]:
    """Return the message that JSON text describes, and the paths of the fields that it does not know.

    `tree` is the text parsed, if somebody has done that already; it is used up. `Undecodable` if the text is not JSON
    or a value has the wrong type.
    """
    try:
        return message(**reader(descriptor_of(message))(_parse(body) if tree is None else tree)), []
    except (Misfit, TypeError, ValueError, AttributeError, RecursionError):
        pass
    # What the fast path refused it has half converted: look again at what was sent.
    sieve = Sieve()
    kept = sieve.keep(descriptor_of(message), _parse(body))
    return message(**reader(descriptor_of(message))(kept)), sieve.unknown


def encode(message: Message) -> Any:
    """Return the JSON tree of a message. Parts of it are shared: nobody may change it."""
    return writer(descriptor_of(message))(message)


def to_json(message: Message) -> bytes:
    """Return the JSON text of a message, without `kind` and `apiVersion`."""
    return orjson.dumps(encode(message))


def same(one: Message, other: Message) -> bool:
    """Whether two messages say the same: a zero that is set and one that is left out do, where Kubernetes thinks so."""
    return one == other or _normal(one) == _normal(other)


def _normal(message: Message) -> Message:
    copy = type(message)()
    copy.CopyFrom(message)
    normalize(copy)
    return copy


def _parse(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Undecodable(f"invalid JSON: {error}") from None
