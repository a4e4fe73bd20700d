"""The simulated runtime as a CRI server on a unix socket."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import grpc.aio

from kobune.apimachinery.clock import Clock
from kobune.kubelet.runtimes.simulated.engine import Engine
from kobune.kubelet.runtimes.simulated.image_service import ImageService
from kobune.kubelet.runtimes.simulated.journal import Journal
from kobune.kubelet.runtimes.simulated.network import Network, first_port
from kobune.kubelet.runtimes.simulated.runtime_service import RuntimeService
from kobune.kubelet.runtimes.simulated.streaming import StreamingServer
from kobune.kubelet.timers import Timers
from kobune.vendor.cri.runtime_pb2_grpc import add_ImageServiceServicer_to_server, add_RuntimeServiceServicer_to_server

JOURNAL = "containers.jsonl"


@dataclass(frozen=True)
class SimulatedConfig:
    """The settings of the simulated runtime."""

    socket: Path
    """Where it serves; at most 107 bytes long."""
    data_dir: Path
    """Where it remembers its containers."""
    pull_seconds: float = 0.0
    """How long an image takes to be pulled."""
    pod_cidr: str = "127.10.0.0/16"
    """Where the addresses of pods are from that name no range of their own."""
    first_port: int | None = None
    """The lowest port to bind; what this process may do if not given."""


@dataclass(frozen=True)
class Simulated:
    """The runtime while it runs."""

    endpoint: str
    """Where it serves CRI: `unix:///…/cri.sock`."""
    runtime: RuntimeService
    images: ImageService
    """What it serves there, for callers in this process."""
    spawn: Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]
    """Has something run as long as it does."""


@asynccontextmanager
async def serve(config: SimulatedConfig, *, clock: Clock, random: Random) -> AsyncIterator[Simulated]:
    """Run the runtime while inside."""
    timers = Timers(clock)
    async with asyncio.TaskGroup() as group:

        def spawn(work: Coroutine[Any, Any, Any]) -> asyncio.Task[None]:
            return group.create_task(work)

        first = first_port() if config.first_port is None else config.first_port
        journal = Journal(config.data_dir / JOURNAL)
        engine = Engine(
            Network(first, spawn, clock),
            journal,
            default_cidr=config.pod_cidr,
            clock=clock,
            random=random,
            timers=timers,
        )
        server = grpc.aio.server()
        streaming = StreamingServer(clock)
        runtime = RuntimeService(engine, streaming, clock, first)
        images = ImageService(engine, clock, config.pull_seconds)
        add_RuntimeServiceServicer_to_server(runtime, server)
        add_ImageServiceServicer_to_server(images, server)
        stop: list[Callable[[], object]] = []
        try:
            engine.resume()
            stop.append(engine.close)
            ticking = group.create_task(timers.run())
            stop.append(ticking.cancel)
            config.socket.unlink(missing_ok=True)
            endpoint = f"unix://{config.socket}"
            server.add_insecure_port(endpoint)
            config.socket.chmod(0o600)
            await server.start()
            yield Simulated(endpoint, runtime, images, spawn)
        finally:
            await server.stop(None)
            await streaming.close()
            for call in stop:
                call()
