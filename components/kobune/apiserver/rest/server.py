"""The HTTPS server: authenticates, finds out what a request is for, and turns errors into answers."""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from typing import Self
from weakref import WeakKeyDictionary

from aiohttp import web

from kobune.api.meta.v1 import StatusDetails
from kobune.apimachinery.errors import ApiError, InternalError, MethodNotAllowed, NotFound
from kobune.apiserver.audit.trail import Trail
from kobune.apiserver.auth.attributes import Attributes
from kobune.apiserver.auth.authenticate import has_token
from kobune.apiserver.auth.impersonate import PREFIX, impersonated
from kobune.apiserver.auth.user import User
from kobune.apiserver.flowcontrol.flows import Flow
from kobune.apiserver.flowcontrol.level import Overloaded
from kobune.apiserver.front import Front
from kobune.apiserver.rest import accept, answer
from kobune.apiserver.rest.asking import what_is_asked
from kobune.apiserver.rest.compression import compress
from kobune.apiserver.rest.freshness import freshen
from kobune.apiserver.rest.recording import NOBODY, Record
from kobune.apiserver.rest.resources import NoSuchPage, Resources
from kobune.apiserver.rest.site import NO_PAGE, READ, Page, Site
from kobune.apiserver.rest.streams import socket_token
from kobune.apiserver.rest.whole import Whole
from kobune.apiserver.usage.api import PATH as USAGE
from kobune.apiserver.verbs.dispatch import NOT_ALLOWED
from kobune.component_base.credentials import Credentials
from kobune.component_base.failure import CannotStart

log = logging.getLogger(__name__)

LEAVE = 0.05
"""How long open connections get to end when the server stops."""
INITIALS = (b"I", b"i")
LONGEST_LINE = 64 * 1024
"""How long a URL or a header may be: selectors with hundreds of names do come."""
ANY_METHOD = ("/healthz", "/livez", "/readyz")
"""Pages that look at no method."""
"""Of the headers that impersonate."""


async def _end(handler: web.Server) -> None:
    transports = [connection.transport for connection in handler.connections if connection.transport is not None]
    await handler.shutdown(LEAVE)
    for transport in transports:
        with suppress(AttributeError):  # asyncio's, of a TLS connection that has come to its end meanwhile
            transport.abort()  # a client that no longer reads would never hear TLS say goodbye


class RestServer:
    """The REST face, while it is entered."""

    def __init__(self, front: Front, site: Site, host: str, port: int, credentials: Credentials | None) -> None:
        self._front = front
        self._resources = Resources(front)
        self._site = site
        self._host = host
        self._port = port
        self._credentials = credentials
        self._exit = AsyncExitStack()
        self._known: WeakKeyDictionary[ssl.SSLObject, User] = WeakKeyDictionary()
        """By connection: a certificate does not change while it lasts."""
        self.address = ""
        """`host:port`, once entered."""

    async def __aenter__(self) -> Self:
        handler = web.Server(self._serve, access_log=None, max_line_size=LONGEST_LINE, max_field_size=LONGEST_LINE)
        loop = asyncio.get_running_loop()
        context = server_context(self._credentials) if self._credentials else None
        try:
            server = await loop.create_server(handler, self._host, self._port, ssl=context, backlog=1024)
        except OSError:
            where = f"{self._host}:{self._port}"
            raise CannotStart(f"apiserver: cannot listen on {where}: it is in use or not of this machine") from None
        self.address = f"{self._host}:{server.sockets[0].getsockname()[1]}"
        self._exit.push_async_callback(self._resources.close)
        self._exit.push_async_callback(_end, handler)
        self._exit.callback(server.close)
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._exit.aclose()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._front.audit is None:
            return await self._answer(request, None)
        record = Record(self._front.audit, request)
        try:
            response = await self._answer(request, record)
        except BaseException:
            record.gone()
            raise
        record.completed(response)
        return response

    async def _answer(self, request: web.BaseRequest, record: Record | None) -> web.StreamResponse:
        flow: Flow | None = None
        user = NOBODY
        began = self._front.api.now() if log.isEnabledFor(logging.DEBUG) else 0.0
        response: web.StreamResponse
        try:
            if self._front.api.shared is not None:
                await freshen(self._front.api.shared, request)
            user = self._user_of(request)
            asked = what_is_asked(request)
            trail = record.begin(user, asked) if record is not None else None
            if _may_impersonate(request):
                user = impersonated(self._front.authorizer, user, request.headers.items())
                if trail is not None:
                    trail.impersonates(user)
            flow = self._front.flows.of(user, asked.verb, asked.group, asked.resource, asked.namespace, asked.path)
            if not flow.level.take():
                await flow.level.wait(flow.number)
            if asked.is_long:
                flow.level.give()  # whoever stays takes no seat from those who come and go
            try:
                if (elsewhere := self._site.elsewhere.of_path(request.path)) is not None:
                    self._front.allow(asked.wish(user), trail)
                    response = await self._resources.serve_elsewhere(request, elsewhere, user, self._site.connecting)
                elif self._site.usage is not None and request.path.startswith(USAGE):
                    self._front.allow(asked.wish(user), trail)
                    tree = await self._site.usage.answer(request.method, asked.target, request.query)
                    response = answer.from_tree(tree, accept.parse(request.headers.get("Accept", ""), protobuf=False))
                elif asked.target is None:
                    response = self._page(request, user, trail)
                else:
                    response = await self._resources.serve(request, asked.target, user, trail)
            finally:
                if not asked.is_long:
                    flow.level.give()
            if isinstance(response, Whole):
                await compress(response, request.headers.get("Accept-Encoding", ""))
        except NoSuchPage:
            response = _respond(lambda accept, query: NO_PAGE, request.headers, request.query)
        except Overloaded as error:
            response = _overloaded(error)
        except ApiError as error:
            if record is not None:
                record.failed(error)
            response = answer.from_error(error, _error_wish(request))
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception as error:
            log.exception("%s %s failed", request.method, request.path)
            if record is not None:
                record.panicked(error)
            response = answer.from_error(InternalError("Internal error occurred"), _error_wish(request))
        if flow is not None and not response.prepared:
            response.headers.update(flow.headers)
        if began:
            took = (self._front.api.now() - began) * 1000
            log.debug("%s %s %r: %d, %.1f ms", user.name, request.method, request.path_qs, response.status, took)
        return response

    def _page(self, request: web.BaseRequest, user: User, trail: Trail | None) -> Whole:
        page = self._site.find(request.path)
        if page is None:
            raise NotFound("the server could not find the requested resource")
        self._front.allow(Attributes(user, request.method.lower(), path=request.path), trail)
        if request.method not in READ and not request.path.startswith(ANY_METHOD):
            raise MethodNotAllowed(NOT_ALLOWED, StatusDetails())
        return _respond(page, request.headers, request.query)

    def _user_of(self, request: web.BaseRequest) -> User:
        authenticator = self._front.authenticator
        authorization = request.headers.get("Authorization", "") or socket_token(request.headers)
        transport = request.transport
        tls = None if transport is None or has_token(authorization) else transport.get_extra_info("ssl_object")
        if tls is None:
            return authenticator.by_header(authorization)
        user = self._known.get(tls)
        if user is None:
            certificate = tls.getpeercert(binary_form=True)
            if certificate is None:
                return authenticator.by_header(authorization)
            user = self._known[tls] = authenticator.by_certificate(certificate)
        return user


def _may_impersonate(request: web.BaseRequest) -> bool:
    for name, _ in request.raw_headers:  # on every request: a loop is the fastest
        if name[:1] in INITIALS and name[: len(PREFIX)].lower() == PREFIX.encode():
            return True
    return False


def _overloaded(error: Overloaded) -> web.Response:
    """Return the one answer that is no `Status`: those who are too many must cost as little as possible."""
    return web.Response(text=f"{error.message}\n", status=error.http, headers={"Retry-After": "1"})


def _respond(page: Page, headers: Mapping[str, str], query: Mapping[str, str]) -> Whole:
    found = page(headers.get("Accept", ""), query)
    if (tag := found.headers.get("Etag")) and tag in headers.get("If-None-Match", ""):
        return Whole(b"", 304, dict(found.headers))
    return Whole(found.body, found.status, {"Content-Type": found.content_type, **found.headers})


def _error_wish(request: web.BaseRequest) -> accept.Wish:
    try:
        found = accept.parse(request.headers.get("Accept", ""))
    except ApiError:
        return accept.Wish()
    return accept.Wish(found.encoding)


def server_context(credentials: Credentials) -> ssl.SSLContext:
    """Return TLS that asks for a client certificate, but also serves those who have a token or nothing."""
    credentials.read()  # names a file that is missing; ssl would not
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(credentials.certificate, credentials.key)
    context.load_verify_locations(credentials.ca)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["http/1.1"])
    return context
