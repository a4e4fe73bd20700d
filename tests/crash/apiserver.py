"""Tests' end of an apiserver in a process of its own, which can be killed and started again at the same addresses."""

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

from kobune.component_base import certificates


class Apiserver:
    """An apiserver on a directory; `start` and `kill` it as often as you like."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ports = ("0", "0")
        self._process: asyncio.subprocess.Process | None = None

    @property
    def rest(self) -> str:
        return f"https://127.0.0.1:{self._ports[0]}"

    @property
    def etcd(self) -> str:
        return f"127.0.0.1:{self._ports[1]}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Return when it serves."""
        arguments = ["-m", "crash.serving", str(self._directory), *self._ports]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        log = self._directory / "log"
        with log.open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, stderr=errors, env=environment
            )
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            said = (await self._process.stdout.readline()).decode().split()
        assert said, log.read_text()
        self._ports = (said[0].rpartition(":")[2], said[1].rpartition(":")[2])

    async def kill(self) -> None:
        """End it as the kernel does when memory is short."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    def tls(self) -> ssl.SSLContext:
        """Return what an HTTPS client of it needs to be the administrator."""
        files = certificates.credentials(self._directory / "pki", "admin")
        context = ssl.create_default_context(cafile=str(files.ca))
        context.load_cert_chain(files.certificate, files.key)
        return context

    def channel(self) -> grpc.aio.Channel:
        """Return a new connection to its etcd face, as the administrator, which comes back soon after a restart."""
        files = certificates.credentials(self._directory / "pki", "admin").read()
        credentials = grpc.ssl_channel_credentials(files.ca, files.key, files.certificate)
        waits = ("grpc.initial_reconnect_backoff_ms", "grpc.min_reconnect_backoff_ms", "grpc.max_reconnect_backoff_ms")
        return grpc.aio.secure_channel(self.etcd, credentials, options=[(wait, 100) for wait in waits])


@asynccontextmanager
async def apiserver(directory: Path) -> AsyncIterator[Apiserver]:
    """Run one for the length of a `with`."""
    server = Apiserver(directory)
    await server.start()
    try:
        yield server
    finally:
        await server.kill()
