"""A frontend's listening TCP socket."""

import errno
import logging
import socket
from ipaddress import IPv4Address, IPv4Network

from kobune.apimachinery.clock import Clock
from kobune.kube_proxy.backends.userspace.balancer import Balancers
from kobune.kube_proxy.backends.userspace.poller import READ, Poller
from kobune.kube_proxy.backends.userspace.splice import RESET, Splice
from kobune.kube_proxy.endpoints import Endpoint
from kobune.kube_proxy.ruleset import Frontend
from kobune.kube_proxy.unsupported import is_network

log = logging.getLogger(__name__)

BACKLOG = 1024
AT_ONCE = 64
"""Connections taken before the others get their turn."""
EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Listener:
    """Accepts a frontend's connections, and splices each to an endpoint."""

    def __init__(self, frontend: Frontend, listening: socket.socket, poller: Poller, clock: Clock) -> None:
        """Serve on a socket that is bound; it is closed with the listener."""
        self._socket = listening
        self._poller = poller
        self._clock = clock
        self._splices: set[Splice] = set()
        self._paused = False
        self.accepted = 0
        self.listening = frontend.address._replace(port=listening.getsockname()[1])
        """Where it really listens."""
        self.frontend = frontend
        self._balancers = Balancers(frontend)
        self._sources = networks(frontend.sources)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it
        listening.listen(BACKLOG)
        poller.watch(listening.fileno(), READ, self._accept)

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._splices)

    def change(self, frontend: Frontend) -> None:
        """Lead new connections to where this frontend leads."""
        self.frontend = frontend
        self._balancers.change(frontend)
        self._sources = networks(frontend.sources)

    def close(self) -> None:
        """Accept no more; connections live on."""
        self._poller.close(self._socket)

    def abort(self) -> None:
        """Break off every connection."""
        for splice in list(self._splices):
            splice.abort()

    def _accept(self, events: int) -> None:
        for _ in range(AT_ONCE):
            try:
                client, (address, _port) = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in EXHAUSTED:
                    self._pause(error)
                    return
                continue  # that client has left already
            client.setblocking(False)
            if not is_let_in(address, self._sources):
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                client.close()
                continue
            self.accepted += 1
            candidates = self._balancers.of(address).candidates(address, self._clock.now())
            splice = Splice(self._poller, client, address, candidates, took=self._took, done=self._splices.discard)
            self._splices.add(splice)
            splice.start()

    def _took(self, client: str, endpoint: Endpoint) -> None:
        self._balancers.of(client).took(client, endpoint, self._clock.now())

    def _pause(self, error: OSError) -> None:
        self._paused = True
        self._poller.forget(self._socket.fileno())
        log.error("kube-proxy: cannot take connections to %s for now: %s", self.frontend.address, error.strerror)

    def resume(self) -> None:
        """Accept again, if that was not possible for a while."""
        if self._paused:
            self._paused = False
            self._poller.watch(self._socket.fileno(), READ, self._accept)


def networks(sources: tuple[str, ...]) -> list[IPv4Network] | None:
    """Return the networks that clients may come from; None for any. What is no network lets nobody in."""
    if not sources:
        return None
    return [IPv4Network(cidr.strip(), strict=False) for cidr in sources if is_network(cidr)]


def is_let_in(client: str, sources: list[IPv4Network] | None) -> bool:
    """Whether a client may connect."""
    return sources is None or any(IPv4Address(client) in network for network in sources)
