"""Telling everybody who listens what happens to containers."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from kobune.vendor.cri import ContainerEventResponse

WAITING_LIMIT = 50_000


class Overrun(Exception):
    """The listener is too slow: it missed something, and must ask anew how things are."""


class Listening:
    """What one listener has not heard yet."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[ContainerEventResponse] = asyncio.Queue()
        self._overrun = False

    def tell(self, event: ContainerEventResponse) -> None:
        """Have an event heard later."""
        if self._queue.qsize() < WAITING_LIMIT:
            self._queue.put_nowait(event)
        else:
            self._overrun = True

    async def next(self) -> ContainerEventResponse:
        """Return the next event, as soon as there is one; `Overrun` once any was missed."""
        if self._overrun:
            raise Overrun
        return await self._queue.get()


class Broadcast:
    """Container events for any number of listeners."""

    def __init__(self) -> None:
        self._listeners: set[Listening] = set()

    def __bool__(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def tell(self, event: ContainerEventResponse) -> None:
        """Tell everybody."""
        for listener in self._listeners:
            listener.tell(event)

    @contextmanager
    def listening(self) -> Iterator[Listening]:
        """Hear, while inside, all that happens from now on."""
        listener = Listening()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
