"""What has to be in a store: everything that was acknowledged, and of what was in flight all or nothing."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import groupby
from random import Random

from crash.workload import ALL, WRITERS, Grant, Revoke, Step, step

from kobune.apiserver.storage.store import DELETE, TO_THE_END, Delete, Entry, Event, Put, Store, within

CHECKED = b"z/checked"


@dataclass
class Ledger:
    """The history of a directory through all its crashes."""

    seed: int
    steps: list[int] = field(default_factory=lambda: [0] * WRITERS)
    """How far every writer came."""
    changes: dict[int, list[Entry]] = field(default_factory=dict)
    """What every revision did, as entries and tombstones."""
    leases: dict[int, int] = field(default_factory=dict)
    """Who holds which lease: its id, as both."""
    newest: int = 1
    """The highest revision that anybody heard of."""
    compacted: int = 0
    now: dict[bytes, Entry] = field(default_factory=dict)

    def take(self, report: Sequence[str]) -> None:
        """Take in what a process told before it ended."""
        for line in report:
            kind, *rest = line.split(" ")
            match kind:
                case "o":
                    self.newest = max(self.newest, int(rest[0]))
                case "c":
                    self.compacted = int(rest[0])
                case "a":
                    writer, number, revision = map(int, rest)
                    assert number == self.steps[writer] + 1, "a step was acknowledged before the one ahead of it"
                    self._done(writer, revision)

    def state(self, revision: int) -> list[Entry]:
        """Return the entries at a revision, in key order."""
        now: dict[bytes, Entry] = {}
        for number in sorted(self.changes):
            if number <= revision:
                for entry in self.changes[number]:
                    if entry.version:
                        now[entry.key] = entry
                    else:
                        del now[entry.key]
        return [now[key] for key in sorted(now)]

    async def check(self, store: Store) -> None:
        """Hold a store that was opened again against it, take in what was in flight and is there, and write on."""
        assert store.failed is None
        assert store.revision >= self.newest, f"revision {store.revision}, but somebody saw {self.newest}"
        assert store.compacted >= self.compacted, "an acknowledged compaction is gone"
        events = await _history(store)
        assert sorted(events) == list(range(max(store.compacted, 1) + 1, store.revision + 1)), "a hole in the history"
        for revision in sorted(events):
            if revision not in self.changes:
                self._arrived(revision, events[revision], store)
        for id in store.leases():
            if id not in self.leases:
                self._done_if(id, Grant(id))
        for id in list(self.leases):
            if id not in store.leases():
                self._done_if(id, Revoke(id))
        self.newest, self.compacted = store.revision, store.compacted
        for revision, there in events.items():
            assert [event.entry for event in there] == self.changes[revision], f"revision {revision} is not as it was"
        random = Random(self.newest)
        for revision in {store.revision, max(store.compacted, 1), random.randint(max(store.compacted, 1), self.newest)}:
            assert store.range(*ALL, revision=revision).entries == self.state(revision), f"revision {revision} differs"
        assert store.range(*ALL).entries == self.state(self.newest)
        assert store.leases() == sorted(self.leases)
        for id in self.leases:
            assert store.time_to_live(id).keys == [key for key in sorted(self.now) if self.now[key].lease == id]
        await self._write_on(store)

    async def _write_on(self, store: Store) -> None:
        """See that a new write gets a revision that nobody has seen."""
        entry = await store.put(CHECKED, b"%d" % self.newest)
        assert entry.mod_revision == self.newest + 1, "a revision was given twice"
        self._record([entry])
        self.newest = entry.mod_revision

    def _arrived(self, revision: int, events: list[Event], store: Store) -> None:
        """Take in a revision that nobody was told of: it has to be all that a writer was about to do."""
        writer = int(events[0].entry.key.split(b"/")[1])
        expected = self._effects(step(self.seed, writer, self.steps[writer] + 1), revision)
        found = [event.entry for event in events]
        assert found == expected, f"half of a write is there: {_keys(found)} of {_keys(expected)}"
        self._done(writer, revision)

    def _done_if(self, id: int, doing: Step) -> None:
        """Take in the beginning or end of a lease that nobody was told of."""
        writer = id - 1
        assert step(self.seed, writer, self.steps[writer] + 1) == doing, f"lease {id} is not as it was"
        self._done(writer, 0)

    def _done(self, writer: int, revision: int) -> None:
        self.steps[writer] += 1
        doing = step(self.seed, writer, self.steps[writer])
        effects = self._effects(doing, revision)
        assert bool(effects) == bool(revision), "a revision for nothing, or none for something"
        match doing:
            case Grant(lease):
                self.leases[lease] = lease
            case Revoke(lease):
                del self.leases[lease]
        if effects:
            self._record(effects)
            self.newest = max(self.newest, revision)

    def _record(self, effects: list[Entry]) -> None:
        revision = effects[0].mod_revision
        assert revision not in self.changes, f"revision {revision} was given twice"
        self.changes[revision] = effects
        for entry in effects:
            if entry.version:
                self.now[entry.key] = entry
            else:
                del self.now[entry.key]

    def _effects(self, doing: Step, revision: int) -> list[Entry]:
        """Return what a step does, given all that its writer did before."""
        match doing:
            case Grant():
                return []
            case Revoke(lease):
                return [_gone(key, revision) for key in sorted(self.now) if self.now[key].lease == lease]
            case operations:
                effects = []
                for operation in operations:
                    match operation:
                        case Put(key, bytes(value), int(lease)):
                            old = self.now.get(key)
                            created, version = (old.create_revision, old.version + 1) if old else (revision, 1)
                            effects.append(Entry(key, value, created, revision, version, lease))
                        case Delete(key, end):
                            effects += [_gone(key_, revision) for key_ in sorted(self.now) if within(key_, key, end)]
                return effects


def _gone(key: bytes, revision: int) -> Entry:
    return Entry(key, b"", 0, revision, 0)


def _keys(entries: list[Entry]) -> list[str]:
    return [entry.key.decode() for entry in entries]


async def _history(store: Store) -> dict[int, list[Event]]:
    """Return the events of every revision that can be watched."""
    events: list[Event] = []
    after = max(store.compacted, 1)
    async with aclosing(store.watch(b"\0", TO_THE_END, after=after)) as watch:
        while after < store.revision:
            changes = await anext(watch)
            events += changes.events
            after = changes.revision
    assert all((event.type is DELETE) == (event.entry.version == 0) for event in events)
    return {revision: list(of_it) for revision, of_it in groupby(events, key=lambda event: event.entry.mod_revision)}
