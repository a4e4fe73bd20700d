"""An apiserver whose disk is full says so, serves reads, and has all that it acknowledged when there is room again."""

import json
import resource
from pathlib import Path
from typing import Any

import aiohttp
from crash.apiserver import Apiserver, apiserver

CONFIGMAPS = "/api/v1/namespaces/default/configmaps"


async def call(server: Apiserver, method: str, path: str, body: Any = None) -> tuple[int, str]:
    connector = aiohttp.TCPConnector(ssl=server.tls())
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.request(method, server.rest + path, json=body) as response,
    ):
        return response.status, await response.text()


async def create(server: Apiserver, name: str) -> int:
    body = {"metadata": {"name": name}, "data": {"long": "x" * 5000}}
    return (await call(server, "POST", CONFIGMAPS, body))[0]


async def test_a_full_disk_turns_readiness_red_and_loses_nothing(tmp_path: Path) -> None:
    async with apiserver(tmp_path) as server:
        assert (await call(server, "GET", "/readyz"))[0] == 200
        created = 0
        while created < 10:
            assert await create(server, f"map-{created}") == 201
            created += 1
        # No file may grow beyond this any more, which fails like a disk without room.
        log = max((tmp_path / "store").glob("*.log")).stat().st_size
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (log + 30_000, log + 30_000))
        while (status := await create(server, f"map-{created}")) == 201:
            created += 1
            assert created < 30
        assert status in (500, 503)
        status, text = await call(server, "POST", CONFIGMAPS, {"metadata": {"name": "small"}})
        assert (status, json.loads(text)["reason"]) in ((500, "InternalError"), (503, "ServiceUnavailable"))
        assert "File too large" in json.loads(text)["message"]

        status, text = await call(server, "GET", "/readyz")
        assert status == 500
        assert "[-]store failed" in text
        assert "File too large" in text
        assert (await call(server, "GET", "/livez"))[0] == 200
        assert (await call(server, "GET", f"{CONFIGMAPS}/map-{created - 1}"))[0] == 200
        assert (await call(server, "GET", f"{CONFIGMAPS}/map-{created}"))[0] == 404

        await server.kill()
        await server.start()
        assert (await call(server, "GET", "/readyz"))[0] == 200
        names = {item["metadata"]["name"] for item in json.loads((await call(server, "GET", CONFIGMAPS))[1])["items"]}
        assert {f"map-{number}" for number in range(created)} <= names
        assert await create(server, "again") == 201
