"""OpenAPI v2: one document about everything, made from those of OpenAPI v3 when somebody asks.

Older clients read it, and kubectl where it finds nothing else. Source: *The Kubernetes API*, section OpenAPI V2.
"""

from collections.abc import Iterable
from typing import Any, Final

REF: Final = "#/components/schemas/"
NEW_REF: Final = "#/definitions/"
DROPPED: Final = frozenset({"oneOf", "anyOf", "not", "nullable", "allOf"})
"""What v2 has no word for."""
SHARED: Final = ("name", "in", "description")
"""What both versions say of a parameter."""


def document(documents: Iterable[dict[str, Any]], version: str) -> dict[str, Any]:
    """Return the v2 document that says what the v3 documents of all groups say."""
    paths: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for one in documents:
        for path, item in one["paths"].items():
            paths[path] = {method: _operation(operation) for method, operation in item.items()}
        for name, schema in one["components"]["schemas"].items():
            if name not in definitions:
                definitions[name] = _schema(schema)
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": version},
        "paths": dict(sorted(paths.items())),
        "definitions": dict(sorted(definitions.items())),
    }


def _schema(schema: dict[str, Any]) -> dict[str, Any]:
    out = {name: value for name, value in schema.items() if name not in DROPPED}
    if "$ref" in out:
        out["$ref"] = out["$ref"].replace(REF, NEW_REF)
    if references := [part["$ref"] for part in schema.get("allOf", ()) if "$ref" in part]:
        # Beside a reference nothing else counts, but its description is shown.
        out = {name: value for name, value in out.items() if name == "description" or name.startswith("x-")}
        out["$ref"] = references[0].replace(REF, NEW_REF)
    if "oneOf" in schema and "type" not in out:
        out["type"] = "string"
    if "properties" in out:
        out["properties"] = {name: _schema(child) for name, child in out["properties"].items()}
    for name in ("items", "additionalProperties"):
        if isinstance(out.get(name), dict):
            out[name] = _schema(out[name])
    return out


def _operation(operation: dict[str, Any]) -> dict[str, Any]:
    out = {name: value for name, value in operation.items() if name not in ("requestBody", "parameters", "responses")}
    out["parameters"] = [
        {**{key: each[key] for key in SHARED if key in each}, "type": each["schema"].get("type", "string")}
        for each in operation.get("parameters", ())
    ]
    if content := operation.get("requestBody", {}).get("content"):
        schema = _schema(next(iter(content.values()))["schema"])
        out["parameters"].append({"name": "body", "in": "body", "required": True, "schema": schema})
    out["responses"] = {code: _response(response) for code, response in operation.get("responses", {}).items()}
    return out


def _response(response: dict[str, Any]) -> dict[str, Any]:
    out = {"description": response.get("description", "")}
    if content := response.get("content"):
        out["schema"] = _schema(next(iter(content.values()))["schema"])
    return out
