"""The proxy of real sockets: one for each frontend, and a splice for each connection."""

import asyncio
import resource
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Self, TypeAlias

from kobune.apimachinery.clock import Clock
from kobune.kube_proxy.backends.backend import FrontendState
from kobune.kube_proxy.backends.userspace.datagrams import Datagrams
from kobune.kube_proxy.backends.userspace.listener import Listener
from kobune.kube_proxy.backends.userspace.opening import open_socket
from kobune.kube_proxy.backends.userspace.poller import Poller
from kobune.kube_proxy.ruleset import Address, Frontend, Problem, Ruleset

TICK = 1.0
"""Seconds between looks at what time alone changes."""

Server: TypeAlias = Listener | Datagrams
SERVERS: Mapping[str, type[Listener] | type[Datagrams]] = {"TCP": Listener, "UDP": Datagrams}


class Userspace:
    """A `Backend` that listens itself. A frontend without endpoints has no socket, so that connections are refused."""

    def __init__(self, *, clock: Clock, first_port: int = 0) -> None:
        """Describe it; ports below `first_port` are taken for ones that cannot be bound."""
        self._clock = clock
        self._first_port = first_port
        self._servers: dict[Address, Server] = {}
        self._leaving: list[Listener] = []
        """Closed, but with connections that live on."""
        self._ruleset = Ruleset()
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> Self:
        raise_file_limit()
        self._poller = Poller()
        self._poller.start()
        self._exit.callback(self._stop)
        tasks = await self._exit.enter_async_context(asyncio.TaskGroup())
        ticking = tasks.create_task(self._tick())
        self._exit.callback(ticking.cancel)
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._exit.aclose()

    async def apply(self, ruleset: Ruleset) -> Sequence[Problem]:
        """Serve this ruleset; see `Backend`. All of it happens in one turn of the event loop."""
        wanted = {address: frontend for address, frontend in ruleset.frontends.items() if frontend.endpoints}
        for address in [address for address in self._servers if address not in wanted]:
            self._close(self._servers.pop(address))
        problems: list[Problem] = []
        for address, frontend in wanted.items():
            server = self._servers.get(address)
            if server is None:
                problems += self._open(frontend, ruleset)
                continue
            if server.frontend is not frontend and server.frontend != frontend:
                server.change(frontend)
            problems += mapped(frontend, server.listening)
        self._ruleset = ruleset
        return problems

    def states(self) -> Sequence[FrontendState]:
        """Return how each frontend is doing."""
        return [self._state(frontend) for frontend in self._ruleset.frontends.values()]

    def _state(self, frontend: Frontend) -> FrontendState:
        server = self._servers.get(frontend.address)
        if server is None:
            return FrontendState(frontend, "")
        return FrontendState(frontend, where(server.listening), server.connections, server.accepted)

    def _open(self, frontend: Frontend, ruleset: Ruleset) -> list[Problem]:
        address = frontend.address
        taken = ruleset.frontends.keys()
        try:
            bound = open_socket(address, first_port=self._first_port, taken=taken)
        except OSError as error:
            message = f"not listening on {address}: {error.strerror}; will try again"
            return [Problem(frontend.service, "AddressUnavailable", message, passing=True)]
        server = self._servers[address] = SERVERS[address.protocol](frontend, bound, self._poller, self._clock)
        return mapped(frontend, server.listening)

    def _close(self, server: Server) -> None:
        server.close()
        if isinstance(server, Listener) and server.connections:
            self._leaving.append(server)

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(TICK)
            for server in self._servers.values():
                server.resume()
            self._leaving = [server for server in self._leaving if server.connections]

    def _stop(self) -> None:
        for server in self._servers.values():
            server.close()
        for server in (*self._servers.values(), *self._leaving):
            server.abort()
        self._servers.clear()
        self._leaving.clear()
        self._poller.stop()


def mapped(frontend: Frontend, listening: Address) -> list[Problem]:
    """Return what is to be said when a frontend had to listen on another port."""
    port = frontend.address.port
    if listening.port == port:
        return []
    why = "which needs root or net.ipv4.ip_unprivileged_port_start"
    message = f"listening on {where(listening)} instead of :{port}, {why}"
    return [Problem(frontend.service, "PortMapped", message)]


def where(listening: Address) -> str:
    return f"{listening.ip}:{listening.port}"


def raise_file_limit() -> None:
    """Let this process have as many sockets as it may: a connection takes two."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
