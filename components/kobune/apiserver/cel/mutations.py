"""What expressions of mutating policies make: `Object{spec: Object.spec{…}}` and `[JSONPatch{op: …}]`."""

from collections.abc import Iterator, Mapping
from typing import Final

from kobune.apimachinery.cel.types import DYN, STRING, ObjectType, Type, list_of, object_of


class AnyFields(Mapping[str, Type]):
    """Every field there could be, of any type: which there are is only known with the object."""

    def __getitem__(self, name: str) -> Type:
        return DYN

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


PATCH: Final = object_of("JSONPatch", {"op": STRING, "path": STRING, "from": STRING, "value": DYN})
OBJECT: Final = ObjectType("object", "Object", (), AnyFields())


class Structs(Mapping[str, ObjectType]):
    """The types that literals can make: `JSONPatch`, `Object`, and every `Object.a.b`."""

    def __getitem__(self, name: str) -> ObjectType:
        if name == "JSONPatch":
            return PATCH
        if name == "Object":
            return OBJECT
        if name.startswith("Object."):
            return ObjectType("object", name, (), AnyFields())
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(("JSONPatch", "Object"))

    def __len__(self) -> int:
        return 2


def patch_type(kind: str) -> Type:
    """Return what an expression has to make for a kind of patch."""
    return list_of(PATCH) if kind == "JSONPatch" else OBJECT
