"""Waiting for a state of the world, never for seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")


async def until(state: Callable[[], Awaitable[Found]], seconds: float = 10) -> Found:
    """Return what state finds, once that is something; TimeoutError after seconds."""
    async with asyncio.timeout(seconds):
        while not (found := await state()):  # noqa: ASYNC110 - a state of the world, not an event
            await asyncio.sleep(0.01)
    return found
