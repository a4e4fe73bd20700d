"""The log of a container, as plain text that grows."""

from contextlib import aclosing

from aiohttp import web

from kobune.apiserver.rest.options import log_options
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.logs import open_log


async def serve_log(api: Api, call: Call, request: web.BaseRequest) -> web.StreamResponse:
    """Send a log, and with `follow` what is added to it until the client leaves."""
    pieces = await open_log(api, call, log_options(request.query))
    if pieces is None:
        return web.Response(status=204)
    response = web.StreamResponse(headers={"Content-Type": "text/plain", "Cache-Control": "no-cache, private"})
    # Closing it ends the kubelet's side, whoever was the first to leave.
    async with aclosing(pieces):  # type: ignore[type-var]
        await response.prepare(request)
        async for piece in pieces:
            await response.write(piece)
        await response.write_eof()
    return response
