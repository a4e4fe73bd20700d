"""etcd's Lease service."""

# ruff: noqa: N802 (the methods have their names from etcd's contract)

from collections.abc import AsyncIterator

from kobune.apiserver.storage.errors import LeaseNotFound
from kobune.apiserver.storage.etcd.messages import header
from kobune.apiserver.storage.etcd.refusal import Context
from kobune.apiserver.storage.store import Store
from kobune.vendor.etcd import rpc_pb2


class Lease:
    """Keys that go away unless somebody keeps them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def LeaseGrant(self, request: rpc_pb2.LeaseGrantRequest, context: Context) -> rpc_pb2.LeaseGrantResponse:
        lease = await self._store.grant(request.TTL, id=request.ID)
        return rpc_pb2.LeaseGrantResponse(header=header(self._store.revision), ID=lease.id, TTL=lease.ttl)

    async def LeaseRevoke(self, request: rpc_pb2.LeaseRevokeRequest, context: Context) -> rpc_pb2.LeaseRevokeResponse:
        return rpc_pb2.LeaseRevokeResponse(header=header(await self._store.revoke(request.ID)))

    async def LeaseKeepAlive(
        self, requests: AsyncIterator[rpc_pb2.LeaseKeepAliveRequest], context: Context
    ) -> AsyncIterator[rpc_pb2.LeaseKeepAliveResponse]:
        async for request in requests:
            try:
                left = (await self._store.keep_alive(request.ID)).ttl
            except LeaseNotFound:
                left = 0  # so etcd says it, too: the stream goes on for other leases
            yield rpc_pb2.LeaseKeepAliveResponse(header=header(self._store.revision), ID=request.ID, TTL=left)

    async def LeaseTimeToLive(
        self, request: rpc_pb2.LeaseTimeToLiveRequest, context: Context
    ) -> rpc_pb2.LeaseTimeToLiveResponse:
        head = header(self._store.revision)
        try:
            lease = self._store.time_to_live(request.ID)
        except LeaseNotFound:
            return rpc_pb2.LeaseTimeToLiveResponse(header=head, ID=request.ID, TTL=-1)
        return rpc_pb2.LeaseTimeToLiveResponse(
            header=head,
            ID=lease.id,
            TTL=int(lease.remaining),
            grantedTTL=lease.ttl,
            keys=lease.keys if request.keys else (),
        )

    async def LeaseLeases(self, request: rpc_pb2.LeaseLeasesRequest, context: Context) -> rpc_pb2.LeaseLeasesResponse:
        return rpc_pb2.LeaseLeasesResponse(
            header=header(self._store.revision), leases=[rpc_pb2.LeaseStatus(ID=id) for id in self._store.leases()]
        )
