"""A whole store as one file: what `kobune snapshot` and `etcdctl snapshot save` write, and `restore` reads.

magic     16 bytes
blocks    each: how many bytes (4, big-endian), what sort (1), so many bytes
H   JSON: the format, and the revision that all of it is of
L   leases, as a `LeaseTimeToLiveResponse` each
E   entries, in order of their keys, as the `kvs` of a `RangeResponse`
F   JSON: how many entries and leases there are
padding   zeros up to a multiple of 512
SHA-256   32 bytes, of all before: by these sizes etcd's clients tell that a snapshot has come to its end
"""

import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import BinaryIO, Final

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.errors import StoreError
from kobune.apiserver.storage.etcd.wire import entry_fields
from kobune.apiserver.storage.pages import pages
from kobune.apiserver.storage.store import Entry, Store
from kobune.vendor.etcd import rpc_pb2

FORMAT: Final = 1
MAGIC: Final = b"kobune snapshot\n"
MULTIPLE: Final = 512
DIGEST: Final = hashlib.sha256().digest_size
LARGEST: Final = 1 << 30
"""A block that claims more bytes is none."""

_HEAD: Final = Struct(">Ic")


class BadSnapshot(StoreError):
    """A file is no snapshot that can be used."""


@dataclass(frozen=True)
class Summary:
    """What a snapshot holds."""

    revision: int
    entries: int
    leases: int


async def stream(store: Store, clock: Clock) -> AsyncGenerator[bytes, None]:
    """Yield a snapshot of a store, piece by piece: all of one revision, while writes go on."""
    digest, size = hashlib.sha256(), 0
    async for piece in _content(store, clock):
        digest.update(piece)
        size += len(piece)
        yield piece
    padding = bytes(-size % MULTIPLE)
    digest.update(padding)
    yield padding + digest.digest()


async def _content(store: Store, clock: Clock) -> AsyncIterator[bytes]:
    revision = store.revision
    leases = [store.time_to_live(id) for id in store.leases()]
    yield MAGIC + _block(b"H", json.dumps({"format": FORMAT, "revision": revision}).encode())
    for lease in leases:
        granted = rpc_pb2.LeaseTimeToLiveResponse(ID=lease.id, grantedTTL=lease.ttl)
        yield _block(b"L", granted.SerializeToString())
    count = 0
    async for entries in pages(store, clock, revision=revision):
        count += len(entries)
        yield _block(b"E", entry_fields(2, entries))
    yield _block(b"F", json.dumps({"entries": count, "leases": len(leases)}).encode())


def _block(sort: bytes, body: bytes) -> bytes:
    return _HEAD.pack(len(body), sort) + body


class Snapshot:
    """An open file that is a whole, undamaged snapshot: its leases, then its entries, to be read once."""

    def __init__(self, file: BinaryIO) -> None:
        """Check a file from beginning to end; raises `BadSnapshot`."""
        self._file = file
        size = file.seek(0, 2)
        file.seek(0)
        magic = file.read(len(MAGIC))
        if magic != MAGIC:
            raise BadSnapshot(_what_else(magic))
        sort, body = self._block(size)
        header = _header(body) if sort == b"H" else {}
        if header.get("format", 0) > FORMAT:  # then nothing else of it need be as it is here
            raise BadSnapshot(
                f"it has format {header['format']}, this version of Kobune reads up to {FORMAT}: upgrade first"
            )
        if size % MULTIPLE != DIGEST:
            raise BadSnapshot("it is cut short: make it again, or take another")
        self._end = size - DIGEST
        self._check()
        self.leases: list[tuple[int, int]] = []
        """Each one's id and granted time to live."""
        self.summary = self._summary(header["revision"])

    @classmethod
    def open(cls, path: Path) -> "Snapshot":
        """Open a file; `BadSnapshot` names it."""
        try:
            file = path.open("rb")
            return cls(file)
        except OSError as error:
            raise BadSnapshot(f"cannot read the snapshot {path}: {error.strerror}") from None
        except BadSnapshot as error:
            file.close()
            raise BadSnapshot(f"the snapshot {path} cannot be used: {error}") from None

    def entries(self) -> Iterator[Entry]:
        """Yield all entries, in order of their keys."""
        for sort, body in self._blocks():
            if sort == b"E":
                for kv in rpc_pb2.RangeResponse.FromString(body).kvs:
                    yield Entry(kv.key, kv.value, kv.create_revision, kv.mod_revision, kv.version, kv.lease)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _check(self) -> None:
        self._file.seek(0)
        digest = hashlib.sha256()
        left = self._end
        while left:
            piece = self._file.read(min(left, 1 << 20))
            digest.update(piece)
            left -= len(piece)
        if self._file.read() != digest.digest():
            raise BadSnapshot("it is damaged: what it holds does not fit its checksum")

    def _summary(self, revision: int) -> Summary:
        entries = 0
        for sort, body in self._blocks():
            match sort:
                case b"L":
                    lease = rpc_pb2.LeaseTimeToLiveResponse.FromString(body)
                    self.leases.append((lease.ID, lease.grantedTTL))
                case b"E":
                    entries += len(rpc_pb2.RangeResponse.FromString(body).kvs)
                case b"F":
                    if json.loads(body) != {"entries": entries, "leases": len(self.leases)}:
                        raise BadSnapshot("it is damaged: there are not as many entries as it says")
                    return Summary(revision, entries, len(self.leases))
        raise BadSnapshot("it is damaged: its end is missing")

    def _blocks(self) -> Iterator[tuple[bytes, bytes]]:
        self._file.seek(len(MAGIC))
        while True:
            block = self._block(self._end)
            yield block
            if block[0] == b"F":
                return

    def _block(self, end: int) -> tuple[bytes, bytes]:
        head = self._file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise BadSnapshot("it is cut short: make it again, or take another")
        size, sort = _HEAD.unpack(head)
        if size > min(LARGEST, end - self._file.tell()):
            raise BadSnapshot("it is cut short: make it again, or take another")
        return sort, self._file.read(size)


def _header(body: bytes) -> dict[str, int]:
    """Return the numbers of a header, as far as it is one."""
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return {name: value for name, value in said.items() if type(value) is int} if isinstance(said, dict) else {}


def _what_else(magic: bytes) -> str:
    if magic.startswith(b"\0" * 8):
        return "it is no snapshot of Kobune, perhaps one of etcd: etcdctl restores those"
    return "it is no snapshot of Kobune"
