"""Losing the apiserver is said once, and once that it is back."""

import asyncio
import logging

from kobune.apimachinery.clock import Clock

log = logging.getLogger(__name__)


class Outage:
    """Whether the apiserver is out of reach, as one client sees it."""

    def __init__(self) -> None:
        self._lost = False
        self._back = asyncio.Event()

    @property
    def lost(self) -> bool:
        return self._lost

    def begins(self, why: str) -> None:
        """Note that a request did not reach the apiserver."""
        if not self._lost:
            self._lost = True
            self._back.clear()
            log.warning("lost the apiserver, trying again until it is back: %s", why)

    def ends(self) -> None:
        """Note that the apiserver answered."""
        if self._lost:
            self._lost = False
            self._back.set()
            log.info("the apiserver is back")

    async def pause(self, seconds: float, clock: Clock) -> None:
        """Wait for so long; while the apiserver is lost, only until somebody finds that it is back."""
        if not self._lost:
            await clock.sleep(seconds)
            return
        async with asyncio.TaskGroup() as group:
            waits = {group.create_task(clock.sleep(seconds)), group.create_task(self._wait())}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()

    async def _wait(self) -> None:
        await self._back.wait()
