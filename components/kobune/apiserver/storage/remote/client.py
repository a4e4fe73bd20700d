"""Requests to an etcd cluster: to any member, to another one if that fails, again if that is safe.

attempt ── one try, at the member that worked last; a failure moves on to the next
read ───── tries until an answer comes or patience ends: reading twice does no harm
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Final

import grpc.aio

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.errors import StoreFailed, Unreachable
from kobune.apiserver.storage.remote.channels import channels
from kobune.apiserver.storage.remote.endpoints import Endpoints
from kobune.apiserver.storage.remote.failures import Fate, fate, refusal, words_of
from kobune.vendor.etcd import rpc_pb2, rpc_pb2_grpc

log = logging.getLogger(__name__)

ATTEMPT: Final = 3.0
"""Seconds until a member that does not answer is given up."""
PATIENCE: Final = 12.0
"""Seconds that a request is tried altogether: an election takes one or two."""
LITTLE_PATIENCE: Final = 1.5
"""Seconds that it is tried when nothing has worked for longer than that."""
FIRST_PAUSE: Final = 0.02
LONGEST_PAUSE: Final = 0.5
LEADER: Final = (("hasleader", "true"),)
"""Metadata by which a member without a leader says so at once, instead of letting us wait."""

Method = Callable[["Member"], Any]
"""Picks what is called at a member."""


class Member:
    """One member of the cluster."""

    def __init__(self, address: str, channel: grpc.aio.Channel) -> None:
        self.address = address
        self.channel = channel
        self.kv = rpc_pb2_grpc.KVStub(channel)
        self.watch = rpc_pb2_grpc.WatchStub(channel)
        self.lease = rpc_pb2_grpc.LeaseStub(channel)
        self.maintenance = rpc_pb2_grpc.MaintenanceStub(channel)


class Patience:
    """How long something is tried, with growing pauses between."""

    def __init__(self, clock: Clock, random: Random, seconds: float = PATIENCE) -> None:
        self._clock = clock
        self._random = random
        self._end = asyncio.get_running_loop().time() + seconds
        self._pause = FIRST_PAUSE

    @property
    def is_over(self) -> bool:
        return asyncio.get_running_loop().time() >= self._end

    @property
    def attempt(self) -> float:
        """How many seconds the next attempt may take."""
        return max(min(self._end - asyncio.get_running_loop().time(), ATTEMPT), 0.1)

    async def pause(self) -> None:
        """Wait before the next attempt."""
        await self._clock.sleep(self._pause * self._random.uniform(0.5, 1.0))
        self._pause = min(self._pause * 2, LONGEST_PAUSE)


class Client:
    """The way to an etcd cluster."""

    def __init__(self, endpoints: Endpoints, *, clock: Clock, random: Random) -> None:
        addressed = zip(endpoints.addresses, channels(endpoints), strict=True)
        self._members = [Member(address, channel) for address, channel in addressed]
        self._at = 0
        self._clock = clock
        self._random = random
        self._cluster = 0
        self._failing_since: float | None = None
        self.endpoints = endpoints

    @property
    def member(self) -> Member:
        """The member that is asked now."""
        return self._members[self._at]

    def avoid(self, member: Member) -> None:
        """Ask another member from now on."""
        if self.member is member:
            self._at = (self._at + 1) % len(self._members)

    def patience(self, seconds: float = PATIENCE) -> Patience:
        """Return how long to try: so many seconds, or few when it is known that etcd is not to be had."""
        since = self._failing_since
        if since is not None and asyncio.get_running_loop().time() - since > PATIENCE:
            seconds = min(seconds, LITTLE_PATIENCE)
        return Patience(self._clock, self._random, seconds)

    async def attempt(self, method: Method, request: Any, timeout: float = ATTEMPT) -> Any:
        """Return the answer to a request; an `AioRpcError` if there is none, and then another member is next."""
        member = self.member
        try:
            response = await method(member)(request, timeout=timeout, metadata=LEADER)
        except grpc.aio.AioRpcError as error:
            if fate(error) is not Fate.REFUSED:
                log.debug("etcd: %s: %s", member.address, words_of(error))
                self.avoid(member)
                if self._failing_since is None:
                    self._failing_since = asyncio.get_running_loop().time()
            raise
        self._failing_since = None
        self.check(member, response.header)
        return response

    def check(self, member: Member, header: rpc_pb2.ResponseHeader) -> None:
        """Raise `StoreFailed` if a member belongs to another cluster than those before it."""
        if self._cluster != header.cluster_id:
            if self._cluster:
                raise StoreFailed(
                    f"etcd at {member.address} is of cluster {header.cluster_id:x}, not of {self._cluster:x}"
                )
            self._cluster = header.cluster_id

    async def read(self, method: Method, request: Any, *, patience: float = PATIENCE) -> Any:
        """Return the answer to a request that may be repeated.

        Raises `Unreachable` when patience is over, and the `AioRpcError` that etcd answers with.
        """
        trying = self.patience(patience)
        while True:
            try:
                return await self.attempt(method, request, trying.attempt)
            except grpc.aio.AioRpcError as error:
                if fate(error) is Fate.REFUSED:
                    raise
                if trying.is_over:
                    raise Unreachable(f"etcd at {self.endpoints} cannot be reached: {words_of(error)}") from None
            await trying.pause()

    async def revision(self, *, patience: float = PATIENCE) -> int:
        """Return the revision of the cluster, not older than anything acknowledged to anybody before."""
        try:
            request = rpc_pb2.RangeRequest(key=b"\0", count_only=True)
            response: rpc_pb2.RangeResponse = await self.read(lambda at: at.kv.Range, request, patience=patience)
        except grpc.aio.AioRpcError as error:
            raise refusal(error) from None
        return response.header.revision

    async def close(self) -> None:
        for member in self._members:
            await member.channel.close(None)


@asynccontextmanager
async def connected(endpoints: Endpoints, *, clock: Clock, random: Random) -> AsyncIterator[Client]:
    """Have a client for the length of a `with`."""
    client = Client(endpoints, clock=clock, random=random)
    try:
        yield client
    finally:
        await client.close()
