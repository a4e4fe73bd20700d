"""Which flow is asked for."""

from aiohttp import web

from kobune.apiserver.front import Front
from kobune.apiserver.rest.remote import upgrades
from kobune.apiserver.rest.remote.execution import serve_execution
from kobune.apiserver.rest.remote.forwarding import serve_forwarding
from kobune.apiserver.rest.remote.leaving import while_there
from kobune.apiserver.rest.remote.logs import serve_log
from kobune.apiserver.rest.remote.proxying import serve_proxy
from kobune.apiserver.rest.remote.transport import Transport
from kobune.apiserver.verbs.call import Call


async def serve_flow(
    front: Front, transport: Transport, call: Call, verb: str, request: web.BaseRequest
) -> web.StreamResponse:
    """Answer a request for a log, a command, connections to ports, or something behind a proxy."""
    if call.subresource == "log":
        return await while_there(request, front.api.clock, serve_log(front.api, call, request))
    if verb == "get" and call.subresource != "proxy" and upgrades.upgrade_of(request) == upgrades.WEBSOCKET:
        # A WebSocket can only be asked for with GET; what it does here is no reading.
        front.authorize(call, "create")
    if call.subresource in ("exec", "attach"):
        return await serve_execution(front.api, call, request)
    if call.subresource == "portforward":
        return await serve_forwarding(front.api, call, request)
    return await while_there(request, front.api.clock, serve_proxy(front.api, call, transport, request))
