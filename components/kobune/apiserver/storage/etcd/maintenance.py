"""etcd's Maintenance and Cluster services, for a cluster of one."""

# ruff: noqa: N802 (the methods have their names from etcd's contract)

import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Final

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.etcd import snapshot
from kobune.apiserver.storage.etcd.messages import MEMBER_ID, TERM, header
from kobune.apiserver.storage.etcd.refusal import Context, Unserved
from kobune.apiserver.storage.pages import pages
from kobune.apiserver.storage.store import Store
from kobune.vendor.etcd import rpc_pb2

SPOKEN: Final = "3.5.21"
"""The version of etcd whose behaviour is spoken; clients choose features by it."""

BLOB: Final = 1 << 18
"""The most bytes of a snapshot in one message."""


class Maintenance:
    """How the store is."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def Status(self, request: rpc_pb2.StatusRequest, context: Context) -> rpc_pb2.StatusResponse:
        store = self._store
        size = store.size
        return rpc_pb2.StatusResponse(
            header=header(store.revision),
            version=SPOKEN,
            dbSize=size,
            dbSizeInUse=size,
            leader=MEMBER_ID,
            raftIndex=store.revision,
            raftAppliedIndex=store.revision,
            raftTerm=TERM,
            errors=[] if store.failed is None else [str(store.failed)],
        )

    async def Hash(self, request: rpc_pb2.HashRequest, context: Context) -> rpc_pb2.HashResponse:
        return rpc_pb2.HashResponse(header=header(self._store.revision), hash=await self._hash(0))

    async def HashKV(self, request: rpc_pb2.HashKVRequest, context: Context) -> rpc_pb2.HashKVResponse:
        return rpc_pb2.HashKVResponse(
            header=header(self._store.revision),
            hash=await self._hash(request.revision),
            compact_revision=self._store.compacted,
            hash_revision=request.revision or self._store.revision,
        )

    async def Alarm(self, request: rpc_pb2.AlarmRequest, context: Context) -> rpc_pb2.AlarmResponse:
        # The alarm under which etcd takes no writes; its clients ask for it to tell whether a member is healthy.
        alarms = [] if self._store.failed is None else [rpc_pb2.AlarmMember(memberID=MEMBER_ID, alarm="NOSPACE")]
        if request.action == request.ACTIVATE or (request.action == request.DEACTIVATE and alarms):
            raise Unserved("alarms that somebody else raises or clears")
        raised = () if request.action == request.DEACTIVATE else alarms
        return rpc_pb2.AlarmResponse(header=header(self._store.revision), alarms=raised)

    async def Defragment(self, request: rpc_pb2.DefragmentRequest, context: Context) -> rpc_pb2.DefragmentResponse:
        # Nothing to wait for: the disk's space is given back as compaction goes along.
        return rpc_pb2.DefragmentResponse(header=header(self._store.revision))

    async def Snapshot(
        self, request: rpc_pb2.SnapshotRequest, context: Context
    ) -> AsyncIterator[rpc_pb2.SnapshotResponse]:
        """Yield the file that `kobune snapshot restore` takes; how many bytes are to come is not known before."""
        head = header(self._store.revision)
        async with aclosing(snapshot.stream(self._store, self._clock)) as pieces:
            async for piece in pieces:
                for start in range(0, len(piece), BLOB):
                    yield rpc_pb2.SnapshotResponse(header=head, blob=piece[start : start + BLOB], version=SPOKEN)

    async def _hash(self, revision: int) -> int:
        """Return a checksum of all entries at a revision: equal for equal stores of Kobune, unlike etcd's."""
        checksum = 0
        async for entries in pages(self._store, self._clock, revision=revision):
            for entry in entries:
                for part in (b"%d %d " % (entry.mod_revision, len(entry.key)), entry.key, entry.value):
                    checksum = zlib.crc32(part, checksum)
        return checksum


class Cluster:
    """Who is in the cluster: this member alone."""

    def __init__(self, store: Store, client_urls: Callable[[], Sequence[str]]) -> None:
        self._store = store
        self._client_urls = client_urls

    async def MemberList(self, request: rpc_pb2.MemberListRequest, context: Context) -> rpc_pb2.MemberListResponse:
        member = rpc_pb2.Member(ID=MEMBER_ID, name="kobune", clientURLs=self._client_urls())
        return rpc_pb2.MemberListResponse(header=header(self._store.revision), members=[member])
