"""Real etcd servers on this machine, for tests of the store that is an etcd cluster.

async with EtcdServers(tmp_path, members=3) as etcd:
    ... etcd.url ...
    etcd.kill(await etcd.leader())
"""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import grpc.aio

from kobune.apimachinery.clock import SystemClock
from kobune.vendor.etcd import rpc_pb2, rpc_pb2_grpc

START: Final = 20.0
"""Seconds that a cluster has to elect its first leader."""


def etcd_binary() -> str | None:
    """Return the path of etcd's server, None where it is not installed."""
    return shutil.which("etcd")


class EtcdServers:
    """An etcd cluster of one or several members, running while this is entered. Not durable, but fast."""

    def __init__(self, directory: Path, members: int = 1, arguments: Sequence[str] = (), scheme: str = "http") -> None:
        """Keep data and logs in a directory, and pass further arguments to each member."""
        self._directory = directory
        self._arguments = list(arguments)
        self._scheme = scheme
        ports = _free_ports(2 * members)
        self._clients, self._peers = ports[:members], ports[members:]
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * members

    @property
    def addresses(self) -> list[str]:
        """Where clients connect, member by member."""
        return [f"127.0.0.1:{port}" for port in self._clients]

    @property
    def url(self) -> str:
        """The URL for `--store`."""
        return f"etcd{'s' if self._scheme == 'https' else ''}://{','.join(self.addresses)}"

    async def __aenter__(self) -> Self:
        try:
            for member in range(len(self._processes)):
                self.start(member)
            if self._scheme == "http":
                await self.leader()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for member in range(len(self._processes)):
            self.kill(member)

    def start(self, member: int) -> None:
        """Start a member, for the first time or again."""
        binary = etcd_binary()
        if binary is None:
            raise FileNotFoundError("there is no etcd: apt-get install etcd-server")
        peers = [f"m{number}=http://127.0.0.1:{port}" for number, port in enumerate(self._peers)]
        client = f"{self._scheme}://{self.addresses[member]}"
        peer = f"http://127.0.0.1:{self._peers[member]}"
        command = [
            *(binary, "--name", f"m{member}", "--data-dir", str(self._directory / f"m{member}")),
            *("--listen-client-urls", client, "--advertise-client-urls", client),
            *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
            *("--initial-cluster", ",".join(peers), "--initial-cluster-token", self._directory.name),
            *("--heartbeat-interval", "50", "--election-timeout", "500", "--unsafe-no-fsync"),
            *self._arguments,
        ]
        with (self._directory / f"m{member}.log").open("ab") as log:
            self._processes[member] = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def kill(self, member: int) -> None:
        """End a member as a power cut would."""
        process = self._processes[member]
        if process is not None:
            process.kill()
            process.wait()
        self._processes[member] = None

    async def leader(self) -> int:
        """Return which member leads, once one does."""
        async with asyncio.timeout(START):
            while True:
                for member, address in enumerate(self.addresses):
                    if self._processes[member] is not None and await _leads(address):
                        return member
                # A member that has just started refuses connections at once.
                await SystemClock().sleep(0.05)


async def _leads(address: str) -> bool:
    async with grpc.aio.insecure_channel(address, options=(("grpc.use_local_subchannel_pool", 1),)) as channel:
        try:
            maintenance = rpc_pb2_grpc.MaintenanceStub(channel)
            status = await maintenance.Status(rpc_pb2.StatusRequest(), timeout=1)
        except grpc.aio.AioRpcError:
            return False
    return bool(status.leader) and status.leader == status.header.member_id


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
