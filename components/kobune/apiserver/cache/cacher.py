"""Keeps every resource's objects in memory, following the store."""

from collections.abc import Sequence

from kobune.api.meta.v1 import StatusDetails
from kobune.apimachinery.errors import NotFound
from kobune.apiserver.cache.ring import Ring
from kobune.apiserver.cache.soundness import NoObject, read
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.cache.unread import Unread
from kobune.apiserver.registry.registry import Registry
from kobune.apiserver.registry.resource import PREFIX, Resource
from kobune.apiserver.storage.store import DELETE, Entry, Event, Store, prefix_end


class Cacher:
    """All rings, by the resource that is stored. Start it before the first write."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self._store = store
        self._rings = {resource.stored.path: Ring(resource.stored, store.revision) for resource in registry}
        for ring in self._rings.values():
            self._load(ring)
        self._compacted = store.compacted
        self._stop = store.subscribe(self._follow)

    @property
    def revision(self) -> int:
        """The revision that everything here is of."""
        return self._store.revision

    def ring(self, resource: Resource) -> Ring:
        """Return the ring of a resource; `NotFound` if it is served no longer."""
        try:
            return self._rings[resource.stored.path]
        except KeyError:
            raise NotFound("the server could not find the requested resource", StatusDetails()) from None

    def open(self, resource: Resource) -> None:
        """Keep the objects of a resource from now on; whoever watched it as it was before is through."""
        self.forget(resource)
        ring = self._rings[resource.stored.path] = Ring(resource.stored, self._store.revision)
        self._load(ring)

    def forget(self, resource: Resource) -> None:
        """Keep the objects of a resource no longer."""
        if (ring := self._rings.pop(resource.stored.path, None)) is not None:
            ring.close()

    def get(self, resource: Resource, namespace: str, name: str) -> Stored | None:
        """Return an object as it is now, or None."""
        found: Stored | None = self.ring(resource).objects.get(resource.key(namespace, name))
        return found if found is None or found.is_sound() else None

    def stored(self, resource: Resource, entry: Entry) -> Stored | None:
        """Return the object of an entry; None, and a line in the log, if it is none: others write there, too."""
        try:
            return read(resource, entry)
        except NoObject:
            return None

    def written(self, resource: Resource, key: bytes, raw: bytes, revision: int) -> Stored:
        """Return what a write stored, shared with everyone who reads it, unless somebody was faster."""
        found: Stored | None = self.ring(resource).objects.get(key)
        return found if found is not None and found.revision == revision else Stored(resource.stored, raw, revision)

    def close(self) -> None:
        """Stop following."""
        self._stop()

    def _load(self, ring: Ring) -> None:
        store, resource, prefix = self._store, ring.resource, ring.resource.prefix()
        ring.load(
            {key: Unread(resource, store, key, revision) for key, revision in store.index(prefix, prefix_end(prefix))}
        )

    def _ring_of(self, key: bytes) -> Ring | None:
        first, _, rest = key[len(PREFIX) :].partition(b"/")
        ring = self._rings.get(first)
        # Keys of custom resources begin with the group, which has a dot in it.
        return ring if ring is not None else self._rings.get(first + b"/" + rest.partition(b"/")[0])

    def _follow(self, events: Sequence[Event]) -> None:
        if self._store.compacted > self._compacted:
            self._compacted = self._store.compacted
            for known in self._rings.values():
                known.forget(self._compacted)
        touched = set()
        for event in events:
            ring = self._ring_of(event.entry.key)
            if ring is None:
                continue
            key = event.entry.key
            if event.previous is not None and isinstance(before := ring.objects.get(key), Unread):
                self._keep(ring, before, event.previous)
            stored = None if event.type == DELETE else self.stored(ring.resource, event.entry)
            if stored is None:
                ring.delete(key, event.entry.mod_revision)
            else:
                ring.put(key, stored)
            touched.add(ring)
        revision = self._store.revision
        for ring in touched:
            ring.advance(revision)

    def _keep(self, ring: Ring, before: Unread, previous: Entry) -> None:
        """Have an object read before compaction may take it from the disk."""
        try:
            before.settle(read(ring.resource, previous))
        except NoObject:
            del ring.objects[previous.key]
