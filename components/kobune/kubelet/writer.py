"""Writes what is known of pods to the API: many in one call, and for each pod only the newest."""

import logging
from collections.abc import Callable
from random import Random

from kobune.apimachinery.clock import Clock
from kobune.apimachinery.errors import ApiError, Conflict, NotFound, ServiceUnavailable
from kobune.apimachinery.kinds import Object
from kobune.client import Backoff, Client, WorkQueue, Write

log = logging.getLogger(__name__)

AT_ONCE = 250
"""Writes in one call."""
GATHER_SECONDS = 0.01
REFUSED_RETRY_SECONDS = 10.0


class Writer:
    """Writes for pods, by their uid, while `run` is running.

    What is to be written is asked for at the last moment, so it is always the newest. A write that conflicts is asked
    for again; nothing is ever in flight twice for a pod.
    """

    def __init__(
        self,
        client: Client,
        clock: Clock,
        random: Random,
        next_write: Callable[[str], Write | None],
        written: Callable[[str, Object | None], None],
    ) -> None:
        """Start nothing. `written` is told the object as stored, None for a deletion."""
        self._client = client
        self._clock = clock
        self._backoff = Backoff(random)
        self._next_write = next_write
        self._written = written
        self._complaints: dict[str, str] = {}
        self.queue = WorkQueue(clock)

    def wants(self, uid: str, *, patience: float = 0.0) -> None:
        """Have a pod written: now, or within `patience` seconds, when better news may have come."""
        self.queue.add_after(uid, patience)

    def forget(self, uid: str) -> None:
        """Note that a pod is gone."""
        self._complaints.pop(uid, None)

    async def run(self) -> None:
        """Write, until cancelled. `queue.run` must be running, too."""
        while True:
            uids = await self.queue.take(AT_ONCE)
            if len(uids) < AT_ONCE:
                await self._clock.sleep(GATHER_SECONDS)
                uids += await self.queue.take(AT_ONCE - len(uids)) if len(self.queue) else []
            await self._write(list(dict.fromkeys(uids)))

    async def _write(self, uids: list[str]) -> None:
        writes = {uid: write for uid in uids if (write := self._next_write(uid)) is not None}
        if not writes:
            return
        try:
            results = await self._client.batch(list(writes.values()))
        except ServiceUnavailable:
            for uid in writes:
                self.wants(uid)
            await self._client.outage.pause(self._backoff.next(), self._clock)
            return
        except ApiError as error:
            log.error("cannot write the status of pods: %s: %s", error.reason, error.message)
            for uid in writes:
                self.wants(uid)
            await self._clock.sleep(self._backoff.next())
            return
        self._backoff.reset()
        for uid, result in zip(writes, results, strict=True):
            self._settle(uid, result)

    def _settle(self, uid: str, result: ApiError | Object | None) -> None:
        match result:
            case Conflict():
                self.queue.retry(uid)  # the newer version is on its way to us
            case NotFound():
                self.queue.forget(uid)  # so is the news of its removal
            case ApiError():
                if self._complaints.get(uid) != result.message:
                    self._complaints[uid] = result.message
                    log.error("the status of a pod was refused: %s: %s", result.reason, result.message)
                self.wants(uid, patience=REFUSED_RETRY_SECONDS)
            case _:
                self.queue.forget(uid)
                self._written(uid, result)
