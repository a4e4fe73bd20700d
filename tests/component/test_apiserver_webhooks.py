"""Admission webhooks: real programs behind TLS that change and refuse what is written."""

import asyncio
import json
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import grpc
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kobune.admission.v1 import ReviewRequest, ReviewResponse
from kobune.admission.v1.webhooks_pb2_grpc import WebhooksServicer, add_WebhooksServicer_to_server

HOOKS = "/apis/admissionregistration.k8s.io/v1"
MAPS = "/api/v1/namespaces/default/configmaps"
RULE = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE", "UPDATE", "DELETE"],
    "resources": ["configmaps"],
}

Decide = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Webhook:
    """A program that is asked. `decide` makes the response of a request; `asked` has all requests."""

    port: int = 0
    authority: bytes = b""
    asked: list[dict[str, Any]] = field(default_factory=list)
    decide: Decide = lambda request: {"allowed": True}
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/slow":
            await self.release.wait()
        if request.path == "/broken":
            return web.Response(status=503, text="out of order")
        return web.json_response(self.review(await request.json()))

    def review(self, review: dict[str, Any]) -> dict[str, Any]:
        assert (review["apiVersion"], review["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
        request = review["request"]
        self.asked.append(request)
        return {
            **{key: review[key] for key in ("apiVersion", "kind")},
            "response": {"uid": request["uid"], **self.decide(request)},
        }

    def client(self, path: str = "/ask") -> dict[str, Any]:
        return {"url": f"https://127.0.0.1:{self.port}{path}", "caBundle": b64encode(self.authority).decode()}


def certificate(folder: Path) -> bytes:
    """Write a certificate for this machine and its key, and return the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "webhook")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("hook.default.svc")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    ).public_bytes(serialization.Encoding.PEM)
    (folder / "tls.crt").write_bytes(made)
    (folder / "tls.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made


@pytest.fixture
async def hook(tmp_path: Path) -> AsyncIterator[Webhook]:
    webhook = Webhook(authority=certificate(tmp_path))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    app = web.Application()
    app.router.add_post("/{path:.*}", webhook.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    webhook.port = runner.addresses[0][1]
    yield webhook
    webhook.release.set()
    await runner.cleanup()


async def configure(api: Any, kind: str, client: dict[str, Any], **changes: Any) -> None:
    entry = {
        "name": "hook.example.com",
        "clientConfig": client,
        "rules": [RULE],
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        **changes,
    }
    body = {
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": changes.get("name", "hook")},
        "webhooks": [entry],
    }
    (await api.post(f"{HOOKS}/{kind.lower()}webhookconfigurations", body)).ok(201)


def patch(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"allowed": True, "patchType": "JSONPatch", "patch": b64encode(json.dumps(steps).encode()).decode()}


async def test_a_validating_webhook_sees_everything_and_refuses_in_its_own_words(api: Any, hook: Webhook) -> None:
    await configure(api, "Validating", hook.client())
    (await api.post(MAPS, {"metadata": {"name": "a"}, "data": {"k": "v"}}, query={"fieldManager": "me"})).ok(201)
    hook.decide = lambda request: {"allowed": False, "status": {"message": "not today", "code": 418, "reason": "Tea"}}
    refused = await api.patch(f"{MAPS}/a", {"data": {"k": "w"}})
    assert refused.status == 418
    assert refused.tree["reason"] == "Tea"
    assert refused.message == 'admission webhook "hook.example.com" denied the request: not today'
    hook.decide = lambda request: {"allowed": False}
    words = 'admission webhook "hook.example.com" denied the request without explanation'
    assert (await api.delete(f"{MAPS}/a")).message == words

    created, updated, deleted = hook.asked
    assert created["operation"] == "CREATE"
    assert created["kind"] == {"group": "", "version": "v1", "kind": "ConfigMap"}
    assert created["resource"] == {"group": "", "version": "v1", "resource": "configmaps"}
    assert (created["name"], created["namespace"], created["dryRun"]) == ("a", "default", False)
    assert created["userInfo"]["username"] == "kubernetes-admin"
    assert created["options"]["kind"] == "CreateOptions"
    assert created["options"]["fieldManager"] == "me"
    assert created["object"]["data"] == {"k": "v"}
    assert created["object"]["kind"] == "ConfigMap"
    assert created["oldObject"] is None
    assert (updated["object"]["data"], updated["oldObject"]["data"]) == ({"k": "w"}, {"k": "v"})
    assert (deleted["object"], deleted["oldObject"]["data"]) == (None, {"k": "v"})


async def test_a_mutating_webhook_changes_what_is_stored_but_not_who_it_is(api: Any, hook: Webhook) -> None:
    await configure(api, "Mutating", hook.client())
    hook.decide = lambda request: {
        **patch(
            {"op": "add", "path": "/data/added", "value": "yes"},
            {"op": "replace", "path": "/metadata/uid", "value": "other"},
        ),
        "warnings": ["careful"],
    }
    made = await api.post(MAPS, {"metadata": {"name": "a"}, "data": {"k": "v"}})
    assert made.ok(201)["data"] == {"k": "v", "added": "yes"}
    assert made.warnings == ["careful"]
    assert made.tree["metadata"]["uid"] != "other"
    assert "f:added" in made.tree["metadata"]["managedFields"][0]["fieldsV1"]["f:data"]
    assert (await api.get(f"{MAPS}/a")).ok()["data"] == {"k": "v", "added": "yes"}
    changed = (await api.patch(f"{MAPS}/a", {"data": {"k": "w"}})).ok()
    assert "f:added" in changed["metadata"]["managedFields"][0]["fieldsV1"]["f:data"]


async def test_webhooks_are_asked_again_when_others_have_changed_the_object(api: Any, hook: Webhook) -> None:
    def decide(request: dict[str, Any]) -> dict[str, Any]:
        if "first" not in request["object"]["data"]:
            return patch({"op": "add", "path": "/data/first", "value": "1"})
        return patch({"op": "add", "path": "/data/seen", "value": ",".join(sorted(request["object"]["data"]))})

    hook.decide = decide
    await configure(api, "Mutating", hook.client(), name="a.example.com", reinvocationPolicy="IfNeeded")
    await configure(api, "Mutating", hook.client(), name="b.example.com")
    made = (await api.post(MAPS, {"metadata": {"name": "a"}, "data": {"k": "v"}})).ok(201)
    assert made["data"] == {"k": "v", "first": "1", "seen": "first,k,seen"}
    assert len(hook.asked) == 3


async def test_only_what_selectors_and_conditions_choose_is_asked_about(api: Any, hook: Webhook) -> None:
    await configure(
        api,
        "Validating",
        hook.client(),
        objectSelector={"matchLabels": {"ask": "yes"}},
        namespaceSelector={"matchLabels": {"kubernetes.io/metadata.name": "default"}},
        matchConditions=[{"name": "not-b", "expression": "object.metadata.name != 'b'"}],
    )
    (await api.post("/api/v1/namespaces", {"metadata": {"name": "other"}})).ok(201)
    labels = {"ask": "yes"}
    (await api.post(MAPS, {"metadata": {"name": "a"}})).ok(201)
    (await api.post(MAPS, {"metadata": {"name": "b", "labels": labels}})).ok(201)
    (await api.post(MAPS.replace("default", "other"), {"metadata": {"name": "c", "labels": labels}})).ok(201)
    (await api.post("/api/v1/namespaces/default/secrets", {"metadata": {"name": "d", "labels": labels}})).ok(201)
    assert hook.asked == []
    (await api.post(MAPS, {"metadata": {"name": "e", "labels": labels}})).ok(201)
    assert [request["name"] for request in hook.asked] == ["e"]


async def test_a_rule_for_one_version_is_for_all_versions_of_the_same_objects(api: Any, hook: Webhook) -> None:
    rule = {**RULE, "apiGroups": ["autoscaling"], "apiVersions": ["v1"], "resources": ["horizontalpodautoscalers"]}
    await configure(api, "Validating", hook.client(), rules=[rule])
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
    spec = {"scaleTargetRef": target, "maxReplicas": 3}
    path = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
    (await api.post(path, {"metadata": {"name": "a"}, "spec": spec})).ok(201)
    (request,) = hook.asked
    assert request["kind"]["version"] == request["resource"]["version"] == "v1"
    assert request["requestKind"]["version"] == "v2"
    assert request["object"]["apiVersion"] == "autoscaling/v1"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/slow", 'failed to call webhook: Post "https://127.0.0.1:{port}/slow?timeout=1s": context deadline exceeded'),
        ("/broken", ('failed to call webhook: an error on the server ("out of order") has prevented the request from '
                    "succeeding")),
    ],
)  # fmt: skip
async def test_a_webhook_that_fails_refuses_or_is_passed_over(api: Any, hook: Webhook, path: str, words: str) -> None:
    await configure(api, "Validating", hook.client(path), timeoutSeconds=1)
    refused = (await api.post(MAPS, {"metadata": {"name": "a"}})).failed(500, "InternalError")
    shown = words.format(port=hook.port)
    assert refused == f'Internal error occurred: failed calling webhook "hook.example.com": {shown}'
    at = f"{HOOKS}/validatingwebhookconfigurations/hook"
    ignore = [{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]
    (await api.patch(at, ignore, "json")).ok()
    (await api.post(MAPS, {"metadata": {"name": "a"}})).ok(201)


async def test_a_stranger_behind_the_address_of_a_webhook_is_not_trusted(
    api: Any, hook: Webhook, tmp_path: Path
) -> None:
    client = {**hook.client(), "caBundle": b64encode(certificate(tmp_path)).decode()}
    await configure(api, "Validating", client)
    words = (await api.post(MAPS, {"metadata": {"name": "a"}})).failed(500, "InternalError")
    assert "tls: failed to verify certificate" in words
    assert hook.asked == []


async def test_a_webhook_behind_a_service_is_asked_at_its_address(api: Any, hook: Webhook) -> None:
    spec = {"type": "ExternalName", "externalName": "127.0.0.1"}
    (await api.post("/api/v1/namespaces/default/services", {"metadata": {"name": "hook"}, "spec": spec})).ok(201)
    service = {"name": "hook", "namespace": "default", "port": hook.port, "path": "/ask"}
    await configure(api, "Validating", {"service": service, "caBundle": b64encode(hook.authority).decode()})
    (await api.post(MAPS, {"metadata": {"name": "a"}})).ok(201)
    assert [request["name"] for request in hook.asked] == ["a"]


async def test_what_is_only_tried_is_not_shown_to_webhooks_with_side_effects(api: Any, hook: Webhook) -> None:
    await configure(api, "Validating", hook.client(), sideEffects="NoneOnDryRun")
    (await api.post(MAPS, {"metadata": {"name": "a"}}, query={"dryRun": "All"})).ok(201)
    (request,) = hook.asked
    assert request["dryRun"] is True


@pytest.mark.parametrize(
    ("response", "words"),
    [
        ({"uid": "x", "allowed": True}, 'expected response.uid="'),
        ({"allowed": True, "patch": "eA==", "patchType": "JSONPatch"}, "may not set response.patch"),
    ],
)
async def test_an_answer_that_makes_no_sense_is_none(
    api: Any, hook: Webhook, response: dict[str, Any], words: str
) -> None:
    await configure(api, "Validating", hook.client())
    hook.decide = lambda request: response
    refused = (await api.post(MAPS, {"metadata": {"name": "a"}})).failed(500, "InternalError")
    assert words in refused


async def test_subresources_are_shown_as_what_is_written_to_them(api: Any, hook: Webhook) -> None:
    rules = [
        {**RULE, "resources": ["pods/binding", "pods/eviction"]},
        {**RULE, "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/scale"]},
    ]
    await configure(api, "Validating", hook.client(), rules=rules)
    (await api.post("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})).ok(201)
    pods = "/api/v1/namespaces/default/pods"
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    (await api.post(pods, {**template, "metadata": {"name": "p"}})).ok(201)
    (await api.post(f"{pods}/p/binding", {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}})).ok(201)
    sets = "/apis/apps/v1/namespaces/default/replicasets"
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    (await api.post(sets, {"metadata": {"name": "r"}, "spec": spec})).ok(201)
    (await api.patch(f"{sets}/r/scale", {"spec": {"replicas": 3}})).ok()
    hook.decide = lambda request: {"allowed": False}
    assert (await api.post(f"{pods}/p/eviction", {"metadata": {"name": "p"}})).status == 400
    shown = [(request["operation"], request["subResource"], request["kind"]["kind"]) for request in hook.asked]
    assert shown == [("CREATE", "binding", "Binding"), ("UPDATE", "scale", "Scale"), ("CREATE", "eviction", "Eviction")]
    scaled = hook.asked[1]
    assert scaled["object"]["spec"]["replicas"] == 3
    assert scaled["oldObject"]["spec"].get("replicas") in (None, 1)


async def test_webhooks_are_asked_about_custom_resources(api: Any, hook: Webhook) -> None:
    names = {"plural": "things", "kind": "Thing", "singular": "thing", "listKind": "ThingList"}
    schema = {
        "openAPIV3Schema": {
            "type": "object",
            "properties": {"spec": {"type": "object", "properties": {"a": {"type": "string"}}}},
        }
    }
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    body = {"metadata": {"name": "things.example.com"}, "spec": spec}
    (await api.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body)).ok(201)
    rule = {**RULE, "apiGroups": ["example.com"], "resources": ["things"]}
    await configure(api, "Mutating", hook.client(), rules=[rule])
    hook.decide = lambda request: patch({"op": "add", "path": "/spec/a", "value": "set"})
    path = "/apis/example.com/v1/namespaces/default/things"
    thing = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}, "spec": {}}
    for _ in range(100):
        made = await api.post(path, thing)
        if made.status == 201:
            break
        await asyncio.sleep(0.02)
    assert made.ok(201)["spec"] == {"a": "set"}
    assert hook.asked[0]["kind"] == {"group": "example.com", "version": "v1", "kind": "Thing"}


async def test_a_webhook_over_grpc_is_asked_the_same(api: Any, hook: Webhook) -> None:
    class Service(WebhooksServicer):
        async def Review(self, request: ReviewRequest, context: Any) -> ReviewResponse:  # noqa: N802 - gRPC's name
            answer = hook.review(json.loads(request.admission_review))
            return ReviewResponse(admission_review=json.dumps(answer).encode())

    server = grpc.aio.server()
    add_WebhooksServicer_to_server(Service(), server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    await configure(api, "Mutating", {"url": f"grpc://127.0.0.1:{port}"})
    hook.decide = lambda request: patch({"op": "add", "path": "/data", "value": {"by": "grpc"}})
    assert (await api.post(MAPS, {"metadata": {"name": "a"}})).ok(201)["data"] == {"by": "grpc"}
    await server.stop(None)
    words = (await api.post(MAPS, {"metadata": {"name": "b"}})).failed(500, "InternalError")
    assert "UNAVAILABLE" in words


async def test_a_webhook_may_name_a_new_object_and_no_other(api: Any, hook: Webhook) -> None:
    patch = b64encode(json.dumps([{"op": "replace", "path": "/metadata/name", "value": "b"}]).encode()).decode()
    await configure(api, "Mutating", hook.client())
    (await api.post(MAPS, {"metadata": {"name": "other"}})).ok(201)
    hook.decide = lambda request: {"allowed": True, "patchType": "JSONPatch", "patch": patch}
    assert (await api.post(MAPS, {"metadata": {"name": "a"}})).ok(201)["metadata"]["name"] == "b"
    (await api.get(f"{MAPS}/b")).ok()
    (await api.get(f"{MAPS}/a")).failed(404, "NotFound")
    refused = await api.patch(f"{MAPS}/other", {"data": {"k": "v"}})
    assert 'metadata.name: Invalid value: "b": field is immutable' in refused.failed(422, "Invalid")


async def test_a_patch_of_a_webhook_that_fits_nothing_is_told(api: Any, hook: Webhook) -> None:
    def answer(patch: Any) -> Any:
        encoded = b64encode(json.dumps(patch).encode()).decode()
        return lambda request: {"allowed": True, "patchType": "JSONPatch", "patch": encoded}

    await configure(api, "Mutating", hook.client())
    for patch, words in (
        ([{"op": "remove", "path": "/nope/x"}], 'remove operation does not apply: doc is missing path: "/nope/x"'),
        ([{"op": "add", "path": "/data", "value": 5}], "json: cannot unmarshal number into Go struct field ConfigMap"),
    ):
        hook.decide = answer(patch)
        refused = await api.post(MAPS, {"metadata": {"name": "a"}})
        assert f"Internal error occurred: {words}" in refused.failed(500, "InternalError")
    hook.decide = answer([{"op": "add", "path": "/later", "value": 5}])
    made = await api.post(MAPS, {"metadata": {"name": "a"}})
    assert "later" not in made.ok(201)
    assert made.warnings == ['unknown field \\"later\\" in the patched object']
