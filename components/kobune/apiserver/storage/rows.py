"""How a store lies on a disk: rows of bytes, sorted by their keys.

    m format                 the version of this layout, in digits
    m compacted              the oldest readable revision
    k <key>                  the revision of the key's entry: the index of what is there now
    l <id>                   the granted time of a lease
    r <revision> <key>       what a revision did to a key: a header, then the value

Numbers in keys are big-endian, so that sorted rows are a history in order. A write is one batch: its `r` rows and the
matching changes of `k`. Compaction deletes `r` rows, oldest first, in batches of their own; `load` finishes one that
was cut short.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from struct import Struct

from kobune.apiserver.storage.draft import tombstone
from kobune.apiserver.storage.errors import StoreDamaged
from kobune.apiserver.storage.store import DELETE, FIRST_REVISION, PUT, Entry, Event

Row = tuple[bytes, bytes | None]
"""A row to write, or with None as its value to delete."""

FORMAT_ROW = b"mformat"
COMPACTED_ROW = b"mcompacted"

_NUMBER = Struct(">q")
_HEADER = Struct(">BIqqq")  # type, place among the revision's events, create revision, version, lease


def event_rows(events: Iterable[Event]) -> Iterator[Row]:
    """Yield the rows that make the events of one revision durable."""
    for place, event in enumerate(events):
        entry = event.entry
        revision = _NUMBER.pack(entry.mod_revision)
        header = _HEADER.pack(event.type, place, entry.create_revision, entry.version, entry.lease)
        yield b"r" + revision + entry.key, header + entry.value
        yield b"k" + entry.key, None if event.type is DELETE else revision


def compacted_rows(revision: int) -> list[Row]:
    return [(COMPACTED_ROW, _NUMBER.pack(revision))]


def lease_rows(id: int, ttl: int | None) -> list[Row]:
    """Return the row of a lease; a `ttl` of None ends it."""
    return [(b"l" + _NUMBER.pack(id), None if ttl is None else _NUMBER.pack(ttl))]


def obsolete_rows(events: Iterable[Event], compacted: int) -> Iterator[Row]:
    """Yield the deletions that compaction makes of the events up to it, which come oldest first."""
    for event in events:
        key, revision = event.entry.key, event.entry.mod_revision
        if event.previous is not None:
            yield _record_key(event.previous), None
        if event.type is DELETE and revision < compacted:
            yield b"r" + _NUMBER.pack(revision) + key, None


@dataclass(slots=True)
class Loaded:
    """What a disk holds. `live` is in key order; `log` starts at the compacted revision."""

    revision: int = FIRST_REVISION
    compacted: int = 0
    live: list[Entry] = field(default_factory=list)
    log: list[tuple[Event, ...]] = field(default_factory=list)
    leases: dict[int, int] = field(default_factory=dict)
    obsolete: list[Row] = field(default_factory=list)
    """Deletions that a compaction did not get to."""


def load(rows: Iterable[tuple[bytes, bytes]]) -> Loaded:
    """Read every row, in order, or raise `StoreDamaged` if they contradict each other."""
    loaded = Loaded()
    index: dict[bytes, bytes] = {}
    newest: dict[bytes, Entry] = {}
    history = _History(loaded, newest)
    for key, value in rows:
        match key[:1]:
            case b"r":
                history.add(_NUMBER.unpack_from(key, 1)[0], key[9:], value)
            case b"k":
                index[key[1:]] = value
            case b"l":
                loaded.leases[_NUMBER.unpack_from(key, 1)[0]] = _NUMBER.unpack(value)[0]
            case b"m" if key == COMPACTED_ROW:
                loaded.compacted = loaded.revision = _NUMBER.unpack(value)[0]
            case b"m":
                pass
            case _:
                raise StoreDamaged(f"unknown row {key[:40]!r}")
    history.finish()
    if len(newest) != len(index):
        raise StoreDamaged(f"the index has {len(index)} keys, the history {len(newest)}")
    for key, revision in index.items():
        entry = newest.get(key)
        if entry is None or _NUMBER.pack(entry.mod_revision) != revision:
            raise StoreDamaged(f"index and history differ about {key.decode(errors='replace')}")
        loaded.live.append(entry)
    return loaded


class _History:
    """Takes in the `r` rows, oldest first; they sort behind all others."""

    def __init__(self, loaded: Loaded, newest: dict[bytes, Entry]) -> None:
        self._loaded = loaded
        self._newest = newest
        self._log: list[list[tuple[int, Event]]] = []

    def add(self, revision: int, key: bytes, record: bytes) -> None:
        type, place, created, version, lease = _HEADER.unpack_from(record)
        previous = self._newest.get(key)
        if previous is not None:
            key = previous.key  # the same bytes only once in memory
        if type == DELETE:
            entry = tombstone(key, revision)
            self._newest.pop(key, None)
        else:
            entry = self._newest[key] = Entry(key, record[_HEADER.size :], created, revision, version, lease)
        compacted = self._loaded.compacted
        if revision < compacted and previous is None and type != DELETE:
            return  # most rows of most stores: an entry that has not changed for long
        event = Event(DELETE if type == DELETE else PUT, entry, previous)
        if revision <= compacted:
            self._loaded.obsolete.extend(obsolete_rows((event,), compacted))
        if revision == compacted:
            event = Event(event.type, entry, None)
        if revision >= compacted:
            self._remember(revision, place, event)

    def finish(self) -> None:
        """Put the events of each revision in the order in which its transaction made them."""
        for events in self._log:
            events.sort(key=lambda placed: placed[0])
        self._loaded.log = [tuple(event for _, event in events) for events in self._log]

    def _remember(self, revision: int, place: int, event: Event) -> None:
        newest = self._loaded.revision
        if revision == newest + 1 or (revision == newest and not self._log):
            self._log.append([])
            self._loaded.revision = revision
        elif revision != newest:
            raise StoreDamaged(f"revision {newest + 1} is missing, found {revision}")
        self._log[-1].append((place, event))


def _record_key(entry: Entry) -> bytes:
    return b"r" + _NUMBER.pack(entry.mod_revision) + entry.key
