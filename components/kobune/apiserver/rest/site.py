"""The pages that are no resources: version, health, metrics, discovery, OpenAPI."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import orjson
from multidict import MultiMapping
from prometheus_client import CollectorRegistry, generate_latest

from kobune.apiserver import media
from kobune.apiserver.aggregation.connecting import Connecting
from kobune.apiserver.aggregation.services import ApiServices
from kobune.apiserver.auth.service_account_tokens import ALGORITHM, ISSUER, ServiceAccountTokens
from kobune.apiserver.openapi.binary import MEDIA_TYPE, OLD_MEDIA_TYPE
from kobune.apiserver.openapi.v3 import OpenApi
from kobune.apiserver.rest.discovery import Discovery
from kobune.apiserver.rest.health import Health
from kobune.apiserver.usage.api import UsageApi

VERSION = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.2+kobune",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2026-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "CPython",
    "platform": "linux/amd64",
}


@dataclass(frozen=True)
class Document:
    """What a page answers."""

    body: bytes
    content_type: str = media.JSON
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


KEYS = "/openid/v1/jwks"
IDENTITY = ("/.well-known/openid-configuration", KEYS)
READ = ("GET", "HEAD")

NO_PAGE = Document(b"404 page not found\n", "text/plain; charset=utf-8", 404)

Page = Callable[[str, Mapping[str, str]], Document]
"""From the `Accept` header and the query."""


class Site:
    """Finds pages by their path."""

    def __init__(
        self,
        discovery: Discovery,
        openapi: OpenApi,
        health: Health,
        metrics: CollectorRegistry,
        elsewhere: ApiServices,
        connecting: Connecting,
        tokens: ServiceAccountTokens,
        usage: UsageApi | None = None,
    ) -> None:
        self.elsewhere = elsewhere
        """The APIs that other servers have."""
        self.connecting = connecting
        self.usage = usage
        """What pods and nodes use; None where nobody would know."""
        self._discovery = discovery
        self._openapi = openapi
        self._health = health
        self._metrics = metrics
        self._tokens = tokens

    def find(self, path: str) -> Page | None:
        """Return the page at a path, or None."""
        if not path.startswith("/"):
            return None  # what a CONNECT names is a host
        if path in ("/version", "/version/"):
            return lambda accept, query: Document(orjson.dumps(VERSION))
        if path == "/metrics":
            return lambda accept, query: Document(generate_latest(self._metrics), "text/plain; version=0.0.4")
        if path.split("/")[1] in ("healthz", "livez", "readyz"):
            return self._health_page(path)
        if path == "/openapi/v2":
            return self._openapi_v2
        if path == "/openapi/v3" or path.startswith("/openapi/v3/"):
            return self._openapi_page(path)
        if path in IDENTITY:
            return lambda accept, query: self._identity_page(path)
        if path == "/":
            return lambda accept, query: Document(orjson.dumps({"paths": self._paths()}))
        return self._discovery_page(path.rstrip("/"))

    def _paths(self) -> list[str]:
        return sorted(
            [
                *IDENTITY,
                "/healthz",
                "/livez",
                "/metrics",
                "/openapi/v2",
                "/openapi/v3",
                "/readyz",
                "/version",
                *self._discovery.paths(),
            ]
        )

    def _health_page(self, path: str) -> Page | None:
        _, endpoint, *check = path.split("/")
        only = "/".join(check)

        def page(accept: str, query: Mapping[str, str]) -> Document:
            exclude = query.getall("exclude", []) if isinstance(query, MultiMapping) else []
            found = self._health.report(endpoint, only, exclude) if check != [""] else None
            if found is None:
                return NO_PAGE
            good, short, verbose = found
            text = verbose if not good or "verbose" in query else short
            return Document(text.encode(), "text/plain; charset=utf-8", 200 if good else 500)

        return page

    def _identity_page(self, path: str) -> Document:
        """Return what others need to check the tokens of service accounts. Source: OpenID Connect Discovery 1.0."""
        if path == KEYS:
            return Document(orjson.dumps(self._tokens.keys()), "application/jwk-set+json")
        tree = {
            "issuer": ISSUER,
            "jwks_uri": f"{ISSUER}{KEYS}",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
        }
        return Document(orjson.dumps(tree))

    def _openapi_v2(self, accept: str, query: Mapping[str, str]) -> Document:
        # The old document changes when one of the new ones does.
        headers = _tagged(sha256(self._openapi.index()).hexdigest().upper())
        if OLD_MEDIA_TYPE in accept or MEDIA_TYPE in accept:
            return Document(self._openapi.v2_protobuf(), MEDIA_TYPE, headers=headers)
        return Document(self._openapi.v2(), headers=headers)

    def _openapi_page(self, path: str) -> Page | None:
        if path == "/openapi/v3":
            return lambda accept, query: _index(self._openapi.index())
        place = path.removeprefix("/openapi/v3/")
        body = self._openapi.document(place)
        return None if body is None else lambda accept, query: self._openapi_document(place, body, query)

    def _openapi_document(self, place: str, body: bytes, query: Mapping[str, str]) -> Document:
        """Return a document: one that may be kept for good if its hash was asked for; the way to it by another hash."""
        asked, digest = query.get("hash", ""), self._openapi.digest(place)
        if not asked:
            return Document(body, headers=_tagged(digest))
        if asked != digest:
            return Document(b"", status=301, headers={"Location": self._openapi.address(place)})
        return Document(body, headers={**_tagged(digest), "Cache-Control": "public, immutable"})

    def _discovery_page(self, path: str) -> Page | None:
        if path in ("/api", "/apis"):
            return lambda accept, query: Document(*self._discovery.root(path, accept))
        tree = self._discovery.document(path)
        return None if tree is None else lambda accept, query: Document(orjson.dumps(tree))


def _index(body: bytes) -> Document:
    return Document(body, headers=_tagged(sha256(body).hexdigest().upper()))


def _tagged(digest: str) -> dict[str, str]:
    return {"Etag": f'"{digest}"', "Vary": "Accept"}
