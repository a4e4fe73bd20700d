"""The schemas of custom kinds in OpenAPI: what their definitions say, made whole."""

from typing import Any, Final

from kobune.apimachinery import descriptions
from kobune.apimachinery.kinds import Kind

META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1."
API_VERSION: Final = {"type": "string", "description": descriptions.API_VERSION}
KIND: Final = {"type": "string", "description": descriptions.KIND}


def name_of(kind: Kind) -> str:
    """Return what a custom kind is called in OpenAPI: its group backwards, version and name."""
    return ".".join([*reversed(kind.group.split(".")), kind.version, kind.name])


def schemas_of(kind: Kind, schema: dict[str, Any], ref: str) -> dict[str, Any]:
    """Return the schemas of a kind and of lists of it, from the schema in its definition."""
    name = name_of(kind)
    meta = {"allOf": [{"$ref": f"{ref}{META}ObjectMeta"}], "description": descriptions.OBJECT_META}
    gvk = {"group": kind.group, "version": kind.version}
    properties = {**schema.get("properties", {}), "apiVersion": API_VERSION, "kind": KIND, "metadata": meta}
    list_meta = {"allOf": [{"$ref": f"{ref}{META}ListMeta"}], "description": descriptions.LIST_META}
    return {
        name: {
            "type": "object",
            **schema,
            "properties": properties,
            "x-kubernetes-group-version-kind": [{**gvk, "kind": kind.name}],
        },
        f"{name}List": {
            "type": "object",
            "description": descriptions.list_of(kind.name),
            "required": ["items"],
            "properties": {
                "apiVersion": API_VERSION,
                "kind": KIND,
                "metadata": list_meta,
                "items": {
                    "type": "array",
                    "description": descriptions.ITEMS,
                    "items": {"allOf": [{"$ref": ref + name}]},
                },
            },
            "x-kubernetes-group-version-kind": [{**gvk, "kind": kind.list_name}],
        },
    }
