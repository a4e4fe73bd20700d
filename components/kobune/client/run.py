"""Running controllers: the whole of what a component made of controllers needs."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random

from kobune.apimachinery.clock import Clock
from kobune.client.client import Client
from kobune.client.controller import Controller
from kobune.client.events import EventRecorder
from kobune.client.informers import SharedInformers
from kobune.client.leadership import LeaderElection, Leadership
from kobune.client.runner import ControllerState, Runner

FIRST_ROUND = 5.0
"""Seconds that controllers get to do what there is to do when they start, before they count as ready anyway."""


class Controllers:
    """Controllers that run together and share their informers.

    With an `election`, they work only while this process leads; meanwhile they follow what happens.
    """

    def __init__(
        self,
        client: Client,
        controllers: Sequence[Controller],
        *,
        component: str,
        clock: Clock,
        random: Random,
        election: LeaderElection | None = None,
    ) -> None:
        self.component = component
        self.informers = SharedInformers(client, random=random)
        self.recorder = EventRecorder(client, component, clock, random=random)
        self.leadership: Leadership | None = None
        if election is not None and election.enabled:
            self.leadership = Leadership(
                client, component, election, recorder=self.recorder, clock=clock, random=random
            )
        self._runners = [
            Runner(
                controller,
                self.informers,
                self.recorder,
                client,
                clock=clock,
                random=random,
                permitted=self.leadership.permitted if self.leadership is not None else None,
            )
            for controller in controllers
        ]

    def states(self) -> list[ControllerState]:
        """Return how each is doing, by name."""
        return sorted((runner.state() for runner in self._runners), key=lambda state: state.name)

    def set_paused(self, name: str, paused: bool) -> ControllerState:
        """Have a controller do nothing, or go on; `KeyError` if there is none of that name."""
        for runner in self._runners:
            if runner.controller.name == name:
                runner.set_paused(paused)
                return runner.state()
        raise KeyError(name)

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Run until cancelled; `ready` is called once: when what there was to do is done, or somebody else does it."""
        for runner in self._runners:
            runner.connect()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.informers.run())
            group.create_task(self.recorder.run())
            for runner in self._runners:
                group.create_task(runner.run_timers())
            if self.leadership is None:
                group.create_task(self._work())
            else:
                group.create_task(self.leadership.run())
                group.create_task(self._work_while_leading(self.leadership))
            await self.informers.synced()
            with suppress(TimeoutError):  # something always fails, or everything takes its time: no reason to wait on
                async with asyncio.timeout(FIRST_ROUND):
                    await self._first_round()
            ready()

    async def _first_round(self) -> None:
        if self.leadership is not None and not await self.leadership.decided():
            return
        for runner in self._runners:
            await runner.idle()

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            for runner in self._runners:
                group.create_task(runner.run())

    async def _work_while_leading(self, leadership: Leadership) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                await leadership.gained()
                work = group.create_task(self._work())
                await leadership.lost()
                work.cancel()
                await asyncio.wait([work])
                for runner in self._runners:
                    runner.restart()


async def run_controllers(
    client: Client,
    controllers: Sequence[Controller],
    *,
    component: str,
    clock: Clock,
    random: Random,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Run controllers until cancelled; `component` is in whose name they record events."""
    await Controllers(client, controllers, component=component, clock=clock, random=random).run(ready)
