"""Giving up history by age."""

import logging
from collections import deque
from contextlib import suppress
from typing import Final

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.errors import (
    Compacted,
    RevisionConflict,
    StoreClosed,
    StoreFailed,
    StoreRefused,
    Uncertain,
    Unreachable,
)
from kobune.apiserver.storage.store import ABSENT, FIRST_REVISION, SharedStore, Store

logger = logging.getLogger(__name__)

KEPT: Final = 300.0
"""Seconds of history that stay readable at least, as with kube-apiserver."""
STEPS: Final = 5
"""In how many steps history goes: the more, the less is kept beyond that."""


LAST: Final = b"/kobune/compaction"
"""Of a shared store: is written by whoever compacts it, so that the others need not."""


async def compact_by_age(store: Store, *, clock: Clock, keep: float = KEPT, shared: SharedStore | None = None) -> None:
    """Give up what is older than `keep` seconds, or little more, until cancelled or the store takes no writes.

    Of the processes that share a store, one at a time compacts it; the others forget what they know of its past.
    """
    marks = deque([store.revision])
    turn = None if shared is None else _Turn(shared)
    with suppress(StoreClosed, StoreFailed):
        while True:
            await clock.sleep(keep / STEPS)
            marks.append(store.revision)
            if len(marks) <= STEPS:
                continue
            marked = marks.popleft()
            if marked <= max(store.compacted, FIRST_REVISION):
                continue
            try:
                if turn is None or await turn.take(marked, since=marks[-2]):
                    await store.compact(marked)
                    logger.debug("store: compacted to revision %d", marked)
            except Compacted:
                pass  # an etcd client may compact, too
            except (Unreachable, Uncertain, StoreRefused) as error:
                logger.warning("store: could not be compacted: %s", error)
            if shared is not None:
                shared.forget(marked)


class _Turn:
    """Whose turn it is to compact a shared store: one process at a time, and another one when that is gone."""

    def __init__(self, store: SharedStore) -> None:
        self._store = store
        self._mine = 0

    async def take(self, revision: int, *, since: int) -> bool:
        """Tell whether it is ours; it is not if somebody else has compacted since a revision, or does now."""
        last = self._store.get(LAST)
        if last is not None and last.mod_revision > since and last.mod_revision != self._mine:
            return False
        seen = last.mod_revision if last is not None else ABSENT
        try:
            self._mine = (await self._store.put(LAST, b"%d" % revision, expect=seen)).mod_revision
        except RevisionConflict:
            return False
        return True
