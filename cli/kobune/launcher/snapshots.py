"""Taking a snapshot of a data directory's cluster, and making a data directory of one."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from ipaddress import ip_network
from pathlib import Path
from random import Random
from typing import Any, BinaryIO, Final

import grpc

from kobune.apimachinery.clock import SystemClock
from kobune.apiserver.registry.registry import built_in
from kobune.apiserver.storage import leveldb
from kobune.apiserver.storage import restore as restoring
from kobune.apiserver.storage.errors import StoreError
from kobune.apiserver.storage.etcd.snapshot import Snapshot, Summary, stream
from kobune.apiserver.storage.remote.endpoints import is_remote
from kobune.apiserver.storage.store import Entry
from kobune.component_base.certificates import credentials
from kobune.component_base.failure import CannotStart
from kobune.component_base.serving import OPTIONS, channel_credentials
from kobune.launcher.addresses import Addresses, candidates
from kobune.launcher.composition import ADMIN
from kobune.launcher.data_dir import DataDirectory
from kobune.launcher.settings import APISERVER
from kobune.vendor.etcd import rpc_pb2
from kobune.vendor.etcd.rpc_pb2_grpc import MaintenanceStub

KEPT: Final = {"pki"}
"""What may be in a directory that a snapshot is restored into."""


def save(directory: DataDirectory, file: Path) -> Summary:
    """Write a snapshot of a cluster, running or not, into a file that is whole or not there; `CannotStart` if not."""
    with _written(file) as temporary:
        with temporary.open("wb") as to:
            if directory.holder() is not None:
                _save_running(directory, to)
            else:
                _save_stopped(directory, to)
            to.flush()
            os.fsync(to.fileno())
        return check(temporary)


def restore(directory: DataDirectory, file: Path, *, bump: int) -> tuple[Summary, int]:
    """Make a data directory of a snapshot; returns what was in it, and the revision that it has now."""
    with _opened(file) as snapshot:
        if directory.root.exists() and {found.name for found in directory.root.iterdir()} - KEPT:
            raise CannotStart(
                f"{directory.root} is not empty: a snapshot is restored into a new data directory; choose one with "
                "--data-dir, or move this one away"
            )
        directory.prepare()
        with directory.locked():
            temporary = directory.store.with_name("store.new")
            work = restoring.restore(snapshot, temporary, clock=SystemClock(), random=Random(), bump=bump)
            try:
                revision = asyncio.run(work)
            except (StoreError, OSError) as error:
                shutil.rmtree(temporary, ignore_errors=True)
                raise CannotStart(f"cannot restore {file}: {error}") from None
            addresses = _addresses(snapshot.entries())
            if addresses is not None:
                directory.addresses.write_text(json.dumps(asdict(addresses)))
            temporary.rename(directory.store)
        return snapshot.summary, revision


def check(file: Path) -> Summary:
    """Return what is in a snapshot; `CannotStart` if it is no good."""
    with _opened(file) as snapshot:
        return snapshot.summary


@contextmanager
def _opened(file: Path) -> Iterator[Snapshot]:
    try:
        snapshot = Snapshot.open(file)
    except StoreError as error:
        raise CannotStart(str(error)) from None
    try:
        yield snapshot
    finally:
        snapshot.close()


@contextmanager
def _written(file: Path) -> Iterator[Path]:
    """Give a file to write that then takes the place of another; if anything goes wrong, it is removed."""
    temporary = file.with_name(f"{file.name}.part")
    try:
        # Created with its mode: Secrets are in it.
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        yield temporary
        temporary.replace(file)
    except OSError as error:
        raise CannotStart(f"cannot write {file}: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _save_running(directory: DataDirectory, to: BinaryIO) -> None:
    store = str(directory.recorded("cluster").get("store", ""))
    if is_remote(store):
        raise CannotStart(f"the objects of this cluster are in {store}: save that with etcdctl snapshot save")
    address = directory.recorded(APISERVER).get("others", {}).get("etcd", "")
    if not address:
        raise CannotStart(f"the apiserver of {directory.root} is not ready: try again, or see kobune status")
    files = channel_credentials(credentials(directory.pki, ADMIN.name))
    with grpc.secure_channel(address, files, options=OPTIONS) as channel:
        try:
            for part in MaintenanceStub(channel).Snapshot(rpc_pb2.SnapshotRequest()):
                to.write(part.blob)
        except grpc.RpcError as error:
            told: Any = error
            raise CannotStart(f"the apiserver gave no snapshot: {told.code().name}: {told.details()}") from None


def _save_stopped(directory: DataDirectory, to: BinaryIO) -> None:
    if not directory.store.is_dir():
        raise CannotStart(f"there is no cluster in {directory.root} that could be saved")

    async def copy() -> None:
        clock = SystemClock()
        async with leveldb.open_store(directory.store, clock=clock, random=Random()) as store:
            pieces: AsyncIterator[bytes] = stream(store, clock)
            async for piece in pieces:
                to.write(piece)

    with directory.locked():
        try:
            asyncio.run(copy())
        except StoreError as error:
            raise CannotStart(str(error)) from None


def _addresses(entries: Iterator[Entry]) -> Addresses | None:
    """Return the block of addresses that restored objects name; None if they name none."""
    registry = built_in()
    services, nodes = registry["services"], registry["nodes"]
    apiserver, share = services.key("default", "kubernetes"), 0
    block = None
    for entry in entries:
        if entry.key == apiserver:
            address = _loaded(services, entry).spec.clusterIP
            block = next((block for block in candidates() if block.apiserver == address), None)
        elif not share and entry.key.startswith(nodes.prefix()) and (cidr := _loaded(nodes, entry).spec.podCIDR):
            share = ip_network(cidr).prefixlen
    return replace(block, pods_of_a_node=share) if block and share else block


def _loaded(resource: Any, entry: Entry) -> Any:
    return resource.message.FromString(resource.unwrap(entry.value))
