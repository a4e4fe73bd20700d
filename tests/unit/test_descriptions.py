"""Every kind, field, parameter and column that clients are shown is described, briefly and in words."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from kobune.api.core.v1 import Pod, PodList, PodSpec
from kobune.apimachinery.descriptions import describe
from kobune.apiserver.openapi.v3 import OpenApi
from kobune.apiserver.printing.columns import USUAL, columns_of
from kobune.apiserver.registry.registry import built_in
from kobune.vendor.openapi import document_pb2

LONGEST = 300


@pytest.fixture(scope="module")
def openapi() -> OpenApi:
    return OpenApi(built_in(), "v1.36.0")


def documents(openapi: OpenApi) -> Iterator[dict[str, Any]]:
    for place in orjson.loads(openapi.index())["paths"]:
        document = openapi.document(place)
        assert document is not None
        yield orjson.loads(document)


def bad(described: dict[str, Any]) -> bool:
    text = described.get("description", "")
    return not (3 < len(text) <= LONGEST and (text[0].isupper() or text[0] == "`") and text[-1] in ".)")


def test_every_kind_and_field_is_described(openapi: OpenApi) -> None:
    wrong = set()
    for document in documents(openapi):
        for name, schema in document["components"]["schemas"].items():
            parts = {name: schema, **{f"{name}.{key}": part for key, part in schema.get("properties", {}).items()}}
            wrong |= {path for path, part in parts.items() if bad(part)}
    assert not wrong


def test_every_parameter_is_described(openapi: OpenApi) -> None:
    wrong = set()
    for document in documents(openapi):
        for item in document["paths"].values():
            for operation in item.values():
                wrong |= {part["name"] for part in operation.get("parameters", ()) if bad(part)}
    assert not wrong


def test_the_older_document_says_the_same_in_both_forms(openapi: OpenApi) -> None:
    tree = orjson.loads(openapi.v2())
    pods = tree["paths"]["/api/v1/namespaces/{namespace}/pods"]["get"]
    limit = next(part for part in pods["parameters"] if part["name"] == "limit")
    assert "continue" in limit["description"]
    document = document_pb2.Document.FromString(openapi.v2_protobuf())
    spec = next(each.value for each in document.definitions.additional_properties if each.name.endswith("v1.PodSpec"))
    shown = {each.name: each.value.description for each in spec.properties.additional_properties}
    assert shown["hostPID"] == describe(PodSpec.DESCRIPTOR.fields_by_name["hostPID"])


def test_what_all_kinds_share_is_described_once() -> None:
    assert describe(Pod.DESCRIPTOR.fields_by_name["spec"]).startswith("What is wanted")
    assert "Pod" in describe(PodList.DESCRIPTOR)
    assert describe(PodList.DESCRIPTOR.fields_by_name["metadata"]) != describe(
        Pod.DESCRIPTOR.fields_by_name["metadata"]
    )


def test_every_column_is_described() -> None:
    for row in built_in():
        for column in columns_of(row.kind.plural):
            assert not bad({"description": column.description}), f"{row.kind.plural}: {column.name}"
    assert all(column.description for column in USUAL)
