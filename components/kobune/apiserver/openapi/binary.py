"""OpenAPI v2 as protobuf."""

from typing import Any, Final

import orjson

from kobune.vendor.openapi import document_pb2 as pb

MEDIA_TYPE: Final = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
OLD_MEDIA_TYPE: Final = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
"""What clients ask for; the other one is what they are told, since `@` may not stand in a media type."""

SCALARS: Final = {
    "format": "format",
    "description": "description",
    "maximum": "maximum",
    "exclusiveMaximum": "exclusive_maximum",
    "minimum": "minimum",
    "exclusiveMinimum": "exclusive_minimum",
    "maxLength": "max_length",
    "minLength": "min_length",
    "pattern": "pattern",
    "maxItems": "max_items",
    "minItems": "min_items",
    "$ref": "_ref",
}


def to_protobuf(tree: dict[str, Any]) -> bytes:
    """Return an OpenAPI v2 document in protobuf."""
    document = pb.Document(swagger=tree["swagger"], info=pb.Info(**tree["info"]))
    for name, schema in tree["definitions"].items():
        _fill(document.definitions.additional_properties.add(name=name).value, schema)
    for path, item in tree["paths"].items():
        named = document.paths.path.add(name=path)
        for method, operation in item.items():
            _operation(getattr(named.value, method), operation)
    return document.SerializeToString()


def _fill(out: pb.Schema, schema: dict[str, Any]) -> None:
    out.SetInParent()
    for name, value in schema.items():
        if name in SCALARS:
            setattr(out, SCALARS[name], value)
        elif name == "type":
            out.type.value.append(value)
        elif name == "required":
            out.required.extend(value)
        elif name == "default":
            out.default.yaml = _yaml(value)
        elif name == "enum":
            out.enum.extend(pb.Any(yaml=_yaml(each)) for each in value)
        elif name == "items":
            _fill(out.items.schema.add(), value)
        elif name == "properties":
            for key, child in value.items():
                _fill(out.properties.additional_properties.add(name=key).value, child)
        elif name == "additionalProperties":
            _additional(out.additional_properties, value)
        elif name.startswith("x-"):
            out.vendor_extension.add(name=name).value.yaml = _yaml(value)


def _additional(out: pb.AdditionalPropertiesItem, value: Any) -> None:
    if isinstance(value, dict):
        _fill(out.schema, value)
    else:
        out.boolean = value


def _operation(out: pb.Operation, operation: dict[str, Any]) -> None:
    out.operation_id = operation.get("operationId", "")
    out.description = operation.get("description", "")
    for parameter in operation["parameters"]:
        found = out.parameters.add().parameter
        if parameter["in"] == "body":
            found.body_parameter.name, found.body_parameter.required = parameter["name"], True
            setattr(found.body_parameter, "in", "body")
            _fill(found.body_parameter.schema, parameter["schema"])
        else:
            query = found.non_body_parameter.query_parameter_sub_schema
            query.name, query.type = parameter["name"], parameter["type"]
            query.description = parameter.get("description", "")
            setattr(query, "in", parameter["in"])
    for code, response in operation["responses"].items():
        found_response = out.responses.response_code.add(name=code).value.response
        found_response.description = response["description"]
        if "schema" in response:
            _fill(found_response.schema.schema, response["schema"])
    for name, value in operation.items():
        if name.startswith("x-"):
            out.vendor_extension.add(name=name).value.yaml = _yaml(value)


def _yaml(value: Any) -> str:
    return orjson.dumps(value).decode()  # JSON is YAML
