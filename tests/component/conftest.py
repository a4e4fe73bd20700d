"""An apiserver alone, and a plain HTTPS client of it that knows nothing of Kobune."""

import io
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from kobune.testing import Cluster, SyncCluster

LIMIT = 20.0


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    raw: bytes
    warnings: list[str]

    @property
    def tree(self) -> Any:
        return json.loads(self.raw)

    @property
    def message(self) -> str:
        return str(self.tree["message"])

    @property
    def causes(self) -> list[tuple[str, str]]:
        return [(cause.get("field", ""), cause["message"]) for cause in self.tree["details"]["causes"]]

    def ok(self, status: int = 200) -> Any:
        """Return the JSON of an answer that must be good."""
        assert self.status == status, self.raw.decode(errors="replace")
        return self.tree

    def failed(self, status: int, reason: str) -> str:
        """Return the message of an answer that must be a proper `Status`."""
        tree = self.tree
        assert (self.status, tree["kind"], tree["apiVersion"]) == (status, "Status", "v1"), tree
        assert (tree["code"], tree["reason"], tree["status"]) == (status, reason, "Failure"), tree
        return str(tree["message"])


class Https:
    """Requests as one user: `await api("POST", path, {...})`."""

    def __init__(self, cluster: Cluster | SyncCluster, session: aiohttp.ClientSession) -> None:
        self.cluster = cluster
        self.session = session

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        type: str = "application/json",
    ) -> Answer:
        data: Any = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None and len(data) > 2**20:
            data = io.BytesIO(data)
        sent = ({"Content-Type": type} if data is not None else {}) | dict(headers or {})
        options: Any = {"data": data, "params": query, "headers": sent, "skip_auto_headers": ["Content-Type"]}
        async with self.session.request(method, self.cluster.server + path, **options) as response:
            raw = await response.read()
            warnings = [line.split('"', 1)[1][:-1] for line in response.headers.getall("Warning", [])]
            return Answer(response.status, response.headers, raw, warnings)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self("GET", path, **options)

    async def post(self, path: str, body: Any, **options: Any) -> Answer:
        return await self("POST", path, body, **options)

    async def put(self, path: str, body: Any, **options: Any) -> Answer:
        return await self("PUT", path, body, **options)

    async def delete(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self("DELETE", path, body, **options)

    async def patch(self, path: str, patch: Any, kind: str = "merge", **options: Any) -> Answer:
        return await self("PATCH", path, patch, type=PATCHES[kind], **options)

    @asynccontextmanager
    async def watch(self, path: str, accept: str = "application/json", **query: str) -> AsyncIterator["Watch"]:
        """Open a watch that must be accepted."""
        url, headers = self.cluster.server + path, {"Accept": accept}
        async with self.session.get(url, params={"watch": "1", **query}, headers=headers) as response:
            assert response.status == 200, await response.text()
            yield Watch(response)


class Watch:
    """The events of an open watch, one after the other."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> tuple[str, Any]:
        """Return the type and object of the next event; an error if there is none."""
        line = await self.response.content.readline()
        assert line, "the watch has ended"
        event = json.loads(line)
        return event["type"], event["object"]

    async def names(self, count: int) -> list[str]:
        """Return `TYPE name` of the next events."""
        found = [await self.next() for _ in range(count)]
        return [f"{type} {tree['metadata'].get('name', '')}".strip() for type, tree in found]

    async def ended(self) -> bool:
        return not await self.response.content.readline()


PATCHES = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}


@asynccontextmanager
async def https(cluster: Cluster | SyncCluster, identity: str = "admin", token: str = "") -> AsyncIterator[Https]:
    """Return a client with the certificate of somebody; with a token, or nothing, if `identity` is empty."""
    pki = cluster.kubeconfig.parent / "pki"
    context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    if identity:
        context.load_cert_chain(pki / f"{identity}.crt", pki / f"{identity}.key")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context, limit=0),
        timeout=aiohttp.ClientTimeout(total=LIMIT),
        headers=headers,
        read_bufsize=2**22,
    ) as session:
        yield Https(cluster, session)


@pytest.fixture
async def apiserver() -> AsyncIterator[Cluster]:
    async with Cluster(components=("apiserver",)) as cluster:
        yield cluster


@pytest.fixture
async def api(apiserver: Cluster) -> AsyncIterator[Https]:
    async with https(apiserver) as client:
        yield client


@pytest.fixture
def connect() -> Any:
    """Return the function that connects as somebody else: `async with connect(cluster, "scheduler") as theirs`."""
    return https
