"""Fields that stay as they were when the object was created."""

from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.message import Message

from kobune.apimachinery import codec
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.registry.validation.causes import IMMUTABLE, invalid


def frozen(*paths: str) -> Callable[[Any, Any], Iterator[FieldError]]:
    """Return the rule that says: these fields do not change."""

    def check(new: Any, old: Any) -> Iterator[FieldError]:
        for path in paths:
            value, before = new, old
            for name in path.split("."):
                value, before = getattr(value, name), getattr(before, name)
            if not (codec.same(value, before) if isinstance(value, Message) else value == before):
                yield invalid(path, value, IMMUTABLE)

    return check
