"""Leases of etcd, as far as this process knows them: those that it granted. When they run out, etcd decides."""

from collections.abc import Callable, Sequence

import grpc.aio

from kobune.apiserver.storage.errors import LeaseExists, LeaseNotFound, LeaseTooLong, Uncertain, Unreachable
from kobune.apiserver.storage.lease import LONGEST
from kobune.apiserver.storage.remote.client import Client
from kobune.apiserver.storage.remote.failures import Fate, fate, refusal, words_of
from kobune.apiserver.storage.remote.mirror import Mirror
from kobune.apiserver.storage.store import LeaseStatus
from kobune.vendor.etcd import rpc_pb2


class Leases:
    """Grants and ends leases."""

    def __init__(self, client: Client, mirror: Mirror, now: Callable[[], float], choose: Callable[[], int]) -> None:
        """Take new ids from `choose`."""
        self._client = client
        self._mirror = mirror
        self._now = now
        self._choose = choose
        self._granted: dict[int, tuple[int, float]] = {}
        """By id: the time to live, and when it ends if nobody keeps it alive."""

    async def grant(self, ttl: int, id: int) -> LeaseStatus:
        """Make a lease; tried again until it is known that it was made: an id that nobody uses is no harm."""
        if ttl > LONGEST:
            raise LeaseTooLong(f"a lease can last {LONGEST} seconds at most, not {ttl}")
        chosen, is_repeated = id or self._choose(), False
        trying = self._client.patience()
        while True:
            request = rpc_pb2.LeaseGrantRequest(TTL=max(ttl, 1), ID=chosen)
            try:
                response = await self._client.attempt(lambda at: at.lease.LeaseGrant, request, trying.attempt)
            except grpc.aio.AioRpcError as error:
                if "already exists" in words_of(error):
                    if id and not is_repeated:
                        raise LeaseExists(id) from None
                    if id:
                        return await self.keep_alive(id)  # it is the one that we asked for before
                    chosen = self._choose()
                elif (outcome := fate(error)) is Fate.REFUSED:
                    raise refusal(error) from None
                else:
                    is_repeated = is_repeated or outcome is Fate.UNKNOWN
                    if trying.is_over:
                        raise Unreachable(f"etcd cannot be reached: {words_of(error)}") from None
                await trying.pause()
                continue
            self._forget_old()
            return self._note(response.ID, response.TTL)

    async def revoke(self, id: int) -> int:
        """End a lease, and return the revision at which its keys went."""
        trying = self._client.patience()
        is_repeated = False
        while True:
            try:
                request = rpc_pb2.LeaseRevokeRequest(ID=id)
                response = await self._client.attempt(lambda at: at.lease.LeaseRevoke, request, trying.attempt)
            except grpc.aio.AioRpcError as error:
                if "not found" in words_of(error):
                    self._granted.pop(id, None)
                    if not is_repeated:
                        raise LeaseNotFound(id) from None
                    return await self._client.revision()
                if (outcome := fate(error)) is Fate.REFUSED:
                    raise refusal(error) from None
                is_repeated = is_repeated or outcome is Fate.UNKNOWN
                if trying.is_over:
                    wrong = Uncertain if is_repeated else Unreachable
                    raise wrong(f"etcd cannot be reached: {words_of(error)}") from None
                await trying.pause()
                continue
            self._granted.pop(id, None)
            revision: int = response.header.revision
            return revision

    async def keep_alive(self, id: int) -> LeaseStatus:
        trying = self._client.patience()
        while True:
            member = self._client.member
            call = member.lease.LeaseKeepAlive(timeout=trying.attempt)
            try:
                await call.write(rpc_pb2.LeaseKeepAliveRequest(ID=id))
                async for response in call:
                    if response.TTL <= 0:
                        self._granted.pop(id, None)
                        raise LeaseNotFound(id)
                    return self._note(id, response.TTL)
                why = "it has ended the connection"
            except grpc.aio.AioRpcError as error:
                why = words_of(error)
                if fate(error) is Fate.REFUSED:
                    raise refusal(error) from None
            finally:
                call.cancel()
            self._client.avoid(member)
            if trying.is_over:
                raise Unreachable(f"etcd cannot be reached: {why}")
            await trying.pause()

    def time_to_live(self, id: int) -> LeaseStatus:
        ttl, end = self._granted.get(id, (0, 0.0))
        if end <= self._now():
            raise LeaseNotFound(id)
        return LeaseStatus(id, ttl, end - self._now(), self._mirror.keys_of(id))

    def ids(self) -> Sequence[int]:
        now = self._now()
        return sorted(id for id, (_, end) in self._granted.items() if end > now)

    def _note(self, id: int, ttl: int) -> LeaseStatus:
        self._granted[id] = ttl, self._now() + ttl
        return LeaseStatus(id, ttl, ttl, self._mirror.keys_of(id))

    def _forget_old(self) -> None:
        now = self._now()
        for id in [id for id, (_, end) in self._granted.items() if end <= now]:
            del self._granted[id]
