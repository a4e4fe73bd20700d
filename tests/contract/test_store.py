"""Every store that runs in this process keeps the contract."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from kobune.apimachinery.clock import ManualClock
from kobune.apiserver.storage import leveldb, memory
from kobune.apiserver.storage.store import Store
from kobune.testing.store_contract import StoreContract


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


class TestMemory(StoreContract):
    @pytest.fixture
    async def store(self, clock: ManualClock) -> AsyncIterator[Store]:
        async with memory.open_store(clock=clock, random=Random(1)) as store:
            yield store


class TestLevelDB(StoreContract):
    @pytest.fixture
    async def store(self, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Store]:
        async with leveldb.open_store(tmp_path, clock=clock, random=Random(1)) as store:
            yield store
