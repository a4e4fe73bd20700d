"""etcd's Maintenance and Cluster services, for a cluster of one."""

# ruff: noqa: N802 (the methods have their names from etcd's contract)

import zlib
from collections.abc import Sequence
from typing import Final

from kobune.apiserver.storage.etcd.messages import MEMBER_ID, TERM, header
from kobune.apiserver.storage.etcd.refusal import Context, Malformed, answering
from kobune.apiserver.storage.store import TO_THE_END, Store
from kobune.vendor.etcd import rpc_pb2

SPOKEN: Final = "3.5.21"
"""The version of etcd whose behaviour is spoken; clients choose features by it."""


class Maintenance:
    """How the store is."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @answering
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

    @answering
    async def Hash(self, request: rpc_pb2.HashRequest, context: Context) -> rpc_pb2.HashResponse:
        return rpc_pb2.HashResponse(header=header(self._store.revision), hash=self._hash(0))

    @answering
    async def HashKV(self, request: rpc_pb2.HashKVRequest, context: Context) -> rpc_pb2.HashKVResponse:
        return rpc_pb2.HashKVResponse(
            header=header(self._store.revision),
            hash=self._hash(request.revision),
            compact_revision=self._store.compacted,
            hash_revision=request.revision or self._store.revision,
        )

    @answering
    async def Alarm(self, request: rpc_pb2.AlarmRequest, context: Context) -> rpc_pb2.AlarmResponse:
        if request.action != request.GET:
            raise Malformed("kobune raises and clears its alarms itself")
        # The alarm under which etcd takes no writes; its clients ask for it to tell whether a member is healthy.
        alarms = [] if self._store.failed is None else [rpc_pb2.AlarmMember(memberID=MEMBER_ID, alarm="NOSPACE")]
        return rpc_pb2.AlarmResponse(header=header(self._store.revision), alarms=alarms)

    def _hash(self, revision: int) -> int:
        """Return a checksum of all entries at a revision: equal for equal stores of Kobune, unlike etcd's."""
        checksum = 0
        for entry in self._store.range(b"\0", TO_THE_END, revision=revision).entries:
            for part in (b"%d %d " % (entry.mod_revision, len(entry.key)), entry.key, entry.value):
                checksum = zlib.crc32(part, checksum)
        return checksum


class Cluster:
    """Who is in the cluster: this member alone."""

    def __init__(self, store: Store, client_urls: Sequence[str]) -> None:
        self._store = store
        self._client_urls = client_urls

    @answering
    async def MemberList(self, request: rpc_pb2.MemberListRequest, context: Context) -> rpc_pb2.MemberListResponse:
        member = rpc_pb2.Member(ID=MEMBER_ID, name="kobune", clientURLs=self._client_urls)
        return rpc_pb2.MemberListResponse(header=header(self._store.revision), members=[member])
