"""The store: how fast writes become durable, what large stores cost, and the etcd API beside the system's own etcd."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import etcd_load
import etcd_target
from figures import Figure

from kobune.apimachinery.clock import SystemClock
from kobune.apiserver.cache.cacher import Cacher
from kobune.apiserver.registry.registry import built_in
from kobune.apiserver.storage import leveldb
from kobune.apiserver.storage.store import ABSENT, Put, Store

WRITERS = 64
VALUE = b"x" * 1000
MANY = 100_000
BEAT = 0.002
"""Seconds between two requests of whoever looks how long requests take."""


async def measure(seconds: float) -> list[Figure]:
    """Return figures of the store itself, and then of its etcd API and the system's etcd under the same load."""
    with tempfile.TemporaryDirectory(prefix="kobune-bench-") as folder:
        home = Path(folder)
        figures = await _creates(home, seconds)
        figures += await _opening(home / "large")
        figures += await _compaction(home / "old")
        return figures + await _beside_etcd(home, seconds)


async def _creates(home: Path, seconds: float) -> list[Figure]:
    """Measure the ways in turns, three times each: a busy machine is so for all of them."""
    ways: dict[str, Callable[[int], Awaitable[float]]] = {
        "group commit": lambda turn: _create(home / f"group-{turn}", seconds, sync=True, alone=False),
        "one fsync each": lambda turn: _create(home / f"each-{turn}", seconds, sync=True, alone=True),
        "without fsync": lambda turn: _create(home / f"off-{turn}", seconds, sync=False, alone=False),
    }
    rates = dict.fromkeys(ways, 0.0)
    for turn in range(3):
        for name, way in ways.items():
            rates[name] = max(rates[name], await way(turn))
    grouped = rates["group commit"]
    return [
        *(Figure(f"creates of 1 KB by {WRITERS} writers, {name}", rate, "/s") for name, rate in rates.items()),
        Figure("group commit against one fsync each", grouped / rates["one fsync each"], "x"),
        Figure("group commit against no fsync", grouped / rates["without fsync"], "x"),
    ]


async def _create(directory: Path, seconds: float, *, sync: bool, alone: bool) -> float:
    lock = asyncio.Lock()
    done = 0
    async with leveldb.open_store(directory, clock=SystemClock(), random=Random(1), sync=sync) as store:
        end = time.perf_counter() + seconds

        async def write(writer: int) -> None:
            nonlocal done
            number = 0
            while time.perf_counter() < end:
                key = b"/registry/pods/w%d/%d" % (writer, number)
                number += 1
                if alone:
                    async with lock:
                        await store.put(key, VALUE, expect=ABSENT)
                else:
                    await store.put(key, VALUE, expect=ABSENT)
            done += number

        began = time.perf_counter()
        await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
        return done / (time.perf_counter() - began)


async def _opening(directory: Path) -> list[Figure]:
    clock = SystemClock()
    async with leveldb.open_store(directory, clock=clock, random=Random(1)) as store:
        for start in range(0, MANY, 500):
            await store.txn(
                (), [Put(b"/registry/pods/default/p%06d" % number, VALUE) for number in range(start, start + 500)]
            )
    registry = built_in()
    began = time.perf_counter()
    async with leveldb.open_store(directory, clock=clock, random=Random(1)) as store:
        Cacher(store, registry).close()
        spent = time.perf_counter() - began
    return [Figure(f"opening a store of {MANY:,} objects of 1 KB", spent, "s")]


async def _compaction(directory: Path) -> list[Figure]:
    async with leveldb.open_store(directory, clock=SystemClock(), random=Random(1)) as store:

        async def fill(writer: int) -> None:
            for number in range(writer, MANY, WRITERS):
                await store.put(b"/registry/leases/%d" % (number % 1000), VALUE[:300])

        await asyncio.gather(*(fill(writer) for writer in range(WRITERS)))
        usual = await _longest(store, asyncio.sleep(2))
        during = await _longest(store, store.compact(store.revision, physical=True))
    return [
        Figure("longest of many reads and writes, with nothing else going on", usual * 1000, "ms"),
        Figure(f"the same while {MANY:,} revisions are compacted", during * 1000, "ms"),
    ]


async def _longest(store: Store, work: Awaitable[None]) -> float:
    """Return how long the slowest of the requests took that were made one after another while something went on."""
    task = asyncio.ensure_future(work)
    longest = 0.0
    number = 0
    while not task.done():
        # From when it was due: an event loop that is held up delays requests before they are made.
        due = time.perf_counter() + BEAT
        await asyncio.sleep(BEAT)
        number += 1
        await store.put(b"/registry/beat/%d" % (number % 10), VALUE)
        store.get(b"/registry/leases/%d" % (number % 1000))
        longest = max(longest, time.perf_counter() - due)
    await task
    return longest


async def _beside_etcd(home: Path, seconds: float) -> list[Figure]:
    figures = []
    for name, target in (("kobune", etcd_target.ours), ("etcd", etcd_target.system_etcd)):
        async with target(home / name) as address:
            if address:
                measured = await etcd_load.measure(address, seconds)
                figures += [Figure(what, value, unit, column=name) for what, (value, unit) in measured.items()]
    return figures
