"""The runtime itself: sandboxes and containers that exist in name only, except for their sockets.

A container: created ──start──► running ──(its time is up, or stop)──► exited ──remove──►
"""

from collections.abc import Callable
from random import Random

from kobune.apimachinery.clock import Clock
from kobune.kubelet.runtimes.simulated.addresses import Exhausted
from kobune.kubelet.runtimes.simulated.behaviour import BadBehaviour, behaviour_of, usage_of
from kobune.kubelet.runtimes.simulated.events import Broadcast
from kobune.kubelet.runtimes.simulated.images import parse
from kobune.kubelet.runtimes.simulated.inventory import Inventory, container_record, sandbox_record
from kobune.kubelet.runtimes.simulated.journal import Journal
from kobune.kubelet.runtimes.simulated.logs import write_end, write_start
from kobune.kubelet.runtimes.simulated.model import Container, Sandbox
from kobune.kubelet.runtimes.simulated.network import Network
from kobune.kubelet.runtimes.simulated.refusal import AlreadyThere, Impossible, Invalid, Missing
from kobune.kubelet.timers import Timers
from kobune.vendor.cri import ContainerConfig, ContainerEventResponse, PodSandboxConfig
from kobune.vendor.cri.runtime_pb2 import (
    CONTAINER_CREATED_EVENT,
    CONTAINER_DELETED_EVENT,
    CONTAINER_STARTED_EVENT,
    CONTAINER_STOPPED_EVENT,
)

KILLED = 137
"""The exit code of what SIGKILL ended."""
JOURNAL_SLACK = 10_000


class Engine:
    """All sandboxes and containers. Refuses with the errors of `refusal`."""

    def __init__(
        self, network: Network, journal: Journal, *, default_cidr: str, clock: Clock, random: Random, timers: Timers
    ) -> None:
        self.inventory = Inventory(default_cidr)
        self.events = Broadcast()
        self._network = network
        self._journal = journal
        self._clock = clock
        self._random = random
        self._timers = timers

    def now(self) -> int:
        """Return the time in nanoseconds."""
        return int(self._clock.now() * 1e9)

    # Images

    def pulled(self, name: str) -> None:
        """Have an image from now on."""
        if name not in self.inventory.images:
            self.inventory.images[name] = None
            self._note(op="image", name=name)

    def remove_image(self, name: str) -> None:
        """Not have an image any more."""
        if name in self.inventory.images:
            del self.inventory.images[name]
            self._note(op="remove_image", name=name)

    # Sandboxes

    def sandbox(self, id: str) -> Sandbox:
        """Return a sandbox, or raise `Missing`."""
        found = self.inventory.sandboxes.get(id)
        if found is None:
            raise Missing(f'pod sandbox "{id}" not found')
        return found

    def run_sandbox(self, config: PodSandboxConfig, handler: str) -> Sandbox:
        """Return a new sandbox with an address."""
        if handler not in ("", "simulated"):
            raise Missing(f'no runtime for "{handler}" is configured')
        if not config.metadata.name or not config.metadata.uid:
            raise Invalid("a sandbox needs a name and a uid")
        sandbox = Sandbox(self._new_id(), config, "", self.now(), handler)
        if sandbox.key in self.inventory.names:
            raise AlreadyThere(f"the name of this sandbox is taken by {self.inventory.names[sandbox.key]}")
        try:
            sandbox.ip = self.inventory.allocate(sandbox)
        except ValueError as error:
            raise Invalid(f"the range of the pod's address: {error}") from None
        except Exhausted as error:
            raise Impossible(f"no address for the pod in {sandbox.cidr}: {error}") from None
        self.inventory.add_sandbox(sandbox)
        self._note(**sandbox_record(sandbox))
        self._tell(sandbox.id, CONTAINER_STARTED_EVENT, sandbox)
        return sandbox

    def stop_sandbox(self, id: str) -> None:
        """End everything in a sandbox, at once, and give back its address; does nothing if that is done."""
        sandbox = self.inventory.sandboxes.get(id)
        if sandbox is None or not sandbox.ready:
            return
        for container in list(sandbox.containers.values()):
            self.end(container, KILLED)
        sandbox.ready = False
        self.inventory.release(sandbox)
        self._note(op="stop_sandbox", id=id)
        self._tell(id, CONTAINER_STOPPED_EVENT, sandbox)

    def remove_sandbox(self, id: str) -> None:
        """Forget a sandbox with its containers; does nothing if that is done."""
        sandbox = self.inventory.sandboxes.get(id)
        if sandbox is None:
            return
        self.stop_sandbox(id)
        for container in list(sandbox.containers):
            self.remove_container(container)
        self.inventory.drop_sandbox(sandbox)
        self._note(op="remove_sandbox", id=id)
        self._tell(id, CONTAINER_DELETED_EVENT, sandbox)

    # Containers

    def container(self, id: str) -> Container:
        """Return a container, or raise `Missing`."""
        found = self.inventory.containers.get(id)
        if found is None:
            raise Missing(f'container "{id}" not found')
        return found

    def create_container(self, sandbox_id: str, config: ContainerConfig) -> Container:
        """Return a new container that is not started yet."""
        sandbox = self.sandbox(sandbox_id)
        if not sandbox.ready:
            raise Impossible(f'pod sandbox "{sandbox_id}" is not running')
        if any(other.config.metadata == config.metadata for other in sandbox.containers.values()):
            raise AlreadyThere(f"the name of this container is taken: {config.metadata.name}")
        if (image := self._reference(config.image.image)) not in self.inventory.images:
            raise Missing(f'image "{image}" not found')
        try:
            behaviour, usage = behaviour_of(config, sandbox.config), usage_of(config, sandbox.config)
        except BadBehaviour as error:
            raise Invalid(str(error)) from None
        container = Container(self._new_id(), sandbox, config, behaviour, self.now(), usage=usage)
        self.inventory.add_container(container)
        self._note(**container_record(container))
        self._tell(container.id, CONTAINER_CREATED_EVENT, sandbox)
        return container

    def start_container(self, id: str) -> None:
        """Start a container; one that cannot have its ports ends with 1, as a program would."""
        container = self.container(id)
        if container.started_at:
            raise Impossible(f'container "{id}" was started already')
        container.started_at = self.now()
        self._note(op="start", id=id, at=container.started_at)
        write_start(container, self._clock.now())
        self._tell(id, CONTAINER_STARTED_EVENT, container.sandbox)
        self._live(container)

    async def stop_container(self, id: str, timeout: float) -> None:
        """Return when a container has ended, after `timeout` seconds at the latest; does nothing if it has."""
        container = self.inventory.containers.get(id)
        if container is None or not container.is_running:
            return
        if container.behaviour.stop_after <= timeout:
            await self._clock.sleep(container.behaviour.stop_after)
            self.end(container, 0)
        else:
            await self._clock.sleep(timeout)
            self.end(container, KILLED)

    def end(self, container: Container, code: int, message: str = "") -> None:
        """End a container that runs, with an exit code."""
        if not container.is_running:
            return
        if container.timer is not None:
            container.timer.cancel()
        for listener in container.listeners:
            listener.close()
        container.listeners.clear()
        container.finished_at = max(self.now(), container.started_at)
        container.exit_code = code
        container.message = message
        write_end(container, self._clock.now())
        self._note(op="end", id=container.id, at=container.finished_at, code=code, message=message)
        self._tell(container.id, CONTAINER_STOPPED_EVENT, container.sandbox)

    def remove_container(self, id: str) -> None:
        """End and forget a container; does nothing if that is done."""
        container = self.inventory.containers.get(id)
        if container is None:
            return
        self.end(container, KILLED)
        self.inventory.drop_container(container)
        self._note(op="remove", id=id)
        self._tell(id, CONTAINER_DELETED_EVENT, container.sandbox)

    # Remembering

    def resume(self) -> None:
        """Be again what the journal says: containers that ran run on, or have ended in the meantime."""
        for record in self._journal.read():
            self.inventory.replay(record)
        self._journal.rewrite(self.inventory.records())
        for container in list(self.inventory.containers.values()):
            if container.is_running:
                self._live(container)

    def close(self) -> None:
        """Close all sockets; nothing is forgotten."""
        for container in self.inventory.containers.values():
            for listener in container.listeners:
                listener.close()
        self._journal.close()

    def _live(self, container: Container) -> None:
        """Do what a container does once it runs: listen, and end when its time is up."""
        behaviour = container.behaviour
        until = container.started_at / 1e9 + behaviour.exit_after
        if until <= self._clock.now():
            self.end(container, behaviour.exit_code)
            return
        try:
            self._network.listen(container)
        except OSError as error:
            self.end(container, 1, f"cannot listen: {error.strerror or error}: {error.filename}")
            return
        if until != float("inf"):
            container.timer = self._timers.at(until, self._ending(container))

    def _ending(self, container: Container) -> Callable[[], None]:
        return lambda: self.end(container, container.behaviour.exit_code)

    def _note(self, **record: object) -> None:
        self._journal.append(record)
        if self._journal.length > JOURNAL_SLACK + 10 * len(self.inventory):
            self._journal.rewrite(self.inventory.records())

    def _reference(self, name: str) -> str:
        try:
            return parse(name).canonical
        except ValueError as error:
            raise Invalid(str(error)) from None

    def _new_id(self) -> str:
        return f"{self._random.getrandbits(256):064x}"

    def _tell(self, id: str, kind: int, sandbox: Sandbox) -> None:
        if self.events:
            self.events.tell(
                ContainerEventResponse(
                    container_id=id,
                    container_event_type=kind,  # type: ignore[arg-type]
                    created_at=self.now(),
                    pod_sandbox_status=sandbox.status(),
                    containers_statuses=[container.status() for container in sandbox.containers.values()],
                )
            )
