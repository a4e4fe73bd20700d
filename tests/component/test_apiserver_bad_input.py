"""Whatever is sent, the answer is a `Status` that says what is wrong: never a 500, a hang, or a crash."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from kobune.apimachinery import codec
from kobune.apiserver.registry.registry import built_in
from kobune.apiserver.rest import resources
from kobune.testing import Cluster, SyncCluster
from kobune.testing.messages import messages

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"),
        (b"{", "couldn't get version/kind; json parse error: unexpected end of JSON input ({)"),
        (b"[]", "json: cannot unmarshal array into Go value"),
        (b'"text"', "json: cannot unmarshal string into Go value"),
        (b'{"kind": 5}', "json: cannot unmarshal number into Go struct field .kind of type string"),
        (b'{"metadata": []}', "json: cannot unmarshal array into Go struct field ConfigMap.metadata"),
        (b'{"metadata": {"name": 5}}', "json: cannot unmarshal number into Go struct field"),
        (b'{"data": {"k": {}}}', "json: cannot unmarshal object into Go struct field ConfigMap.data of type string"),
        (b'{"binaryData": {"k": "!"}}', "illegal base64 data at input byte 0"),
        (b'{"metadata": {"creationTimestamp": "yesterday"}}', "parsing time"),
        (b'{"metadata": {"labels": ["a"]}}', "map[string]string"),
        (b"\xff\xfe", "json parse error"),
        (b'{"a": "\\ud800"}', "json parse error"),
        (b"{" * 100_000, "json parse error"),
    ],
)
async def test_json_that_makes_no_sense_is_told(api: Any, body: bytes, words: str) -> None:
    assert words in (await api.post(MAPS, body)).failed(400, "BadRequest")


@pytest.mark.parametrize("opening", [b'{"a":', b"["])
async def test_nesting_has_an_end(api: Any, opening: bytes) -> None:
    closing = b"}" if opening.startswith(b"{") else b"]"
    deep = b'{"metadata":{"name":"a"},"x":' + opening * 5000 + b"1" + closing * 5000 + b"}"
    (await api.post(MAPS, deep)).failed(400, "BadRequest")
    (await api.post(MAPS, b"")).failed(400, "BadRequest")
    (await api.post(MAPS, {"metadata": {"name": "a"}})).ok(201)
    for depth in (90, 300, 900, 5000):
        patch = b'{"metadata":{"annotations":' + opening * depth + b"1" + closing * depth + b"}}"
        for kind in ("merge", "strategic"):
            answer = await api.patch(f"{MAPS}/a", patch, kind)
            assert 400 <= answer.status < 500
        steps = b'[{"op":"add","path":"/data","value":' + opening * depth + b"1" + closing * depth + b"}]"
        assert 400 <= (await api.patch(f"{MAPS}/a", steps, "json")).status < 500


async def test_a_schema_nests_no_deeper_than_it_can_be_read_again(api: Any) -> None:
    for depth, status in ((10, 201), (200, 400)):
        schema: dict[str, Any] = {"type": "string"}
        for _ in range(depth):
            schema = {"type": "object", "properties": {"x": schema}}
        names = {"plural": f"d{depth}s", "singular": f"d{depth}", "kind": f"D{depth}", "listKind": f"D{depth}List"}
        version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
        spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
        answer = await api.post(CRDS, {"metadata": {"name": f"d{depth}s.example.com"}, "spec": spec})
        assert answer.status == status, answer.raw[-300:]
    assert len((await api.get(CRDS)).ok()["items"]) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("metadata:\n\tname: a", "yaml: line 2: found character that cannot start any token"),
        ("a: &a [*a]", "an anchor contains itself"),
        ("a: !!python/object:os.system {}", "could not determine a constructor"),
        ("? [a]\n: b", "found unhashable key"),
        ("data: {k: .nan}", "json: unsupported value: .nan"),
        ("[" * 200_000, "exceeded max depth"),
        ("- " * 200_000, "exceeded max depth"),
        ("{a: " * 50_000, "exceeded max depth"),
        ("a: 'x", "yaml: found unexpected end of stream"),
        ("b: 1\na: 'x", "yaml: line 2: found unexpected end of stream"),
        ("a: b: c", "yaml: mapping values are not allowed in this context"),
        ("just text", "cannot unmarshal string"),
        ("", "name or generateName is required"),
    ],
)
async def test_yaml_that_makes_no_sense_is_told(api: Any, text: str, words: str) -> None:
    answer = await api.post(MAPS, text.encode(), type=YAML)
    assert answer.status in (400, 422)
    assert words in answer.message


def bombs() -> Iterator[bytes]:
    letters = "abcdefghijklmno"
    lines = [b"a: &a [x,x,x,x,x,x,x,x,x]"]
    merges = [b"a: &a {x: 1}"]
    for before, after in pairwise(letters):
        nine = ",".join([f"*{before}"] * 9)
        lines.append(f"{after}: &{after} [{nine}]".encode())
        merges.append(f"{after}: &{after}\n  <<: [{nine}]".encode())
    yield b"\n".join(lines)
    yield b"\n".join(merges)
    yield b"a: &a " + b"x" * 2_000_000 + b"\nb: [" + b",".join([b"*a"] * 10_000) + b"]"


async def test_a_yaml_bomb_does_not_go_off(api: Any) -> None:
    for bomb in bombs():
        started = time.monotonic()
        answer = await api.post(MAPS, bomb, type=YAML)
        assert "excessive aliasing" in answer.failed(400, "BadRequest")
        assert time.monotonic() - started < 5


async def test_a_body_has_a_limit(api: Any) -> None:
    big = {"metadata": {"name": "a"}, "data": {"k": "x" * 4 * 2**20}}
    words = (await api.post(MAPS, big)).failed(413, "RequestEntityTooLarge")
    assert words == "Request entity too large: limit is 3145728"
    (await api.get(MAPS)).ok()


@pytest.mark.parametrize("content_type", ["application/xml", "text/plain", "application/json-patch+json", "x", "a/b;c"])
async def test_a_body_of_another_type_is_refused(api: Any, content_type: str) -> None:
    body = {"metadata": {"name": "a"}}
    (await api.post(MAPS, body, type=content_type)).failed(415, "UnsupportedMediaType")
    if not content_type.endswith("json-patch+json"):
        (await api.post(MAPS, {"metadata": {"name": "b"}})).ok(201)
        answer = await api("PATCH", f"{MAPS}/b", body, type=content_type)
        answer.failed(415, "UnsupportedMediaType")


async def test_charsets_and_no_type_at_all_are_json(api: Any) -> None:
    (await api.post(MAPS, {"metadata": {"name": "a"}}, type="application/json; charset=utf-8")).ok(201)
    (await api.post(MAPS, {"metadata": {"name": "b"}}, type="")).ok(201)


@pytest.mark.parametrize("name", ["A", "-a", "a-", "a_b", "a b", "ä", "a" * 254, "a..b", "a/b", "..", "a%b", " "])
async def test_a_bad_name_is_told(api: Any, name: str) -> None:
    answer = await api.post(MAPS, {"metadata": {"name": name}})
    answer.failed(422, "Invalid")
    assert [field for field, _ in answer.causes] == ["metadata.name"]


async def test_every_cause_is_listed(api: Any) -> None:
    labels = {"a b": "x", "ok": "not ok!"}
    answer = await api.post(MAPS, {"metadata": {"name": "A", "labels": labels, "annotations": {"/": ""}}})
    answer.failed(422, "Invalid")
    fields = sorted(field for field, _ in answer.causes)
    assert fields[0] == "metadata.annotations"
    assert fields.count("metadata.labels") == 2
    assert fields.count("metadata.name") == 1
    details = answer.tree["details"]
    assert (details["name"], details["kind"]) == ("A", "ConfigMap")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", MAPS),
        ("PATCH", MAPS),
        ("POST", f"{MAPS}/a"),
        ("POST", "/api/v1/pods"),
        ("DELETE", "/api/v1/configmaps"),
        ("DELETE", f"{PODS}/p/status"),
        ("DELETE", "/apis/apps/v1/deployments"),
        ("TRACE", MAPS),
        ("GET", f"{PODS}/p/binding"),
    ],
)
async def test_a_method_that_means_nothing_is_not_allowed(api: Any, method: str, path: str) -> None:
    (await api.post(MAPS, {"metadata": {"name": "a"}})).ok(201)
    words = (await api(method, path)).failed(405, "MethodNotAllowed")
    assert words == "the server does not allow this method on the requested resource"
    assert len((await api.get(MAPS)).ok()["items"]) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/pods/p",
        "/api/v1/namespaces/default/nodes",
        "/api/v1/namespaces/default/nodes/n",
        f"{PODS}/p/nothing",
        "/api/v1/nothing",
        "/api/v1/namespaces/default/pods/p/status/more",
        "/%00",
        "/api/v1/namespaces/%2e%2e/pods/x",
    ],
)
async def test_a_path_that_leads_nowhere_is_not_found(api: Any, path: str) -> None:
    answer = await api("GET", URL(path, encoded=True).raw_path)
    answer.failed(404, "NotFound")


@pytest.mark.parametrize("path", ["/apis/nothing/v1/pods", "/apis/apps/v9/deployments", "/api//v1/pods"])
async def test_a_path_of_no_group_and_version_that_is_served_is_no_page(api: Any, path: str) -> None:
    answer = await api("GET", URL(path, encoded=True).raw_path)
    assert (answer.status, answer.raw) == (404, b"404 page not found\n")


# The fuzz: requests of parts that could be right, and of parts that are not.

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=12)
LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["a", "", "A b", "1Gi", "x" * 300, "2020-01-01T00:00:00Z", "\ud83d\ude00", "$patch", "Always", "80"]
    ),
)
KEYS = st.sampled_from(
    [
        "apiVersion",
        "kind",
        "metadata",
        "spec",
        "status",
        "data",
        "name",
        "labels",
        "finalizers",
        "containers",
        "image",
        "replicas",
        "selector",
        "matchLabels",
        "template",
        "ports",
        "containerPort",
        "$patch",
        "$retainKeys",
        "op",
        "path",
        "value",
        "from",
        "target",
        "ownerReferences",
        "uid",
        "deleteOptions",
        "resources",
        "limits",
        "cpu",
        "versions",
        "resourceVersion",
        "generateName",
        "namespace",
        "annotations",
        "env",
        "volumes",
        "tolerations",
        "schedulingGates",
        "$setElementOrder/containers",
        "$deleteFromPrimitiveList/finalizers",
        "deletionTimestamp",
        "strategy",
        "names",
    ]
)
TREE = st.recursive(
    LEAF, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=5)), max_leaves=20
)


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Any]:
    with SyncCluster(components=("apiserver",)) as cluster:
        yield cluster


ROWS = [row for row in built_in() if {"create", "list"} <= set(row.kind.verbs)]
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}


@st.composite
def objects(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Return the path of a resource, and an object of it that has all kinds of things in it."""
    row = draw(st.sampled_from(ROWS))
    message = draw(messages(row.message.DESCRIPTOR))
    tree = {**codec.encode(message), "metadata": {"name": "x", "labels": draw(st.just({}) | st.just({"a": "b"}))}}
    root = f"/apis/{row.kind.api_version}" if row.kind.group else "/api/v1"
    return f"{root}/{'namespaces/default/' if row.kind.namespaced else ''}{row.kind.plural}", tree


def test_no_object_is_too_odd_for_a_proper_answer(fuzzed: SyncCluster, connect: Any) -> None:
    stored: set[str] = set()

    async def scene(path: str, tree: dict[str, Any], patch: Any) -> None:
        async with connect(fuzzed) as api, asyncio.timeout(10):
            made = await api.post(path, tree)
            if made.status == 201:
                stored.add(path)
            language = "json" if isinstance(patch, list) else "strategic"
            answers = [
                made,
                await api.get(path, headers=TABLE),
                await api.patch(f"{path}/x", patch, language),
                await api.put(f"{path}/x", {**tree, "metadata": {"name": "x"}}),
                await api.delete(f"{path}/x", query={"gracePeriodSeconds": "0"}),
            ]
            await api.patch(f"{path}/x", {"metadata": {"finalizers": None}})
        for answer in answers:
            assert answer.status < 500, answer
            if answer.status >= 400:
                answer.failed(answer.status, answer.tree["reason"])

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(objects(), TREE)
    def attack(target: tuple[str, dict[str, Any]], patch: Any) -> None:
        fuzzed.run(scene(*target, patch))

    attack()
    assert len(stored) > 2


async def test_a_request_for_no_path_is_told_that_there_is_nothing(apiserver: Cluster, connect: Any) -> None:
    async with connect(apiserver) as api:
        host, _, port = apiserver.server.removeprefix("https://").rpartition(":")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
        writer.write(b"CONNECT /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        assert answer.split(b" ", 2)[1] == b"404", answer
        assert (await api.get("/version")).status == 200


async def test_a_body_that_does_not_come_is_not_waited_for_for_ever(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "BODY_WITHIN", 0.05)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(10)

    url = f"{api.cluster.server}{MAPS}"
    async with api.session.post(url, data=slowly(), headers={"Content-Type": "application/json"}) as answer:
        tree = await answer.json()
    assert (answer.status, tree["reason"]) == (504, "Timeout")
    assert tree["message"].startswith("Timeout: request did not complete within requested timeout")


@pytest.mark.parametrize("spec", [{"containers": [{"name": "c", "image": "i"}]}, {"containers": []}])
async def test_a_namespace_that_is_not_there_is_told_before_all_else(api: Any, spec: Any) -> None:
    answer = await api.post("/api/v1/namespaces/nowhere/pods", {"metadata": {"name": "p"}, "spec": spec})
    assert answer.failed(404, "NotFound") == 'namespaces "nowhere" not found'
