"""Registers our nodes, and keeps saying that they are alive and well."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from random import Random

from kobune.api.core.v1 import Node
from kobune.apimachinery.clock import Clock
from kobune.apimachinery.errors import AlreadyExists, ApiError, Conflict, NotFound, ServiceUnavailable
from kobune.client import Backoff, Client, CreateOf, Informer, PatchOf, UpdateOf, UpdateStatusOf, WorkQueue, Write
from kobune.kubelet.members import Member
from kobune.kubelet.node_objects import (
    UNINITIALIZED,
    Capacity,
    annotations_of,
    is_well,
    labels_of,
    lease_of,
    node_of,
    status_of,
)

log = logging.getLogger(__name__)

LEASE_PERIOD = 10.0
STATUS_PERIOD = 300.0
FIRST_ROUND_SECONDS = 1.0
CLOUD_SECONDS = 5.0
"""For how long nodes are waited for that the cloud knows nothing of yet, before the kubelet counts as ready."""
SLICES = 20
"""In how many calls the nodes of a large fleet are written, spread over the period."""
AT_ONCE = 250

Turn = Callable[[Sequence[str]], Awaitable[None]]


class Nodes:
    """The nodes of this process in the API."""

    def __init__(
        self,
        client: Client,
        members: Iterable[Member],
        *,
        capacity: Capacity,
        runtime: str,
        waits_for_cloud: bool = False,
        clock: Clock,
        random: Random,
    ) -> None:
        """Start nothing. `runtime` is the container runtime and its version, as nodes show it."""
        self._waits_for_cloud = waits_for_cloud
        self.members = {member.name: member for member in members}
        self.address = ""
        """Where the kubelet serves gRPC; set before the nodes are registered."""
        self.informer: Informer[Node] = Informer.of(client, Node, random=random)
        self._client = client
        self._capacity = capacity
        self._runtime = runtime
        self._clock = clock
        self._random = random
        self._backoff = Backoff(random)
        self._unwell = WorkQueue(clock)
        self._complaint = ""
        self.volumes_in_use: Callable[[str], Sequence[str]] = lambda node: ()
        """What the pods of a node use; set before `run`."""
        self._silent: set[str] = set()

    def changed(self, name: str) -> None:
        """Have the status of a node written: it has changed."""
        self._unwell.add(name)

    def silence(self, names: Iterable[str]) -> None:
        """Say nothing of nodes any more: their machines are off, or nobody would hear them."""
        self._silent.update(names)

    async def speak(self, name: str) -> None:
        """Say again how a node is; one that was deleted meanwhile is registered anew."""
        self._silent.discard(name)
        member = self.members[name]
        if self.informer.get(name) is None:
            (result,) = await self._batch([CreateOf(self._new(member, self._clock.now()))])
            if isinstance(result, Node):
                self._is_registered(member, result)
            else:
                self._complain("cannot register a node", [result])
        self._unwell.add(name)
        await self._renew([name])

    async def initialized(self) -> None:
        """Return when the cloud has said what it knows of our nodes, or takes too long for that."""
        waiting, done = set(self.members), asyncio.Event()

        def look(old: Node | None, new: Node | None) -> None:
            if new is not None and all(taint.key != UNINITIALIZED for taint in new.spec.taints):
                waiting.discard(new.metadata.name)
            if not waiting:
                done.set()

        if self._waits_for_cloud and waiting:
            self.informer.subscribe(look)
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOUD_SECONDS):
                    await done.wait()

    def _new(self, member: Member, now: float) -> Node:
        waits = self._waits_for_cloud
        return node_of(member, self._capacity, self._runtime, self.address, now, waits_for_cloud=waits)

    async def register(self) -> None:
        """Return when all our nodes are in the API, and shown as they are."""
        await self.informer.synced()
        missing = [
            member
            for name, member in self.members.items()
            if self.informer.get(name) is None and name not in self._silent
        ]
        while missing:
            now = self._clock.now()
            nodes = [self._new(member, now) for member in missing]
            results = await self._batch([CreateOf(node) for node in nodes])
            for member, result in zip(missing, results, strict=True):
                if isinstance(result, Node):
                    self._is_registered(member, result)
                elif not isinstance(result, AlreadyExists):
                    assert isinstance(result, ApiError)
                    raise result
            # Of those that others were quicker with, the informer will tell.
            missing = [member for member in missing if not self.members[member.name].uid]
            missing = [member for member in missing if self.informer.get(member.name) is None]
        for member in list(self.members.values()):
            if not member.uid and (node := self.informer.get(member.name)) is not None:
                self._is_registered(member, node)
                self._unwell.add(member.name)  # its capacity may be another than last time
        self.informer.subscribe(self._node_changed)
        log.info("kubelet: registered %d nodes", len(self.members))

    async def run(self) -> None:
        """Keep the nodes alive, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._unwell.run())
            group.create_task(self._tell_status())
            group.create_task(self._periodically(LEASE_PERIOD, self._renew))
            await self._clock.sleep(STATUS_PERIOD)  # registering was the first time
            group.create_task(self._periodically(STATUS_PERIOD, self._heartbeat))

    async def _periodically(self, period: float, write: Turn) -> None:
        """Write for every node once in a period, in random order and in slices; the first time sooner."""
        names = list(self.members)
        self._random.shuffle(names)
        slices = [names[start :: min(SLICES, len(names))] for start in range(min(SLICES, len(names)))]
        if not slices:
            return
        pace = min(period, FIRST_ROUND_SECONDS)
        while True:
            for part in slices:
                await write(part)
                await self._clock.sleep(pace / len(slices) * (1 - self._random.random() / 25))
            pace = period

    async def _renew(self, names: Sequence[str]) -> None:
        now = self._clock.now()
        # A node that somebody deleted is dead: it comes back when the kubelet starts anew.
        alive = [
            self.members[name] for name in names if name not in self._silent and self.informer.get(name) is not None
        ]
        results = await self._batch([UpdateOf(lease_of(member, now)) for member in alive])
        self._complain("cannot renew the leases of nodes", results)

    async def _heartbeat(self, names: Sequence[str]) -> None:
        for name in names:
            self._unwell.add(name)

    async def _tell_status(self) -> None:
        """Write the status of each node that is shown otherwise than it is, or has not been written for long."""
        while True:
            names = await self._unwell.take(AT_ONCE)
            writes: dict[str, list[Write]] = {}
            for name in names:
                if name not in self._silent and (node := self.informer.get(name)) is not None:
                    writes[name] = self._status(self.members[name], node)
            results = await self._batch([write for several in writes.values() for write in several])
            it = iter(results)
            for name, several in writes.items():
                mine = [next(it) for _ in several]
                if any(isinstance(result, ApiError) and not isinstance(result, NotFound) for result in mine):
                    self._unwell.retry(name)
                else:
                    self._unwell.forget(name)
            self._complain("cannot write the status of nodes", results)

    def _status(self, member: Member, node: Node) -> list[Write]:
        now = self._clock.now()
        status = status_of(member, self._capacity, self._runtime, self.address, node.status, now)
        del status.volumesInUse[:]
        status.volumesInUse.extend(self.volumes_in_use(member.name))
        writes: list[Write] = [UpdateStatusOf(Node(metadata=node.metadata, status=status))]
        labels, annotations = labels_of(member), annotations_of(self.address)
        meta = node.metadata
        known = {**meta.labels, **meta.annotations}
        if any(known.get(name) != value for name, value in {**labels, **annotations}.items()):
            patch = {"metadata": {"uid": meta.uid, "labels": labels, "annotations": annotations}}
            writes.append(PatchOf(Node, member.name, "", patch))
        return writes

    def _node_changed(self, old: Node | None, new: Node | None) -> None:
        node = new or old
        if node is None or (member := self.members.get(node.metadata.name)) is None:
            return
        if new is None:
            log.warning(
                "node %s was deleted from the API; it is registered again when the kubelet restarts", member.name
            )
        elif not is_well(new):
            self._unwell.add(member.name)

    def _is_registered(self, member: Member, node: Node) -> None:
        self.members[member.name] = member.registered(node.metadata.uid, node.spec.podCIDR)

    async def _batch(self, writes: Sequence[Write]) -> Sequence[object]:
        """Write, and wait for the apiserver if it is away."""
        while True:
            try:
                results = await self._client.batch(writes) if writes else []
            except ServiceUnavailable:
                await self._client.outage.pause(self._backoff.next(), self._clock)
            else:
                self._backoff.reset()
                return results

    def _complain(self, what: str, results: Sequence[object]) -> None:
        """Log what is wrong, once for the same words."""
        wrong = [result for result in results if isinstance(result, ApiError) and not isinstance(result, Conflict)]
        complaint = f"{what}: {wrong[0].reason}: {wrong[0].message}" if wrong else ""
        if complaint and complaint != self._complaint:
            log.warning("%s", complaint)
        self._complaint = complaint or self._complaint
