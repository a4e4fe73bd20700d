"""How events vanish: each hangs on a lease of an hour, and those of one minute share one."""

from kobune.apimachinery.clock import Clock
from kobune.apiserver.storage.store import Store

TTL = 3600
SHARED_FOR = 60


class EventLeases:
    """The lease that new events hang on."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lease = 0
        self._since = float("-inf")

    async def current(self) -> int:
        """Return the lease of this minute."""
        now = self._clock.now()
        if now - self._since > SHARED_FOR:
            self._since = now
            self._lease = (await self._store.grant(TTL + SHARED_FOR)).id
        return self._lease
