"""Says what is wrong with a JSON tree, in Kubernetes' words, or what of it can be kept.

Only trees that the fast path refused come here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from kobune.apimachinery.codec.decode import UNIONS, Misfit, read_bytes
from kobune.apimachinery.codec.scalars import SCALARS
from kobune.apimachinery.codec.shape import GO_TYPES, Field, is_object, json_fields

RANGES = {FieldDescriptor.TYPE_INT32: 2**31, FieldDescriptor.TYPE_INT64: 2**63}


class Undecodable(Exception):
    """The tree has a value of a wrong type; the text says which."""


@dataclass
class Sieve:
    """Copies what of a tree fits a message, and notes the paths of what is unknown."""

    unknown: list[str] = field(default_factory=list)

    def keep(self, descriptor: Descriptor, tree: Any, path: str = "", go_path: str = "") -> dict[str, Any]:
        """Return the part of `tree` that the message knows, without nulls; `Undecodable` if a type is wrong.

        `path` has the indexes of lists, `go_path` has not: Kubernetes words the two complaints differently.
        """
        if not isinstance(tree, dict):
            raise _mismatch(tree, descriptor.name, go_path, f"v1.{descriptor.name}")
        known = json_fields(descriptor)
        kept = {}
        for name, value in tree.items():
            if (found := known.get(name)) is None:
                if not (is_object(descriptor) and name in ("kind", "apiVersion")):
                    self.unknown.append(_join(path, name))
            elif value is not None:
                kept[name] = self._value(descriptor, found, value, _join(path, name), _join(go_path, name))
        return kept

    def _value(self, owner: Descriptor, known: Field, value: Any, path: str, go_path: str) -> Any:
        if known.is_map:
            if not isinstance(value, dict):
                raise _mismatch(value, owner.name, go_path, f"map[string]{_go_type(known)}")
            pairs = ((key, item, f"{path}[{key}]") for key, item in value.items())
            return {key: self._element(owner, known, item, at, go_path) for key, item, at in pairs}
        if known.is_list:
            if not isinstance(value, list):
                raise _mismatch(value, owner.name, go_path, f"[]{_go_type(known)}")
            items = ((item, f"{path}[{index}]") for index, item in enumerate(value))
            return [self._element(owner, known, item, at, go_path) for item, at in items]
        return self._element(owner, known, value, path, go_path)

    def _element(self, owner: Descriptor, known: Field, value: Any, path: str, go_path: str) -> Any:
        message = known.message
        if message is None:
            return _scalar(owner, known, value, go_path)
        if scalar := SCALARS.get(message.full_name):
            try:
                if value is not None:
                    scalar.read(value)
            except ValueError as error:
                raise Undecodable(str(error)) from None
            except TypeError:
                raise _mismatch(value, owner.name, go_path, scalar.go) from None
            return value if value is not None else scalar.empty
        if message.full_name in UNIONS:
            return self._union(message, value, path, go_path)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise _mismatch(value, owner.name, go_path, f"v1.{message.name}")
        return self.keep(message, value, path, go_path)

    def _union(self, message: Descriptor, value: Any, path: str, go_path: str) -> Any:
        schema = cast(Descriptor, message.fields_by_name["schema"].message_type)
        if isinstance(value, dict):
            return self.keep(schema, value, path, go_path)
        if isinstance(value, bool) and "allows" in message.fields_by_name:
            return value
        if isinstance(value, list) and "jSONSchemas" in message.fields_by_name:
            return [self.keep(schema, item, f"{path}[{i}]", go_path) for i, item in enumerate(value)]
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
        raise Undecodable(f"boolean or JSON schema expected at {path}")


def _scalar(owner: Descriptor, known: Field, value: Any, go_path: str) -> Any:
    kind = known.element.type
    if value is None:
        return {FieldDescriptor.TYPE_STRING: "", FieldDescriptor.TYPE_BOOL: False}.get(kind, 0)
    if kind == FieldDescriptor.TYPE_BYTES:
        if not isinstance(value, str):
            raise _mismatch(value, owner.name, go_path, GO_TYPES[kind])
        try:
            read_bytes(value)
        except Misfit:
            raise Undecodable(f"illegal base64 data at input byte {_bad_base64(value)}") from None
        return value
    if kind == FieldDescriptor.TYPE_STRING and isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode(errors="replace").decode()
        return value
    if kind == FieldDescriptor.TYPE_BOOL and isinstance(value, bool):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == FieldDescriptor.TYPE_DOUBLE and is_number:
        return value
    if (limit := RANGES.get(kind)) and is_number:
        if isinstance(value, int) and -limit <= value < limit:
            return value
        raise _mismatch(value, owner.name, go_path, GO_TYPES[kind], what=f"number {value}")
    raise _mismatch(value, owner.name, go_path, GO_TYPES[kind])


def _bad_base64(text: str) -> int:
    alphabet = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    return next((at for at, letter in enumerate(text) if letter not in alphabet), len(text))


def _go_type(known: Field) -> str:
    message = known.message
    if message is None:
        return GO_TYPES[known.element.type]
    return SCALARS[message.full_name].go if message.full_name in SCALARS else f"v1.{message.name}"


def _mismatch(value: Any, owner: str, path: str, expected: str, what: str = "") -> Undecodable:
    names: Iterable[tuple[type, str]] = ((bool, "bool"), (str, "string"), (dict, "object"), (list, "array"))
    found = what or next((name for kind, name in names if isinstance(value, kind)), "number")
    where = f"struct field {owner}.{path}" if path else "value"
    return Undecodable(f"json: cannot unmarshal {found} into Go {where} of type {expected}")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
