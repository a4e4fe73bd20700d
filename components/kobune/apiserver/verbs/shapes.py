"""What the creators of objects own, remembered by what the objects are like.

Most objects are made from a template, hundreds alike but for their names; and what of one is owned depends on nothing
that only the server or only the name says. Of one without lists and maps (events) it depends on no value at all.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from google.protobuf.message import Message

KEPT: Final = 512
LARGEST: Final = 16 << 10
"""Bytes of an object that is remembered."""
Outline: TypeAlias = "tuple[int | Outline, ...]"
OWN: Final = ("name", "namespace", "uid", "creationTimestamp")
"""What objects of one shape differ in."""


class Shapes:
    """Remembers a value for each shape of objects."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, Outline | bytes], bytes] = {}

    def of(self, kind: object, item: Any, make: Callable[[], bytes]) -> bytes:
        """Return what is remembered of objects like this one, or what `make` returns, and remember that.

        Objects of different `kind` are not alike, whatever they say.
        """
        if not isinstance(item, Message):
            return make()
        shape: Outline | bytes = _outline(item) or _shape(item)
        if len(shape) > LARGEST:
            return make()
        key = kind, shape
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= KEPT:
                self._known.clear()
            found = self._known[key] = make()
        return found


def _outline(item: Message) -> "Outline | None":
    """Return which fields are set, zeros told from others; None if values may be names of fields, or hold them."""
    found: list[int | Outline] = []
    for field, value in item.ListFields():
        if isinstance(value, str | int | float):
            found.append(field.number if value else -field.number)
        elif isinstance(value, Message) and (inner := _outline(value)) is not None:
            found += (field.number, inner)
        else:
            return None
    return tuple(found)


def _shape(item: Any) -> bytes:
    meta = item.metadata
    kept = meta.name, meta.namespace, meta.uid
    seconds = meta.creationTimestamp.seconds
    for name in OWN:
        meta.ClearField(name)
    shape: bytes = item.SerializeToString(deterministic=True)
    meta.name, meta.namespace, meta.uid = kept
    meta.creationTimestamp.seconds = seconds
    if not kept[1]:
        meta.ClearField("namespace")
    return shape
