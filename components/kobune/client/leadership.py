"""Who of several processes works: the one that holds a Lease. The others follow it, ready to take over.

wait ──► the Lease is free, or nobody renewed it for as long as it lasts ──► take it ──► work, and renew it
  ▲                                                                                         │
  └──────── somebody else has it, or it could not be renewed in time ◄──────────────────────┘

No clocks are compared: how long a Lease has not been renewed is counted from when that was seen. Who cannot renew it
stops earlier than the others may begin, and a process that was stopped notices before it writes again. Source: the
documentation's *Leases*, *Leader election*.
"""

import asyncio
import logging
import platform
from dataclasses import dataclass
from random import Random

from kobune.api.coordination.v1 import Lease
from kobune.apimachinery.clock import Clock
from kobune.apimachinery.errors import AlreadyExists, ApiError, Conflict
from kobune.apimachinery.meta import key_of, micro_time_of
from kobune.client.client import Client
from kobune.client.events import EventRecorder
from kobune.client.informer import Informer

log = logging.getLogger(__name__)


DOUBT = 0.2
"""Seconds between looks whether a lease that could not be renewed in time is renewed yet, or lost."""


@dataclass(frozen=True)
class LeaderElection:
    """How long a Lease lasts, and who asks for it."""

    enabled: bool = True
    """Without it, whoever runs works."""
    identity: str = ""
    """Who this is; made up if empty. Who comes after one of the same identity need not wait: only whoever starts a
    process when the one before has surely ended may say it."""
    namespace: str = "kube-system"
    lease_seconds: float = 15.0
    renew_deadline_seconds: float = 10.0
    """For how long to work on without having renewed the Lease; less than it lasts."""
    retry_seconds: float = 2.0
    """Between attempts to renew it after one failed."""


class Leadership:
    """One process's part in an election. `run` must be running."""

    def __init__(
        self,
        client: Client,
        name: str,
        election: LeaderElection,
        *,
        recorder: EventRecorder,
        clock: Clock,
        random: Random,
    ) -> None:
        self.identity = election.identity or f"{platform.node()}_{random.getrandbits(64):016x}"
        self._client = client
        self._name = name
        self._election = election
        self._recorder = recorder
        self._clock = clock
        self._valid_until = 0.0
        self._gained = asyncio.Event()
        self._lost = asyncio.Event()
        self._lost.set()
        self._changed = asyncio.Event()
        self._decided = asyncio.Event()
        self._seen_at = 0.0
        self._lease: Informer[Lease] = Informer.of(
            client, Lease, random=random, namespace=election.namespace, field_selector=f"metadata.name={name}"
        )
        self._lease.subscribe(self._see)

    @property
    def leads(self) -> bool:
        """Whether this process may act now."""
        return self._gained.is_set() and self._clock.now() < self._valid_until

    @property
    def leader(self) -> str:
        """Who leads, as far as is known; empty if nobody does."""
        lease = self._current()
        return lease.spec.holderIdentity if lease is not None else ""

    async def permitted(self) -> None:
        """Return when this process may act: at once while it leads, and never once somebody else does."""
        while not self.leads:
            await self._clock.sleep(DOUBT)

    async def decided(self) -> bool:
        """Return whether this process leads, as soon as it is known who does."""
        await self._decided.wait()
        return self._gained.is_set()

    async def gained(self) -> None:
        """Return when this process leads."""
        await self._gained.wait()

    async def lost(self) -> None:
        """Return when it no longer does."""
        await self._lost.wait()

    async def run(self) -> None:
        """Take part until cancelled; then somebody else may lead at once."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._lease.run())
            await self._lease.synced()
            try:
                while True:
                    await self._wait_for_turn()
                    if await self._take():
                        await self._lead()
            finally:
                if self._gained.is_set():
                    self._lose()
                    await self._give_back()

    def _see(self, old: Lease | None, new: Lease | None) -> None:
        self._seen_at = self._clock.now()
        self._changed.set()

    def _current(self) -> Lease | None:
        return self._lease.get(key_of(self._election.namespace, self._name))

    async def _wait_for_turn(self) -> None:
        while True:
            self._changed.clear()
            lease = self._current()
            if lease is None or lease.spec.holderIdentity in ("", self.identity):
                return
            wait = self._seen_at + max(lease.spec.leaseDurationSeconds, 1) - self._clock.now()
            if wait <= 0:
                return
            self._decided.set()
            async with asyncio.TaskGroup() as group:
                alarm = group.create_task(self._ring(wait))
                await self._changed.wait()
                alarm.cancel()

    async def _ring(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._changed.set()

    async def _take(self) -> bool:
        began = self._clock.now()
        lease, before = self._claimed(began)
        try:
            taken = await (self._client.create(lease) if before is None else self._client.update(lease))
        except ApiError as error:
            if not isinstance(error, AlreadyExists | Conflict):
                log.warning("cannot take the lease %s: %s; will try again", self._name, error)
            await self._clock.sleep(self._election.retry_seconds)
            return False
        self._valid_until = began + self._election.renew_deadline_seconds
        self._lost.clear()
        self._gained.set()
        self._decided.set()
        if before is None or before.spec.holderIdentity != self.identity:
            self._recorder.event(taken, "Normal", "LeaderElection", f"{self.identity} became leader")
        log.info("%s leads %s", self.identity, self._name)
        return True

    def _claimed(self, now: float) -> tuple[Lease, Lease | None]:
        """Return the lease as it is to be, held by this process, and as it is."""
        before = self._current()
        lease = Lease()
        if before is not None:
            lease.CopyFrom(before)
        lease.metadata.name, lease.metadata.namespace = self._name, self._election.namespace
        if before is None or before.spec.holderIdentity != self.identity:
            lease.spec.acquireTime.CopyFrom(micro_time_of(now))
            lease.spec.leaseTransitions = before.spec.leaseTransitions + 1 if before is not None else 0
        lease.spec.holderIdentity = self.identity
        lease.spec.leaseDurationSeconds = max(round(self._election.lease_seconds), 1)
        lease.spec.renewTime.CopyFrom(micro_time_of(now))
        return lease, before

    async def _lead(self) -> None:
        """Renew the lease as long as that goes well."""
        pause = self._election.lease_seconds / 3
        why = "it could not be renewed in time"
        while self._clock.now() < self._valid_until:
            await self._clock.sleep(min(pause, max(self._valid_until - self._clock.now(), 0)))
            lease = self._current()
            if lease is not None and lease.spec.holderIdentity != self.identity:
                why = f"{lease.spec.holderIdentity or 'nobody'} has it"
                break
            began = self._clock.now()
            renewed, before = self._claimed(began)
            try:
                async with asyncio.timeout(self._election.renew_deadline_seconds):
                    await (self._client.create(renewed) if before is None else self._client.update(renewed))
            except (ApiError, TimeoutError) as error:
                log.debug("cannot renew the lease %s: %s", self._name, error)
                pause = self._election.retry_seconds
            else:
                self._valid_until = began + self._election.renew_deadline_seconds
                pause = self._election.lease_seconds / 3
        log.warning("%s leads %s no longer: %s", self.identity, self._name, why)
        self._lose()

    def _lose(self) -> None:
        self._valid_until = 0.0
        self._gained.clear()
        self._lost.set()

    async def _give_back(self) -> None:
        lease, before = self._claimed(self._clock.now())
        if before is None or before.spec.holderIdentity != self.identity:
            return
        lease.spec.holderIdentity = ""
        lease.spec.leaseDurationSeconds = 1
        try:
            async with asyncio.timeout(1):
                await self._client.update(lease)
        except (ApiError, TimeoutError):
            log.debug("the lease %s runs out by itself", self._name)
