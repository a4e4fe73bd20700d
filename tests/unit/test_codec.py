"""The JSON codec, over every kind there is."""

import json
from typing import Any, cast

import orjson
import pytest
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kobune.api.apiextensions.v1 import CustomResourceDefinition
from kobune.api.core.v1 import ConfigMap, Pod, Service
from kobune.apimachinery import codec, kinds, quantity
from kobune.apimachinery.schema import descriptor_of
from kobune.testing.messages import messages

KINDS = [cast(type[Message], kind) for kind in kinds.messages()]
THOROUGH = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.DESCRIPTOR.full_name)
@THOROUGH
@given(data=st.data())
def test_every_kind_survives_the_way_through_json_and_through_bytes(kind: type[Message], data: st.DataObject) -> None:
    message = data.draw(messages(descriptor_of(kind)))
    text = codec.to_json(message)
    again = codec.from_json(kind, text)
    assert codec.same(again, message)
    assert orjson.loads(codec.to_json(again)) == orjson.loads(text)
    body = message.SerializeToString(deterministic=True)
    assert kind.FromString(body).SerializeToString(deterministic=True) == body


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.DESCRIPTOR.full_name)
def test_every_kind_refuses_a_field_that_it_does_not_know(kind: type[Message]) -> None:
    with pytest.raises(codec.Undecodable, match=r'unknown field "metadata\.nonsense", unknown field "nonsense"'):
        codec.from_json(kind, b'{"metadata": {"nonsense": 1}, "nonsense": 2}')


def pod_json(**spec: Any) -> bytes:
    return orjson.dumps({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p"}, "spec": spec})


def test_all_unknown_fields_are_named_with_their_paths() -> None:
    body = pod_json(containers=[{"name": "a"}, {"name": "b", "ports": [{"port": 1}]}], color="red")
    pod, unknown = codec.decode(Pod, body)
    assert unknown == ["spec.containers[1].ports[0].port", "spec.color"]
    assert pod.spec.containers[1].name == "b"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (pod_json(priority="high"), "cannot unmarshal string into Go struct field PodSpec.spec.priority of type int32"),
        (pod_json(priority=2**31), "cannot unmarshal number 2147483648 into Go struct field PodSpec.spec.priority"),
        (pod_json(priority=1.5), "cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority"),
        (pod_json(hostNetwork=1), "cannot unmarshal number into Go struct field PodSpec.spec.hostNetwork of type bool"),
        (pod_json(containers="x"), r"cannot unmarshal string into .* PodSpec.spec.containers of type \[\]v1.Container"),
        (pod_json(containers=[{"command": "ls"}]), r"Container.spec.containers.command of type \[\]string"),
        (pod_json(nodeSelector=["a"]), r"PodSpec.spec.nodeSelector of type map\[string\]string"),
        (pod_json(containers=[{"resources": {"limits": {"cpu": "much"}}}]), "quantities must match"),
        (b'{"metadata": {"creationTimestamp": "yesterday"}}', 'parsing time "yesterday"'),
        (b'{"metadata": []}', "cannot unmarshal array into Go struct field Pod.metadata"),
        (b"[]", "cannot unmarshal array into Go value of type v1.Pod"),
        (b"{", "invalid JSON"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_with_its_path(body: bytes, words: str) -> None:
    with pytest.raises(codec.Undecodable, match=words):
        codec.from_json(Pod, body)


def test_nulls_count_as_absent() -> None:
    pod = codec.from_json(Pod, b'{"metadata": {"labels": null, "name": null}, "spec": {"containers": [null]}}')
    assert len(pod.spec.containers) == 1
    assert not pod.metadata.labels


def test_what_is_shown_when_empty_is_what_kubernetes_shows() -> None:
    assert codec.encode(Pod()) == {"metadata": {}, "spec": {"containers": None}, "status": {}}
    assert codec.encode(Service()) == {"metadata": {}, "spec": {}, "status": {"loadBalancer": {}}}
    assert codec.encode(ConfigMap(data={"a": ""})) == {"metadata": {}, "data": {"a": ""}}


def test_inlined_structures_and_odd_names_look_as_in_kubernetes() -> None:
    pod = codec.from_json(Pod, pod_json(containers=[], volumes=[{"name": "v", "emptyDir": {}}]))
    assert pod.spec.volumes[0].volumeSource.HasField("emptyDir")
    assert codec.encode(pod)["spec"]["volumes"] == [{"name": "v", "emptyDir": {}}]
    with pytest.raises(codec.Undecodable, match=r'unknown field "spec\.volumes'):
        codec.from_json(Pod, pod_json(containers=[], volumes=[{"name": "v", "volumeSource": {}}]))
    schema = {"x-kubernetes-preserve-unknown-fields": True, "$ref": "#/a", "additionalProperties": False}
    version = {"name": "v1", "schema": {"openAPIV3Schema": schema}}
    tree = {"spec": {"versions": [version]}}
    definition = codec.from_json(CustomResourceDefinition, json.dumps(tree).encode())
    assert codec.encode(definition)["spec"]["versions"][0]["schema"]["openAPIV3Schema"] == schema


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("100e3", "100e3"),
        ("0", "0"),
        ("1Ki", "1Ki"),
        ("512", "512"),
        ("-1", "-1"),
        ("1n", "1n"),
        ("12345k", "12345k"),
    ],
)
def test_quantities_have_one_form(text: str, expected: str) -> None:
    assert quantity.canonical(text) == expected
    assert quantity.canonical(expected) == expected


@given(st.integers(-(10**15), 10**15), st.sampled_from(["", "m", "k", "Ki", "Mi", "G", "u"]))
def test_the_form_of_a_quantity_does_not_change_its_amount(number: int, suffix: str) -> None:
    text = f"{number}{suffix}"
    assert quantity.parse(quantity.canonical(text)) == quantity.parse(text)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.DESCRIPTOR.full_name)
@THOROUGH
@given(data=st.data())
def test_the_normal_form_means_the_same_and_is_the_same_whatever_the_way(
    kind: type[Message], data: st.DataObject
) -> None:
    message = data.draw(messages(descriptor_of(kind)))
    text = codec.to_json(message)
    codec.normalize(message)
    assert orjson.loads(codec.to_json(message)) == orjson.loads(text)
    by_json = codec.from_json(kind, text)
    codec.normalize(by_json)
    assert by_json == message
    before = message.SerializeToString(deterministic=True)
    codec.normalize(message)
    assert message.SerializeToString(deterministic=True) == before


def test_what_clients_in_go_send_becomes_what_json_says() -> None:
    verbose = Pod()
    verbose.metadata.name = "p"
    verbose.metadata.creationTimestamp.SetInParent()
    verbose.spec.nodeName = ""
    verbose.spec.hostNetwork = False
    verbose.spec.priority = 0
    codec.normalize(verbose)
    assert verbose == Pod(metadata={"name": "p"}, spec={"priority": 0})
