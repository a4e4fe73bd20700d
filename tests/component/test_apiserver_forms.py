"""The forms of an answer: tables, metadata only, YAML, protobuf; and bodies in each of them."""

from typing import Any

import pytest
import yaml

from kobune.api.core.v1 import ConfigMap, Pod, PodList
from kobune.api.meta.v1 import PartialObjectMetadata, PartialObjectMetadataList, Status, WatchEvent
from kobune.api.runtime.v1 import TypeMeta, Unknown

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
PROTOBUF = "application/vnd.kubernetes.protobuf"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def enveloped(message: Any, kind: str, version: str = "v1") -> bytes:
    meta = TypeMeta(apiVersion=version, kind=kind)
    return b"k8s\0" + Unknown(typeMeta=meta, raw=message.SerializeToString()).SerializeToString()


def opened(body: bytes) -> Unknown:
    assert body.startswith(b"k8s\0")
    return Unknown.FromString(body[4:])


@pytest.fixture
async def pod(api: Any) -> dict[str, Any]:
    (await api.post("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})).ok(201)
    spec = {"containers": [{"name": "c", "image": "nginx", "resources": {"limits": {"memory": "1024Mi"}}}]}
    made: dict[str, Any] = (await api.post(PODS, {"metadata": {"name": "p"}, "spec": spec})).ok(201)
    return made


async def test_a_table_has_a_row_for_each_object(api: Any, pod: Any) -> None:
    table = (await api.get(PODS, headers={"Accept": TABLE})).ok()
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    names = [column["name"] for column in table["columnDefinitions"] if not column["priority"]]
    assert names == ["Name", "Ready", "Status", "Restarts", "Age"]
    (row,) = table["rows"]
    assert row["cells"][:3] == ["p", "0/1", "Pending"]
    assert len(row["cells"]) == len(table["columnDefinitions"])
    assert row["object"]["kind"] == "PartialObjectMetadata"
    assert row["object"]["metadata"]["uid"] == pod["metadata"]["uid"]
    whole = (await api.get(f"{PODS}/p", headers={"Accept": TABLE}, query={"includeObject": "Object"})).ok()
    assert whole["rows"][0]["object"] == pod
    bare = (await api.get(PODS, headers={"Accept": TABLE}, query={"includeObject": "None"})).ok()
    assert bare["rows"][0]["object"] is None
    (await api.get(PODS, headers={"Accept": TABLE}, query={"includeObject": "Some"})).failed(400, "BadRequest")


async def test_every_kind_that_is_listed_has_a_table(api: Any) -> None:
    discovery = {"Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}
    for root in ("/api", "/apis"):
        for group in (await api.get(root, headers=discovery)).ok()["items"]:
            for version in group["versions"]:
                at = "/".join(part for part in (root, group["metadata"].get("name", ""), version["version"]) if part)
                for resource in version["resources"]:
                    if "list" in resource["verbs"]:
                        table = (await api.get(f"{at}/{resource['resource']}", headers={"Accept": TABLE})).ok()
                        assert table["columnDefinitions"][0]["name"], resource


async def test_metadata_alone_is_shown(api: Any, pod: Any) -> None:
    accept = {"Accept": "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"}
    one = (await api.get(f"{PODS}/p", headers=accept)).ok()
    expected = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": pod["metadata"]}
    assert one == expected
    many = {"Accept": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"}
    listed = (await api.get(PODS, headers=many)).ok()
    assert listed["kind"] == "PartialObjectMetadataList"
    assert [item["metadata"] for item in listed["items"]] == [pod["metadata"]]


async def test_yaml_goes_in_and_comes_out(api: Any) -> None:
    text = b"""
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  labels: &labels {app: x}
  annotations: *labels
data:
  time: '22:22'
  date: "2026-01-01"
  text: |
    two
    lines
---
kind: Ignored
"""
    made = (await api.post(MAPS, text, type="application/yaml")).ok(201)
    assert made["metadata"]["annotations"] == {"app": "x"}
    assert made["data"] == {"time": "22:22", "date": "2026-01-01", "text": "two\nlines\n"}
    answer = await api.get(f"{MAPS}/a", headers={"Accept": "application/yaml"})
    assert answer.headers["Content-Type"] == "application/yaml"
    assert yaml.safe_load(answer.raw) == made
    listed = yaml.safe_load((await api.get(MAPS, headers={"Accept": "application/yaml"})).raw)
    assert listed["items"][0]["data"] == made["data"]


async def test_protobuf_goes_in_and_comes_out(api: Any) -> None:
    wanted = ConfigMap()
    wanted.metadata.name = "a"
    wanted.data["k"] = "v"
    accept = {"Accept": PROTOBUF}
    answer = await api.post(MAPS, enveloped(wanted, "ConfigMap"), type=PROTOBUF, headers=accept)
    assert (answer.status, answer.headers["Content-Type"]) == (201, PROTOBUF)
    envelope = opened(answer.raw)
    assert (envelope.typeMeta.apiVersion, envelope.typeMeta.kind) == ("v1", "ConfigMap")
    made = ConfigMap.FromString(envelope.raw)
    assert dict(made.data) == {"k": "v"}
    assert (await api.get(f"{MAPS}/a")).ok()["metadata"]["uid"] == made.metadata.uid
    made.data["k"] = "w"
    put = await api.put(f"{MAPS}/a", enveloped(made, "ConfigMap"), type=PROTOBUF, headers=accept)
    assert ConfigMap.FromString(opened(put.raw).raw).data["k"] == "w"
    deleted = await api.delete(f"{MAPS}/a", headers=accept)
    assert Status.FromString(opened(deleted.raw).raw).status == "Success"
    missing = await api.get(f"{MAPS}/a", headers=accept)
    status = Status.FromString(opened(missing.raw).raw)
    assert (missing.status, status.code, status.reason, status.details.kind) == (404, 404, "NotFound", "configmaps")


async def test_json_and_protobuf_say_the_same(api: Any, pod: Any) -> None:
    message = Pod.FromString(opened((await api.get(f"{PODS}/p", headers={"Accept": PROTOBUF})).raw).raw)
    assert message.metadata.resourceVersion == pod["metadata"]["resourceVersion"]
    assert message.spec.containers[0].resources.limits["memory"].string == "1Gi"
    assert pod["spec"]["containers"][0]["resources"]["limits"] == {"memory": "1Gi"}
    listed = PodList.FromString(opened((await api.get(PODS, headers={"Accept": PROTOBUF})).raw).raw)
    assert [item.metadata.uid for item in listed.items] == [pod["metadata"]["uid"]]
    tree = (await api.get(PODS)).ok()
    assert int(pod["metadata"]["resourceVersion"]) <= int(listed.metadata.resourceVersion)
    assert int(listed.metadata.resourceVersion) <= int(tree["metadata"]["resourceVersion"])
    assert tree["items"] == [{name: value for name, value in pod.items() if name not in ("kind", "apiVersion")}]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html, application/yaml", "application/yaml"),
        (f"{PROTOBUF},application/json", PROTOBUF),
        ("application/json;as=Unknown;v=v1;g=meta.k8s.io, application/json", "application/json"),
        ("application/json; charset=utf-8", "application/json"),
        ("application/json;q=0.5, application/yaml;q=0.9", "application/yaml"),
    ],
)
async def test_the_first_form_that_is_known_is_taken(api: Any, accept: str, expected: str) -> None:
    answer = await api.get("/api/v1/namespaces/default", headers={"Accept": accept})
    assert (answer.status, answer.headers["Content-Type"]) == (200, expected)


async def test_what_nobody_can_make_is_not_acceptable(api: Any) -> None:
    (await api.get(MAPS, headers={"Accept": "text/html"})).failed(406, "NotAcceptable")
    (await api.post(MAPS, b"<a/>", type="application/xml")).failed(415, "UnsupportedMediaType")


async def test_a_body_of_another_kind_is_refused(api: Any) -> None:
    secret = {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "a"}}
    words = (
        'Secret in version "v1" cannot be handled as a ConfigMap: '
        "converting (v1.Secret) to (core.ConfigMap): unknown conversion"
    )
    assert (await api.post(MAPS, secret)).failed(400, "BadRequest") == words
    assert (await api.post(MAPS, yaml.dump(secret).encode(), type="application/yaml")).failed(
        400, "BadRequest"
    ) == words
    raw = enveloped(ConfigMap(), "Secret")
    assert (await api.post(MAPS, raw, type=PROTOBUF)).failed(400, "BadRequest") == words
    version = {"kind": "ConfigMap", "apiVersion": "v2", "metadata": {"name": "a"}}
    unknown = 'no kind "ConfigMap" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"'
    assert unknown in (await api.post(MAPS, version)).failed(400, "BadRequest")
    former = {"kind": "Deployment", "apiVersion": "extensions/v1beta1", "metadata": {"name": "a"}}
    refused = await api.post("/apis/apps/v1/namespaces/default/deployments", former)
    assert "does not match the expected API version (apps/v1)" in refused.failed(400, "BadRequest")


async def test_unknown_fields_are_dropped_with_a_warning_unless_strict(api: Any) -> None:
    body = {"metadata": {"name": "a", "bogus": 1}, "also": {"x": 1}}
    strict = await api.post(MAPS, body, query={"fieldValidation": "Strict"})
    assert 'strict decoding error: unknown field "metadata.bogus", unknown field "also"' in strict.message
    warned = await api.post(MAPS, body, query={"dryRun": "All"})
    assert warned.warnings == ['unknown field \\"metadata.bogus\\"', 'unknown field \\"also\\"']
    ignored = await api.post(MAPS, body, query={"fieldValidation": "Ignore"})
    assert (ignored.status, ignored.warnings) == (201, [])
    (await api.post(MAPS, body, query={"fieldValidation": "Loud"})).failed(422, "Invalid")
    doubled = b"metadata: {name: b}\ndata:\n  k: 1\n  k: '2'\n"
    twice = await api.post(MAPS, doubled, type="application/yaml", query={"fieldValidation": "Strict"})
    assert 'line 4: key "k" already set in map' in twice.failed(400, "BadRequest")


async def test_metadata_alone_can_be_had_in_binary_form(api: Any) -> None:
    (await api.post(MAPS, {"metadata": {"name": "a", "labels": {"x": "y"}}, "data": {"k": "v"}})).ok(201)
    as_list = f"{PROTOBUF};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    listed = await api.get(MAPS, query={"labelSelector": "x=y"}, headers={"Accept": as_list})
    assert (listed.status, listed.headers["Content-Type"]) == (200, PROTOBUF)
    envelope = Unknown.FromString(listed.raw[4:])
    assert (envelope.typeMeta.apiVersion, envelope.typeMeta.kind) == ("meta.k8s.io/v1", "PartialObjectMetadataList")
    found = PartialObjectMetadataList.FromString(envelope.raw)
    assert [item.metadata.name for item in found.items] == ["a"]
    assert found.metadata.resourceVersion
    as_one = as_list.replace("List", "")
    one = Unknown.FromString((await api.get(f"{MAPS}/a", headers={"Accept": as_one})).raw[4:])
    assert PartialObjectMetadata.FromString(one.raw).metadata.labels == {"x": "y"}
    async with api.watch(MAPS, accept=as_list, labelSelector="x=y") as watch:
        assert watch.response.headers["Content-Type"].startswith(PROTOBUF)
        size = int.from_bytes(await watch.response.content.readexactly(4), "big")
        event = WatchEvent.FromString(await watch.response.content.readexactly(size))
        shown = Unknown.FromString(event.object.raw[4:])
        assert (event.type, shown.typeMeta.kind) == ("ADDED", "PartialObjectMetadata")
        assert PartialObjectMetadata.FromString(shown.raw).metadata.name == "a"


async def test_a_scale_has_columns_of_its_own(api: Any) -> None:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"replicas": 3, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    deployments = "/apis/apps/v1/namespaces/default/deployments"
    (await api.post(deployments, {"metadata": {"name": "d"}, "spec": spec})).ok(201)
    accept = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
    shown = (await api.get(f"{deployments}/d/scale", headers=accept)).ok()
    assert [column["name"] for column in shown["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert shown["rows"][0]["cells"][:3] == ["d", 3, 0]
    listed = await api.get("/api/v1/componentstatuses")
    assert listed.warnings == ["v1 ComponentStatus is deprecated in v1.19+"]
