"""Definitions as errors show them: with the names and the order of Kubernetes' own structures, nothing left out."""

from collections.abc import Callable, Mapping
from typing import Any

Tree = Mapping[str, Any]
Show = Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _each(show: Show) -> Show:
    return lambda value: None if value is None else [show(item) for item in value]


def _all_of(show: Show) -> Show:
    return lambda value: None if value is None else {name: show(item) for name, item in sorted(value.items())}


def _or_nothing(show: Show) -> Show:
    return lambda value: None if value is None else show(value)


def rule(tree: Tree) -> dict[str, Any]:
    """Return a validation rule as it is shown."""
    return {
        "Rule": tree.get("rule", ""),
        "Message": tree.get("message", ""),
        "MessageExpression": tree.get("messageExpression", ""),
        "Reason": tree.get("reason"),
        "FieldPath": tree.get("fieldPath", ""),
        "OptionalOldSelf": tree.get("optionalOldSelf"),
    }


def _schema_or_bool(value: Any) -> Any:
    return {
        "Allows": True if isinstance(value, Mapping) else value,
        "Schema": schema(value) if value not in (True, False) else None,
    }


def items(value: Any) -> Any:
    """Return the schema of items as it is shown."""
    many = isinstance(value, list)
    return {"Schema": None if many else schema(value), "JSONSchemas": _each(schema)(value) if many else None}


def _documentation(value: Tree) -> Any:
    return {"Description": value.get("description", ""), "URL": value.get("url", "")}


FIELDS: tuple[tuple[str, str, Any, Show], ...] = (
    ("ID", "id", "", _same),
    ("Schema", "$schema", "", _same),
    ("Ref", "$ref", None, _same),
    ("Description", "description", "", _same),
    ("Type", "type", "", _same),
    ("Nullable", "nullable", False, _same),
    ("Format", "format", "", _same),
    ("Title", "title", "", _same),
    ("Default", "default", None, _same),
    ("Maximum", "maximum", None, _same),
    ("ExclusiveMaximum", "exclusiveMaximum", False, _same),
    ("Minimum", "minimum", None, _same),
    ("ExclusiveMinimum", "exclusiveMinimum", False, _same),
    ("MaxLength", "maxLength", None, _same),
    ("MinLength", "minLength", None, _same),
    ("Pattern", "pattern", "", _same),
    ("MaxItems", "maxItems", None, _same),
    ("MinItems", "minItems", None, _same),
    ("UniqueItems", "uniqueItems", False, _same),
    ("MultipleOf", "multipleOf", None, _same),
    ("Enum", "enum", None, _same),
    ("MaxProperties", "maxProperties", None, _same),
    ("MinProperties", "minProperties", None, _same),
    ("Required", "required", None, _same),
    ("Items", "items", None, _or_nothing(items)),
    ("AllOf", "allOf", None, lambda value: _each(schema)(value)),
    ("OneOf", "oneOf", None, lambda value: _each(schema)(value)),
    ("AnyOf", "anyOf", None, lambda value: _each(schema)(value)),
    ("Not", "not", None, _or_nothing(lambda value: schema(value))),
    ("Properties", "properties", None, lambda value: _all_of(schema)(value)),
    ("AdditionalProperties", "additionalProperties", None, _or_nothing(_schema_or_bool)),
    ("PatternProperties", "patternProperties", None, lambda value: _all_of(schema)(value)),
    ("Dependencies", "dependencies", None, _same),
    ("AdditionalItems", "additionalItems", None, _or_nothing(_schema_or_bool)),
    ("Definitions", "definitions", None, lambda value: _all_of(schema)(value)),
    ("ExternalDocs", "externalDocs", None, _or_nothing(_documentation)),
    ("Example", "example", None, _same),
    ("XPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields", None, _same),
    ("XEmbeddedResource", "x-kubernetes-embedded-resource", False, _same),
    ("XIntOrString", "x-kubernetes-int-or-string", False, _same),
    ("XListMapKeys", "x-kubernetes-list-map-keys", None, _same),
    ("XListType", "x-kubernetes-list-type", None, _same),
    ("XMapType", "x-kubernetes-map-type", None, _same),
    ("XValidations", "x-kubernetes-validations", None, lambda value: _each(rule)(value)),
)
"""The fields of a schema: the name that is shown, the name in JSON, what it is when it is not there, and its values."""


def schema(tree: Tree) -> dict[str, Any]:
    """Return a schema as it is shown."""
    return {shown: show(tree.get(name, empty)) for shown, name, empty, show in FIELDS}


def version(tree: Tree) -> dict[str, Any]:
    """Return a version of a definition as it is shown."""
    found = tree.get("schema")
    return {
        "Name": tree.get("name", ""),
        "Served": tree.get("served", False),
        "Storage": tree.get("storage", False),
        "Deprecated": tree.get("deprecated", False),
        "DeprecationWarning": tree.get("deprecationWarning"),
        "Schema": {"OpenAPIV3Schema": _or_nothing(schema)(found.get("openAPIV3Schema"))} if found else None,
        "Subresources": _or_nothing(_subresources)(tree.get("subresources")),
        "AdditionalPrinterColumns": _each(_column)(tree.get("additionalPrinterColumns")),
        "SelectableFields": _each(lambda field: {"JSONPath": field.get("jsonPath", "")})(tree.get("selectableFields")),
    }


def _subresources(tree: Tree) -> Any:
    scale = tree.get("scale")
    return {
        "Status": tree.get("status"),
        "Scale": scale
        and {
            "SpecReplicasPath": scale.get("specReplicasPath", ""),
            "StatusReplicasPath": scale.get("statusReplicasPath", ""),
            "LabelSelectorPath": scale.get("labelSelectorPath"),
        },
    }


def _column(tree: Tree) -> Any:
    return {
        "Name": tree.get("name", ""),
        "Type": tree.get("type", ""),
        "Format": tree.get("format", ""),
        "Description": tree.get("description", ""),
        "Priority": tree.get("priority", 0),
        "JSONPath": tree.get("jsonPath", ""),
    }
