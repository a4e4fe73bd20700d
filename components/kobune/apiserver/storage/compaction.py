"""Giving up history by age."""

import logging
from contextlib import suppress
from typing import Final

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.errors import Compacted, StoreClosed, StoreFailed
from kobune.apiserver.storage.store import FIRST_REVISION, Store

logger = logging.getLogger(__name__)

KEPT: Final = 300.0
"""Seconds of history that stay readable at least, as with kube-apiserver."""


async def compact_by_age(store: Store, *, clock: Clock, keep: float = KEPT) -> None:
    """Give up what is older than `keep` seconds (twice that at most), until cancelled or the store takes no writes."""
    with suppress(StoreClosed, StoreFailed):
        while True:
            marked = store.revision
            await clock.sleep(keep)
            if marked > max(store.compacted, FIRST_REVISION):
                with suppress(Compacted):  # an etcd client may compact, too
                    await store.compact(marked)
                logger.debug("store: compacted to revision %d", marked)
