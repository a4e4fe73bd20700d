"""Somebody who serves etcd's API: our store, in a process of its own, or the etcd of the system."""

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import grpc
import grpc.aio

from kobune.apimachinery.clock import SystemClock
from kobune.apiserver.storage import leveldb
from kobune.apiserver.storage.etcd import add_to
from kobune.component_base.serving import OPTIONS

CHANNEL = (("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1))


@asynccontextmanager
async def ours(directory: Path) -> AsyncIterator[str]:
    """Serve an empty store of ours in a process of its own; gives its address."""
    environment = {"PYTHONPATH": ":".join(sys.path)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, __file__, str(directory)), stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def system_etcd(directory: Path) -> AsyncIterator[str]:
    """Serve an empty store of the etcd that is installed; gives its address, empty if there is none."""
    if shutil.which("etcd") is None:
        yield ""
        return
    client, peer = _free_port(), _free_port()
    urls = {"client": f"http://127.0.0.1:{client}", "peer": f"http://127.0.0.1:{peer}"}
    flags = [
        f"--data-dir={directory}",
        f"--listen-client-urls={urls['client']}",
        f"--advertise-client-urls={urls['client']}",
        f"--listen-peer-urls={urls['peer']}",
        f"--initial-advertise-peer-urls={urls['peer']}",
        f"--initial-cluster=default={urls['peer']}",
        "--log-level=error",
    ]
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec("etcd", *flags, stdout=quiet, stderr=quiet)
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{client}") as channel, asyncio.timeout(20):
            await channel.channel_ready()
        yield f"127.0.0.1:{client}"
    finally:
        process.terminate()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _serve(directory: Path) -> None:
    clock = SystemClock()
    async with leveldb.open_store(directory, clock=clock, random=Random(1)) as store:
        server = grpc.aio.server(options=list(OPTIONS))
        add_to(server, store, clock=clock)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        print(f"127.0.0.1:{port}", flush=True)
        await server.wait_for_termination()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve(Path(sys.argv[1])))
