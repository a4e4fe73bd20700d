"""Whatever is sent, the answer is a `Status` that says what is wrong: never a 500, a hang, or a crash."""

import asyncio
import json
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from kobune.apimachinery import codec
from kobune.apiserver.registry.registry import built_in
from kobune.testing import SyncCluster
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
        (b"{", "couldn't get version/kind; json parse error: unexpected end of JSON input (7b)"),
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
        ("a: 'x", "yaml: line 1"),
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
        "/apis/nothing/v1/pods",
        "/api/v1/namespaces/default/pods/p/status/more",
        "/api//v1/pods",
        "/%00",
        "/api/v1/namespaces/%2e%2e/pods/x",
    ],
)
async def test_a_path_that_leads_nowhere_is_not_found(api: Any, path: str) -> None:
    answer = await api("GET", URL(path, encoded=True).raw_path)
    answer.failed(404, "NotFound")


# The fuzz: requests of parts that could be right, and of parts that are not.

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=12)
SEGMENT = st.one_of(
    st.sampled_from(
        ["api", "apis", "v1", "apps", "namespaces", "default", "pods", "configmaps", "deployments", "status", "scale"]
    ),
    st.sampled_from(
        ["a", "p", "nodes", "binding", "eviction", "token", "serviceaccounts", "..", "%2f", "%00", "watch"]
    ),
    TEXT.map(lambda text: quote(text, safe="")),
)
PATH = st.one_of(
    st.sampled_from([MAPS, f"{MAPS}/a", PODS, f"{PODS}/p", f"{DEPLOYMENTS}/d/scale", f"{PODS}/p/eviction", CRDS]),
    st.sampled_from(["/openapi/v3", "/openapi/v3/api/v1", "/version", "/healthz", "/api", "/apis/apps/v1", "/"]),
    st.lists(SEGMENT, max_size=7).map(lambda parts: "/" + "/".join(parts)),
)
QUERY = st.dictionaries(
    st.one_of(
        st.sampled_from(
            ["limit", "continue", "labelSelector", "fieldSelector", "resourceVersion", "resourceVersionMatch", "dryRun"]
        ),
        st.sampled_from(
            ["fieldManager", "fieldValidation", "gracePeriodSeconds", "propagationPolicy", "orphanDependents", "pretty"]
        ),
        st.sampled_from(
            ["sendInitialEvents", "allowWatchBookmarks", "includeObject", "force", "preconditions", "kind"]
        ),
        TEXT,
    ),
    st.one_of(
        st.sampled_from(
            ["", "0", "1", "-1", "true", "All", "Exact", "NotOlderThan", "Strict", "a=b", "metadata.name=a"]
        ),
        st.sampled_from(["9" * 30, "1e3", "Foreground", "a in (b", "!", "e30", "eyJydiI6InkifQ", "x" * 300, "١"]),
        TEXT,
    ),
    max_size=4,
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Accept": st.one_of(
            st.sampled_from(
                ["*/*", YAML, PROTOBUF, "text/html", "application/json;as=Table;v=v1;g=meta.k8s.io", ";;,"]
            ),
            st.text("abc/;=,*q.019 ", max_size=20),
        ),
        "Content-Type": st.one_of(
            st.sampled_from(["application/json", YAML, PROTOBUF, "application/json-patch+json"]),
            st.sampled_from(["application/merge-patch+json", "application/strategic-merge-patch+json", "x/y", ";"]),
        ),
        "Impersonate-Extra-%ff": st.just("x"),
        "Authorization": st.sampled_from(["Basic eDp5", "Digest x", "Negotiate"]),
    },
)
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


@st.composite
def bodies(draw: st.DrawFn) -> bytes | None:
    match draw(st.integers(0, 5)):
        case 0:
            return None
        case 1:
            return draw(st.binary(max_size=60))
        case 2:
            return b"k8s\0" + draw(st.binary(max_size=60))
        case 3:
            return yaml_text(draw(TREE)).encode(errors="replace")
    return json_text(draw(TREE))


def json_text(tree: Any) -> bytes:
    return json.dumps(tree).encode()


def yaml_text(tree: Any) -> str:
    return str(yaml.safe_dump(tree))


METHODS = st.sampled_from(["GET", "GET", "POST", "POST", "PUT", "PATCH", "PATCH", "DELETE", "HEAD", "OPTIONS"])


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Any]:
    with SyncCluster(components=("apiserver",)) as cluster:
        yield cluster


def test_no_request_is_too_odd_for_a_proper_answer(fuzzed: SyncCluster, connect: Any) -> None:
    async def scene() -> Any:
        stack = connect(fuzzed)
        api = await stack.__aenter__()
        await api.post("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})
        return stack, api

    stack, api = fuzzed.run(scene())
    seen: dict[int, int] = {}

    @settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(METHODS, PATH, QUERY, HEADERS, bodies())
    def attack(method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes | None) -> None:
        async def send() -> Any:
            await restore(api)
            async with asyncio.timeout(10):
                kind = headers.get("Content-Type", "application/json")
                return await api(method, path, body, query=query, headers=headers, type=kind)

        answer = fuzzed.run(send())
        seen[answer.status] = seen.get(answer.status, 0) + 1
        assert answer.status < 500 or (answer.status == 504 and b"Too large resource version" in answer.raw), answer
        if answer.status >= 400 and method != "HEAD" and answer.headers["Content-Type"] == "application/json":
            answer.failed(answer.status, answer.tree["reason"])

    try:
        attack()
        assert len(seen) > 5
        assert fuzzed.run(api.get("/readyz")).raw == b"ok"
    finally:
        fuzzed.run(stack.__aexit__(None, None, None))


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
    assert len(stored) > 10


async def restore(api: Any) -> None:
    """Make what requests may be about, where an earlier one has deleted it."""
    spec = {"containers": [{"name": "c", "image": "i"}]}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": spec}
    await api.post(MAPS, {"metadata": {"name": "a"}})
    await api.post(PODS, {"metadata": {"name": "p"}, "spec": spec})
    selected = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    await api.post(DEPLOYMENTS, {"metadata": {"name": "d"}, "spec": selected})
