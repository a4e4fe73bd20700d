"""A process that is killed in the middle of writing has every write that it acknowledged."""

import asyncio
import os
import sys
from pathlib import Path
from random import Random

from kobune.apimachinery.clock import SystemClock
from kobune.apiserver.storage import leveldb
from kobune.apiserver.storage.store import TO_THE_END

KILLS = int(os.environ.get("KOBUNE_STORE_KILLS", "30"))
WRITERS = 16

# Each writer rewrites its keys in turn; "writer number revision" is printed once the store has acknowledged it.
PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from random import Random
from kobune.apimachinery.clock import SystemClock
from kobune.apiserver.storage import leveldb
from kobune.apiserver.storage.store import Delete, Put

async def write(store, writer, begin):
    number = begin
    while True:
        number += 1
        value = b"%d" % number + b"." * (number % 2000)
        if number % 10 == 0:
            twin = b"twin/%d/" % writer
            done = await store.txn([], [Put(twin + b"a", value), Put(twin + b"b", value), Delete(b"key/%d/0" % writer)])
            revision = done.revision
        else:
            revision = (await store.put(b"key/%d/%d" % (writer, number % 7), value)).mod_revision
        os.write(1, b"%d %d %d\\n" % (writer, number, revision))

async def compact(store):
    while True:
        await asyncio.sleep(0.02)
        if store.revision - 200 > store.compacted:
            await store.compact(store.revision - 100)

async def main(directory, writers, begin):
    async with leveldb.open_store(Path(directory), clock=SystemClock(), random=Random(1)) as store:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(compact(store))
            for writer in range(writers):
                tasks.create_task(write(store, writer, begin))

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


async def test_every_acknowledged_write_survives_kill_nine(tmp_path: Path) -> None:
    random = Random(os.environ.get("KOBUNE_SEED", "7"))
    newest = 1
    acknowledged = dict.fromkeys(range(WRITERS), 0)
    for _ in range(KILLS):
        begin = max(acknowledged.values())
        lines = await killed_after(random.uniform(0.0, 0.08), tmp_path, begin)
        assert lines, "nothing was written before the kill"
        for writer, number, revision in lines:
            acknowledged[writer] = number
            newest = max(newest, revision)
        newest = await check(tmp_path, acknowledged, newest)


async def killed_after(seconds: float, directory: Path, begin: int) -> list[tuple[int, int, int]]:
    """Return what a writing process said, killed some time after its first word."""
    arguments = ["-c", PROGRAM, str(directory), str(WRITERS), str(begin)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert child.stdout is not None
    async with asyncio.timeout(30):
        said = await child.stdout.readline()
        # Read on while it writes: a full pipe would stop it.
        rest = asyncio.ensure_future(child.stdout.read())
        await asyncio.sleep(seconds)
        child.kill()
        said += await rest
        await child.wait()
    whole = said[: said.rfind(b"\n") + 1].decode().split("\n")[:-1]
    return [(int(writer), int(number), int(revision)) for writer, number, revision in map(str.split, whole)]


async def check(directory: Path, acknowledged: dict[int, int], newest: int) -> int:
    """Hold what the store has against what was acknowledged, and return its revision."""
    async with leveldb.open_store(directory, clock=SystemClock(), random=Random(1)) as store:
        assert store.revision >= newest, "a revision went back"
        for writer, number in acknowledged.items():
            written = {
                entry.key: int(entry.value.split(b".")[0])
                for prefix in (b"key/%d/" % writer, b"twin/%d/" % writer)
                for entry in store.range(prefix, prefix[:-1] + b"0").entries
            }
            if number:
                assert max(written.values()) >= number, f"writer {writer} lost write {number}"
            twins = {written.get(b"twin/%d/%s" % (writer, twin)) for twin in (b"a", b"b")}
            assert len(twins) == 1, "half a transaction is there"
        revisions = [entry.mod_revision for entry in store.range(b"\0", TO_THE_END).entries]
        assert max(revisions) <= store.revision
        return store.revision
