"""The rules that definitions bring themselves: `x-kubernetes-validations`."""

from collections.abc import Iterator, Mapping
from typing import Any

from kobune.apimachinery.errors import FieldError
from kobune.apiserver.customresources.causes import child, invalid, not_supported, required
from kobune.apiserver.customresources.definition import structure
from kobune.apiserver.customresources.definition.parts import BadFieldPath, field_path
from kobune.apiserver.customresources.schema.structural import Structural, structural

Tree = Mapping[str, Any]

REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")


def rule_shapes(schema: Tree, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the rules of a node, whatever their expressions are."""
    for index, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        yield from _rule_shape(schema, rule, f"{child(path, 'x-kubernetes-validations')}[{index}]")


def _rule_shape(schema: Tree, rule: Tree, path: str) -> Iterator[FieldError]:
    text, message, field = rule.get("rule", ""), rule.get("message", ""), rule.get("fieldPath", "")
    if not text.strip():
        yield required(f"{path}.rule", "rule is not specified")
    elif message and not message.strip():
        yield invalid(f"{path}.message", message, "must be non-empty if specified")
    elif _has_lines(message.strip()):
        yield invalid(f"{path}.message", message, "must not contain line breaks")
    elif _has_lines(text.strip()) and not message.strip():
        yield required(f"{path}.message", "message must be specified if rule contains line breaks")
    expression = rule.get("messageExpression", "")
    if expression and not expression.strip():
        yield required(f"{path}.messageExpression", "messageExpression must be non-empty if specified")
    reason = rule.get("reason")
    if reason is not None and reason not in REASONS:
        yield not_supported(f"{path}.reason", reason, REASONS)
    if not field:
        return
    if not field.strip():
        yield invalid(f"{path}.fieldPath", field, "must be non-empty if specified")
    if _has_lines(field):
        yield invalid(f"{path}.fieldPath", field, "must not contain line breaks")
    if not structure.unsupported(schema) and not _leads_somewhere(field, structural(schema)):
        yield invalid(f"{path}.fieldPath", field, "must be a valid path")


def _leads_somewhere(path: str, schema: Structural) -> bool:
    try:
        field_path(path, schema)
    except BadFieldPath:
        return False
    return True


def _has_lines(text: str) -> bool:
    return "\n" in text or "\r" in text


def violations(schema: Tree, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the expressions in a schema whose shape is right."""
    if any(node.get("x-kubernetes-validations") for node in structure.walk(schema)):
        from kobune.apiserver.cel.schema_problems import problems  # who has no rules does not load the language

        yield from problems(schema, path)
