"""A whole store, read a page at a time, as it was at one revision while writes go on."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.store import TO_THE_END, Entry, Store

PAGE: Final = 1000
"""How many entries are read before others have their turn."""


async def pages(store: Store, clock: Clock, *, revision: int = 0) -> AsyncIterator[Sequence[Entry]]:
    """Yield all entries, in order, as of a revision, the current one if that is 0; `Compacted` if it goes away."""
    start = b"\0"
    while True:
        found = store.range(start, TO_THE_END, revision=revision, limit=PAGE)
        revision = found.revision
        yield found.entries
        if not found.more:
            return
        start = found.entries[-1].key + b"\0"
        await clock.sleep(0)
