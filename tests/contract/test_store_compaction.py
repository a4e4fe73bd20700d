"""History is given up by age, and by nothing else."""

import asyncio
from random import Random

from kobune.apimachinery.clock import ManualClock
from kobune.apiserver.storage import memory
from kobune.apiserver.storage.compaction import compact_by_age


async def test_what_is_older_than_the_kept_time_is_given_up() -> None:
    clock = ManualClock()
    async with memory.open_store(clock=clock, random=Random(1)) as store:
        compacting = asyncio.ensure_future(compact_by_age(store, clock=clock, keep=300))
        await asyncio.sleep(0)
        await store.put(b"a", b"1")
        await clock.advance(301)
        assert store.compacted == 0, "it is not old enough"
        await store.put(b"a", b"2")
        await clock.advance(300)
        assert store.compacted == 2
        await clock.advance(600)
        assert store.compacted == 3
        compacting.cancel()
