"""How a store lies on a disk: rows of bytes, sorted by their keys.

    m format                 the version of this layout, in digits
    m compacted              the oldest readable revision
    m tally                  what all of `k` and `l` adds up to: see `tally`
    m written                how many synced writes there were: see `witness`
    k <key>                  the index of what is there now: the revision of the key's entry, and its lease if any
    l <id>                   the granted time of a lease
    r <revision> <key>       what a revision did to a key: a header, then the value

Numbers in keys are big-endian, so that sorted rows are a history in order. A write is one batch: its `r` rows and the
matching changes of `k`. Compaction deletes `r` rows, oldest first, in batches of their own; `read` finds what one
that was cut short has left.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from struct import Struct
from typing import NamedTuple

from kobune.apiserver.storage.store import DELETE, FIRST_REVISION, Entry, Event, EventType

Row = tuple[bytes, bytes | None]
"""A row to write, or with None as its value to delete."""

FORMAT_ROW = b"mformat"
COMPACTED_ROW = b"mcompacted"
RECORDS = b"r"

NUMBER = Struct(">q")
LEASED = Struct(">qq")
HEADER = Struct(">BIqqq")  # type, place among the revision's events, create revision, version, lease


class Change(NamedTuple):
    """An event without its values: `previous` is the revision of the entry before it, 0 if there was none."""

    type: EventType
    key: bytes
    previous: int


@dataclass(slots=True)
class Loaded:
    """What a disk holds. `index` is in the order of its keys; `log` starts at the compacted revision."""

    revision: int = FIRST_REVISION
    compacted: int = 0
    index: dict[bytes, int] = field(default_factory=dict)
    leased: dict[bytes, int] = field(default_factory=dict)
    """The leases of the keys that have one."""
    log: list[tuple[Change, ...]] = field(default_factory=list)
    leases: dict[int, int] = field(default_factory=dict)
    """What was granted, by id."""
    obsolete: list[bytes] = field(default_factory=list)
    """Rows that a compaction did not get to delete."""


def event_rows(events: Iterable[Event]) -> Iterator[Row]:
    """Yield the rows that make the events of one revision durable."""
    for place, event in enumerate(events):
        entry = event.entry
        header = HEADER.pack(event.type, place, entry.create_revision, entry.version, entry.lease)
        yield record_row(entry.mod_revision, entry.key), header + entry.value
        yield b"k" + entry.key, None if event.type is DELETE else index_value(entry.mod_revision, entry.lease)


def index_value(revision: int, lease: int) -> bytes:
    """Return the value of a `k` row."""
    return LEASED.pack(revision, lease) if lease else NUMBER.pack(revision)


def record_row(revision: int, key: bytes) -> bytes:
    """Return the key of an `r` row."""
    return RECORDS + NUMBER.pack(revision) + key


def entry_of(key: bytes, revision: int, record: bytes) -> Entry:
    """Return the entry that is kept as the value of an `r` row."""
    _, _, created, version, lease = HEADER.unpack_from(record)
    return Entry(key, record[HEADER.size :], created, revision, version, lease)


def compacted_rows(revision: int) -> list[Row]:
    return [(COMPACTED_ROW, NUMBER.pack(revision))]


def lease_rows(id: int, ttl: int | None) -> list[Row]:
    """Return the row of a lease; a `ttl` of None ends it."""
    return [(b"l" + NUMBER.pack(id), None if ttl is None else NUMBER.pack(ttl))]


def obsolete_rows(changes: Iterable[Change], revision: int, compacted: int) -> Iterator[bytes]:
    """Yield the rows that compaction deletes because of the changes of a revision up to it."""
    for change in changes:
        if change.previous:
            yield record_row(change.previous, change.key)
        if change.type is DELETE and revision < compacted:
            yield record_row(revision, change.key)
