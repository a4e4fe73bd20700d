"""Making a store of a snapshot.

Everything is written anew, at revisions far above those of the snapshot: the cluster that it was taken of went on after
that, and none of its clients may see a resource version go back, or one that they know mean something else.
"""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final, TypeVar

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.etcd.snapshot import Snapshot
from kobune.apiserver.storage.formats import read
from kobune.apiserver.storage.leveldb import LevelDisk, open_store
from kobune.apiserver.storage.rows import compacted_rows
from kobune.apiserver.storage.store import Put

BUMP: Final = 1_000_000_000
"""More revisions than a cluster makes between a snapshot and the day on which somebody needs it."""
STEP: Final = 200
"""How many entries become durable at once."""

Item = TypeVar("Item")


async def restore(snapshot: Snapshot, directory: Path, *, clock: Clock, random: Random, bump: int = BUMP) -> int:
    """Write a snapshot into a directory that is not there yet, and return the revision that it then has.

    Revisions begin `bump` after the snapshot's, and what was before that counts as compacted.
    """
    await asyncio.to_thread(_begin, directory, snapshot.summary.revision + bump)
    async with open_store(directory, clock=clock, random=random) as store:
        for id, ttl in snapshot.leases:
            await store.grant(ttl, id=id)
        for entries in _steps(snapshot.entries(), STEP):
            await store.txn((), [Put(entry.key, entry.value, entry.lease) for entry in entries])
        return store.revision


def _begin(directory: Path, revision: int) -> None:
    """Make an empty store whose first write will follow a revision."""
    disk = LevelDisk.open(directory)
    try:
        read(disk)
        disk.write(compacted_rows(revision), sync=True)
    finally:
        disk.close()


def _steps(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while step := list(islice(iterator, size)):
        yield step
