"""Following the runtime: hearing what happens, and asking anew how all is whenever something may have been missed."""

import logging
from collections.abc import Callable, Iterable
from random import Random
from typing import Protocol

from kobune.apimachinery.clock import Clock
from kobune.client import Backoff
from kobune.kubelet.cri.runtime import Found, Runtime, RuntimeFailed
from kobune.kubelet.lifecycle.events import Observed

log = logging.getLogger(__name__)


class Follower(Protocol):
    """Who is told."""

    def adopt(self, found: Iterable[Found]) -> None:
        """Take note of what there is, before anything else."""

    def resync(self, found: Iterable[Found]) -> None:
        """Take note that there is this, and nothing else."""

    def observed(self, uid: str, observed: Observed) -> None:
        """Take note of how a pod is now."""


async def follow(runtime: Runtime, follower: Follower, clock: Clock, random: Random, begin: Callable[[], None]) -> None:
    """Tell of what the runtime does, until cancelled; `begin` is called once what it had was told of."""
    backoff = Backoff(random)
    begun = False
    while True:
        try:
            async for change in runtime.events():
                if change is not None:
                    follower.observed(*change)
                    continue
                found = await runtime.pods()
                if not begun:
                    begun = True
                    follower.adopt(found)
                    begin()
                else:
                    log.info("the container runtime is back")
                follower.resync(found)
                backoff.reset()
            log.warning("the container runtime has ended its events: connecting again")
        except RuntimeFailed as error:
            log.warning("lost the container runtime, trying again until it is back: %s", error)
        await clock.sleep(backoff.next())
