"""A store that lives and dies with its process: for tests, and where LevelDB is not to be had."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.mvcc import MvccStore, running
from kobune.apiserver.storage.rows import Loaded
from kobune.apiserver.storage.store import Store


@asynccontextmanager
async def open_store(*, clock: Clock, random: Random) -> AsyncIterator[Store]:
    """Serve an empty store for the length of the `with`. Its writes are acknowledged, and visible, a turn later."""
    store = MvccStore(clock=clock, random=random)
    store.start(Loaded())
    async with running(store):
        yield store
