"""How events vanish: each hangs on a lease of an hour, and those of one minute share one."""

import asyncio

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.store import LeaseStatus, Store

TTL = 3600
SHARED_FOR = 60


class EventLeases:
    """The lease that new events hang on."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lease: asyncio.Task[LeaseStatus] | None = None
        self._since = float("-inf")

    async def current(self) -> int:
        """Return the lease of this minute."""
        now = self._clock.now()
        lease = self._lease
        if lease is None or now - self._since > SHARED_FOR or (lease.done() and lease.exception() is not None):
            self._since = now
            granting = self._store.grant(TTL + SHARED_FOR)
            lease = self._lease = asyncio.get_running_loop().create_task(granting, name="event-lease")
        return (await asyncio.shield(lease)).id
