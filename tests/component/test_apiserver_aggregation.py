"""APIs of other servers, as if they were the apiserver's own."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from kobune.apimachinery.clock import SystemClock
from kobune.component_base import certificates
from kobune.component_base.certificates import Identity
from kobune.testing import Cluster

SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
NAME = "v1alpha1.wardle.example.com"
OURS = "/apis/wardle.example.com/v1alpha1"
FLUNDERS = {"name": "flunders", "singularName": "flunder", "namespaced": True, "kind": "Flunder", "verbs": ["get"]}
HOST = "127.77.0.1"
LIMIT = 10.0


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(components=("apiserver",)) as running:
        yield running


@pytest.fixture
async def api(cluster: Cluster, connect: Any) -> AsyncIterator[Any]:
    async with connect(cluster) as client:
        yield client


class Server:
    """The server of an API: says what it was asked, and by whom."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        certificates.ensure(folder, [Identity("agg", "agg", hosts=("agg.default.svc",))], clock=SystemClock())
        self.files = certificates.credentials(folder, "agg")
        self.well = True
        self.port = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        certificate = request.get_extra_info("peercert")
        if not self.well:
            return web.Response(status=500, text="not well")
        if request.path == OURS:
            return web.json_response({"kind": "APIResourceList", "groupVersion": OURS[6:], "resources": [FLUNDERS]})
        if "watch" in request.query:
            response = web.StreamResponse()
            await response.prepare(request)
            for number in range(3):
                await response.write(f"{number}\n".encode())
            return response
        who = {name: request.headers.getall(name) for name in request.headers if name.startswith("X-Remote")}
        subject = dict(pair[0] for pair in certificate["subject"]) if certificate else {}
        return web.json_response(
            {"path": request.path_qs, "method": request.method, "who": who, "by": subject.get("commonName")}
            | {"body": await request.text(), "token": request.headers.get("Authorization")}
        )

    async def run(self) -> web.AppRunner:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.files.certificate, self.files.key)
        context.load_verify_locations(self.cluster.data_dir / "pki" / "ca.crt")
        context.verify_mode = ssl.CERT_OPTIONAL
        application = web.Application()
        application.router.add_route("*", "/{rest:.*}", self.answer)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, HOST, 0, ssl_context=context)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        return runner

    def objects(self) -> list[tuple[str, Any]]:
        meta = {"name": "agg", "labels": {"kubernetes.io/service-name": "agg"}}
        ports = [{"port": self.port, "protocol": "TCP", "name": ""}]
        endpoints = [{"addresses": [HOST], "conditions": {"ready": True}}]
        slice_ = {"metadata": meta, "addressType": "IPv4", "ports": ports, "endpoints": endpoints}
        return [
            ("/api/v1/namespaces/default/services", {"metadata": {"name": "agg"}, "spec": {"ports": [{"port": 443}]}}),
            ("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", slice_),
        ]


def registration(**spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": NAME},
        "spec": {
            "group": "wardle.example.com",
            "version": "v1alpha1",
            "groupPriorityMinimum": 1000,
            "versionPriority": 10,
            "service": {"namespace": "default", "name": "agg"},
            **spec,
        },
    }


@pytest.fixture
async def server(cluster: Cluster, api: Any, tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(cluster, tmp_path)
    runner = await server.run()
    yield server
    await runner.cleanup()


async def condition(api: Any, name: str, status: str) -> Any:
    """Return the condition of an APIService once it is as it should be."""
    found: Any = None
    async with asyncio.timeout(LIMIT):
        while found is None or found["status"] != status:
            await asyncio.sleep(0.02)
            tree = (await api.get(f"{SERVICES}/{name}")).tree
            found = next(iter(tree.get("status", {}).get("conditions", [])), None)
    return found


async def test_our_own_groups_are_registered_and_available(api: Any) -> None:
    found = await condition(api, "v1.apps", "True")
    assert (found["reason"], found["message"]) == ("Local", "Local APIServices are always available")
    names = {item["metadata"]["name"] for item in (await api.get(SERVICES)).ok()["items"]}
    assert {"v1.", "v2.autoscaling", "v1.rbac.authorization.k8s.io"} <= names


async def test_requests_reach_the_server_with_who_asks(api: Any, server: Server) -> None:
    import base64

    bundle = base64.b64encode(server.files.ca.read_bytes()).decode()
    for path, tree in server.objects():
        (await api.post(path, tree)).ok(201)
    answer = await api.post(SERVICES, registration(caBundle=bundle))
    answer.ok(201)
    assert answer.warnings == []
    assert (await condition(api, NAME, "True"))["reason"] == "Passed"

    lie = {"X-Remote-User": "somebody", "X-Remote-Group": "system:masters"}
    path = f"{OURS}/namespaces/default/flunders/a?x=y"
    told = (await api("PUT", path, {"a": 1}, headers=lie)).ok()
    assert told == {
        "path": path,
        "method": "PUT",
        "who": {"X-Remote-User": ["kubernetes-admin"], "X-Remote-Group": ["system:masters", "system:authenticated"]},
        "by": "front-proxy-client",
        "body": '{"a": 1}',
        "token": None,
    }
    assert (await api.get(f"{OURS}/flunders", query={"watch": "1"})).raw == b"0\n1\n2\n"
    assert (await api.get(OURS)).ok()["resources"] == [FLUNDERS]
    assert (await api.get(f"/openapi/v3{OURS}")).ok()["path"] == f"/openapi/v3{OURS}"


async def test_discovery_tells_of_other_servers_apis(api: Any, server: Server) -> None:
    for path, tree in server.objects():
        (await api.post(path, tree)).ok(201)
    (await api.post(SERVICES, registration(insecureSkipTLSVerify=True))).ok(201)
    await condition(api, NAME, "True")
    groups = (await api.get("/apis")).ok()["groups"]
    assert "wardle.example.com" in [group["name"] for group in groups]
    assert (await api.get("/apis/wardle.example.com")).ok()["preferredVersion"]["version"] == "v1alpha1"
    aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    items = (await api.get("/apis", headers={"Accept": aggregated})).ok()["items"]
    [version] = next(item for item in items if item["metadata"].get("name") == "wardle.example.com")["versions"]
    assert version["freshness"] == "Current"
    assert [(one["resource"], one["scope"]) for one in version["resources"]] == [("flunders", "Namespaced")]

    await api.delete(f"{SERVICES}/{NAME}")
    groups = (await api.get("/apis")).ok()["groups"]
    assert "wardle.example.com" not in [group["name"] for group in groups]
    assert (await api.get(f"{OURS}/flunders")).status == 404


async def test_a_server_that_is_not_there_is_unavailable_with_a_reason(api: Any, server: Server) -> None:
    (await api.post(SERVICES, registration(insecureSkipTLSVerify=True))).ok(201)
    found = await condition(api, NAME, "False")
    assert (found["reason"], found["message"]) == ("ServiceNotFound", 'service/agg in "default" is not present')
    answer = await api.get(f"{OURS}/flunders")
    assert (answer.status, answer.raw) == (503, b"service unavailable\n")

    for path, tree in server.objects():
        (await api.post(path, tree)).ok(201)
    await condition(api, NAME, "True")
    server.well = False
    # Something about it changes, and so it is looked at.
    await api.patch(f"{SERVICES}/{NAME}", {"metadata": {"labels": {"again": "1"}}})
    found = await condition(api, NAME, "False")
    assert found["reason"] == "FailedDiscoveryCheck"
    assert found["message"].startswith(f"bad status from https://{HOST}:")


async def test_a_certificate_of_a_stranger_is_not_trusted(api: Any, server: Server) -> None:
    for path, tree in server.objects():
        (await api.post(path, tree)).ok(201)
    (await api.post(SERVICES, registration())).ok(201)
    found = await condition(api, NAME, "False")
    assert "failing or missing response" in found["message"]
    assert "certificate" in found["message"]


async def test_who_may_not_ask_does_not_reach_the_server(api: Any, server: Server, connect: Any) -> None:
    for path, tree in server.objects():
        (await api.post(path, tree)).ok(201)
    (await api.post(SERVICES, registration(insecureSkipTLSVerify=True))).ok(201)
    await condition(api, NAME, "True")
    async with connect(api.cluster, "kube-proxy") as theirs:
        why = (await theirs.get(f"{OURS}/namespaces/default/flunders")).failed(403, "Forbidden")
    assert 'cannot list resource "flunders" in API group "wardle.example.com"' in why


async def test_servers_find_out_whom_to_trust(api: Any) -> None:
    path = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication"
    data = (await api.get(path)).ok()["data"]
    assert json.loads(data["requestheader-allowed-names"]) == ["front-proxy-client"]
    assert data["requestheader-client-ca-file"].startswith("-----BEGIN CERTIFICATE")
