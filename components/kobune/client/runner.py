"""The one loop that runs every controller: watch, queue keys, observe, reconcile, perform, back off."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from kobune.api.core.v1 import ObjectReference
from kobune.apimachinery.clock import Clock
from kobune.apimachinery.errors import ApiError, Conflict, Forbidden, NotFound, ServiceUnavailable
from kobune.apimachinery.kinds import Object
from kobune.apimachinery.meta import key_of
from kobune.client.actions import (
    Action,
    Announce,
    Create,
    Delete,
    Effect,
    Patch,
    RecordEvent,
    RequeueAfter,
    Retry,
    UpdateStatus,
    WriteAction,
    write_of,
)
from kobune.client.backoff import Backoff
from kobune.client.client import Client
from kobune.client.controller import Controller, Perform, Watch
from kobune.client.events import EventRecorder
from kobune.client.expectations import PATIENCE, Expectations
from kobune.client.informer import Informer
from kobune.client.informers import SharedInformers
from kobune.client.view import Refusal, View
from kobune.client.workqueue import WorkQueue

log = logging.getLogger(__name__)

ROUND = 64
"""Keys that are reconciled together; their writes travel in one call."""


@dataclass(frozen=True)
class ControllerState:
    """How a controller is doing."""

    name: str
    queue_depth: int
    last_error: str
    retries: int
    reconciliations: int
    paused: bool = False


class Runner:
    """Runs one controller."""

    def __init__(
        self,
        controller: Controller,
        informers: SharedInformers,
        recorder: EventRecorder,
        client: Client,
        *,
        clock: Clock,
        random: Random,
        permitted: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.controller = controller
        self._permitted = permitted
        self._going = asyncio.Event()
        self._going.set()
        self._idle = asyncio.Event()
        self._client = client
        self._recorder = recorder
        self._clock = clock
        self._queue = WorkQueue(clock)
        self._watches = [watch for watch, _ in controller.sources()]
        self._shared = informers
        for watch in self._watches:
            if not watch.metadata_only:
                informers.of(watch.source)  # asks for it, so that it runs
        self._random = random
        self._last_error = ""
        self._complaints: dict[str, str] = {}
        self._refusals: dict[str, Refusal] = {}
        self._retries = 0
        self._reconciliations = 0

    def state(self) -> ControllerState:
        """Return how it is doing."""
        return ControllerState(
            self.controller.name,
            len(self._queue),
            self._last_error,
            self._retries,
            self._reconciliations,
            not self._going.is_set(),
        )

    async def idle(self) -> None:
        """Return once there was nothing left to do."""
        await self._idle.wait()

    def set_paused(self, paused: bool) -> None:
        """Do nothing from the next round on, or go on; what happens meanwhile waits."""
        if paused:
            self._going.clear()
        else:
            self._going.set()

    def connect(self) -> None:
        """Attach to the informers. After every controller of the process was made, so that all know what is shared."""
        watched = [(watch, self._informer(watch)) for watch in self._watches]
        self._watched = watched
        informers: dict[type[Object], Informer[Any]] = {watch.kind: informer for watch, informer in watched}
        self._view = View(informers, self._client, self._clock, self._random, self._follow, self._refusals)
        self._expectations = Expectations(informers)
        for watch, informer in watched:
            self._subscribe(watch, informer)
        for informer in informers.values():
            informer.on_progress(self._release)

    def _follow(self, watch: Watch) -> Informer[Any]:
        """Watch the metadata of a further kind; what the informer finds is told as of any other."""
        informer = self._shared.metadata(watch.kind)
        informer.on_stop(lambda: self._shared.forget(watch.kind))
        self._subscribe(watch, informer)
        informer.on_progress(self._release)
        return informer

    def _informer(self, watch: Watch) -> Informer[Any]:
        return self._shared.metadata(watch.kind) if watch.metadata_only else self._shared.of(watch.source)

    def _subscribe(self, watch: Watch, informer: Informer[Any]) -> None:
        informer.subscribe(partial(self._wake, watch))

    def _wake(self, watch: Watch, old: Any | None, new: Any | None) -> None:
        view, queue, keys = self._view, self._queue, watch.keys
        if watch.on_change is not None:
            for key in watch.on_change(view, old, new):
                queue.add(key)
            return
        if not watch.when(old, new):
            return
        if new is not None:
            for key in keys(view, new):
                queue.add(key)
        if old is not None:
            for key in keys(view, old):
                queue.add(key)

    def _release(self) -> None:
        if len(self._expectations):
            for key in self._expectations.released():
                self._queue.add(key)

    def restart(self) -> None:
        """Look at everything again: after a time in which somebody else did the work."""
        self._expectations.clear()
        for watch, informer in self._watched:
            for item in informer.items():
                self._wake(watch, None, item)

    async def run_timers(self) -> None:
        """Bring delayed keys back, until cancelled. Beside `run`."""
        await self._queue.run()

    async def run(self) -> None:
        """Reconcile, until cancelled."""
        for watch in self._watches:
            if not watch.metadata_only:
                await self._informer(watch).synced()
        backoff = Backoff(self._random)
        while True:
            if not len(self._queue):
                self._idle.set()
            keys = await self._queue.take(ROUND)
            if not self._going.is_set():
                for key in keys:
                    self._queue.add(key)
                await self._going.wait()
                continue
            if self._client.outage.lost:
                await self._client.outage.pause(backoff.next(), self._clock)
            else:
                backoff.reset()
            plans = [(key, await self._plan(key)) for key in keys]
            known = [(key, actions) for key, actions in plans if actions is not None]
            if self.controller.perform is not None:
                known = await self._carry_out(known, self.controller.perform)
            await self._perform(known)

    async def _plan(self, key: str) -> list[Action] | None:
        """Return what is to be done about a key; None if it must wait or failed."""
        if self._expectations.blocks(key, self._clock.now()):
            self._queue.add_after(key, PATIENCE)
            return None
        self._reconciliations += 1
        try:
            facts = await self.controller.facts(self._view, key)
            return self.controller.reconcile(*facts) if facts is not None else []
        except ApiError as error:
            self._failed(key, error)
        except Exception as error:  # one odd object must not stop the controller for all others
            self._failed(key, error)
            log.debug("%s: %s", self.controller.name, key, exc_info=True)
        return None

    async def _carry_out(
        self, plans: Sequence[tuple[str, list[Action]]], perform: Perform
    ) -> list[tuple[str, list[Action]]]:
        """Perform the effects of all plans at once, and return the plans with what follows instead of the effects."""

        async def rest_of(actions: list[Action]) -> list[Action]:
            rest: list[Action] = []
            for action in actions:
                match action:
                    case Effect():
                        try:
                            rest += await perform(action)
                        except Exception as error:
                            return [*rest, Retry(error)]
                    case RecordEvent(regarding, type_, reason, message):
                        # At once: an effect may take long, and people want to know what is going on.
                        self._tell(regarding, type_, reason, message)
                    case _:
                        rest.append(action)
            return rest

        async with asyncio.TaskGroup() as group:
            tasks = [(key, group.create_task(rest_of(actions))) for key, actions in plans]
        return [(key, task.result()) for key, task in tasks]

    async def _perform(self, plans: Sequence[tuple[str, list[Action]]]) -> None:
        writes: list[tuple[str, WriteAction]] = []
        failed: set[str] = set()
        for key, actions in plans:
            for action in actions:
                match action:
                    case RecordEvent(regarding, type_, reason, message):
                        self._tell(regarding, type_, reason, message)
                    case RequeueAfter(seconds):
                        self._queue.add_after(key, seconds)
                    case Retry(error):
                        failed.add(key)
                        self._failed(key, error)
                    case Create(item) if self._shared.is_going(item.metadata.namespace):
                        pass  # it would be refused, and what wants it is going, too
                    case Effect():
                        raise TypeError(f"{self.controller.name} has no perform for {type(action).__name__}")
                    case _:
                        writes.append((key, action))
        if writes:
            for (key, action), result in zip(writes, await self._write([action for _, action in writes]), strict=True):
                if isinstance(result, ApiError) and not (isinstance(action, Delete) and isinstance(result, NotFound)):
                    failed.add(key)
                    self._refused(key, action, result)
                else:
                    self._done(key, action, result)
        for key, _ in plans:
            if key not in failed:
                self._queue.forget(key)
                self._complaints.pop(key, None)
                self._refusals.pop(key, None)

    async def _write(self, actions: Sequence[WriteAction]) -> Sequence[ApiError | Object | None]:
        if self._permitted is not None:
            await self._permitted()
        try:
            return await self._client.batch([write_of(action) for action in actions])
        except ApiError as error:
            return [error] * len(actions)

    def _done(self, key: str, action: WriteAction, result: ApiError | Object | None) -> None:
        now = self._clock.now()
        if isinstance(action, Delete):
            self._expectations.deleted(key, action.kind, action.namespace, action.name, action.uid, now)
            kind, namespace, name = action.kind, action.namespace, action.name
        elif isinstance(result, Exception) or result is None:
            return
        else:
            self._expectations.wrote(key, result, now)
            kind, namespace, name = type(result), result.metadata.namespace, result.metadata.name
        level = logging.DEBUG if isinstance(action, UpdateStatus) else logging.INFO
        who = self.controller.name
        log.log(level, "%s: %s %s %s", who, past(action), kind.__name__.lower(), key_of(namespace, name))
        announce = action.announce
        if announce is not None and announce.success:
            message = announce.success_message.replace("{name}", name)
            self._tell(announce.regarding, "Normal", announce.success, message)

    def _refused(self, key: str, action: WriteAction, error: ApiError) -> None:
        announce = action.announce
        if announce is not None and announce.failure and not is_overtaken(error):
            self._announce_failure(announce, error)
            self._refusals[key] = Refusal(announce.failure, error.message)
        self._failed(key, error)

    def _announce_failure(self, announce: Announce, error: ApiError) -> None:
        message = announce.failure_message.replace("{error}", error.message)
        self._tell(announce.regarding, "Warning", announce.failure, message)

    def _tell(self, regarding: Object | ObjectReference, type_: str, reason: str, message: str) -> None:
        self._recorder.event(regarding, type_, reason, message, component=self.controller.reporter)

    def _failed(self, key: str, error: Exception) -> None:
        """Try again later; say so once for the same words."""
        self._retries += 1
        if isinstance(error, ServiceUnavailable):
            self._queue.add(key)  # no fault of the key's: `run` waits; and the client has said so, once for everybody
            return
        self._queue.retry(key)
        words = f"{type(error).__name__}: {error}"
        if is_overtaken(error):
            log.debug("%s: %s: %s", self.controller.name, key, words)
            return
        self._last_error = f"{key}: {words}"
        if self._complaints.get(key) != words:
            self._complaints[key] = words
            trace = error if not isinstance(error, ApiError) else None
            log.warning("%s: %s: %s; will try again", self.controller.name, key, words, exc_info=trace)


def is_overtaken(error: Exception) -> bool:
    """Whether the world has moved on since the cache was filled, so that a look at the new state is all it takes."""
    if isinstance(error, Forbidden) and error.details is not None:
        return any(cause.reason == "NamespaceTerminating" for cause in error.details.causes)
    return isinstance(error, Conflict | NotFound | ServiceUnavailable)


def past(action: WriteAction) -> str:
    """Return the word for what was done: created, updated, deleted."""
    match action:
        case Patch():
            return "patched"
        case UpdateStatus():
            return "updated the status of"
        case _:
            return type(action).__name__.lower().removesuffix("e") + "ed"
