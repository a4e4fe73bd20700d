"""Writes to etcd, each carried out once: what becomes of a write when its answer is lost.

A write of one key names the revision that it replaces, so sending it again cannot do it twice: if the first has had its
effect, the second finds another revision. Whether that is ours, the mirror tells, which sees every change. The same
goes for transactions that compare the revision of a key that they change. Others are sent again only if the first
certainly had no effect.
"""

import logging
from collections.abc import Sequence

import grpc.aio

from kobune.apiserver.storage.draft import successor
from kobune.apiserver.storage.errors import (
    Compacted,
    DuplicateKey,
    FutureRevision,
    KeyNotFound,
    LeaseNotFound,
    RevisionConflict,
    StoreError,
    Uncertain,
    Unreachable,
)
from kobune.apiserver.storage.remote import messages
from kobune.apiserver.storage.remote.client import Client
from kobune.apiserver.storage.remote.failures import Fate, fate, refusal, words_of
from kobune.apiserver.storage.remote.mirror import Mirror
from kobune.apiserver.storage.store import ABSENT, ANY, DELETE, Entry, Event, Put, Range, Txn, TxnResult
from kobune.vendor.etcd import rpc_pb2

log = logging.getLogger(__name__)


class Writes:
    """Carries writes out. Their caller sees to it that those of one key do not overtake each other."""

    def __init__(self, client: Client, mirror: Mirror) -> None:
        self._client = client
        self._mirror = mirror

    async def put(self, key: bytes, value: bytes, expect: int, lease: int) -> Entry:
        """Write an entry over the one of revision `expect`."""
        operation = rpc_pb2.RequestOp(request_put=rpc_pb2.PutRequest(key=key, value=value, lease=lease))
        while True:
            current, at = self._current(key, expect)
            try:
                revision = await self._replace(key, at, operation, value, lease)
            except RevisionConflict:
                if expect != ANY:
                    raise
                continue  # somebody was faster: the next one then replaces theirs
            if at and current is None:  # it was written elsewhere, and not yet seen here
                current = self._mirror.state.get(key, revision - 1)
            return successor(current, key, value, revision, lease)

    async def delete(self, key: bytes, expect: int) -> Entry | None:
        """Delete the entry of revision `expect`, and return it."""
        operation = rpc_pb2.RequestOp(request_delete_range=rpc_pb2.DeleteRangeRequest(key=key))
        while True:
            current, at = self._current(key, expect)
            try:
                revision = await self._replace(key, at, operation if at else None, None, 0)
            except RevisionConflict:
                if expect != ANY:
                    raise
                continue
            return self._mirror.state.get(key, revision - 1) if at and current is None else current

    async def txn(self, txn: Txn) -> TxnResult:
        """Carry out any other transaction; `Uncertain` if no answer comes to one that must not be sent twice."""
        request = messages.txn_of(txn)
        guard = messages.guard_of(txn)
        once = guard is None and messages.writes((txn,))
        since = self._mirror.state.revision
        is_repeated = False
        trying = self._client.patience()
        while True:
            try:
                response = await self._client.attempt(lambda at: at.kv.Txn, request, trying.attempt)
            except grpc.aio.AioRpcError as error:
                outcome = fate(error)
                if outcome is Fate.REFUSED:
                    raise self._refused(error, txn) from None
                is_repeated = is_repeated or outcome is Fate.UNKNOWN
                if trying.is_over or (once and is_repeated):
                    wrong = Uncertain if is_repeated else Unreachable
                    raise wrong(f"etcd at {self._client.endpoints} does not answer: {words_of(error)}") from None
                await trying.pause()
                continue
            revision: int = response.header.revision
            await self._mirror.reach(revision)
            if is_repeated and guard is not None and not response.succeeded:
                event = self._mirror.after(*guard, since)
                if event is not None and messages.made(txn, event):
                    return messages.result_seen(txn, self._mirror.state.since(event.entry.mod_revision - 1, 1)[0])
            return messages.txn_result(txn, response, revision)

    def _current(self, key: bytes, expect: int) -> tuple[Entry | None, int]:
        """Return what a write replaces, as far as it is known here, and its revision, 0 for nothing.

        `RevisionConflict` if that cannot be there any more; where what is here may be too old, etcd is to tell.
        """
        current = self._mirror.state.get(key)
        found = current.mod_revision if current is not None else ABSENT
        if expect in (ANY, found):
            return current, found
        if ABSENT < expect <= self._mirror.state.revision:
            raise RevisionConflict(key, expect, current)
        return None, expect

    async def _replace(
        self, key: bytes, expect: int, operation: rpc_pb2.RequestOp | None, value: bytes | None, lease: int
    ) -> int:
        """Carry out an operation if the key is at revision `expect`; return its revision once it is seen here."""
        mirror = self._mirror
        compare = rpc_pb2.Compare(key=key, target=rpc_pb2.Compare.MOD, mod_revision=expect)
        request = rpc_pb2.TxnRequest(compare=[compare], success=[operation] if operation is not None else [])
        since = mirror.state.revision
        is_repeated = False
        trying = self._client.patience()
        while True:
            try:
                response = await self._client.attempt(lambda at: at.kv.Txn, request, trying.attempt)
            except grpc.aio.AioRpcError as error:
                outcome = fate(error)
                if outcome is Fate.REFUSED:
                    raise self._refused(error, Txn((), (Put(key, b"", lease),))) from None
                is_repeated = is_repeated or outcome is Fate.UNKNOWN
                if trying.is_over:
                    wrong = Uncertain if is_repeated else Unreachable
                    raise wrong(f"etcd at {self._client.endpoints} cannot be reached: {words_of(error)}") from None
                await trying.pause()
                continue
            revision: int = response.header.revision
            await mirror.reach(revision)
            if response.succeeded:
                return revision
            if is_repeated and (event := mirror.after(key, expect, since)) is not None and _is(event, value, lease):
                log.info("store: found the write of %s whose answer was lost", key.decode(errors="replace"))
                return event.entry.mod_revision
            raise RevisionConflict(key, expect, mirror.state.get(key))

    def _refused(self, error: grpc.aio.AioRpcError, txn: Txn) -> StoreError:
        """Return the store's own word for an answer of etcd's."""
        words, operations = words_of(error), list(messages.flat(txn))
        puts = [one for one in operations if isinstance(one, Put)]
        if "duplicate key" in words:
            return DuplicateKey(_twice([put.key for put in puts]))
        if "requested lease not found" in words:
            return LeaseNotFound(next((put.lease for put in puts if put.lease), 0))
        if "key not found" in words:
            return KeyNotFound(next((put.key for put in puts if put.value is None or put.lease is None), b""))
        asked = [one.revision for one in operations if isinstance(one, Range)]
        if "future revision" in words:
            return FutureRevision(max(asked, default=0), self._mirror.state.revision)
        if "compacted" in words:
            return Compacted(min((one for one in asked if one), default=0), self._mirror.state.compacted)
        return refusal(error)


def _is(event: Event, value: bytes | None, lease: int) -> bool:
    """Tell whether a change is a write: a put of a value, or without one a deletion."""
    if value is None:
        return event.type is DELETE
    return event.type is not DELETE and event.entry.value == value and event.entry.lease == lease


def _twice(keys: Sequence[bytes]) -> bytes:
    seen: set[bytes] = set()
    for key in keys:
        if key in seen:
            return key
        seen.add(key)
    return keys[0] if keys else b""
