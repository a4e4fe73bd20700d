"""The same load for everybody who serves etcd's API: puts, a long range, and watches."""

import asyncio
import time
from collections.abc import Mapping

import grpc.aio
from etcd_target import CHANNEL
from figures import median

from kobune.vendor.etcd import rpc_pb2 as pb
from kobune.vendor.etcd.rpc_pb2_grpc import KVStub, WatchStub

LONG = 10_000
"""Keys of the range."""
VALUE = b"x" * 1000
WATCHERS = 500
EVENTS = 500
PATIENCE = 120.0


async def measure(address: str, seconds: float) -> Mapping[str, tuple[float, str]]:
    """Return what was measured of one server, by its name."""
    return {
        "puts of 1 KB, 1 client": (await _puts(address, 1, seconds), "/s"),
        "puts of 1 KB, 64 clients": (await _puts(address, 64, seconds), "/s"),
        "range of 1 key, 1 client": (await _gets(address, 1, seconds), "/s"),
        "range of 1 key, 64 clients": (await _gets(address, 64, seconds), "/s"),
        f"range of {LONG:,} keys of 1 KB": (await _range(address) * 1000, "ms"),
        f"events to {WATCHERS} watches on {WATCHERS} streams": (await _fan_out(address, WATCHERS, 1), "/s"),
        f"events to {WATCHERS} watches on 5 streams": (await _fan_out(address, 5, WATCHERS // 5), "/s"),
    }


async def _puts(address: str, clients: int, seconds: float) -> float:
    async with grpc.aio.insecure_channel(address, options=CHANNEL) as channel:
        put = KVStub(channel).Put

        async def one(client: int, number: int) -> None:
            await put(pb.PutRequest(key=b"/puts/%d/%d" % (client, number), value=VALUE))

        return await _repeated(one, clients, seconds)


async def _gets(address: str, clients: int, seconds: float) -> float:
    async with grpc.aio.insecure_channel(address, options=CHANNEL) as channel:
        ask = KVStub(channel).Range

        async def one(client: int, number: int) -> None:
            await ask(pb.RangeRequest(key=b"/puts/%d/%d" % (client, number % 100)))

        return await _repeated(one, clients, seconds)


async def _repeated(one: object, clients: int, seconds: float) -> float:
    done = 0
    end = time.perf_counter() + seconds

    async def work(client: int) -> None:
        nonlocal done
        number = 0
        while time.perf_counter() < end:
            await one(client, number)  # type: ignore[operator]
            number += 1
        done += number

    began = time.perf_counter()
    await asyncio.gather(*(work(client) for client in range(clients)))
    return done / (time.perf_counter() - began)


async def _range(address: str) -> float:
    async with grpc.aio.insecure_channel(address, options=CHANNEL) as channel:
        kv = KVStub(channel)
        for start in range(0, LONG, 100):
            puts = [pb.PutRequest(key=b"/range/%06d" % number, value=VALUE) for number in range(start, start + 100)]
            await kv.Txn(pb.TxnRequest(success=[pb.RequestOp(request_put=put) for put in puts]))
        times = []
        for _ in range(9):
            began = time.perf_counter()
            found = await kv.Range(pb.RangeRequest(key=b"/range/", range_end=b"/range0"))
            times.append(time.perf_counter() - began)
            assert len(found.kvs) == LONG
        return median(times)


async def _fan_out(address: str, streams: int, watches: int) -> float:
    """Return how many events a second arrive at all watches of `EVENTS` puts, until the last one has the last."""
    prefix = b"/fan%d/" % streams
    total = streams * watches * EVENTS
    arrived, ready = 0, 0
    began = asyncio.Event()
    over = asyncio.Event()

    async def follow(channel: grpc.aio.Channel) -> None:
        nonlocal arrived, ready
        call = WatchStub(channel).Watch()
        create = pb.WatchCreateRequest(key=prefix, range_end=prefix[:-1] + b"0")
        for _ in range(watches):
            await call.write(pb.WatchRequest(create_request=create))
        async for answer in call:
            if answer.created:
                ready += 1
                if ready == streams * watches:
                    began.set()
            arrived += len(answer.events)
            if arrived == total:
                over.set()
                return

    # A server takes so many streams of one connection and no more.
    channels = [grpc.aio.insecure_channel(address, options=CHANNEL) for _ in range(max(1, streams // 50))]
    tasks = [asyncio.create_task(follow(channels[number % len(channels)])) for number in range(streams)]
    async with grpc.aio.insecure_channel(address, options=CHANNEL) as channel, asyncio.timeout(PATIENCE):
        put = KVStub(channel).Put
        await began.wait()
        start = time.perf_counter()

        async def write(client: int) -> None:
            for number in range(client, EVENTS, 64):
                await put(pb.PutRequest(key=prefix + b"%d" % number, value=VALUE[:200]))

        await asyncio.gather(*(write(client) for client in range(64)))
        await over.wait()
        spent = time.perf_counter() - start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for channel in channels:
        await channel.close(None)
    return total / spent
