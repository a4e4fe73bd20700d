"""Custom resources through the front door: from a definition to its objects, their lives, and their end."""

import asyncio
import base64
import copy
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import orjson
import pytest
from aiohttp import web

from kobune.api.dynamic.v1 import CollectionRequest, Object, ObjectRequest, WriteRequest
from kobune.api.dynamic.v1 import Resource as ResourceName
from kobune.api.dynamic.v1.objects_pb2_grpc import ObjectsStub
from kobune.apimachinery.clock import SystemClock
from kobune.component_base import certificates
from kobune.component_base.certificates import Identity
from kobune.testing import Cluster

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUP = "stable.example.com"
NAME = f"crontabs.{GROUP}"
TABS = f"/apis/{GROUP}/v1/namespaces/default/crontabs"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
LIMIT = 10.0

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "cron": {"type": "string"},
                "image": {"type": "string", "default": "busybox"},
                "replicas": {"type": "integer"},
            },
        },
        "status": {
            "type": "object",
            "properties": {"replicas": {"type": "integer"}, "selector": {"type": "string"}},
        },
    },
}


def version(name: str = "v1", **more: Any) -> dict[str, Any]:
    schema = more.pop("schema", SCHEMA)
    return {"name": name, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, **more}


def definition(*versions: dict[str, Any], **spec: Any) -> dict[str, Any]:
    names = {"plural": "crontabs", "kind": "CronTab", "shortNames": ["ct"], "categories": ["all"]}
    spec = {"group": GROUP, "scope": "Namespaced", "names": names, "versions": list(versions or [version()]), **spec}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{spec['names']['plural']}.{spec['group']}"},
        "spec": spec,
    }


def tab(name: str = "mine", version: str = "v1", **fields: Any) -> dict[str, Any]:
    return {"apiVersion": f"{GROUP}/{version}", "kind": "CronTab", "metadata": {"name": name}, **fields}


async def until(ask: Any, good: Any) -> Any:
    """Ask until the answer is good, and return it."""
    async with asyncio.timeout(LIMIT):
        while not good(answer := await ask()):  # noqa: ASYNC110 - nobody tells when it is
            await asyncio.sleep(0.01)
    return answer


async def define(api: Any, tree: dict[str, Any] | None = None) -> Any:
    """Create a definition, and return it once its resources are there."""
    tree = tree or definition()
    (await api.post(DEFINITIONS, tree)).ok(201)
    return await established(api, tree["metadata"]["name"])


async def established(api: Any, name: str = NAME) -> Any:
    answer = await until(
        lambda: api.get(f"{DEFINITIONS}/{name}"),
        lambda answer: conditions(answer.tree).get("Established", ("",))[0] == "True",
    )
    return answer.tree


def conditions(tree: Any) -> dict[str, tuple[str, str]]:
    found = tree.get("status", {}).get("conditions") or []
    return {condition["type"]: (condition["status"], condition["reason"]) for condition in found}


async def test_a_definition_is_served_a_moment_after_it_was_created(api: Any) -> None:
    made = await define(api)
    assert conditions(made)["NamesAccepted"] == ("True", "NoConflicts")
    assert made["status"]["storedVersions"] == ["v1"]
    assert made["status"]["acceptedNames"]["listKind"] == "CronTabList"
    assert made["spec"]["conversion"] == {"strategy": "None"}
    new = (await api.post(TABS, tab(spec={"cron": "* * * * *", "odd": 1}))).ok(201)
    assert new["spec"] == {"cron": "* * * * *", "image": "busybox"}
    listed = (await api.get(TABS)).ok()
    assert (listed["kind"], listed["metadata"]["continue"]) == ("CronTabList", "")
    assert listed["items"] == [new]


async def test_discovery_knows_the_kind_while_it_is_there(api: Any) -> None:
    await define(api, definition(version(subresources={"status": {}})))
    resources = (await api.get(f"/apis/{GROUP}/v1")).ok()["resources"]
    assert [(r["name"], r["kind"], r.get("shortNames")) for r in resources] == [
        ("crontabs", "CronTab", ["ct"]),
        ("crontabs/status", "CronTab", None),
    ]
    groups = (await api.get("/apis")).ok()["groups"]
    assert groups[-1]["name"] == GROUP
    await api.delete(f"{DEFINITIONS}/{NAME}")
    await until(lambda: api.get(f"/apis/{GROUP}/v1"), lambda answer: answer.status == 404)


async def test_what_is_not_served_is_no_page(api: Any) -> None:
    await define(api, definition(version(), version("v2", storage=False, served=False)))
    for path in (
        f"/apis/{GROUP}/v2/namespaces/default/crontabs",
        f"/apis/{GROUP}/v1/others",
        "/apis/none.io/v1/things",
    ):
        answer = await api.get(path)
        assert (answer.status, answer.raw) == (404, b"404 page not found\n"), path
    answer = await api.get(f"{TABS}/mine/status")
    assert answer.failed(404, "NotFound") == f'{NAME} "mine" not found'


async def test_objects_live_like_those_of_any_kind(api: Any) -> None:
    await define(api)
    async with api.watch(TABS) as watch:
        new = (await api.post(TABS, tab(spec={"cron": "a"}))).ok(201)
        assert new["metadata"]["generation"] == 1
        assert (await api.post(TABS, tab())).failed(409, "AlreadyExists") == f'{NAME} "mine" already exists'
        new["metadata"]["labels"] = {"a": "b"}
        labelled = (await api.put(f"{TABS}/mine", new)).ok()
        assert labelled["metadata"]["generation"] == 1
        same = (await api.put(f"{TABS}/mine", labelled)).ok()
        assert same == labelled
        assert (await api.put(f"{TABS}/mine", new)).failed(409, "Conflict")
        del new["metadata"]["resourceVersion"]
        assert (await api.put(f"{TABS}/mine", new)).causes == [
            ("metadata.resourceVersion", "Invalid value: 0: must be specified for an update")
        ]
        changed = (await api.patch(f"{TABS}/mine", {"spec": {"cron": "b"}})).ok()
        assert changed["metadata"]["generation"] == 2
        (await api.patch(f"{TABS}/mine", [{"op": "remove", "path": "/spec/cron"}], "json")).ok()
        dry = (await api.patch(f"{TABS}/mine", {"spec": {"cron": "c"}}, query={"dryRun": "All"})).ok()
        assert dry["spec"]["cron"] == "c"
        assert "cron" not in (await api.get(f"{TABS}/mine")).ok()["spec"]
        finalized = {"metadata": {"finalizers": ["example.com/wait"]}}
        (await api.patch(f"{TABS}/mine", finalized)).ok()
        waiting = (await api.delete(f"{TABS}/mine")).ok()
        assert waiting["metadata"]["deletionTimestamp"]
        (await api.patch(f"{TABS}/mine", {"metadata": {"finalizers": None}})).ok()
        assert (await api.get(f"{TABS}/mine")).status == 404
        types = [(await watch.next())[0] for _ in range(7)]
    assert types == ["ADDED", *["MODIFIED"] * 5, "DELETED"]


async def test_a_collection_is_deleted_by_label(api: Any) -> None:
    await define(api)
    for name, color in (("a", "red"), ("b", "blue"), ("c", "red")):
        made = tab(name)
        made["metadata"]["labels"] = {"color": color}
        (await api.post(TABS, made)).ok(201)
    (await api.delete(TABS, query={"labelSelector": "color=red"})).ok()
    assert [item["metadata"]["name"] for item in (await api.get(TABS)).ok()["items"]] == ["b"]


async def test_the_definition_goes_after_its_objects(api: Any) -> None:
    await define(api)
    held = tab()
    held["metadata"]["finalizers"] = ["example.com/wait"]
    (await api.post(TABS, held)).ok(201)
    (await api.post(TABS, tab("other"))).ok(201)
    async with api.watch(TABS, resourceVersion="") as watch:
        await watch.names(2)
        going = (await api.delete(f"{DEFINITIONS}/{NAME}")).ok()
        assert going["metadata"]["finalizers"] == [CLEANUP]
        assert conditions(going)["Terminating"] == ("True", "InstanceDeletionPending")
        assert (
            (await api.post(TABS, tab("late")))
            .failed(405, "MethodNotAllowed")
            .endswith("create not allowed while custom resource definition is terminating")
        )
        await until(lambda: api.get(f"{TABS}/other"), lambda answer: answer.status == 404)
        busy = (await api.get(f"{DEFINITIONS}/{NAME}")).ok()
        assert conditions(busy)["Terminating"] == ("True", "InstanceDeletionInProgress")
        (await api.patch(f"{TABS}/mine", {"metadata": {"finalizers": None}})).ok()
        await until(lambda: api.get(f"{DEFINITIONS}/{NAME}"), lambda answer: answer.status == 404)
        async with asyncio.timeout(LIMIT):
            rest = await watch.response.content.read()
        assert json.loads(rest.splitlines()[-1])["type"] == "DELETED"
    assert (await api.get(TABS)).raw == b"404 page not found\n"


async def test_names_are_taken_until_somebody_lets_go_of_them(api: Any) -> None:
    await define(api)
    names = {"plural": "tables", "kind": "Table", "shortNames": ["ct"]}
    (await api.post(DEFINITIONS, definition(names=names))).ok(201)
    path = f"{DEFINITIONS}/tables.{GROUP}"
    refused = await until(lambda: api.get(path), lambda answer: "NamesAccepted" in conditions(answer.tree))
    assert conditions(refused.tree)["NamesAccepted"] == ("False", "ShortNamesConflict")
    assert (await api.get(f"/apis/{GROUP}/v1/namespaces/default/tables")).status == 404
    (await api.delete(f"{DEFINITIONS}/{NAME}")).ok()
    await established(api, f"tables.{GROUP}")
    (await api.get(f"/apis/{GROUP}/v1/namespaces/default/tables")).ok()


async def test_status_and_scale_are_apart(api: Any) -> None:
    scale = {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
    await define(api, definition(version(subresources={"status": {}, "scale": scale})))
    new = (await api.post(TABS, tab(spec={"cron": "x"}, status={"replicas": 3}))).ok(201)
    assert "status" not in new
    missing = await api.get(f"{TABS}/mine/scale")
    assert missing.failed(500, "InternalError").endswith('the spec replicas field ".spec.replicas" does not exist')
    scaled = (await api.patch(f"{TABS}/mine/scale", {"spec": {"replicas": 2}})).ok()
    assert (scaled["kind"], scaled["spec"]) == ("Scale", {"replicas": 2})
    status = {"spec": {"cron": "ignored"}, "status": {"replicas": 1, "selector": "a=b"}}
    shown = (await api.patch(f"{TABS}/mine/status", status)).ok()
    assert (shown["spec"]["cron"], shown["metadata"]["generation"]) == ("x", 2)
    assert (await api.get(f"{TABS}/mine/scale")).ok()["status"] == {"replicas": 1, "selector": "a=b"}
    bad = await api.patch(f"{TABS}/mine/status", {"status": {"replicas": "many"}})
    assert bad.causes[0][0] == "status.replicas"
    assert (await api.get(f"{TABS}/mine/status")).ok() == (await api.get(f"{TABS}/mine")).ok()


async def test_a_changed_schema_counts_for_what_is_stored(api: Any) -> None:
    await define(api)
    (await api.post(TABS, tab(spec={"cron": "a", "replicas": 99}))).ok(201)
    async with api.watch(TABS) as watch:
        await watch.next()
        where = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties"
        changes = [
            {"op": "add", "path": f"{where}/zone", "value": {"type": "string", "default": "here"}},
            {"op": "remove", "path": f"{where}/cron"},
            {"op": "add", "path": f"{where}/replicas/maximum", "value": 9},
        ]
        (await api.patch(f"{DEFINITIONS}/{NAME}", changes, "json")).ok()
        async with asyncio.timeout(LIMIT):
            assert await watch.response.content.read() == b""  # who watched the old schema is through
    shown = (await api.get(f"{TABS}/mine")).ok()
    assert shown["spec"] == {"image": "busybox", "replicas": 99, "zone": "here"}
    # An old value may stay, a new one must be right.
    (await api.patch(f"{TABS}/mine", {"spec": {"zone": "there"}})).ok()
    refused = await api.patch(f"{TABS}/mine", {"spec": {"replicas": 100}})
    assert refused.causes == [
        ("spec.replicas", "Invalid value: 100: spec.replicas in body should be less than or equal to 9")
    ]


async def test_versions_differ_by_name_and_by_what_they_know(api: Any) -> None:
    older = copy.deepcopy(SCHEMA)
    del older["properties"]["spec"]["properties"]["replicas"]
    await define(api, definition(version("v1"), version("v1beta1", storage=False, schema=older, deprecated=True)))
    (await api.post(TABS, tab(spec={"cron": "a", "replicas": 2}))).ok(201)
    old = TABS.replace("/v1/", "/v1beta1/")
    answer = await api.get(f"{old}/mine")
    assert answer.warnings == [f"{GROUP}/v1beta1 CronTab is deprecated; use {GROUP}/v1 CronTab"]
    shown = answer.ok()
    assert (shown["apiVersion"], shown["spec"]) == (f"{GROUP}/v1beta1", {"cron": "a", "image": "busybox"})
    assert (await api.get(old)).ok()["items"] == [shown]
    (await api.post(old, tab("late", "v1beta1"))).ok(201)
    assert (await api.get(f"{TABS}/late")).ok()["apiVersion"] == f"{GROUP}/v1"
    mixed = await api.post(old, tab("wrong", "v1"))
    assert mixed.failed(400, "BadRequest").startswith(f"the API version in the data ({GROUP}/v1)")


async def test_the_version_that_is_stored_may_change(api: Any) -> None:
    await define(api, definition(version("v1"), version("v2", storage=False)))
    (await api.post(TABS, tab(spec={"cron": "a"}))).ok(201)
    flip = [
        {"op": "replace", "path": "/spec/versions/0/storage", "value": False},
        {"op": "replace", "path": "/spec/versions/1/storage", "value": True},
    ]
    changed = (await api.patch(f"{DEFINITIONS}/{NAME}", flip, "json")).ok()
    assert changed["status"]["storedVersions"] == ["v1", "v2"]
    newer = TABS.replace("/v1/", "/v2/")
    assert (await api.get(f"{newer}/mine")).ok()["apiVersion"] == f"{GROUP}/v2"
    (await api.patch(f"{newer}/mine", {"metadata": {"labels": {"a": "b"}}})).ok()
    assert (await api.get(f"{TABS}/mine")).ok()["metadata"]["labels"] == {"a": "b"}
    gone = [{"op": "remove", "path": "/spec/versions/0"}]
    refused = await api.patch(f"{DEFINITIONS}/{NAME}", gone, "json")
    assert refused.causes[0][0] == "status.storedVersions[0]"


async def test_fields_that_come_twice_are_told_before_unknown_ones(api: Any) -> None:
    await define(api)
    twice = orjson.dumps(tab(spec={"cron": "x", "odd": 1})).replace(b'"cron":"x"', b'"cron":"a","cron":"x"')
    answer = await api.post(TABS, twice)
    assert answer.warnings == [r"duplicate field \"spec.cron\"", r"unknown field \"spec.odd\""]
    assert answer.ok(201)["spec"]["cron"] == "x"
    refused = await api.post(TABS, twice, query={"fieldValidation": "Strict"})
    assert refused.failed(400, "BadRequest").endswith(
        'strict decoding error: duplicate field "spec.cron", unknown field "spec.odd"'
    )


async def test_selectable_fields_select_in_lists_and_watches(api: Any) -> None:
    await define(api, definition(version(selectableFields=[{"jsonPath": ".spec.cron"}])))
    for name, cron in (("a", "x"), ("b", "y"), ("c", "x")):
        (await api.post(TABS, tab(name, spec={"cron": cron}))).ok(201)
    found = (await api.get(TABS, query={"fieldSelector": "spec.cron=x"})).ok()["items"]
    assert [item["metadata"]["name"] for item in found] == ["a", "c"]
    async with api.watch(TABS, fieldSelector="spec.cron=y") as watch:
        assert await watch.names(1) == ["ADDED b"]
        (await api.patch(f"{TABS}/b", {"spec": {"cron": "x"}})).ok()
        assert await watch.names(1) == ["DELETED b"]


async def test_embedded_objects_keep_to_the_rules_of_objects(api: Any) -> None:
    schema = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {
                    "job": {
                        "type": "object",
                        "x-kubernetes-embedded-resource": True,
                        "x-kubernetes-preserve-unknown-fields": True,
                    }
                },
            }
        },
    }
    await define(api, definition(version(schema=schema)))
    inner = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "odd": 1}, "spec": {"any": [1]}}
    answer = await api.post(TABS, tab(spec={"job": inner}))
    assert answer.warnings == [r"unknown field \"spec.job.metadata.odd\""]
    assert answer.ok(201)["spec"]["job"]["metadata"] == {"name": "p"}
    del inner["kind"]
    assert (await api.post(TABS, tab("b", spec={"job": inner}))).causes == [("spec.job.kind", "Required value")]
    inner["kind"] = 1
    assert (
        (await api.post(TABS, tab("b", spec={"job": inner})))
        .failed(400, "BadRequest")
        .endswith("spec.job.kind: Invalid value: 1: must be a string")
    )


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"group": "one"}, "spec.group", "should be a domain with at least one dot"),
        ({"scope": "Galaxy"}, "spec.scope", "Unsupported value"),
        ({"group": "x.k8s.io"}, "metadata.annotations[api-approved.kubernetes.io]", "protected groups must have"),
        (
            {"versions": [version(additionalPrinterColumns=[{"name": "A", "type": "text", "jsonPath": "spec"}])]},
            "spec.additionalPrinterColumns[0].JSONPath",
            "must be a simple json path starting with .",
        ),
        (
            {
                "versions": [
                    version(subresources={"scale": {"specReplicasPath": ".x", "statusReplicasPath": ".status.r"}})
                ]
            },
            "spec.subresources.scale.specReplicasPath",
            "should be a json path under .spec",
        ),
        ({"versions": [version(), version()]}, "spec.versions", "must contain unique version names"),
        ({"versions": [version("V1")]}, "spec.versions[0].name", "a DNS-1035 label must consist"),
        (
            {
                "conversion": {
                    "strategy": "Webhook",
                    "webhook": {"conversionReviewVersions": ["v1"], "clientConfig": {"url": "http://a"}},
                }
            },
            "spec.conversion.webhookClientConfig.url",
            "'https' is the only allowed URL scheme; desired format: https://host[/path]",
        ),
        (
            {
                "versions": [
                    version(schema={"type": "object", "properties": {"a": {"type": "object", "default": {"b": 1}}}})
                ]
            },
            "spec.validation.openAPIV3Schema.properties[a].default",
            "must not have unknown fields",
        ),
        (
            {"versions": [version(schema={"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}]}}})]},
            "spec.validation.openAPIV3Schema.properties[a].anyOf[0].type",
            "Forbidden: must be empty to be structural",
        ),
        (
            {"versions": [version(schema={"type": "object", "oneOf": [{"properties": {"a": {}}}]})]},
            "spec.validation.openAPIV3Schema.properties[a]",
            "because it is defined in spec.validation.openAPIV3Schema.oneOf[0].properties[a]",
        ),
    ],
)
async def test_definitions_that_make_no_sense_are_refused(api: Any, change: Any, field: str, message: str) -> None:
    answer = await api.post(DEFINITIONS, definition(**change))
    answer.failed(422, "Invalid")
    assert any(found == field and message in words for found, words in answer.causes), answer.causes


async def test_an_established_definition_keeps_its_scope_and_kind(api: Any) -> None:
    await define(api)
    answer = await api.patch(f"{DEFINITIONS}/{NAME}", {"spec": {"scope": "Cluster", "names": {"kind": "Other"}}})
    assert sorted(answer.causes) == [
        ("spec.names.kind", 'Invalid value: "Other": field is immutable'),
        ("spec.scope", 'Invalid value: "Cluster": field is immutable'),
    ]


async def test_deep_trees_and_odd_numbers_break_nothing(api: Any) -> None:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    await define(api, definition(version(schema=schema)))
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    body = b'{"apiVersion":"%b","kind":"CronTab","metadata":{"name":"d"},"x":%b}' % (
        f"{GROUP}/v1".encode(),
        b"[" * 900 + b"]" * 900,
    )
    assert (await api.post(TABS, body)).status == 400
    numbers = {"whole": 1.0, "large": 2**53, "small": 1e-7, "minus": -0.5}
    made = (await api.post(TABS, tab("n", x=numbers))).ok(201)
    assert made["x"] == numbers
    assert '"whole":1}' in (await api.get(f"{TABS}/n")).raw.decode()


async def test_nothing_of_a_definition_is_lost_when_the_apiserver_starts_again(tmp_path: Path, connect: Any) -> None:
    for round in range(2):
        running = Cluster(components=("apiserver",), store="leveldb", data_dir=tmp_path)
        async with running as cluster, connect(cluster) as api:
            if round == 0:
                await define(api)
                (await api.post(TABS, tab(spec={"cron": "a"}))).ok(201)
            assert (await api.get(f"{TABS}/mine")).ok()["spec"]["cron"] == "a"
            (await api.patch(f"{TABS}/mine", {"spec": {"replicas": round + 1}})).ok()


async def test_grpc_serves_custom_resources_as_json(apiserver: Cluster, api: Any) -> None:
    await define(api)
    files = certificates.credentials(apiserver.data_dir / "pki", "admin").read()
    credentials = grpc.ssl_channel_credentials(files.ca, files.key, files.certificate)
    async with grpc.aio.secure_channel(apiserver.address, credentials) as channel:
        stub: Any = ObjectsStub(channel)
        name = ResourceName(group=GROUP, version="v1", resource="crontabs")
        body = Object(content_type="application/json", body=orjson.dumps(tab(spec={"cron": "x"})))
        made = await stub.Create(WriteRequest(resource=name, namespace="default", object=body))
        assert orjson.loads(made.body)["spec"] == {"cron": "x", "image": "busybox"}
        got = await stub.Get(ObjectRequest(resource=name, namespace="default", name="mine"))
        assert got.body == made.body
        listed = await stub.List(CollectionRequest(resource=name, namespace="default"))
        assert orjson.loads(listed.body)["items"][0] == orjson.loads(made.body)
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.Get(
                ObjectRequest(
                    resource=name,
                    namespace="default",
                    name="mine",
                    content_type="application/vnd.kubernetes.protobuf",
                )
            )


class Converter:
    """A conversion webhook: what v1 calls `spec.cron` is `spec.schedule` in v2."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.result: dict[str, str] = {"status": "Success"}

    async def answer(self, request: web.Request) -> web.Response:
        review = await request.json()
        asked = review["request"]
        self.asked.append(len(asked["objects"]))
        objects = [self.converted(item, asked["desiredAPIVersion"]) for item in asked["objects"]]
        review["response"] = {"uid": asked["uid"], "convertedObjects": objects, "result": self.result}
        return web.json_response(review)

    @staticmethod
    def converted(item: dict[str, Any], wanted: str) -> dict[str, Any]:
        before, after = ("cron", "schedule") if wanted.endswith("v2") else ("schedule", "cron")
        spec = {after if name == before else name: value for name, value in item.get("spec", {}).items()}
        return {**item, "apiVersion": wanted, "spec": spec}


@asynccontextmanager
async def serving(converter: Converter, directory: Path) -> AsyncIterator[dict[str, Any]]:
    """Serve the webhook over HTTPS, and yield the client configuration that reaches it."""
    certificates.ensure(directory, [Identity("hook", "hook", hosts=("127.0.0.1", "localhost"))], clock=SystemClock())
    files = certificates.credentials(directory, "hook")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    runner = web.AppRunner(_app(converter))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield {"url": f"https://127.0.0.1:{port}/convert", "caBundle": base64.b64encode(files.ca.read_bytes()).decode()}
    finally:
        await runner.cleanup()


def _app(converter: Converter) -> web.Application:
    app = web.Application()
    app.router.add_post("/convert", converter.answer)
    return app


async def test_a_webhook_converts_between_versions(api: Any, tmp_path: Path) -> None:
    converter = Converter()
    newer = copy.deepcopy(SCHEMA)
    newer["properties"]["spec"]["properties"]["schedule"] = newer["properties"]["spec"]["properties"].pop("cron")
    second = TABS.replace("/v1/", "/v2/")
    async with serving(converter, tmp_path) as client:
        hook = {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"], "clientConfig": client}}
        versions = [version("v1"), version("v2", storage=False, schema=newer)]
        await define(api, definition(*versions, conversion=hook))
        (await api.post(TABS, tab(spec={"cron": "one"}))).ok(201)
        made = (await api.post(second, tab("late", "v2", spec={"schedule": "two"}))).ok(201)
        assert made["spec"] == {"schedule": "two", "image": "busybox"}
        assert (await api.get(f"{TABS}/late")).ok()["spec"]["cron"] == "two"
        converter.asked.clear()
        listed = (await api.get(second)).ok()["items"]
        assert [item["spec"]["schedule"] for item in listed] == ["two", "one"]
        assert converter.asked == [1], "what was converted once is kept, the rest goes in one call"
        changed = (await api.patch(f"{second}/mine", {"spec": {"schedule": "three"}})).ok()
        assert changed["spec"]["schedule"] == "three"
        async with api.watch(second) as watch:
            seen = [(await watch.next())[1]["spec"]["schedule"] for _ in range(2)]
        assert seen == ["two", "three"]
        converter.result = {"status": "Failure", "message": "no"}
        (await api.patch(f"{TABS}/mine", {"spec": {"cron": "four"}})).ok()
        failed = await api.get(f"{second}/mine")
        assert failed.status == 500
        assert failed.message == f"conversion webhook for {GROUP}/v1, Kind=CronTab failed: no"


async def test_applying_merges_lists_as_the_schema_says(api: Any) -> None:
    items = {"type": "object", "properties": {"k": {"type": "string"}, "v": {"type": "string"}}, "required": ["k"]}
    ports = {
        "type": "array",
        "items": items,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["k"],
    }
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"ports": ports}}}}
    await define(api, definition(version(schema=schema)))
    for manager, key in (("one", "a"), ("two", "b")):
        body = tab(spec={"ports": [{"k": key, "v": manager}]})
        query = {"fieldManager": manager}
        answer = await api("PATCH", f"{TABS}/mine", body, query=query, type="application/apply-patch+yaml")
        assert answer.status in (200, 201), answer.raw
    assert [port["k"] for port in (await api.get(f"{TABS}/mine")).ok()["spec"]["ports"]] == ["a", "b"]
