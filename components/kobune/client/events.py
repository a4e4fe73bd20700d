"""Recording events: what people see in `kubectl describe`. Never blocks, never fails its caller.

The same event again counts up instead of making a new object. More than ten of a kind that differ in their message
only are combined into one, and an object about which there is too much to say is written about every five minutes, as
Kubernetes does it.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from kobune.api.core.v1 import Event, EventSource, ObjectReference
from kobune.api.meta.v1 import ObjectMeta
from kobune.apimachinery.clock import Clock
from kobune.apimachinery.codec.scalars import format_time
from kobune.apimachinery.errors import ApiError, NotFound, ServiceUnavailable
from kobune.apimachinery.kinds import Object, kind_of
from kobune.apimachinery.meta import time_of
from kobune.client.backoff import Backoff
from kobune.client.client import Client
from kobune.client.writes import CreateOf, PatchOf, Write

log = logging.getLogger(__name__)

V = TypeVar("V")

SIMILAR = 10
"""How many events that differ in their message only are recorded one by one."""
SIMILAR_SECONDS = 600.0
BURST = 25
"""How many events about an object are written at once."""
REFILL_SECONDS = 300.0
"""After how long one more is."""
REMEMBERED = 4096
CHANCE_BITS = 12
PENDING_LIMIT = 10_000
"""Events that wait while the apiserver is lost; more than that are dropped, and that is logged."""


@dataclass(frozen=True)
class Source:
    """Who says it."""

    component: str
    host: str = ""


@dataclass
class Series:
    """One event object, and what of it is not yet written."""

    regarding: ObjectReference
    type: str
    reason: str
    message: str
    first: float
    last: float
    count: int = 1
    name: str = ""
    """Of the event object; empty until it is created."""
    source: Source = field(default_factory=lambda: Source(""))


@dataclass
class Similar:
    """The messages of events that are alike otherwise."""

    since: float
    messages: set[str] = field(default_factory=set)


@dataclass
class Allowance:
    """How much may be written about an object."""

    left: float
    since: float

    def take(self, now: float) -> bool:
        """Whether one more event may be written."""
        self.left = min(BURST, self.left + (now - self.since) / REFILL_SECONDS)
        self.since = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class EventRecorder:
    """Records events in the name of a component, in batches. `run` must be running for them to be written."""

    def __init__(self, client: Client, component: str, clock: Clock, *, random: Random, host: str = "") -> None:
        self._client = client
        self._source = Source(component, host)
        self._clock = clock
        self._random = random
        self._backoff = Backoff(random)
        self._series: OrderedDict[tuple[str, ...], Series] = OrderedDict()
        self._similar: OrderedDict[tuple[str, ...], Similar] = OrderedDict()
        self._allowances: OrderedDict[tuple[str, ...], Allowance] = OrderedDict()
        self._pending: dict[int, Series] = {}
        self._arrived = asyncio.Event()
        self._stamp = 0

    def event(
        self,
        regarding: Object | ObjectReference,
        type: str,
        reason: str,
        message: str,
        *,
        component: str = "",
        host: str = "",
    ) -> None:
        """Record that something happened to an object; `type` is Normal or Warning.

        `component` and `host` are for a process that speaks for several.
        """
        now = self._clock.now()
        source = Source(component or self._source.component, host or self._source.host)
        about = regarding if isinstance(regarding, ObjectReference) else reference_to(regarding)
        kind = (source.component, about.kind, about.namespace, about.name, about.uid, about.fieldPath, type, reason)
        similar = remember(self._similar, kind, lambda: Similar(now))
        if now - similar.since > SIMILAR_SECONDS:
            similar.since = now
            similar.messages.clear()
        if message not in similar.messages and len(similar.messages) >= SIMILAR:
            key = (*kind, "")
            message = f"(combined from similar events): {message}"
        else:
            similar.messages.add(message)
            key = (*kind, message)
        known = self._series.get(key)
        if known is None:
            new = Series(about, type, reason, message, now, now, source=source)
            known = remember(self._series, key, lambda: new)
        else:
            self._series.move_to_end(key)
            known.count += 1
            known.last = now
            known.message = message
        whom = (source.component, source.host, about.kind, about.namespace, about.name, about.uid, about.apiVersion)
        if not remember(self._allowances, whom, lambda: Allowance(BURST, now)).take(now):
            # It counts, though: the next one that is written says how often.
            log.debug("too many events about %s %s: %s %s", about.kind, about.name, reason, message)
            return
        if len(self._pending) >= PENDING_LIMIT and id(known) not in self._pending:
            log.warning("dropped an event, %d already wait: %s %s", PENDING_LIMIT, reason, message)
            return
        self._wait(known)

    async def run(self) -> None:
        """Write the events until cancelled; what waits while the apiserver is lost is written afterwards."""
        while True:
            await self._arrived.wait()
            await self._clock.sleep(0.05)  # gather what belongs together
            try:
                await self._flush()
            except ServiceUnavailable:
                await self._client.outage.pause(self._backoff.next(), self._clock)
            except ApiError as error:
                log.warning("cannot record events: %s: %s", error.reason, error.message)
                await self._clock.sleep(self._backoff.next())
            else:
                self._backoff.reset()

    async def _flush(self) -> None:
        batch = self._pending
        self._pending = {}
        self._arrived.clear()
        writes = [self._write(series) for series in batch.values()]
        try:
            results = await self._client.batch(writes, brief=True)
        except ServiceUnavailable:
            self._wait(*batch.values())
            raise
        for series, write, result in zip(batch.values(), writes, results, strict=True):
            if isinstance(result, NotFound) and series.name:
                series.name = ""  # it was deleted or has expired: begin a new one
                self._wait(series)
            elif isinstance(result, ApiError):
                log.debug("an event was refused: %s: %s", series.reason, result.message)
            elif isinstance(write, CreateOf):
                series.name = write.object.metadata.name

    def _wait(self, *many: Series) -> None:
        for series in many:
            self._pending[id(series)] = series
        self._arrived.set()

    def _write(self, series: Series) -> Write:
        if series.name:
            patch = {
                "count": series.count,
                "message": series.message,
                "lastTimestamp": format_time(int(series.last)),
            }
            return PatchOf(Event, series.name, series.regarding.namespace or "default", patch)
        # Named by their time, events that are listed together are listed in order. Chance parts namesakes of others.
        self._stamp = max(int(series.first * 1e9) >> CHANCE_BITS, self._stamp + 1)
        unique = self._stamp << CHANCE_BITS | self._random.getrandbits(CHANCE_BITS)
        name = f"{series.regarding.name}.{unique:016x}"
        return CreateOf(
            Event(
                metadata=ObjectMeta(name=name, namespace=series.regarding.namespace or "default"),
                involvedObject=series.regarding,
                reason=series.reason,
                message=series.message,
                source=EventSource(component=series.source.component, host=series.source.host or None),
                firstTimestamp=time_of(series.first),
                lastTimestamp=time_of(series.last),
                count=series.count,
                type=series.type,
                reportingComponent=series.source.component,
                reportingInstance=series.source.host or None,
            )
        )


def remember(memory: OrderedDict[tuple[str, ...], V], key: tuple[str, ...], new: Callable[[], V]) -> V:
    """Return what is kept under a key, made on first use; what was not used for longest is forgotten."""
    value = memory.get(key)
    if value is None:
        value = memory[key] = new()
        if len(memory) > REMEMBERED:
            memory.popitem(last=False)
    else:
        memory.move_to_end(key)
    return value


def reference_to(item: Object) -> ObjectReference:
    """Return the reference by which an event names its object."""
    kind = kind_of(type(item))
    meta = item.metadata
    return ObjectReference(
        kind=kind.name,
        namespace=meta.namespace or None,
        name=meta.name,
        uid=meta.uid,
        apiVersion=kind.api_version,
        resourceVersion=meta.resourceVersion or None,
    )
