"""Many sockets in one event loop, cheaply.

An epoll of our own hangs in the event loop as a single reader. A connection costs one entry in a table here instead of
a transport with its handles there, and errors of a socket reach its owner: uvloop reports a reset connection to
nobody whom it concerns.
"""

import asyncio
import logging
import select
import socket
from collections.abc import Callable

log = logging.getLogger(__name__)

READ = select.EPOLLIN
WRITE = select.EPOLLOUT
BROKEN = select.EPOLLERR | select.EPOLLHUP
AT_ONCE = 512
"""Events between two turns of the rest of the process."""
BUFFER = 128 << 10

OnEvents = Callable[[int], None]


class Poller:
    """Calls back when sockets are ready. One that is ready is told so again and again until it is no longer."""

    def __init__(self) -> None:
        self.buffer = memoryview(bytearray(BUFFER))
        """For whoever is called, until it returns."""
        self._epoll = select.epoll()
        self._owners: dict[int, OnEvents] = {}
        self._closing: list[socket.socket] = []
        self._busy = False

    def start(self) -> None:
        """Begin to call back, in the loop that runs."""
        asyncio.get_running_loop().add_reader(self._epoll.fileno(), self._poll)

    def stop(self) -> None:
        """End it; the sockets are their owners'."""
        asyncio.get_running_loop().remove_reader(self._epoll.fileno())
        self._owners.clear()
        self._epoll.close()

    def watch(self, descriptor: int, events: int, owner: OnEvents) -> None:
        """Have `owner` called with what happens, of these events; errors are always told."""
        self._owners[descriptor] = owner
        self._epoll.register(descriptor, events)

    def change(self, descriptor: int, events: int) -> None:
        """Wait for other events than before."""
        self._epoll.modify(descriptor, events)

    def forget(self, descriptor: int) -> None:
        """Call no longer; not even with what has happened already."""
        if self._owners.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def close(self, connection: socket.socket) -> None:
        """Forget a socket and close it."""
        self.forget(connection.fileno())
        if self._busy:
            # Its number must not be given to a new socket while events of the old one are still to be told.
            self._closing.append(connection)
        else:
            connection.close()

    def _poll(self) -> None:
        self._busy = True
        try:
            for descriptor, events in self._epoll.poll(0, AT_ONCE):
                owner = self._owners.get(descriptor)
                if owner is None:
                    continue
                try:
                    owner(events)
                except Exception:  # one odd connection must not stop the others
                    log.exception("cannot handle what happened to a connection")
                    self.forget(descriptor)
        finally:
            self._busy = False
            for connection in self._closing:
                connection.close()
            self._closing.clear()
