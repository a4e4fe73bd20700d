"""`exec` and `attach` over HTTP: after an upgrade to WebSocket or SPDY."""

from contextlib import suppress

from aiohttp import web

from kobune.api.core.v1 import PodExecOptions
from kobune.apimachinery import channels
from kobune.apimachinery.errors import ApiError, BadRequest
from kobune.apiserver.rest.options import exec_options
from kobune.apiserver.rest.remote import sockets, spdy_client, upgrades
from kobune.apiserver.rest.remote.sockets import SocketClient, Wire
from kobune.apiserver.rest.remote.spdy_client import SpdyClient
from kobune.apiserver.rest.spdy.session import Session
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.remote import Client, Execution, run, status_json
from kobune.node.v1 import ExecOutput


async def serve_execution(api: Api, call: Call, request: web.BaseRequest) -> web.StreamResponse:
    """Let the client talk with a command until it ends, or the client leaves."""
    options = exec_options(request.query)
    execution = Execution(api, call, options)
    match upgrades.upgrade_of(request):
        case upgrades.WEBSOCKET:
            return await _over_socket(execution, request)
        case upgrades.SPDY:
            return await _over_spdy(execution, options, request)
    raise BadRequest("Upgrade request required")


async def _over_socket(execution: Execution, request: web.BaseRequest) -> web.StreamResponse:
    protocol = upgrades.chosen(request, sockets.PROTOCOLS)
    # With v5, whoever cannot be served is told so in the channel of errors; before, by the answer to the upgrade.
    flow = None if protocol == channels.V5 else await execution.open()
    try:
        socket = await upgrades.shake(request, protocol)
    except BaseException:
        if flow is not None:
            flow.close()
        raise
    client = SocketClient(Wire(socket, protocol))
    if flow is None:
        await _started(execution, client)
    else:
        await run(flow, client)
    with suppress(ConnectionError):
        await socket.close()
    return socket


async def _over_spdy(execution: Execution, options: PodExecOptions, request: web.BaseRequest) -> web.StreamResponse:
    tunnel, protocol = await upgrades.switch(request, spdy_client.PROTOCOLS)
    client = SpdyClient(Session(tunnel), protocol)
    names = {"error"}
    names |= {name for name in ("stdin", "stdout") if getattr(options, name)}
    if options.stderr and not options.tty:
        names.add("stderr")
    if options.tty and protocol in spdy_client.RESIZING:
        names.add("resize")
    with suppress(BadRequest, ConnectionError):
        await client.gather(names)
        await _started(execution, client)
    return tunnel.response


async def _started(execution: Execution, client: Client) -> None:
    try:
        flow = await execution.open()
    except ApiError as error:
        with suppress(ConnectionError):
            await client.send(ExecOutput(status=status_json(error)))
        return
    await run(flow, client)
