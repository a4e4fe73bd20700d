"""Every container runtime keeps the contract; set KOBUNE_CRI_ENDPOINT to check one of your own."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import grpc.aio
import pytest

from kobune.apimachinery.clock import SystemClock
from kobune.kubelet.runtimes.simulated.service import SimulatedConfig, serve
from kobune.testing.cri_contract import CriContract

ENDPOINT = os.environ.get("KOBUNE_CRI_ENDPOINT", "")


class TestSimulated(CriContract):
    @pytest.fixture
    async def channel(self, tmp_path: Path) -> AsyncIterator[grpc.aio.Channel]:
        config = SimulatedConfig(socket=tmp_path / "s", data_dir=tmp_path, pod_cidr="127.250.0.0/24")
        async with (
            serve(config, clock=SystemClock(), random=Random(1)) as simulated,
            grpc.aio.insecure_channel(simulated.endpoint) as channel,
        ):
            yield channel


if ENDPOINT:

    class TestGiven(CriContract):
        @pytest.fixture
        async def channel(self) -> AsyncIterator[grpc.aio.Channel]:
            async with grpc.aio.insecure_channel(ENDPOINT) as channel:
                yield channel
