"""The store served as etcd v3, to the real etcdctl; and, where there is a real etcd, answering as that does."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import grpc
import pytest

from kobune.apimachinery.clock import SystemClock
from kobune.apiserver.storage import memory
from kobune.apiserver.storage.etcd import add_to
from kobune.apiserver.storage.etcd.snapshot import Snapshot
from kobune.apiserver.storage.store import Store
from kobune.testing.etcd_servers import EtcdServers

pytestmark = pytest.mark.skipif(shutil.which("etcdctl") is None, reason="etcdctl is not installed")
ENVIRONMENT = {"ETCDCTL_API": "3", "PATH": "/usr/local/bin:/usr/bin:/bin"}


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with memory.open_store(clock=SystemClock(), random=Random(1)) as store:
        yield store


@pytest.fixture
async def address(store: Store) -> AsyncIterator[str]:
    server = grpc.aio.server()
    add_to(server, store, clock=SystemClock(), client_urls=lambda: ["http://127.0.0.1:2379"])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(0)


async def run(address: str, *arguments: str, said: str = "") -> tuple[int, str]:
    """Return how etcdctl ends, and what it prints without its log."""
    process = await asyncio.create_subprocess_exec(
        *("etcdctl", f"--endpoints={address}", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=ENVIRONMENT,
    )
    async with asyncio.timeout(20):
        printed, _ = await process.communicate(said.encode())
    lines = [line for line in printed.decode(errors="replace").splitlines() if not line.startswith('{"level"')]
    return process.returncode or 0, "\n".join(lines)


async def etcdctl(address: str, *arguments: str, said: str = "") -> str:
    """Return what etcdctl prints; it has to succeed."""
    code, printed = await run(address, *arguments, said=said)
    assert code == 0, printed
    return printed.strip()


async def refused(address: str, *arguments: str) -> str:
    """Return what etcdctl says when it does not succeed."""
    code, printed = await run(address, *arguments)
    assert code != 0, printed
    return printed


SAME = """
put /a 1
put /a 2 --prev-kv
put /b 3
put /c 2
put /ca 9
put /a 4
get /a
get /a -w json
get / --prefix -w json
get /a /c -w fields
get /b --from-key --keys-only
get / --prefix --limit=2 -w json
get / --prefix --order=DESCEND
get / --prefix --sort-by=VALUE
get / --prefix --sort-by=VALUE --order=DESCEND --limit=2 -w json
get / --prefix --sort-by=CREATE --keys-only
get / --prefix --sort-by=MODIFY --limit=2 -w json
get / --prefix --sort-by=VERSION --order=DESCEND
get / --prefix --sort-by=KEY --order=DESCEND --limit=1 --print-value-only
get /c /b
get / --prefix --rev=3
get /a --rev=99
get /a --consistency=s
get /nothing -w json
put /a --ignore-value
put /nothing --ignore-value
put /a --ignore-lease 5
put /b 1 --lease=1234
del /a --prev-kv
del /a
del /c --prefix --prev-kv -w json
del /b --from-key
put /k 1
compaction 5
compaction 5
compaction 500
get /a --rev=3
get /a --rev=5
compaction 9 --physical
lease revoke 1234
lease timetolive 1234
lease keep-alive --once 1234
lease grant 30000000000
alarm list
alarm disarm
defrag
endpoint health
"""
"""Commands whose output may not differ from what etcd itself gives rise to."""
TXNS = (
    'mod("/k") = "2"\n\nput /k 2\nget /k\n\nput /n 1\nget /n\n\n',
    'version("/k") > "0"\nvalue("/k") = "1"\ncreate("/k") > "0"\n\nput /k 2\nget /k --limit=1\ndel /m\n\n\n',
    "\nput /q 2\ndel /q --prefix\n\n\n",
    "\ndel /q\nput /q 1\n\n\n",
    "\nput /s 1\n\nput /t 1\nput /t 2\n\n",
    "\nget /q\nput /q 1\nget /q\n\n\n",
    'value("/nothing") != "1"\n\nput /s 1\n\nput /f 1\n\n',
    'version("/nothing") = "0"\n\nput /s 1\n\nput /f 1\n\n',
)


def plain(printed: str, address: str) -> str:
    """Return output without what cannot be the same."""
    printed = re.sub(r'"?(cluster_id|member_id|raft_term|ClusterID|MemberID|RaftTerm)"? ?: ?\d+', "", printed)
    return re.sub(r"took = \S+", "", printed.replace(address, "…"))


@pytest.mark.skipif(shutil.which("etcd") is None, reason="etcd is not installed")
async def test_etcdctl_cannot_tell_it_from_etcd(address: str, tmp_path: Path) -> None:
    async with EtcdServers(tmp_path) as etcd:
        real = etcd.addresses[0]
        for arguments, said in [
            *((line.split(), "") for line in SAME.strip().splitlines()),
            *((["txn", *form], txn) for txn in TXNS for form in ([], ["-w", "json"])),
            (["get", "/", "--prefix", "-w", "json"], ""),
        ]:
            (code, ours), (other, theirs) = await asyncio.gather(
                run(address, *arguments, said=said), run(real, *arguments, said=said)
            )
            assert (code, plain(ours, address)) == (other, plain(theirs, real)), arguments


async def test_reads_and_writes(address: str) -> None:
    for key in ("/a", "/b", "/c"):
        assert await etcdctl(address, "put", key, "1") == "OK"
    assert await etcdctl(address, "get", "/", "--prefix", "--keys-only") == "/a\n\n/b\n\n/c"
    txn = 'mod("/a") = "2"\n\nput /a 2\nget /a\ndel /b\n\nput /never 1\n\n'
    assert (await etcdctl(address, "txn", said=txn)).split() == ["SUCCESS", "OK", "/a", "2", "1"]
    assert '"Count" : 3' in await etcdctl(address, "get", "/", "--prefix", "--rev=4", "-w=fields")
    assert await etcdctl(address, "get", "/a", "--rev=4", "--print-value-only") == "1"
    assert await etcdctl(address, "get", "/", "--prefix", "--order=DESCEND", "--keys-only") == "/c\n\n/a"
    assert await etcdctl(address, "del", "/", "--prefix") == "2"
    assert await etcdctl(address, "compaction", "5", "--physical") == "compacted revision 5"
    assert "required revision has been compacted" in await refused(address, "get", "/a", "--rev=4")


@pytest.mark.parametrize("form", ["simple", "json"])
async def test_watches(address: str, store: Store, form: str) -> None:
    await store.put(b"/a", b"1")
    await store.put(b"/a", b"2")
    process = await asyncio.create_subprocess_exec(
        *("etcdctl", f"--endpoints={address}", "watch", "/", "--prefix", "--rev=2", "--prev-kv", "-w", form),
        stdout=asyncio.subprocess.PIPE,
        env=ENVIRONMENT,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            line: Any = process.stdout.readline
            if form == "simple":
                assert [await line() for _ in range(3)] == [b"PUT\n", b"/a\n", b"1\n"]
                assert [await line() for _ in range(5)] == [b"PUT\n", b"/a\n", b"1\n", b"/a\n", b"2\n"]
                await store.delete(b"/a")
                assert [await line() for _ in range(3)] == [b"DELETE\n", b"/a\n", b"2\n"]
            else:
                events = json.loads(await line())["Events"]
                assert [event["kv"]["version"] for event in events] == [1, 2]
                assert events[1]["prev_kv"]["value"] == "MQ=="
                await store.delete(b"/a")
                (event,) = json.loads(await line())["Events"]
                assert (event["type"], event["kv"]["mod_revision"]) == (1, 4)
    finally:
        process.kill()
        await process.wait()


async def test_keeps_leases(address: str, store: Store) -> None:
    id = (await etcdctl(address, "lease", "grant", "100")).split()[1]
    await etcdctl(address, "put", "/a", "1", f"--lease={id}")
    assert "attached keys([/a])" in await etcdctl(address, "lease", "timetolive", id, "--keys")
    assert "keepalived with TTL(100)" in await etcdctl(address, "lease", "keep-alive", "--once", id)
    assert id in await etcdctl(address, "lease", "list")
    await etcdctl(address, "lease", "revoke", id)
    assert store.get(b"/a") is None


async def test_looks_after_the_store(address: str, store: Store) -> None:
    await store.put(b"a", b"1")
    (told,) = json.loads(await etcdctl(address, "endpoint", "status", "-w", "json"))
    assert (told["Status"]["header"]["revision"], told["Status"]["version"][:3]) == (2, "3.5")
    assert "healthy" in await etcdctl(address, "endpoint", "health")
    member = "6b6f62756e6501, started, kobune, , http://127.0.0.1:2379, false"
    assert await etcdctl(address, "member", "list") == member
    assert "," in await etcdctl(address, "endpoint", "hashkv")
    assert await etcdctl(address, "alarm", "list") == ""
    assert "Finished defragmenting" in await etcdctl(address, "defrag")
    assert "kobune does not serve etcdserverpb.Maintenance/MoveLeader" in await refused(address, "move-leader", "1")
    assert "kobune does not serve etcdserverpb.Auth/AuthEnable" in await refused(address, "auth", "enable")
    assert "kobune does not serve etcdserverpb.Cluster/MemberRemove" in await refused(address, "member", "remove", "1")


async def test_takes_locks(address: str) -> None:
    assert (await etcdctl(address, "lock", "/mutex", "echo", "mine")) == "mine"


async def test_saves_snapshots(address: str, store: Store, tmp_path: Path) -> None:
    for number in range(300):
        await store.put(b"/%d" % number, b"x" * 3000)
    file = tmp_path / "file"
    assert await etcdctl(address, "snapshot", "save", str(file)) == f"Snapshot saved at {file}"
    opened = Snapshot.open(file)
    assert (opened.summary.entries, opened.summary.revision) == (300, 301)
    opened.close()
