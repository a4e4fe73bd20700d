"""Logs, commands, forwarded ports and proxies, from a client of the API to a simulated container and back."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from kobune.testing import Cluster

PODS = "/api/v1/namespaces/default/pods"
V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"
LIMIT = 10.0


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(nodes=1) as running:
        yield running


@pytest.fixture
async def api(cluster: Cluster, connect: Any) -> AsyncIterator[Any]:
    async with connect(cluster) as client:
        await until(lambda: has(client, "/api/v1/namespaces/default/serviceaccounts/default"))
        yield client


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(LIMIT):
        while not await condition():  # noqa: ASYNC110 - the world tells nobody
            await asyncio.sleep(0.01)


async def has(api: Any, path: str) -> bool:
    return bool((await api.get(path)).status == 200)


def container(name: str = "main", *command: str, port: int = 0) -> dict[str, Any]:
    ports = [{"containerPort": port, "name": "http"}] if port else []
    return {"name": name, "image": "nginx", "command": list(command), "ports": ports}


async def pod(api: Any, name: str = "web", *containers: dict[str, Any], phase: str = "Running", **spec: Any) -> Any:
    """Create a pod, and return it once it has a phase."""
    spec = {"containers": list(containers) or [container(port=8080)], **spec}
    meta = {"name": name, "labels": {"app": name}}
    (await api.post(PODS, {"metadata": meta, "spec": spec})).ok(201)
    await until(lambda: in_phase(api, name, phase))
    return (await api.get(f"{PODS}/{name}")).ok()


async def in_phase(api: Any, name: str, phase: str) -> bool:
    return bool((await api.get(f"{PODS}/{name}")).tree["status"].get("phase") == phase)


async def said(socket: aiohttp.ClientWebSocketResponse) -> tuple[bytes, bytes, Any]:
    """Return what came on the streams of a command, and how it ended."""
    out: dict[int, bytes] = {1: b"", 2: b"", 3: b""}
    async with asyncio.timeout(LIMIT):
        async for message in socket:
            out[message.data[0]] += message.data[1:]
    return out[1], out[2], json.loads(out[3])


def execution(api: Any, pod: str, *command: str, protocol: str = V5, what: str = "exec", **options: str) -> Any:
    query = [("command", word) for word in command] + [("stdout", "1"), ("stderr", "1"), *options.items()]
    return api.session.ws_connect(
        api.cluster.server + f"{PODS}/{pod}/{what}", params=query, protocols=(protocol,) if protocol else ()
    )


async def test_a_log_shows_what_a_container_has_said_and_what_was_asked_of_it(api: Any) -> None:
    await pod(api, "job", container("main", "sh", "-c", "echo one; echo two"), phase="Succeeded", restartPolicy="Never")
    log = f"{PODS}/job/log"

    async def shown(**query: str) -> list[str]:
        answer = await api.get(log, query=query)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain")
        return list(answer.raw.decode().splitlines())

    everything = await shown()
    assert everything[1:3] == ["one", "two"]
    assert await shown(tailLines="2") == everything[-2:]
    assert await shown(tailLines="0") == []
    assert await shown(limitBytes="9") == ["simulated"]
    assert await shown(stream="Stderr") == []
    assert await shown(sinceTime="2999-01-01T00:00:00Z") == []
    assert await shown(sinceSeconds="3600", container="main") == everything
    assert [line.partition(" ")[2] for line in await shown(timestamps="true")] == everything


async def test_a_log_that_cannot_be_shown_is_refused_with_its_reason(api: Any) -> None:
    await pod(api, "two", container("a"), container("b"), initContainers=[container("first", "true")])
    await pod(api, "far", phase="Pending", schedulerName="nobody")
    await pod(api, "ill", {**container(), "image": "missing.invalid/none"}, phase="Pending")

    async def refused(name: str, status: int, reason: str, **query: str) -> str:
        return str((await api.get(f"{PODS}/{name}/log", query=query)).failed(status, reason))

    why = "a container name must be specified for pod two, choose one of: [first a b]"
    assert await refused("two", 400, "BadRequest") == why
    assert await refused("two", 400, "BadRequest", container="c") == "container c is not valid for pod two"
    assert await refused("none", 404, "NotFound") == 'pods "none" not found'
    why = 'previous terminated container "a" in pod "two" not found'
    assert await refused("two", 400, "BadRequest", container="a", previous="true") == why
    why = 'PodLogOptions "two" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0'
    assert await refused("two", 422, "Invalid", container="a", tailLines="-1") == why
    why = await refused("two", 422, "Invalid", sinceSeconds="0", limitBytes="0")
    assert "sinceSeconds: Invalid value: 0: must be greater than 0" in why
    why = await refused("two", 422, "Invalid", sinceSeconds="1", sinceTime="2020-01-01T00:00:00Z")
    assert why.endswith(": Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified")
    assert "parsing" in await refused("two", 400, "BadRequest", tailLines="many")
    assert "cannot parse" in await refused("two", 400, "BadRequest", sinceTime="yesterday")
    assert (await api.get(f"{PODS}/far/log")).status == 204


async def test_a_followed_log_goes_on_until_the_container_ends(api: Any) -> None:
    ip = (await pod(api))["status"]["podIP"]
    url = api.cluster.server + f"{PODS}/web/log"
    async with api.session.get(url, params={"follow": "true"}) as response, asyncio.timeout(LIMIT):
        assert b"started" in await response.content.readline()
        async with aiohttp.ClientSession() as visitor, visitor.get(f"http://{ip}:8080/hello"):
            assert b"GET /hello" in await response.content.readline()
        await api.delete(f"{PODS}/web", {"gracePeriodSeconds": 0})
        assert b"ended" in await response.content.read()


def open_logs(folder: Path) -> int:
    links = [os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sum(link.startswith(str(folder)) and link.endswith(".log") for link in links)


async def test_whoever_leaves_a_followed_log_leaves_nothing_behind(api: Any) -> None:
    await pod(api)
    url = api.cluster.server + f"{PODS}/web/log"
    async with api.session.get(url, params={"follow": "true"}) as response:
        await response.content.readline()
        assert open_logs(api.cluster.data_dir) == 1
        response.close()

    async def nobody() -> bool:
        return open_logs(api.cluster.data_dir) == 0

    await until(nobody)


@pytest.mark.parametrize("protocol", [V5, V4])
async def test_a_command_has_streams_and_an_exit_code(api: Any, protocol: str) -> None:
    await pod(api)
    async with execution(api, "web", "sh", "-c", "echo out; echo err >&2; exit 3", protocol=protocol) as socket:
        assert socket.protocol == protocol
        out, err, status = await said(socket)
    assert (out, err) == (b"out\n", b"err\n")
    assert (status["status"], status["reason"]) == ("Failure", "NonZeroExitCode")
    assert status["details"]["causes"] == [{"reason": "ExitCode", "message": "3"}]
    async with execution(api, "web", "hostname", protocol=protocol) as socket:
        assert await said(socket) == (b"web\n", b"", {"metadata": {}, "status": "Success"})


async def test_input_ends_where_the_client_says(api: Any) -> None:
    await pod(api)
    sent = os.urandom(1 << 20)
    async with execution(api, "web", "cat", stdin="1") as socket:

        async def send() -> None:
            for start in range(0, len(sent), 50_000):
                await socket.send_bytes(b"\0" + sent[start : start + 50_000])
            await socket.send_bytes(b"\xff\0")

        (out, _, status), _ = await asyncio.gather(said(socket), send())
    assert out == sent
    assert status["status"] == "Success"


async def test_older_clients_get_text_or_words(api: Any) -> None:
    await pod(api)
    async with execution(api, "web", "echo", "hi", protocol="v4.base64.channel.k8s.io") as socket:
        message = await socket.receive(LIMIT)
        assert (message.type, message.data[0]) == (aiohttp.WSMsgType.TEXT, "1")
        assert base64.b64decode(message.data[1:]) == b"hi\n"
    async with execution(api, "web", "false", protocol="") as socket:
        message = await socket.receive(LIMIT)
        assert message.data[:1] == b"\x03"
        assert b"exit code" in message.data


async def test_a_terminal_echoes_and_knows_its_size(api: Any) -> None:
    await pod(api)
    async with execution(api, "web", "sh", stdin="1", tty="1") as socket:
        await socket.send_bytes(b'\4{"Width":100,"Height":50}')
        await socket.send_bytes(b"\0stty size\rexit 4\r")
        out, err, status = await said(socket)
    assert b"50 100\r\n" in out
    assert err == b""
    assert status["details"]["causes"][0]["message"] == "4"


async def test_what_a_simulated_container_lacks_is_said_by_name(api: Any) -> None:
    await pod(api)
    async with execution(api, "web", "tar", "cf", "-", "/") as socket:
        _, err, status = await said(socket)
    assert err.startswith(b"tar: not found")
    assert status["details"]["causes"][0]["message"] == "127"


async def test_a_command_that_cannot_be_run_is_refused_with_its_reason(api: Any) -> None:
    await pod(api)
    await pod(api, "far", phase="Pending", schedulerName="nobody")
    await pod(api, "over", container("main", "true"), phase="Succeeded", restartPolicy="Never")

    async def refused(name: str, status: int, reason: str, what: str = "exec", **query: str) -> str:
        return str((await api.post(f"{PODS}/{name}/{what}", None, query=query)).failed(status, reason))

    assert await refused("web", 400, "BadRequest", stdout="1") == "Upgrade request required"
    assert await refused("web", 400, "BadRequest") == "you must specify at least 1 of stdin, stdout, stderr"
    assert await refused("none", 404, "NotFound", stdout="1") == 'pods "none" not found'
    assert await refused("far", 400, "BadRequest", stdout="1") == "pod far does not have a host assigned"
    assert await refused("far", 400, "BadRequest", "portforward") == "pod far does not have a host assigned"
    why = "container x is not valid for pod web"
    assert await refused("web", 400, "BadRequest", container="x", stdout="1") == why
    async with execution(api, "over", "true") as socket:
        status = (await said(socket))[2]
    assert status["message"] == ('Internal error occurred: unable to upgrade connection: container not found ("main")')
    for protocol in (V4, "nonsense"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
            await execution(api, "over", "true", protocol=protocol)
        assert raised.value.status in (400, 500)


def conversations() -> int:
    names = (getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks())
    return sum(name.startswith(("StreamingServer", "Conversation", "Streams.")) for name in names)


async def test_whoever_leaves_a_command_ends_it(api: Any) -> None:
    await pod(api)
    async with execution(api, "web", "sleep", "infinity", stdin="1") as socket:

        async def running() -> bool:
            return conversations() > 0

        async def gone() -> bool:
            return conversations() == 0

        await until(running)
        socket._response.connection.transport.abort()
    await until(gone)


async def test_input_that_nobody_reads_is_not_kept(api: Any) -> None:
    await pod(api)
    sent = 0
    async with execution(api, "web", "sleep", "infinity", stdin="1") as socket:
        piece = b"\0" + bytes(1 << 16)
        try:
            for _ in range(1000):
                async with asyncio.timeout(1.0):
                    await socket.send_bytes(piece)
                sent += len(piece)
        except TimeoutError:
            pass
        assert sent < 32 << 20, "a stalled command took everything"
        socket._response.connection.transport.abort()


async def test_attached_clients_hear_what_comes_next(api: Any) -> None:
    ip = (await pod(api))["status"]["podIP"]
    async with execution(api, "web", what="attach") as socket:

        async def heard() -> bool:
            async with aiohttp.ClientSession() as visitor, visitor.get(f"http://{ip}:8080/hello"):
                pass
            try:
                message = await socket.receive(0.2)
            except TimeoutError:
                return False
            return b"GET /hello" in message.data

        await until(heard)


async def test_ports_are_forwarded_over_channels(api: Any) -> None:
    await pod(api)
    url = api.cluster.server + f"{PODS}/web/portforward"
    async with api.session.ws_connect(url, params={"ports": "8080,81"}, protocols=(V4,)) as socket:
        got: dict[int, bytes] = dict.fromkeys(range(4), b"")
        await socket.send_bytes(b"\0GET /far HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(LIMIT):
            async for message in socket:
                got[message.data[0]] += message.data[1:]
    assert got[0][:2] == got[1] == (8080).to_bytes(2, "little")
    assert got[2] == (81).to_bytes(2, "little")
    assert b"request: GET /far HTTP/1.1" in got[0]
    assert b"error forwarding port 81" in got[3]
    assert b"connection refused" in got[3]
    answer = await api.get(f"{PODS}/web/portforward", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
    assert answer.failed(400, "BadRequest") == 'query parameter "port" is required'


async def test_requests_are_passed_on_to_pods_and_services(api: Any) -> None:
    await pod(api)
    service = {
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "name": "http"}]},
    }
    service["spec"]["ports"][0]["targetPort"] = 8080
    (await api.post("/api/v1/namespaces/default/services", service)).ok(201)
    services = "/api/v1/namespaces/default/services"
    await until(lambda: has(api, f"{services}/web:http/proxy/"))

    async def asked(method: str, path: str, **options: Any) -> str:
        answer = await api(method, path, **options)
        assert answer.status == 200, answer.raw
        return str(answer.raw.decode().splitlines()[-1])

    assert await asked("GET", f"{PODS}/web/proxy/a/b", query={"c": "d"}) == "request: GET /a/b?c=d HTTP/1.1"
    assert await asked("GET", f"{PODS}/http:web:8080/proxy/") == "request: GET / HTTP/1.1"
    assert await asked("GET", f"{services}/web:80/proxy/x%2Fy") == "request: GET /x%2Fy HTTP/1.1"
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert (
            await asked(method, f"{services}/http:web:http/proxy/it", body=b"body") == f"request: {method} /it HTTP/1.1"
        )
    assert (await api("HEAD", f"{PODS}/web/proxy/")).status == 200

    async def refused(path: str, status: int, reason: str) -> str:
        return str((await api.get(path)).failed(status, reason))

    assert await refused(f"{services}/web/proxy/", 503, "ServiceUnavailable") == (
        'no endpoints available for service "web"'
    )
    assert await refused(f"{services}/web:7/proxy/", 503, "ServiceUnavailable") == (
        'no service port 7 found for service "web"'
    )
    why = await refused(f"{PODS}/web:81/proxy/", 503, "ServiceUnavailable")
    assert why.startswith("error trying to reach service: dial tcp 127.")
    assert why.endswith(":81: connect: connection refused")
    assert await refused(f"{PODS}/a:b:c:d/proxy/", 400, "BadRequest") == 'invalid pod request "a:b:c:d"'
    assert await refused(f"{PODS}/ftp:web:80/proxy/", 400, "BadRequest") == 'invalid pod request "ftp:web:80"'


async def test_the_pages_of_a_kubelet_are_shown(api: Any) -> None:
    await pod(api)
    nodes = (await api.get("/api/v1/nodes")).ok()["items"]
    path = f"/api/v1/nodes/{nodes[0]['metadata']['name']}/proxy"
    assert (await api.get(f"{path}/healthz")).raw == b"ok"
    pods = (await api.get(f"{path}/pods")).ok()["items"]
    assert [item["metadata"]["name"] for item in pods] == ["web"]
    assert (await api.get(f"{path}/nothing")).status == 404


async def test_a_kubelet_that_is_gone_is_said_to_be(api: Any) -> None:
    await pod(api)
    nodes = (await api.get("/api/v1/nodes")).ok()["items"]
    name, annotations = nodes[0]["metadata"]["name"], {"kobune.dev/kubelet": "127.0.0.1:1"}
    await api.patch(f"/api/v1/nodes/{name}", {"metadata": {"annotations": annotations}})
    answer = await api.get(f"{PODS}/web/log")
    assert (answer.status, answer.message.endswith("connect: connection refused")) == (500, True), answer.message
    async with execution(api, "web", "true") as socket:
        message = (await said(socket))[2]["message"]
    assert message.startswith("Internal error occurred: error dialing backend: dial tcp 127.0.0.1:1")
    answer = await api.get(f"/api/v1/nodes/{name}/proxy/healthz")
    assert "connection refused" in answer.failed(503, "ServiceUnavailable")


async def test_running_commands_over_websockets_takes_the_right_to_create(api: Any, connect: Any) -> None:
    await pod(api)
    rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
    rules = [{"apiGroups": [""], "resources": ["pods/exec", "pods/log"], "verbs": ["get"]}]
    await api.post(f"{rbac}/roles", {"metadata": {"name": "reader"}, "rules": rules})
    subject = {"kind": "User", "name": "system:kube-proxy", "apiGroup": "rbac.authorization.k8s.io"}
    role = {"kind": "Role", "name": "reader", "apiGroup": "rbac.authorization.k8s.io"}
    await api.post(f"{rbac}/rolebindings", {"metadata": {"name": "r"}, "subjects": [subject], "roleRef": role})
    async with connect(api.cluster, "kube-proxy") as theirs:
        await until(lambda: has(theirs, f"{PODS}/web/log"))
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
        why = (await theirs.get(f"{PODS}/web/exec", headers=upgrade)).failed(403, "Forbidden")
        assert 'cannot create resource "pods/exec"' in why
        assert 'cannot get resource "pods/proxy"' in (await theirs.get(f"{PODS}/web/proxy/")).failed(403, "Forbidden")
