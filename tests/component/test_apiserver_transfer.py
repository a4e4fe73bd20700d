"""How answers travel: compressed if they are long, and as messages of a WebSocket if the client wants."""

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
