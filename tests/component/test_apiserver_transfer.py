"""How answers travel: compressed if they are long, and as messages of a WebSocket if the client wants."""

import asyncio
import json
from typing import Any

import aiohttp

MAPS = "/api/v1/namespaces/default/configmaps"


async def test_only_long_answers_are_compressed_and_only_for_those_who_ask(api: Any) -> None:
    (await api.post(MAPS, {"metadata": {"name": "long"}, "data": {"text": "x" * 200_000}})).ok(201)
    (await api.post(MAPS, {"metadata": {"name": "short"}})).ok(201)
    asked, refused = {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "identity"}
    long = await api.get(f"{MAPS}/long", headers=asked)
    assert long.headers["Content-Encoding"] == "gzip"
    assert long.ok()["data"]["text"] == "x" * 200_000
    assert "Content-Encoding" not in (await api.get(f"{MAPS}/short", headers=asked)).headers
    assert "Content-Encoding" not in (await api.get(f"{MAPS}/long", headers=refused)).headers


async def test_a_watch_over_a_websocket_sends_an_event_a_message(api: Any) -> None:
    url = api.cluster.server + MAPS
    async with api.session.ws_connect(url, params={"watch": "1"}, protocols=["binary.k8s.io"]) as socket:
        (await api.post(MAPS, {"metadata": {"name": "a"}})).ok(201)
        message = await socket.receive(timeout=20)
        assert message.type == aiohttp.WSMsgType.TEXT
        event = json.loads(message.data)
        assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "a")
    async with api.session.ws_connect(url, params={"watch": "1", "timeoutSeconds": "1"}) as socket:
        first = await socket.receive(timeout=20)
        last = await socket.receive(timeout=20)
    assert (first.type, last.type) == (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.CLOSE)


async def test_nobody_notices_a_websocket_that_vanishes(api: Any) -> None:
    for _ in range(20):
        socket = await api.session.ws_connect(api.cluster.server + MAPS, params={"watch": "1"})
        socket._response.close()
    (await api.post(MAPS, {"metadata": {"name": "a"}})).ok(201)
    assert (await api.get(f"{MAPS}/a")).ok()["metadata"]["name"] == "a"


async def ask_plainly(api: Any, request: str) -> tuple[str, str, bytes]:
    """Return the status line, the headers and the body of an answer, read to the end of the connection."""
    host, _, port = api.cluster.server.removeprefix("https://").rpartition(":")
    context = api.session.connector._ssl
    reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
    writer.write(request.replace("\n", "\r\n").encode())
    head, _, body = (await asyncio.wait_for(reader.read(), 20)).partition(b"\r\n\r\n")
    writer.close()
    status, _, headers = head.decode().partition("\r\n")
    return status, headers.lower(), body


async def test_every_way_of_asking_gets_the_same_answer(api: Any) -> None:
    (await api.post(MAPS, {"metadata": {"name": "a"}})).ok(201)
    usual = await api.get(f"{MAPS}/a")
    closing = await ask_plainly(api, f"GET {MAPS}/a HTTP/1.1\nHost: a\nConnection: close\n\n")
    old = await ask_plainly(api, f"GET {MAPS}/a HTTP/1.0\n\n")
    for status, headers, body in (closing, old):
        assert (status.partition(" ")[2], body) == ("200 OK", usual.raw)
        assert f"content-length: {len(usual.raw)}" in headers
        assert "content-type: application/json" in headers
        assert usual.headers["X-Kubernetes-PF-FlowSchema-UID"] in headers
    version = await api.get("/version")
    status, headers, body = await ask_plainly(api, "HEAD /version HTTP/1.1\nHost: a\nConnection: close\n\n")
    assert (status.partition(" ")[2], body) == ("200 OK", b"")
    assert f"content-length: {len(version.raw)}" in headers


async def test_requests_that_do_not_wait_for_answers_get_them_in_order(api: Any) -> None:
    names = [f"m{number}" for number in range(20)]
    for name in names:
        (await api.post(MAPS, {"metadata": {"name": name}})).ok(201)
    asked = [f"GET {MAPS}/{name} HTTP/1.1\nHost: a\n\n" for name in names]
    asked[-1] = asked[-1].replace("Host: a", "Host: a\nConnection: close")
    status, headers, rest = await ask_plainly(api, "".join(asked))
    text = (headers.encode() + rest).decode()
    found = [text.index(f'"name":"{name}"') for name in names]
    assert found == sorted(found)
    assert status == "HTTP/1.1 200 OK"
