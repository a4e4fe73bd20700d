"""Keys that wait to be reconciled."""

import asyncio
import heapq

from kobune.apimachinery.clock import Clock


class WorkQueue:
    """An ordered set of keys, with keys that come back later. For one taker; `run` must be running for the latter.

    A key that is added while it waits is there once: whoever takes it looks at the state of the world, not at what
    happened how often.
    """

    def __init__(self, clock: Clock, *, first: float = 0.005, longest: float = 30.0) -> None:
        self._clock = clock
        self._first = first
        self._longest = longest
        self._ready: dict[str, None] = {}
        self._filled = asyncio.Event()
        self._failures: dict[str, int] = {}
        self._due: dict[str, float] = {}
        self._timers: list[tuple[float, str]] = []
        self._sooner = asyncio.Event()

    def __len__(self) -> int:
        return len(self._ready)

    def add(self, key: str) -> None:
        """Have the key taken, once, soon."""
        self._ready[key] = None
        self._filled.set()

    def add_after(self, key: str, seconds: float) -> None:
        """Have the key taken after `seconds`, or sooner if that was asked for before."""
        if seconds <= 0:
            self.add(key)
            return
        due = self._clock.now() + seconds
        if due >= self._due.get(key, float("inf")):
            return
        self._due[key] = due
        heapq.heappush(self._timers, (due, key))
        if self._timers[0][1] == key:
            self._sooner.set()

    def retry(self, key: str) -> None:
        """Have the key taken again after a wait that doubles with each failure in a row."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self.add_after(key, min(self._first * 2 ** min(failures, 30), self._longest))

    def forget(self, key: str) -> None:
        """Note that the key's failures are over."""
        self._failures.pop(key, None)

    async def take(self, limit: int) -> list[str]:
        """Return up to `limit` keys, the longest waiting first, as soon as there is one."""
        await self._filled.wait()
        keys = list(self._ready)[:limit] if len(self._ready) > limit else list(self._ready)
        for key in keys:
            del self._ready[key]
        if not self._ready:
            self._filled.clear()
        return keys

    async def run(self) -> None:
        """Bring back the delayed keys when their time has come, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._sooner.clear()
                self._release()
                alarm = group.create_task(self._ring(self._timers[0][0])) if self._timers else None
                await self._sooner.wait()
                if alarm is not None:
                    alarm.cancel()

    async def _ring(self, at: float) -> None:
        await self._clock.sleep(at - self._clock.now())
        self._sooner.set()

    def _release(self) -> None:
        now = self._clock.now()
        while self._timers and self._timers[0][0] <= now:
            due, key = heapq.heappop(self._timers)
            if self._due.get(key) == due:  # not one that was overtaken by a sooner wish
                del self._due[key]
                self.add(key)
