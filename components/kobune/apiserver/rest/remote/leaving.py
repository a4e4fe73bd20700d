"""Noticing that a client has left who has nothing more to say: nobody reads what they do not send."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from aiohttp import web

from kobune.apimachinery.clock import Clock

PERIOD: Final = 0.5
"""Seconds between looks."""


async def while_there(
    request: web.BaseRequest, clock: Clock, work: Coroutine[Any, Any, web.StreamResponse]
) -> web.StreamResponse:
    """Return what comes of some work; it is stopped when the client leaves."""
    working, leaving = asyncio.create_task(work), asyncio.create_task(_gone(request, clock))
    try:
        await asyncio.wait([working, leaving], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        return web.StreamResponse()  # for nobody
    except ConnectionError:
        return web.StreamResponse()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _gone(request: web.BaseRequest, clock: Clock) -> None:
    while request.transport is not None and not request.transport.is_closing():
        await clock.sleep(PERIOD)
