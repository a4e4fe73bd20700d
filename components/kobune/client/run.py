"""Running controllers: the whole of what a component made of controllers needs."""

import asyncio
from collections.abc import Callable, Sequence
from random import Random

from kobune.apimachinery.clock import Clock
from kobune.client.client import Client
from kobune.client.controller import Controller
from kobune.client.events import EventRecorder
from kobune.client.informers import SharedInformers
from kobune.client.runner import ControllerState, Runner


class Controllers:
    """Controllers that run together and share their informers."""

    def __init__(
        self, client: Client, controllers: Sequence[Controller], *, component: str, clock: Clock, random: Random
    ) -> None:
        self.informers = SharedInformers(client, random=random)
        self.recorder = EventRecorder(client, component, clock, random=random)
        self._runners = [
            Runner(controller, self.informers, self.recorder, client, clock=clock, random=random)
            for controller in controllers
        ]

    def states(self) -> list[ControllerState]:
        """Return how each is doing, by name."""
        return sorted((runner.state() for runner in self._runners), key=lambda state: state.name)

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Run until cancelled; `ready` is called once, when all informers are synced."""
        for runner in self._runners:
            runner.connect()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.informers.run())
            group.create_task(self.recorder.run())
            for runner in self._runners:
                group.create_task(runner.run_timers())
                group.create_task(runner.run())
            await self.informers.synced()
            ready()


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
