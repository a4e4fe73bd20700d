"""A component that serves nothing of its own; its configuration says how it misbehaves."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from kobune.apimachinery.clock import Clock
from kobune.component_base.failure import CannotStart
from kobune.component_base.serving import Ready, Server, ServingConfig


@dataclass(frozen=True)
class Config:
    name: str
    serving: ServingConfig
    ordeal: str = ""


async def run(config: Config, *, clock: Clock, random: Random, ready: Callable[[Ready], None]) -> None:
    if config.ordeal == "refuse":
        raise CannotStart("the moon is in the wrong phase")
    if config.ordeal == "crash":
        raise ExceptionGroup("several", [ValueError("this is a bug")])
    async with Server(config.name, config.serving, clock=clock) as server:
        server.set_serving(True)
        logging.getLogger("kobune.fake").info("%s: serving on %s", config.name, server.address)
        if config.ordeal == "stubborn":
            asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        others = {"rest": "127.0.0.1:1"} if config.name == "apiserver" else {}
        ready(Ready(config.name, server.address, others))
        if config.ordeal.startswith("once:") and not (mark := Path(config.ordeal[5:])).exists():
            mark.touch()
            os.abort()
        if config.ordeal == "complain":
            logging.getLogger("kobune.fake").error("%s: something is odd", config.name)
        if config.ordeal == "later":
            await clock.sleep(0.01)
            raise RuntimeError("something broke later")
        await asyncio.Event().wait()
