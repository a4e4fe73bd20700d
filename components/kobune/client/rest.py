"""The apiserver's REST face, for what has no gRPC service: APIs that other servers have, and scales of any kind."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import orjson

from kobune.api.meta.v1 import Status
from kobune.apimachinery import codec
from kobune.apimachinery.errors import ServiceUnavailable, from_status

if TYPE_CHECKING:
    import aiohttp

TIMEOUT = 10.0


@dataclass(frozen=True)
class RestConfig:
    """Where the REST face is, and who asks."""

    server: str = ""
    """As in a kubeconfig: `https://127.0.0.1:6443`; empty if there is none."""
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


class RestClient:
    """Reads and writes JSON trees by path. Connects when it is used first."""

    def __init__(self, config: RestConfig) -> None:
        self._config = config
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Return the tree at a path; fails with what the apiserver says, or `ServiceUnavailable`."""
        return await self._call("GET", path, query=query)

    async def put(self, path: str, tree: Any) -> Any:
        """Replace the object at a path, and return it as it is then."""
        return await self._call("PUT", path, body=orjson.dumps(tree))

    async def _call(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Any:
        import aiohttp

        if not self._config.server:
            raise ServiceUnavailable("it is not known where the apiserver's REST face is")
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT)
            connector = aiohttp.TCPConnector(ssl=_context(self._config))
            self._session = aiohttp.ClientSession(self._config.server, timeout=timeout, connector=connector)
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        try:
            async with self._session.request(method, path, params=query, data=body, headers=headers) as answer:
                text = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ServiceUnavailable(f"{self._config.server}: {error}") from None
        try:
            tree = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise ServiceUnavailable(text.decode(errors="replace").strip() or "no answer") from None
        if answer.status >= 400:
            tree = {name: tree[name] for name in tree if name not in ("kind", "apiVersion")}
            raise from_status(codec.decode(Status, b"", tree)[0])
        return tree


def _context(config: RestConfig) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(config.ca) if config.ca else None)
    if config.certificate is not None:
        context.load_cert_chain(str(config.certificate), str(config.key) if config.key else None)
    return context
