"""The store on a real etcd keeps the contract."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from kobune.apimachinery.clock import ManualClock, SystemClock
from kobune.apiserver.storage.remote.endpoints import TlsFiles, parse
from kobune.apiserver.storage.remote.store import open_store
from kobune.apiserver.storage.store import Store
from kobune.testing.etcd_servers import EtcdServers, etcd_binary
from kobune.testing.store_contract import StoreContract

pytestmark = pytest.mark.skipif(etcd_binary() is None, reason="there is no etcd: apt-get install etcd-server")


class RealClock(ManualClock):
    """Time as etcd has it: to advance means to wait."""

    def now(self) -> float:
        return SystemClock().now()

    async def sleep(self, seconds: float) -> None:
        await SystemClock().sleep(seconds)

    async def advance(self, seconds: float) -> None:
        await self.sleep(seconds)


@pytest.fixture
def clock() -> ManualClock:
    return RealClock()


class TestEtcd(StoreContract):
    @pytest.fixture
    async def store(self, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Store]:
        async with (
            EtcdServers(tmp_path) as etcd,
            open_store(parse(etcd.url, TlsFiles()), clock=clock, random=Random(1)) as store,
        ):
            yield store
