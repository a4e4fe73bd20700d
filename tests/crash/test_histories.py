"""Clients of the etcd face, while its server is killed again and again: what they saw can have happened."""

import asyncio
import os
import time
from collections import Counter
from itertools import count
from pathlib import Path
from random import Random

import grpc
from crash.apiserver import Apiserver, apiserver
from crash.histories import Change, Kind, Operation, Value, history_problem, is_linearizable, watch_problem

from kobune.vendor.etcd import mvcc_pb2, rpc_pb2
from kobune.vendor.etcd import rpc_pb2_grpc as services

SEED = os.environ.get("KOBUNE_SEED", "1")
KILLS = 20 if os.environ.get("KOBUNE_CRASHES") == "all" else 4
CLIENTS = 8
PREFIX, END = b"/history/", b"/history0"
KEYS = [PREFIX + b"%d" % number for number in range(4)]
LAST = PREFIX + b"last"
"""Is written when all is over."""
PATIENCE = 3.0
"""Seconds after which a client no longer waits for an answer."""


class Client:
    """Does one operation after the other, and writes down what it did."""

    def __init__(self, server: Apiserver, number: int) -> None:
        self._channel = server.channel()
        self._kv = services.KVStub(self._channel)
        self._random = Random(f"{SEED}/{number}")
        self._names = (b"%d/%d" % (number, turn) for turn in count())
        self._last: dict[bytes, Value] = {}
        self.operations: list[Operation] = []

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            operation = self._choose()
            self.operations.append(operation)
            try:
                await self._do(operation)
                operation.returned = time.monotonic()
            except grpc.aio.AioRpcError as error:
                # Whether it was done nobody knows.
                assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED), error
                await asyncio.sleep(0.1)
        await self._channel.close()

    def _choose(self) -> Operation:
        kind = self._random.choice([Kind.READ, Kind.READ, Kind.WRITE, Kind.SWAP, Kind.SWAP, Kind.DELETE])
        key = self._random.choice(KEYS)
        value = next(self._names) if kind in (Kind.WRITE, Kind.SWAP) else None
        return Operation(kind, key, time.monotonic(), value, self._last.get(key))

    async def _do(self, operation: Operation) -> None:
        key = operation.key
        match operation.kind:
            case Kind.READ:
                found = await self._kv.Range(rpc_pb2.RangeRequest(key=key), timeout=PATIENCE)
                operation.found = self._last[key] = found.kvs[0].value if found.kvs else None
            case Kind.WRITE:
                done = await self._kv.Put(rpc_pb2.PutRequest(key=key, value=operation.value), timeout=PATIENCE)
                operation.revision = done.header.revision
                self._last[key] = operation.value
            case Kind.DELETE:
                request = rpc_pb2.DeleteRangeRequest(key=key, prev_kv=True)
                gone = await self._kv.DeleteRange(request, timeout=PATIENCE)
                operation.found = gone.prev_kvs[0].value if gone.deleted else None
                operation.revision = gone.header.revision if gone.deleted else 0
                self._last[key] = None
            case Kind.SWAP:
                await self._swap(operation)

    async def _swap(self, operation: Operation) -> None:
        key = operation.key
        compare = rpc_pb2.Compare(key=key, target=rpc_pb2.Compare.CREATE, create_revision=0)
        if operation.expected is not None:
            compare = rpc_pb2.Compare(key=key, target=rpc_pb2.Compare.VALUE, value=operation.expected)
        put = rpc_pb2.RequestOp(request_put=rpc_pb2.PutRequest(key=key, value=operation.value))
        look = rpc_pb2.RequestOp(request_range=rpc_pb2.RangeRequest(key=key))
        request = rpc_pb2.TxnRequest(compare=[compare], success=[put], failure=[look])
        done = await self._kv.Txn(request, timeout=PATIENCE)
        if done.succeeded:
            operation.found, operation.revision = operation.expected, done.header.revision
            self._last[key] = operation.value
        else:
            found = done.responses[0].response_range.kvs
            operation.found = self._last[key] = found[0].value if found else None
            assert operation.found != operation.expected


class Watcher:
    """Watches all keys, and resumes after every interruption behind the last revision that it saw."""

    def __init__(self, server: Apiserver, after: int) -> None:
        self._server = server
        self.after = self.began = after
        self.seen: list[Change] = []
        self.resumed = 0

    @property
    def over(self) -> bool:
        return bool(self.seen) and self.seen[-1].key == LAST

    async def run(self) -> None:
        async with self._server.channel() as channel:
            while not self.over:
                call = services.WatchStub(channel).Watch()
                try:
                    await self._follow(call)
                except grpc.aio.AioRpcError as error:
                    assert error.code() is grpc.StatusCode.UNAVAILABLE, error
                    self.resumed += 1
                    await asyncio.sleep(0.05)
                finally:
                    call.cancel()

    async def _follow(self, call: grpc.aio.StreamStreamCall) -> None:
        create = rpc_pb2.WatchCreateRequest(key=PREFIX, range_end=END, start_revision=self.after + 1)
        await call.write(rpc_pb2.WatchRequest(create_request=create))
        while not self.over:
            answer = await call.read()
            if answer is grpc.aio.EOF:
                return
            assert not answer.canceled, answer
            for event in answer.events:
                deleted = event.type == mvcc_pb2.Event.DELETE
                assert event.kv.mod_revision > self.after, "an event came again"
                self.seen.append(Change(event.kv.mod_revision, event.kv.key, None if deleted else event.kv.value))
            if answer.events:
                self.after = answer.events[-1].kv.mod_revision


async def test_what_clients_saw_under_kills_can_have_happened(tmp_path: Path) -> None:
    random = Random(SEED)
    async with asyncio.timeout(60 + 10 * KILLS), apiserver(tmp_path) as server, server.channel() as channel:
        kv = services.KVStub(channel)
        began = (await kv.Range(rpc_pb2.RangeRequest(key=PREFIX))).header.revision
        clients = [Client(server, number) for number in range(CLIENTS)]
        watchers = [Watcher(server, began) for _ in range(3)]
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            for watcher in watchers:
                tasks.create_task(watcher.run())
            async with asyncio.TaskGroup() as working:
                for client in clients:
                    working.create_task(client.run(stop))
                for _ in range(KILLS):
                    await asyncio.sleep(random.uniform(0.2, 0.7))
                    await server.kill()
                    await server.start()
                await asyncio.sleep(0.3)
                stop.set()
            last = rpc_pb2.PutRequest(key=LAST, value=LAST)
            ended = (await kv.Put(last, wait_for_ready=True, timeout=20)).header.revision
        reference = Watcher(server, began)
        await reference.run()

    operations = [operation for client in clients for operation in client.operations]
    operations.append(Operation(Kind.WRITE, LAST, 0, LAST, None, time.monotonic(), None, ended))
    for key in KEYS:
        assert is_linearizable([operation for operation in operations if operation.key == key]), key
    assert history_problem(operations, reference.seen) == ""
    for watcher in watchers:
        assert watcher.resumed >= KILLS
        assert watch_problem(watcher.seen, reference.seen, began, ended) == ""
    outcomes = Counter(operation.answered for operation in operations)
    assert outcomes[True] > 100 * KILLS
    assert outcomes[False] > 0
