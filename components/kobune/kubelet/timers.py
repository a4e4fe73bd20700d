"""Calls at set times, in one task however many there are."""

import asyncio
import heapq
from collections.abc import Callable

from kobune.apimachinery.clock import Clock


class Timer:
    """A call to come. `cancel` it, and it never comes."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None


class Timers:
    """Makes calls when their time has come, while `run` is running."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._order = 0
        self._heap: list[tuple[float, int, Timer]] = []
        self._sooner = asyncio.Event()

    def at(self, when: float, call: Callable[[], None]) -> Timer:
        """Have `call` called at a time of the clock, or right away if that has passed."""
        timer = Timer(call)
        self._order += 1
        heapq.heappush(self._heap, (when, self._order, timer))
        if self._heap[0][2] is timer:
            self._sooner.set()
        return timer

    async def run(self) -> None:
        """Make the calls, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._sooner.clear()
                self._call_due()
                alarm = group.create_task(self._ring(self._heap[0][0])) if self._heap else None
                await self._sooner.wait()
                if alarm is not None:
                    alarm.cancel()

    async def _ring(self, when: float) -> None:
        await self._clock.sleep(when - self._clock.now())
        self._sooner.set()

    def _call_due(self) -> None:
        while self._heap and (self._heap[0][2].call is None or self._heap[0][0] <= self._clock.now()):
            timer = heapq.heappop(self._heap)[2]
            if timer.call is not None:
                timer.call()
