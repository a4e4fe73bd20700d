"""Every way a store can refuse, drawn as one tree.

    StoreError
    ├── RevisionConflict ── the entry is not at the revision that the writer expected
    ├── Compacted ── the revision is gone: list again
    ├── FutureRevision ── nothing has that revision yet
    ├── DuplicateKey ── a transaction would write one key twice
    ├── KeyNotFound ── a write that keeps the old value or lease found no entry
    ├── LeaseNotFound, LeaseExists, LeaseTooLong
    ├── StoreClosed, StoreFailed ── no write is taken any more
    ├── Unreachable ── nobody has seen the request: it had no effect
    ├── Uncertain ── a write may have had its effect, or may have it yet
    ├── StoreRefused ── the servers of the store say no: they are full, or do not let us in
    └── CannotOpen
        ├── StoreLocked ── another process has it open
        ├── StoreTooNew ── a later Kobune wrote it
        ├── StoreDamaged ── what is on disk contradicts itself
        └── StoreUnavailable ── the library or the directory is missing

They are no `ApiError`s: a verb knows which object a key stands for, a store does not. But four are: `StoreFailed`, and
the three that only a store on other machines raises. They come at any time, and say the same whatever the object.
"""

from typing import TYPE_CHECKING

from kobune.api.meta.v1 import StatusDetails
from kobune.apimachinery.errors import InternalError, ServiceUnavailable, Timeout

if TYPE_CHECKING:
    from kobune.apiserver.storage.store import Entry


class StoreError(Exception):
    """A store did not do what it was asked to."""


class RevisionConflict(StoreError):
    """The entry is not at the expected revision; `current` is what is there, None for nothing."""

    def __init__(self, key: bytes, expected: int, current: "Entry | None") -> None:
        found = f"is at revision {current.mod_revision}" if current else "does not exist"
        wanted = f"revision {expected}" if expected else "no entry"
        super().__init__(f"{key.decode(errors='replace')} {found}, expected {wanted}")
        self.key = key
        self.expected = expected
        self.current = current


class Compacted(StoreError):
    """The revision asked for is older than `compacted`, the oldest that can still be read."""

    def __init__(self, revision: int, compacted: int) -> None:
        super().__init__(f"revision {revision} has been compacted; the oldest is {compacted}")
        self.revision = revision
        self.compacted = compacted


class FutureRevision(StoreError):
    """The revision asked for is newer than `current`."""

    def __init__(self, revision: int, current: int) -> None:
        super().__init__(f"revision {revision} is in the future; the newest is {current}")
        self.revision = revision
        self.current = current


class DuplicateKey(StoreError):
    """A transaction would write a key twice, which one revision cannot hold."""

    def __init__(self, key: bytes) -> None:
        super().__init__(f"the transaction writes {key.decode(errors='replace')} more than once")
        self.key = key


class KeyNotFound(StoreError):
    """A put that keeps the value or the lease of its entry found no entry."""

    def __init__(self, key: bytes) -> None:
        super().__init__(f"{key.decode(errors='replace')} does not exist")
        self.key = key


class LeaseNotFound(StoreError):
    """No such lease: it ran out, was revoked, or never was."""

    def __init__(self, id: int) -> None:
        super().__init__(f"lease {id:x} does not exist")
        self.id = id


class LeaseExists(StoreError):
    """The chosen id belongs to a lease already."""

    def __init__(self, id: int) -> None:
        super().__init__(f"lease {id:x} exists already")
        self.id = id


class LeaseTooLong(StoreError):
    """The time to live is above the limit."""


class StoreClosed(StoreError):
    """The store was closed."""


class StoreFailed(StoreError, InternalError):
    """A write could not be made durable, so none is acknowledged any more. Reads go on."""


class Unreachable(StoreError, ServiceUnavailable):
    """The servers of the store cannot be reached, or have no leader; the request had no effect."""

    def __init__(self, why: str) -> None:
        super().__init__(why, StatusDetails(retryAfterSeconds=1))


class Uncertain(StoreError, Timeout):
    """No answer came to a write: whoever wants to know has to look."""

    def __init__(self, why: str) -> None:
        super().__init__(why, StatusDetails(retryAfterSeconds=1))


class StoreRefused(StoreError, InternalError):
    """The servers of the store turned a request down, for a reason that is not the request's."""


class CannotOpen(StoreError):
    """The store on disk cannot be served; the message is one line for whoever started the program."""


class StoreLocked(CannotOpen):
    """Another process has the directory open."""


class StoreTooNew(CannotOpen):
    """A later version of Kobune wrote the directory."""


class StoreDamaged(CannotOpen):
    """What is on disk is broken in a way that is no torn tail."""


class StoreUnavailable(CannotOpen):
    """The library is not installed, or the directory cannot be used."""
