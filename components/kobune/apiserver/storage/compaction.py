"""Giving up history by age."""

import logging
from collections import deque
from contextlib import suppress
from typing import Final

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.errors import Compacted, StoreClosed, StoreFailed
from kobune.apiserver.storage.store import FIRST_REVISION, Store

logger = logging.getLogger(__name__)

KEPT: Final = 300.0
"""Seconds of history that stay readable at least, as with kube-apiserver."""
STEPS: Final = 5
"""In how many steps history goes: the more, the less is kept beyond that."""


async def compact_by_age(store: Store, *, clock: Clock, keep: float = KEPT) -> None:
    """Give up what is older than `keep` seconds, or little more, until cancelled or the store takes no writes."""
    marks = deque([store.revision])
    with suppress(StoreClosed, StoreFailed):
        while True:
            await clock.sleep(keep / STEPS)
            marks.append(store.revision)
            if len(marks) <= STEPS:
                continue
            marked = marks.popleft()
            if marked > max(store.compacted, FIRST_REVISION):
                with suppress(Compacted):  # an etcd client may compact, too
                    await store.compact(marked)
                logger.debug("store: compacted to revision %d", marked)
