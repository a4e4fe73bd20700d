"""A whole store, read a page at a time, as it was at one revision while writes go on."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.store import TO_THE_END, Entry, Store

PAGE: Final = 1000
"""How many entries are read at most before others have their turn…"""
WEIGHT: Final = 1 << 20
"""…or about so many bytes, going by the page before."""


async def pages(store: Store, clock: Clock, *, revision: int = 0) -> AsyncIterator[Sequence[Entry]]:
    """Yield all entries, in order, as of a revision, the current one if that is 0; `Compacted` if it goes away."""
    start, limit = b"\0", PAGE // 10
    while True:
        found = store.range(start, TO_THE_END, revision=revision, limit=limit)
        revision = revision or found.revision
        yield found.entries
        if not found.more:
            return
        start = found.entries[-1].key + b"\0"
        weight = sum(len(entry.value) for entry in found.entries)
        limit = min(PAGE, 1 + WEIGHT * len(found.entries) // (weight + 1))
        await clock.sleep(0)
