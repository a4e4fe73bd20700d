"""Time as an argument.

Nothing else in Kobune asks the system for the time, so a test can stop it, and fifty clusters can each have their own.
"""

import asyncio
import heapq
import time
from typing import Protocol


class Clock(Protocol):
    """What time it is, and how to wait."""

    def now(self) -> float:
        """Return the seconds since 1970-01-01 UTC."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`; at once if they are not positive."""


class SystemClock:
    """The time of this machine."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0))


class ManualClock:
    """Time that moves only when told to: for tests and simulations."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._order = 0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        wake = asyncio.get_running_loop().create_future()
        self._order += 1
        heapq.heappush(self._sleepers, (self._now + seconds, self._order, wake))
        await wake

    async def advance(self, seconds: float) -> None:
        """Move on by `seconds`, waking each sleeper at its own time and letting it run."""
        end = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now, _, wake = heapq.heappop(self._sleepers)
            if not wake.done():
                wake.set_result(None)
            for _ in range(10):  # a woken task may itself wake others before it sleeps again
                await asyncio.sleep(0)
        self._now = end
