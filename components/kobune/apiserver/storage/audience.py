"""Everybody who is told what has happened to a store: subscribers at once, watches when they come to it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Final

from kobune.apiserver.storage.errors import Compacted, StoreClosed
from kobune.apiserver.storage.state import State
from kobune.apiserver.storage.store import Changes, Event, within

logger = logging.getLogger(__name__)

WATCH_STEP: Final = 1000
"""How many revisions a watch takes in at once."""


class Audience:
    """Those who follow a state."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._subscribers: list[Callable[[Sequence[Event]], None]] = []
        self._changed = asyncio.Event()
        self._over = False

    def subscribe(self, callback: Callable[[Sequence[Event]], None]) -> Callable[[], None]:
        """Call back with all that is told from now on; returns the way to unsubscribe."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    def tell(self, events: Sequence[Event]) -> list[Exception]:
        """Tell what the state has taken in, and return what subscribers raised: those now have a hole."""
        raised = []
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(events)
            except Exception as error:
                logger.exception("store: a subscriber lost events")
                raised.append(error)
        self._changed.set()
        self._changed.clear()
        return raised

    def leave(self) -> None:
        """End every watch that has seen everything: there will be no more."""
        self._over = True
        self._changed.set()

    async def watch(self, key: bytes, range_end: bytes, after: int) -> AsyncGenerator[Changes, None]:
        """Yield what happens past a revision, as `Store.watch` promises."""
        while True:
            if after + 1 < self._state.compacted:
                raise Compacted(after + 1, self._state.compacted)
            steps = self._state.since(after, WATCH_STEP) if after < self._state.revision else ()
            if steps:
                after = steps[-1][0].entry.mod_revision
                yield Changes(
                    after,
                    [event for events in steps for event in events if within(event.entry.key, key, range_end)],
                )
            elif self._over:
                raise StoreClosed("the store was closed")
            else:
                await self._changed.wait()
