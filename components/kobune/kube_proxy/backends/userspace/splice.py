"""One connection of a client, joined to one of an endpoint.

    client ═══════ Side ◄── pending ── Side ═══════ endpoint
                     └── pending ──►

What arrives at one side leaves at the other. While a side cannot take what is `pending` for it, the other is not read.
The end of what one side sends is passed on as just that: the other direction lives on until it ends, too.
"""

import errno
import logging
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress

from kobune.kube_proxy.backends.userspace.poller import BROKEN, READ, WRITE, OnEvents, Poller
from kobune.kube_proxy.endpoints import Endpoint

log = logging.getLogger(__name__)

UNDER_WAY = (errno.EINPROGRESS, errno.EALREADY)
CONNECTED = (0, errno.EISCONN)
RESET = struct.pack("ii", 1, 0)
SYN_RETRIES = 2
"""An endpoint that does not answer at all is given up after about seven seconds."""
LOCAL = "127.0.0.1"
BIND_ADDRESS_NO_PORT = 24
"""Linux' IP_BIND_ADDRESS_NO_PORT, which Python does not name: choose the port when the other end is known."""


class Side:
    """One end of a splice."""

    __slots__ = ("descriptor", "ended", "events", "on_events", "pending", "socket")

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.descriptor = connection.fileno()
        self.pending = b""
        """What this side has still to be sent."""
        self.ended = False
        """Whether everything that this side will ever send has been read."""
        self.events: int | None = None
        """What it is watched for; None when it is not watched at all."""
        self.on_events: OnEvents


def interest(side: Side, other: Side) -> int | None:
    """Return the events to watch a side for; None for not even its errors."""
    reading = 0 if side.ended or other.pending else READ
    writing = WRITE if side.pending else 0
    if reading or writing:
        return reading | writing
    # One that has said all is watched for breaking off. Not so one that has also been told all: both of its directions
    # are closed, which epoll calls an error, and tells again and again. Nor one that may be in that state unread.
    return 0 if side.ended and not other.ended else None


class Splice:
    """Connects a client to the first endpoint that takes it, and carries bytes until both are done."""

    __slots__ = ("_address", "_candidates", "_client", "_closed", "_done", "_endpoint", "_poller", "_took", "_upstream")

    def __init__(
        self,
        poller: Poller,
        client: socket.socket,
        address: str,
        candidates: Iterator[Endpoint],
        *,
        took: Callable[[str, Endpoint], None],
        done: Callable[["Splice"], None],
    ) -> None:
        """Take over a client's connection; `took` hears which endpoint it has got, `done` that it is over."""
        self._poller = poller
        self._address = address
        self._candidates = candidates
        self._took = took
        self._done = done
        self._closed = False
        self._client = Side(client)
        self._client.on_events = self._on_client
        self._upstream: Side | None = None
        self._endpoint = Endpoint("", 0)

    def start(self) -> None:
        """Try one endpoint after the other."""
        for endpoint in self._candidates:
            try:
                connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            except OSError as failure:
                log.error("kube-proxy: cannot connect to %s: %s", endpoint.ip, failure.strerror)
                break
            error = connect(connection, endpoint, self._address)
            if error not in CONNECTED and error not in UNDER_WAY:
                connection.close()
                continue
            self._endpoint = endpoint
            upstream = self._upstream = Side(connection)
            if error in UNDER_WAY:
                upstream.on_events = self._on_answer
                self._wait(upstream, WRITE)
            else:
                self._connected(upstream)
            return
        self.abort()

    def abort(self) -> None:
        """Break off both connections, so that both ends notice."""
        for side in (self._client, self._upstream):
            if side is not None and not self._closed:
                with suppress(OSError):  # it is gone already
                    side.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._close()

    def _on_answer(self, events: int) -> None:
        """An endpoint has answered: yes or no."""
        upstream = self._upstream
        assert upstream is not None
        if upstream.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._poller.close(upstream.socket)
            self._upstream = None
            self.start()
        else:
            self._connected(upstream)

    def _connected(self, upstream: Side) -> None:
        self._took(self._address, self._endpoint)
        upstream.on_events = self._on_upstream
        self._poller.forget(upstream.descriptor)
        upstream.events = None
        self._wait(upstream, READ)
        self._wait(self._client, READ)

    def _on_client(self, events: int) -> None:
        assert self._upstream is not None
        self._on(self._client, self._upstream, events)

    def _on_upstream(self, events: int) -> None:
        assert self._upstream is not None
        self._on(self._upstream, self._client, events)

    def _on(self, side: Side, other: Side, events: int) -> None:
        if events & WRITE or side.pending:
            self._flush(side, other)
        if self._closed:
            return
        if side.ended:
            if events & BROKEN:
                self.abort()
        elif events & (READ | BROKEN) and not other.pending:
            self._read(side, other)

    def _read(self, side: Side, other: Side) -> None:
        buffer = self._poller.buffer
        try:
            size = side.socket.recv_into(buffer)
        except BlockingIOError:
            return
        except OSError:
            self.abort()
            return
        if not size:
            side.ended = True
            self._pass_end(side, other)
            return
        try:
            sent = other.socket.send(buffer[:size])
        except BlockingIOError:
            sent = 0
        except OSError:
            self.abort()
            return
        if sent < size:
            other.pending = bytes(buffer[sent:size])
            self._wait_for_both(side, other)

    def _flush(self, side: Side, other: Side) -> None:
        if not side.pending:
            return
        try:
            sent = side.socket.send(side.pending)
        except BlockingIOError:
            return
        except OSError:
            self.abort()
            return
        side.pending = side.pending[sent:]
        if not side.pending and other.ended:
            self._pass_end(other, side)
        else:
            self._wait_for_both(side, other)

    def _pass_end(self, side: Side, other: Side) -> None:
        """Tell `other` that `side` has nothing more to say, if it has heard everything else."""
        if not other.pending:
            if other.ended and not side.pending:
                self._close()
                return
            try:
                other.socket.shutdown(socket.SHUT_WR)
            except OSError:
                self.abort()
                return
        self._wait_for_both(side, other)

    def _wait_for_both(self, side: Side, other: Side) -> None:
        self._wait(side, interest(side, other))
        self._wait(other, interest(other, side))

    def _wait(self, side: Side, events: int | None) -> None:
        if events == side.events:
            return
        if events is None:
            self._poller.forget(side.descriptor)
        elif side.events is None:
            self._poller.watch(side.descriptor, events, side.on_events)
        else:
            self._poller.change(side.descriptor, events)
        side.events = events

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for side in (self._client, self._upstream):
            if side is not None:
                self._poller.close(side.socket)
                del side.on_events  # it refers to us: without this, both would wait for the garbage collector
        self._done(self)


def connect(connection: socket.socket, endpoint: Endpoint, client: str) -> int:
    """Begin to connect, and return the error number: on one machine it is usually done at once."""
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, SYN_RETRIES)
        if client.startswith("127.") and client != LOCAL:
            # The endpoint sees who it is that connects, as it does in a real cluster.
            connection.setsockopt(socket.IPPROTO_IP, BIND_ADDRESS_NO_PORT, 1)
            connection.bind((client, 0))
        error = connection.connect_ex((endpoint.ip, endpoint.port))
        if error in UNDER_WAY:
            # On a loopback device the answer was there before the call returned; asking again collects it.
            error = connection.connect_ex((endpoint.ip, endpoint.port))
    except OSError as failure:
        return failure.errno or errno.EIO
    return error
