"""Watch: what happens to a resource's objects from a revision on, as one client's selectors show it.

A watcher reads the ring of its resource at its own pace. It sees an object that begins to fulfil its selectors as
added, and one that no longer does as deleted. Source: *Efficient detection of changes* in the documentation, KEP-3157.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from typing import Any, Final

from kobune.api.meta.v1 import ListOptions
from kobune.apimachinery.errors import Expired
from kobune.apiserver.cache.ring import ADDED, DELETED, MODIFIED, Change, Ring
from kobune.apiserver.cache.stored import Stored
from kobune.apiserver.registry.resource import Resource
from kobune.apiserver.registry.validation import forbidden, unsupported
from kobune.apiserver.storage import errors
from kobune.apiserver.storage.store import DELETE, prefix_end
from kobune.apiserver.verbs.api import Api
from kobune.apiserver.verbs.call import Call
from kobune.apiserver.verbs.read import MATCH, Filter, invalid_options, known_revision, make_filter

BOOKMARK: Final = "BOOKMARK"
INITIAL_EVENTS_END: Final = "k8s.io/initial-events-end"
BOOKMARK_INTERVAL: Final = 60.0
LONGEST: Final = 3600
"""Seconds that a watch lasts whose client does not say."""
BATCH: Final = 2000
"""How many changes go out at once at most."""


def duration(options: ListOptions) -> float:
    """Return for how many seconds a watch is to last."""
    return float(min(options.timeoutSeconds or LONGEST, LONGEST))


def check_watch(options: ListOptions) -> None:
    """Raise `Invalid` if the options of a watch contradict each other."""
    match = options.resourceVersionMatch
    if options.HasField("sendInitialEvents"):
        causes = []
        if match != "NotOlderThan":
            causes.append(forbidden(MATCH, f"sendInitialEvents requires setting {MATCH} to NotOlderThan"))
            if match:
                causes.append(unsupported(MATCH, match, ("NotOlderThan",)))
        if causes:
            raise invalid_options(*causes)
    elif match:
        raise invalid_options(forbidden(MATCH, f"{MATCH} is forbidden for watch unless sendInitialEvents is provided"))


def watch(api: Api, call: Call, options: ListOptions) -> AsyncGenerator[Sequence[Change], None]:
    """Yield what happens, in order, in batches, nothing twice and nothing left out, until cancelled.

    What is wrong with the options raises at once; `Expired` comes out of the iteration, when the revision to start
    from, or where a slow reader stands, is no longer known.
    """
    check_watch(options)
    wanted = make_filter(call, options)
    asked = known_revision(api, options.resourceVersion)
    return _follow(api, call, options, wanted, asked)


async def _follow(
    api: Api, call: Call, options: ListOptions, wanted: Filter, asked: int
) -> AsyncGenerator[Sequence[Change], None]:
    ring = api.cacher.ring(call.resource)
    show_state = options.sendInitialEvents if options.HasField("sendInitialEvents") else not asked
    if show_state or not asked:
        position, revision = ring.position, api.cacher.revision
        if show_state:
            prefix = call.resource.prefix(call.namespace)
            initial = [Change(ADDED, stored, None) for stored in ring.select(prefix) if wanted.matches(stored)]
            for start in range(0, len(initial), BATCH):
                yield initial[start : start + BATCH]
        if options.sendInitialEvents and options.allowWatchBookmarks:
            yield [bookmark(call.resource.stored, revision, end_of_initial_events=True)]
    else:
        if asked < ring.start:
            async for changes in _history(api, call, asked, ring):
                yield [seen for change in changes if (seen := _seen(wanted, call, change)) is not None]
            asked = ring.start
        position = ring.position_after(asked)
    while True:
        changes = ring.read(position, BATCH)
        if not changes:
            if ring.is_closed:
                return
            if not await _change(ring) and options.allowWatchBookmarks:
                yield [bookmark(call.resource.stored, api.cacher.revision)]
            continue
        position += len(changes)
        if visible := _visible(wanted, call, changes):
            yield visible


def bookmark(resource: Resource, revision: int, *, end_of_initial_events: bool = False) -> Change:
    """Return the event that only tells how far the watcher has seen."""
    empty: Any = resource.empty()
    empty.metadata.SetInParent()
    if end_of_initial_events:
        empty.metadata.annotations[INITIAL_EVENTS_END] = "true"
    return Change(BOOKMARK, Stored(resource, resource.dump(empty), revision), None)


async def _change(ring: Ring) -> bool:
    """Wait for a change; False if none came for as long as bookmarks are apart."""
    try:
        async with asyncio.timeout(BOOKMARK_INTERVAL):
            await ring.changed()
    except TimeoutError:
        return False
    return True


def _visible(wanted: Filter, call: Call, changes: Sequence[Change]) -> Sequence[Change]:
    if not call.namespace and wanted.everything():
        return changes
    return [seen for change in changes if (seen := _seen(wanted, call, change)) is not None]


def _seen(wanted: Filter, call: Call, change: Change) -> Change | None:
    """Return a change as the watcher sees it, or None if it does not concern it."""
    if call.namespace and not change.key.startswith(call.resource.prefix(call.namespace)):
        return None
    if wanted.everything():
        return change
    is_wanted = change.type != DELETED and wanted.matches(change.object)
    was_wanted = change.previous is not None and wanted.matches(change.previous)
    if is_wanted:
        return change if was_wanted or change.type == ADDED else Change(ADDED, change.object, None)
    if not was_wanted:
        return None
    if change.type == DELETED:
        return change
    # Like Kubernetes: the object as it was when it was last wanted, at the revision at which it no longer is.
    assert change.previous is not None
    return Change(DELETED, Stored(change.object.resource, change.previous.raw, change.revision), change.previous)


async def _history(api: Api, call: Call, after: int, ring: Ring) -> AsyncIterator[Iterable[Change]]:
    """Yield the changes past `after` that are older than the ring, from the store."""
    prefix = call.resource.prefix()
    resource = call.resource.stored
    too_old = Expired(f"too old resource version: {after} ({api.store.compacted})")
    if after < api.store.compacted:
        # The store still shows what is there at the revision of the compaction, but no longer what went away at it.
        raise too_old
    try:
        async for changes in api.store.watch(prefix, prefix_end(prefix), after=after):
            found = []
            for event in changes.events:
                entry, before = event.entry, event.previous
                if entry.mod_revision > ring.start:
                    break
                previous = api.cacher.stored(resource, before) if before else None
                stored = None if event.type == DELETE else api.cacher.stored(resource, entry)
                if stored is None:
                    if previous is not None:
                        found.append(
                            Change(DELETED, Stored(resource, previous.raw, entry.mod_revision), previous, entry.key)
                        )
                    continue
                kind = MODIFIED if previous else ADDED
                found.append(Change(kind, stored, previous, entry.key))
            yield found
            if changes.revision >= ring.start:
                return
    except errors.Compacted:
        raise too_old from None
