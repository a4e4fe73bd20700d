"""Answers load balancers that ask a node whether it has pods of a Service: its `healthCheckNodePort`.

Source: *Create an External Load Balancer*, *Preserving the client source IP*.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kobune.apimachinery.meta import split_key
from kobune.kube_proxy.ruleset import Address, Health, Problem

if TYPE_CHECKING:
    import asyncio

    from aiohttp import web


@dataclass
class _Port:
    """An open port, and what is answered there."""

    health: Health
    server: "asyncio.Server"
    handler: "web.Server"


class HealthPorts:
    """The ports that are open now. All are closed when it is left."""

    def __init__(self) -> None:
        self._ports: dict[Address, _Port] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.apply({})

    async def apply(self, wanted: Mapping[Address, Health]) -> list[Problem]:
        """Answer at exactly these addresses from now on; returns what cannot be had."""
        for address in [address for address in self._ports if address not in wanted]:
            await self._close(self._ports.pop(address))
        problems = []
        for address, health in wanted.items():
            known = self._ports.get(address)
            if known is not None:
                known.health = health
                continue
            try:
                self._ports[address] = await self._open(address, health)
            except OSError as error:
                message = f"cannot answer health checks on {address}: {error.strerror or error}"
                problems.append(Problem(health.service, "AddressUnavailable", message, passing=True))
        return problems

    async def _open(self, address: Address, health: Health) -> _Port:
        import asyncio

        from aiohttp import web  # only whoever needs it pays for it

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            return _answer(self._ports[address].health)

        handler = web.Server(answer)
        server = await asyncio.get_running_loop().create_server(handler, address.ip, address.port)
        return _Port(health, server, handler)

    async def _close(self, port: _Port) -> None:
        port.server.close()
        await port.handler.shutdown(0)


def _answer(health: Health) -> "web.Response":
    from aiohttp import web

    namespace, name = split_key(health.service)
    tree = {
        "service": {"namespace": namespace, "name": name},
        "localEndpoints": health.endpoints,
        "serviceProxyHealthy": True,
    }
    headers = {
        "Content-Type": "application/json",
        "X-Content-Type-Options": "nosniff",
        "X-Load-Balancing-Endpoint-Weight": str(health.endpoints),
    }
    return web.Response(status=200 if health.endpoints else 503, body=json.dumps(tree).encode(), headers=headers)
