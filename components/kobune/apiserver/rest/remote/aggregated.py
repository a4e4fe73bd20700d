"""Passing requests on to the server of an APIService, with what is known of who asks."""

from typing import Any
from urllib.parse import quote

from aiohttp import web
from multidict import CIMultiDict

from kobune.apimachinery.errors import ServiceUnavailable
from kobune.apiserver.aggregation.connecting import Connecting
from kobune.apiserver.aggregation.services import is_available
from kobune.apiserver.auth.user import User
from kobune.apiserver.rest.remote.leaving import while_there
from kobune.apiserver.rest.remote.passing import Onward, pass_on
from kobune.apiserver.rest.remote.transport import Transport, Unanswered
from kobune.apiserver.verbs.api import Api


async def serve_aggregated(
    api: Api, item: Any, connecting: Connecting, transport: Transport, user: User, request: web.BaseRequest
) -> web.StreamResponse:
    """Answer as the server of an APIService does; 503 if it is not there."""
    if not is_available(item):
        return unavailable()
    try:
        way = connecting.way(api, item)
    except ServiceUnavailable:
        return unavailable()
    host = request.headers.get("Host", "")
    headers = told_of(user)
    headers["X-Forwarded-Host"], headers["X-Forwarded-Proto"] = host, request.scheme
    headers["X-Forwarded-Uri"] = request.rel_url.raw_path
    onward = Onward(f"{way.base}{request.rel_url.raw_path_qs}", "", headers, way.tls, way.server_name)
    try:
        return await while_there(request, api.clock, pass_on(transport, request, onward))
    except Unanswered as error:
        raise ServiceUnavailable(f"error trying to reach service: {error}") from None


def told_of(user: User) -> "CIMultiDict[str]":
    """Return the headers that tell who asks."""
    headers = CIMultiDict({"X-Remote-User": user.name})
    if user.uid:
        headers["X-Remote-Uid"] = user.uid
    for group in user.groups:
        headers.add("X-Remote-Group", group)
    for name, values in user.extra.items():
        for value in values:
            headers.add(f"X-Remote-Extra-{quote(name, safe='')}", value)
    return headers


def unavailable() -> web.Response:
    """Return the answer of Kubernetes' aggregator, which is no `Status`."""
    headers = {"X-Content-Type-Options": "nosniff", "Content-Type": "text/plain; charset=utf-8"}
    return web.Response(status=503, body=b"service unavailable\n", headers=headers)
