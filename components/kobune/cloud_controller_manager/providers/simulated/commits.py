"""Puts the cloud's state on disk: one write for all who wait for one."""

import asyncio

from kobune.cloud_controller_manager.providers.simulated.cloud import SimulatedCloud
from kobune.cloud_controller_manager.providers.simulated.state import StateFile


class Commits:
    """What calls wait for before they answer that something is done."""

    def __init__(self, cloud: SimulatedCloud, file: StateFile) -> None:
        self._cloud = cloud
        self._file = file
        self._lock = asyncio.Lock()
        self._written = cloud.version

    async def all(self) -> None:
        """Return when everything that is so now is on disk."""
        wanted = self._cloud.version
        if self._written >= wanted:
            return
        async with self._lock:
            if self._written < wanted:
                version, text = self._cloud.version, self._cloud.text()
                # In a thread: meanwhile more changes come, which the next write has all at once.
                await asyncio.to_thread(self._file.write, text)
                self._written = version
