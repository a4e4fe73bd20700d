"""A frontend's UDP socket. Whoever sends to it keeps an endpoint, and gets its answers, until both are silent."""

import socket
from collections.abc import Callable
from dataclasses import dataclass

from kobune.apimachinery.clock import Clock
from kobune.kube_proxy.backends.userspace.balancer import Balancers
from kobune.kube_proxy.backends.userspace.listener import is_let_in, networks
from kobune.kube_proxy.backends.userspace.poller import READ, Poller
from kobune.kube_proxy.endpoints import Endpoint
from kobune.kube_proxy.ruleset import Frontend

SILENCE = 60.0
"""Seconds after which a client that comes back may get another endpoint."""
CLIENTS_LIMIT = 4096
AT_ONCE = 64

ClientAddress = tuple[str, int]


@dataclass
class Association:
    """One client's socket towards its endpoint."""

    socket: socket.socket
    endpoint: Endpoint
    heard: float


class Datagrams:
    """Carries datagrams between a frontend's clients and its endpoints."""

    def __init__(self, frontend: Frontend, bound: socket.socket, poller: Poller, clock: Clock) -> None:
        """Serve on a socket that is bound; it is closed with this."""
        self._socket = bound
        self._poller = poller
        self._clock = clock
        self._clients: dict[ClientAddress, Association] = {}
        self.accepted = 0
        self.listening = frontend.address._replace(port=bound.getsockname()[1])
        """Where it really listens."""
        self.frontend = frontend
        self._balancers = Balancers(frontend)
        self._sources = networks(frontend.sources)
        bound.setblocking(False)
        poller.watch(bound.fileno(), READ, self._from_clients)

    @property
    def connections(self) -> int:
        """How many clients have an endpoint."""
        return len(self._clients)

    def change(self, frontend: Frontend) -> None:
        """Lead to where this frontend leads. Clients of endpoints that are gone get others: nothing tells them."""
        self.frontend = frontend
        self._balancers.change(frontend)
        self._sources = networks(frontend.sources)
        for client, kept in list(self._clients.items()):
            if kept.endpoint not in frontend.endpoints_for(client[0]):
                self._forget(client)

    def resume(self) -> None:
        """Forget the clients that have been silent for long."""
        oldest = self._clock.now() - SILENCE
        for client, kept in list(self._clients.items()):
            if kept.heard < oldest:
                self._forget(client)

    def close(self) -> None:
        """Serve no more: without a socket to answer from, nobody can be answered."""
        self.abort()
        self._poller.close(self._socket)

    def abort(self) -> None:
        """Forget every client."""
        for client in list(self._clients):
            self._forget(client)

    def _from_clients(self, events: int) -> None:
        buffer = self._poller.buffer
        for _ in range(AT_ONCE):
            try:
                size, client = self._socket.recvfrom_into(buffer)
            except BlockingIOError:
                return
            except OSError:
                continue  # an earlier answer did not arrive
            kept = self._clients.get(client) or self._associate(client)
            if kept is None:
                continue
            kept.heard = self._clock.now()
            try:
                kept.socket.send(buffer[:size])
            except BlockingIOError:
                continue  # datagrams may be lost
            except OSError:
                self._forget(client)  # its endpoint has refused an earlier one

    def _associate(self, client: ClientAddress) -> Association | None:
        if not is_let_in(client[0], self._sources):
            return None
        if len(self._clients) >= CLIENTS_LIMIT:
            self._forget(min(self._clients, key=lambda known: self._clients[known].heard))
        now = self._clock.now()
        balancer = self._balancers.of(client[0])
        for endpoint in balancer.candidates(client[0], now):
            try:
                connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
                connection.connect((endpoint.ip, endpoint.port))
            except OSError:
                continue
            balancer.took(client[0], endpoint, now)
            self.accepted += 1
            kept = self._clients[client] = Association(connection, endpoint, now)
            self._poller.watch(connection.fileno(), READ, self._answers(client, kept))
            return kept
        return None

    def _answers(self, client: ClientAddress, kept: Association) -> Callable[[int], None]:
        def on_events(events: int) -> None:
            try:
                size = kept.socket.recv_into(self._poller.buffer)
                self._socket.sendto(self._poller.buffer[:size], client)
            except BlockingIOError:
                return
            except OSError:
                self._forget(client)
                return
            kept.heard = self._clock.now()

        return on_events

    def _forget(self, client: ClientAddress) -> None:
        self._poller.close(self._clients.pop(client).socket)
