"""What the process under test does: writers that each follow a program of their own, and tell what was acknowledged.

Every step follows from a seed, the writer and its number, so that whoever knows how far a writer came knows everything
that it wrote. The reports, one a line:

    o REVISION                 a subscriber saw it
    a WRITER NUMBER REVISION   the store acknowledged a step; revision 0 for one that takes none
    c REVISION                 the store acknowledged a compaction
    f REASON                   the store refuses writes since then
    r COUNT                    how many entries can still be read after that
    x REASON                   the store could not be opened
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from crash.orders import Order

from kobune.apimachinery.clock import ManualClock
from kobune.apiserver.storage import leveldb
from kobune.apiserver.storage.errors import CannotOpen, Compacted, StoreClosed, StoreFailed
from kobune.apiserver.storage.store import TO_THE_END, Delete, Event, Put, Store

ALL = (b"\0", TO_THE_END)
WRITERS = 8
WRITE_BUFFER = 1 << 16
"""The smallest that LevelDB takes: every few dozen writes make a table, and soon there are compactions."""
MARGIN = 40
"""How far behind the newest revision the store is compacted."""


@dataclass(frozen=True)
class Grant:
    lease: int


@dataclass(frozen=True)
class Revoke:
    lease: int


Step = Grant | Revoke | Sequence[Put | Delete]


def step(seed: int, writer: int, number: int) -> Step:
    """Return what a writer does as its `number`th step, counted from 1."""
    random = Random(f"{seed}/{writer}/{number}")
    prefix = b"w/%d/" % writer
    lease = writer + 1
    value = b"%d:%d " % (writer, number) + random.randbytes(random.choice([0, 10, 300, 1500]))
    match number % 16:
        case 3:
            return Grant(lease)
        case 13:
            return Revoke(lease)
        case 5 | 10:
            return [Put(prefix + b"twin/a", value), Delete(prefix + b"0"), Put(prefix + b"twin/b", value, lease)]
        case 7:
            return [Delete(prefix + b"%d" % random.randrange(4))]
        case 15:
            return [Delete(prefix + b"twin/", prefix + b"twin0"), Put(prefix + b"3", value)]
        case place:
            leased = lease if place in (4, 8, 12) else 0
            return [Put(prefix + b"%d" % random.randrange(4), value, leased)]


async def run(order: Order, reports: int) -> None:
    """Open the store and let every writer do `length` steps behind `begin`, then open it again for as many more."""

    def report(line: str) -> None:
        os.write(reports, line.encode() + b"\n")

    for half in range(2):
        try:
            async with leveldb.open_store(
                Path(order.directory), clock=ManualClock(), random=Random(order.seed), sync=order.sync
            ) as store:
                await _write(store, order, [number + half * order.length for number in order.begin], report)
                if store.failed is not None:
                    report(f"f {store.failed}")
                    report(f"r {store.range(*ALL).count} {len(store.range(*ALL).entries)}")
                    return
        except CannotOpen as error:
            report(f"x {error}")
            return


def smaller_buffers() -> None:
    """Make LevelDB turn to new files all the time."""
    import plyvel

    open = plyvel.DB

    def opened(*arguments: Any, **options: Any) -> Any:
        return open(*arguments, **options | {"write_buffer_size": WRITE_BUFFER})

    plyvel.DB = opened


async def _write(store: Store, order: Order, begin: Sequence[int], report: Callable[[str], None]) -> None:
    def observe(events: Sequence[Event]) -> None:
        report(f"o {events[-1].entry.mod_revision}")

    async def follow(writer: int) -> None:
        for number in range(begin[writer] + 1, begin[writer] + order.length + 1):
            try:
                revision = await perform(store, step(order.seed, writer, number))
            except StoreFailed:
                return
            report(f"a {writer} {number} {revision}")

    async def compact() -> None:
        for turn in range(1000):
            await asyncio.sleep(0.004)
            revision = store.revision - MARGIN
            if revision > store.compacted + 10:
                with suppress(Compacted, StoreFailed, StoreClosed):
                    await store.compact(revision, physical=order.reclaim and turn % 3 == 0)
                    report(f"c {revision}")

    store.subscribe(observe)
    compacting = asyncio.ensure_future(compact())
    async with asyncio.TaskGroup() as tasks:
        for writer in range(WRITERS):
            tasks.create_task(follow(writer))
    compacting.cancel()
    await asyncio.wait([compacting])


async def perform(store: Store, doing: Step) -> int:
    """Do a step, and return the revision that it took, or 0."""
    match doing:
        case Grant(lease):
            await store.grant(1000, id=lease)
            return 0
        case Revoke(lease):
            had_keys = bool(store.time_to_live(lease).keys)
            revision = await store.revoke(lease)
            return revision if had_keys else 0
        case [Put(key, bytes(value), int(lease))]:
            return (await store.put(key, value, lease=lease)).mod_revision
        case operations:
            done = await store.txn([], operations)
            wrote = any(
                getattr(answer, "entry", None) or getattr(answer, "previous", None) for answer in done.responses
            )
            return done.revision if wrote else 0
