"""What a container says, for those who listen to it now."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MOST_WAITING: Final = 1024


class Listening:
    """One listener's lines, in order."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)

    async def next(self) -> bytes:
        """Return the next line; empty at the end."""
        return await self._queue.get()

    def hear(self, line: bytes) -> None:
        """Take a line. Whoever does not keep up misses what is oldest, as with a terminal that scrolls."""
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(line)


class Output:
    """Tells everyone who listens."""

    def __init__(self) -> None:
        self._listening: set[Listening] = set()

    @contextmanager
    def listening(self) -> Iterator[Listening]:
        """Give what is said from now on."""
        listener = Listening()
        self._listening.add(listener)
        try:
            yield listener
        finally:
            self._listening.discard(listener)

    def say(self, text: str) -> None:
        """Tell a line, or the end of it all if it is empty."""
        for listener in self._listening:
            listener.hear(text.encode())
