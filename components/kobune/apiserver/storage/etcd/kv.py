"""etcd's KV service."""

# ruff: noqa: N802 (the methods have their names from etcd's contract)

from typing import Final, cast

from kobune.apiserver.storage.etcd import messages, picks, wire
from kobune.apiserver.storage.etcd.refusal import Context, Refused
from kobune.apiserver.storage.store import DeleteResult, PutResult, Store
from kobune.vendor.etcd import rpc_pb2

LARGEST: Final = 3 << 19
"""The most bytes that a write may have, as in etcd."""


class KV:
    """Reads and writes. Every read is linearizable: what was acknowledged is visible."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def Range(self, request: rpc_pb2.RangeRequest, context: Context) -> bytes:
        asked = picks.to_range(request)
        found = self._store.range(
            asked.key, asked.range_end, revision=asked.revision, limit=asked.limit, count_only=asked.count_only
        )
        entries, more = picks.picked(request, found)
        return wire.range_response(
            entries, more=more, count=found.count, revision=self._store.revision, keys_only=request.keys_only
        )

    async def Put(self, request: rpc_pb2.PutRequest, context: Context) -> rpc_pb2.PutResponse:
        _check_size(request)
        put = messages.to_put(request)
        if put.value is not None and put.lease is not None and not request.prev_kv:
            entry = await self._store.put(put.key, put.value, lease=put.lease)
            return rpc_pb2.PutResponse(header=messages.header(entry.mod_revision))
        done = await self._store.txn((), [put])
        return messages.put_response(request, cast(PutResult, done.responses[0]), messages.header(done.revision))

    async def DeleteRange(self, request: rpc_pb2.DeleteRangeRequest, context: Context) -> rpc_pb2.DeleteRangeResponse:
        done = await self._store.txn((), [messages.to_delete(request)])
        return messages.delete_response(request, cast(DeleteResult, done.responses[0]), messages.header(done.revision))

    async def Txn(self, request: rpc_pb2.TxnRequest, context: Context) -> rpc_pb2.TxnResponse:
        _check_size(request)
        txn = messages.to_checked_txn(request)
        done = await self._store.txn(txn.compares, txn.then, txn.otherwise)
        return messages.txn_response(request, done, messages.header(done.revision))

    async def Compact(self, request: rpc_pb2.CompactionRequest, context: Context) -> rpc_pb2.CompactionResponse:
        await self._store.compact(request.revision, physical=request.physical)
        return rpc_pb2.CompactionResponse(header=messages.header(self._store.revision))


def _check_size(request: rpc_pb2.PutRequest | rpc_pb2.TxnRequest) -> None:
    if request.ByteSize() > LARGEST:
        raise Refused("etcdserver: request is too large")
