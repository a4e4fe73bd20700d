"""What is wrong with the rules of a definition itself, before there is any object."""

from collections.abc import Generator, Iterator, Mapping
from typing import Any, Final

from kobune.apimachinery.cel import types
from kobune.apimachinery.cel.errors import CelError
from kobune.apimachinery.cel.program import Program, compile
from kobune.apimachinery.errors import FieldError
from kobune.apiserver.cel.schema_rules import KEY, variables_of
from kobune.apiserver.cel.schema_types import type_of_schema
from kobune.apiserver.customresources.causes import go_json, invalid, not_supported, required

REASONS: Final = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
FIELDS: Final = ("Rule", "Message", "MessageExpression", "Reason", "FieldPath", "OptionalOldSelf")
UNSET: Final = {"Reason": None, "OptionalOldSelf": None}


def problems(schema: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the rules in the schema (a tree of JSON) of whole objects, whose field is `path`."""
    yield from _problems(schema, path, root=True, lost="")


def _problems(schema: Mapping[str, Any], path: str, *, root: bool, lost: str) -> Iterator[FieldError]:
    """`lost` is the path of the list around, whose items cannot be told apart between versions."""
    specs = schema.get(KEY) or ()
    if specs:
        type = type_of_schema(schema, "self", root=root)
        for index, spec in enumerate(specs):
            yield from _of_rule(spec, type, f"{path}.{KEY}[{index}]", lost)
    for name, inner in (schema.get("properties") or {}).items():
        if isinstance(inner, Mapping):
            yield from _problems(inner, f"{path}.properties[{name}]", root=False, lost=lost)
    values, items = schema.get("additionalProperties"), schema.get("items")
    if isinstance(values, Mapping):
        yield from _problems(values, f"{path}.additionalProperties", root=False, lost=lost)
    if isinstance(items, Mapping):
        told_apart = schema.get("x-kubernetes-list-type") == "map"
        yield from _problems(items, f"{path}.items", root=False, lost=lost if told_apart else lost or path)


def _of_rule(spec: Mapping[str, Any], type: types.Type | None, path: str, lost: str) -> Iterator[FieldError]:
    rule, message = str(spec.get("rule", "")), str(spec.get("message", ""))
    if not rule.strip():
        yield required(f"{path}.rule", "rule is not specified")
        return
    if message and not message.strip():
        yield invalid(f"{path}.message", message, "message must be non-empty if specified")
    elif "\n" in message.strip():
        yield invalid(f"{path}.message", message, "message must not contain line breaks")
    elif "\n" in rule.strip() and not message:
        yield required(f"{path}.message", "message must be specified if rule contains line breaks")
    expression = str(spec.get("messageExpression", ""))
    if expression and not expression.strip():
        yield required(f"{path}.messageExpression", "messageExpression must be non-empty if specified")
        expression = ""
    if (reason := spec.get("reason")) is not None and reason not in REASONS:
        yield not_supported(f"{path}.reason", reason, REASONS)
    yield from _field_path(spec, type, path)
    if type is None:
        return
    program = yield from _compiled(
        spec, rule, type, types.BOOL, f"{path}.rule", "cel expression must evaluate to a bool"
    )
    if expression:
        words = "messageExpression must evaluate to a string"
        yield from _compiled(spec, expression, type, types.STRING, f"{path}.messageExpression", words)
    if program is None:
        return
    if "oldSelf" in program.variables:
        if lost and not spec.get("optionalOldSelf"):
            why = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {lost}"
            yield invalid(f"{path}.rule", rule, why)
    elif spec.get("optionalOldSelf") is not None:
        why = "option optionalOldSelf may not be set if oldSelf is not used in rule"
        yield invalid(f"{path}.optionalOldSelf", spec["optionalOldSelf"], why)


def _compiled(
    spec: Mapping[str, Any], text: str, type: types.Type, wanted: types.Type, path: str, words: str
) -> Generator[FieldError, None, Program | None]:
    try:
        program = compile(text, variables_of(spec, type))
    except CelError as error:
        yield FieldError("FieldValueInvalid", path, f"Invalid value: {_shown(spec)}: compilation failed: {error}")
        return None
    if program.type != wanted:
        yield FieldError("FieldValueInvalid", path, f"Invalid value: {_shown(spec)}: {words}")
    return program


def _field_path(spec: Mapping[str, Any], type: types.Type | None, path: str) -> Iterator[FieldError]:
    text = spec.get("fieldPath")
    if text is None or text == "":
        return
    if "\n" in str(text):
        yield invalid(f"{path}.fieldPath", text, "fieldPath must not contain line breaks")
    elif not str(text).startswith((".", "[")):
        why = f"fieldPath must be a valid path: expected [ or . but got: {text}"
        yield invalid(f"{path}.fieldPath", text, why)
    elif isinstance(type, types.ObjectType):
        first = str(text)[1:].partition(".")[0].partition("[")[0]
        known = {type.key(name) for name in type.fields}
        if str(text).startswith(".") and first not in known:
            why = f"fieldPath must be a valid path: does not refer to a valid field: {text}"
            yield invalid(f"{path}.fieldPath", text, why)


def _shown(spec: Mapping[str, Any]) -> str:
    """Return a rule as Go shows it in JSON."""
    found = {name: spec.get(name[0].lower() + name[1:], UNSET.get(name, "")) for name in FIELDS}
    return go_json(found)
