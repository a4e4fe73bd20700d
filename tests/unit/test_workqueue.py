"""Keys wait once, come back later, and wait longer the more often they fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypothesis import given
from hypothesis import strategies as st

from kobune.apimachinery.clock import ManualClock
from kobune.client import WorkQueue


@asynccontextmanager
async def running(queue: WorkQueue) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(queue.run())
        await asyncio.sleep(0)
        yield
        task.cancel()


async def test_a_key_that_is_added_often_is_taken_once_and_the_longest_waiting_first():
    queue = WorkQueue(ManualClock())
    for key in "abacab":
        queue.add(key)
    assert len(queue) == 3
    assert await queue.take(2) == ["a", "b"]
    assert await queue.take(2) == ["c"]


async def test_a_delayed_key_comes_when_its_time_has_come_and_the_sooner_wish_counts():
    clock = ManualClock()
    queue = WorkQueue(clock)
    async with running(queue):
        queue.add_after("a", 10)
        queue.add_after("a", 5)
        queue.add_after("a", 20)
        queue.add_after("b", 7)
        await clock.advance(4.9)
        assert len(queue) == 0
        await clock.advance(0.2)
        assert await queue.take(9) == ["a"]
        await clock.advance(30)
        assert await queue.take(9) == ["b"]


async def test_a_key_that_fails_waits_twice_as_long_each_time_until_it_succeeds():
    clock = ManualClock()
    queue = WorkQueue(clock, first=1, longest=5)
    async with running(queue):
        for wait in (1, 2, 4, 5, 5):
            queue.retry("a")
            await clock.advance(wait - 0.1)
            assert len(queue) == 0
            await clock.advance(0.2)
            assert await queue.take(1) == ["a"]
        queue.forget("a")
        queue.retry("a")
        await clock.advance(1.1)
        assert await queue.take(1) == ["a"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=30))
def test_no_wish_is_lost(wishes):
    async def check() -> None:
        clock = ManualClock()
        queue = WorkQueue(clock)
        async with running(queue):
            for key, delay in wishes:
                queue.add_after(key, delay)
            await clock.advance(10)
            seen: set[str] = set()
            async with asyncio.timeout(5):
                while seen != {key for key, _ in wishes}:
                    seen |= set(await queue.take(9))

    asyncio.run(check())
