"""How a client wants to go on after HTTP: which protocol it asks for, and shaking hands on it."""

from typing import Final

from aiohttp import web

from kobune.apimachinery.errors import BadRequest, Forbidden
from kobune.apiserver.rest.tunnels import TcpTunnel

SPDY: Final = "spdy/3.1"
WEBSOCKET: Final = "websocket"
MESSAGE_LIMIT: Final = 1 << 25
BEARER: Final = "base64url.bearer.authorization.k8s.io."


def upgrade_of(request: web.BaseRequest) -> str:
    """Return what a request wants to become, in lower case; empty if nothing."""
    if "upgrade" not in request.headers.get("Connection", "").lower():
        return ""
    return request.headers.get("Upgrade", "").strip().lower()


def asked_protocols(request: web.BaseRequest) -> list[str]:
    """Return the subprotocols that the client of a WebSocket can speak."""
    asked = (name.strip() for name in ",".join(request.headers.getall("Sec-WebSocket-Protocol", [])).split(","))
    return [name for name in asked if name and not name.startswith(BEARER)]


def chosen(request: web.BaseRequest, known: tuple[str, ...]) -> str:
    """Return the first subprotocol that both know; empty if the client names none. `BadRequest` if there is none."""
    asked = asked_protocols(request)
    found = next((name for name in asked if name in known), "")
    if asked and not found:
        raise BadRequest(f"requested protocol(s) are not supported: [{' '.join(asked)}]; supports [{' '.join(known)}]")
    return found


async def shake(request: web.BaseRequest, protocol: str) -> web.WebSocketResponse:
    """Return the open WebSocket; `BadRequest` if the client's half of the handshake is wrong."""
    protocols = (protocol,) if protocol else ()
    socket = web.WebSocketResponse(protocols=protocols, compress=False, max_msg_size=MESSAGE_LIMIT, timeout=1.0)
    try:
        await socket.prepare(request)
    except web.HTTPException as error:
        raise BadRequest(f"the handshake of the WebSocket failed: {error.text}") from None
    return socket


async def switch(request: web.BaseRequest, known: tuple[str, ...]) -> tuple[TcpTunnel, str]:
    """Return the connection after an upgrade to SPDY, and the protocol that is spoken in it."""
    asked = [
        name.strip() for line in request.headers.getall("X-Stream-Protocol-Version", []) for name in line.split(",")
    ]
    protocol = next((name for name in asked if name in known), "")
    if asked and not protocol:
        raise Forbidden(
            f"unable to upgrade: unable to negotiate protocol: client supports {asked}, server accepts {known}"
        )
    headers = {"Connection": "Upgrade", "Upgrade": "SPDY/3.1"}
    if protocol:
        headers["X-Stream-Protocol-Version"] = protocol
    tunnel = TcpTunnel(request, headers)
    await tunnel.open()
    return tunnel, protocol
