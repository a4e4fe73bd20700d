"""Which requests have to see what other apiservers have acknowledged, where several share one store.

All but reads that say how old their answer may be, if it is known here already, and pages that look at no objects.
Source: *Resource versions* in the documentation, KEP-2340.
"""

from typing import Final

from aiohttp import web

from kobune.apiserver.rest.asking import TRUE
from kobune.apiserver.storage.store import SharedStore

OF_OBJECTS: Final = ("/api", "/openapi")
"""How the paths begin whose answers depend on objects: discovery, too, tells what is defined."""


async def freshen(store: SharedStore, request: web.BaseRequest) -> None:
    """Return when a request can be answered; raises `Unreachable` if that cannot be known."""
    if request.path.startswith(OF_OBJECTS) and not _may_be_old(request, store.revision):
        await store.fresh()


def _may_be_old(request: web.BaseRequest, known: int) -> bool:
    query = request.query
    version = query.get("resourceVersion", "")
    if request.method not in ("GET", "HEAD") or not version.isdecimal() or int(version) > known:
        return False
    # A watch from "any" version begins with what there is, which may be as old as it likes.
    return "continue" not in query and query.get("sendInitialEvents", "") not in TRUE
