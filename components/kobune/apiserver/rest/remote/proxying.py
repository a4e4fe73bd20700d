"""`pods/proxy`, `services/proxy` and `nodes/proxy`."""

from typing import Final
from urllib.parse import urlsplit, urlunsplit

import grpc
from aiohttp import web
from multidict import CIMultiDict

from kobune.apimachinery.errors import ServiceUnavailable
from kobune.apiserver.kubelets.kubelets import Kubelet
from kobune.apiserver.rest.remote.passing import Onward, pass_on
from kobune.apiserver.rest.remote.transport import Transport, Unanswered
from kobune.apiserver.verbs import destinations
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.destinations import Destination
from kobune.node.v1 import PageRequest

PAGE_SECONDS: Final = 10.0
UNREACHED: Final = "error trying to reach service: "


async def serve_proxy(api: Api, call: Call, transport: Transport, request: web.BaseRequest) -> web.StreamResponse:
    """Pass a request on to a pod, an endpoint of a Service, or a node."""
    prefix, path = split(request.rel_url.raw_path, 7 if call.namespace else 5)
    if call.plural == "nodes":
        wanted = destinations.asked("node", call.name)
        kubelet = api.kubelets.of(api, wanted.name)
        if wanted.port in ("", kubelet.address.rpartition(":")[2]):
            return await _kubelet_page(kubelet, path or "/", request)
        where = destinations.node(api, call.name, "")
    elif call.plural == "pods":
        where = destinations.pod(api, call.namespace, call.name)
    else:
        where = destinations.service(api, call.namespace, call.name)
    if not path and request.method in ("GET", "HEAD"):
        # What a page leads to is relative to the folder that it is in.
        query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
        return web.Response(status=301, headers={"Location": f"{request.rel_url.raw_path}/{query}"})
    if where.port and not where.port.isdecimal():
        raise ServiceUnavailable(f"{UNREACHED}dial tcp: lookup tcp/{where.port}: unknown port")
    try:
        return await pass_on(transport, request, _onward(request, where, prefix, path))
    except Unanswered as error:
        words = str(error)
        if where.shown_port and where.port != where.shown_port:
            words = words.replace(f":{where.port}:", f":{where.shown_port}:")
        raise ServiceUnavailable(UNREACHED + words) from None


def split(path: str, parts: int) -> tuple[str, str]:
    """Return what of a path leads to the proxy, which has so many parts, and what is behind it."""
    found = path.split("/", parts + 1)
    return "/".join(found[: parts + 1]), "/" + found[parts + 1] if len(found) > parts + 1 else ""


def _onward(request: web.BaseRequest, where: Destination, prefix: str, path: str) -> Onward:
    authority = f"{where.host}:{where.port}" if where.port else where.host
    query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
    host = request.headers.get("Host", "")
    told = {"X-Forwarded-Uri": prefix + path, "X-Forwarded-Host": host, "X-Forwarded-Proto": request.scheme}
    return Onward(
        url=f"{where.scheme}://{authority}{path}{query}",
        host="",
        headers=CIMultiDict(told),
        location=lambda location: rewritten(location, prefix, (authority, where.authority), request.scheme, host),
    )


def rewritten(location: str, prefix: str, own: tuple[str, ...], scheme: str, host: str) -> str:
    """Return a redirect within a server as one within what the proxy shows of it."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return location
    if (parts.netloc and parts.netloc not in (*own, host)) or not parts.path.startswith("/"):
        return location
    path = parts.path if parts.path.startswith(prefix + "/") else prefix + parts.path
    return urlunsplit((scheme, host, path, parts.query, parts.fragment))


async def _kubelet_page(kubelet: Kubelet, path: str, request: web.BaseRequest) -> web.StreamResponse:
    asked = PageRequest(node=kubelet.node, path=path)
    try:
        page = await kubelet.stub.Page(asked, timeout=PAGE_SECONDS)
    except grpc.aio.AioRpcError as error:
        raise ServiceUnavailable(f"{UNREACHED}{kubelet.refusal(error)}") from None
    return web.Response(status=page.status, body=page.body, headers={"Content-Type": page.content_type})
