"""How the machines of our nodes are, where a simulated cloud says so: on, off, or cut off from the rest.

    Running ──(stopped, deleted)──► Off        nothing runs there, and nothing is said of it
       ▲  └──(its zone is cut)────► CutOff     all goes on there, but nothing is said or heard of it
       └──────(started, healed)──────┘

Simulated nodes have no machines that could break, so whoever plays them is told by the cloud. What was said last is
kept in a file: a kubelet that starts again must not wake what is off. A cloud that cannot be reached changes nothing.
"""

import enum
import json
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any

import grpc
import grpc.aio

from kobune.apimachinery.clock import Clock
from kobune.client import Backoff
from kobune.cloud.v1 import InstanceStates, WatchInstancesRequest
from kobune.cloud.v1.simulation_pb2_grpc import SimulationStub
from kobune.component_base.credentials import Credentials
from kobune.component_base.serving import channel_credentials

log = logging.getLogger(__name__)


class Power(enum.Enum):
    """What becomes of a machine."""

    ON = "on"
    CUT_OFF = "cut off"
    OFF = "off"


class Machines:
    """Follows what a simulated cloud says of the machines of some nodes."""

    def __init__(self, names: Iterable[str], file: Path) -> None:
        """Begin with what the file says."""
        self._names = frozenset(names)
        self._file = file
        self._states = self._kept()

    def troubled(self) -> dict[str, Power]:
        """Return the nodes whose machines are not simply on."""
        return dict(self._states)

    async def follow(
        self,
        where: Callable[[], str],
        credentials: Credentials | None,
        changed: Callable[[str, Power], None],
        *,
        clock: Clock,
        random: Random,
    ) -> None:
        """Tell of each change, until cancelled; return if what is at the address is no simulated cloud.

        `where` returns the cloud's address, empty as long as that is not known: it is another when the cloud restarts.
        """
        backoff = Backoff(random)
        while True:
            if address := where():
                try:
                    async with channel_to(address, credentials) as channel:
                        stub: Any = SimulationStub(channel)
                        async for states in stub.WatchInstances(WatchInstancesRequest(names=sorted(self._names))):
                            backoff.reset()
                            self._take(states, changed)
                except grpc.aio.AioRpcError as error:
                    if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                        log.info("kubelet: the cloud is no simulated one: machines are as they are")
                        return
                    log.debug("kubelet: lost the cloud: %s", error.details())
            await clock.sleep(backoff.next())

    def _take(self, said: InstanceStates, changed: Callable[[str, Power], None]) -> None:
        before = self._states
        self._states = {
            **{name: Power.CUT_OFF for name in said.cut_off if name in self._names},
            **{name: Power.OFF for name in said.off if name in self._names},
        }
        if self._states == before:
            return
        self._keep()
        for name in {*before, *self._states}:
            now = self._states.get(name, Power.ON)
            if now is not before.get(name, Power.ON):
                log.info("kubelet: the machine of %s is %s", name, now.value)
                changed(name, now)

    def _kept(self) -> dict[str, Power]:
        try:
            told = json.loads(self._file.read_text())
            return {name: Power(state) for name, state in told.items() if name in self._names}
        except (OSError, ValueError, AttributeError):
            return {}

    def _keep(self) -> None:
        temporary = self._file.with_suffix(".new")
        temporary.write_text(json.dumps({name: state.value for name, state in sorted(self._states.items())}))
        temporary.replace(self._file)


def channel_to(address: str, credentials: Credentials | None) -> grpc.aio.Channel:
    """Return a channel to be entered; without credentials in plain text."""
    options = (("grpc.use_local_subchannel_pool", 1),)
    if credentials is None:
        return grpc.aio.insecure_channel(address, options=options)
    return grpc.aio.secure_channel(address, channel_credentials(credentials), options=options)
