"""All that the runtime has: sandboxes, containers, images, addresses; and how that is told to a journal and back."""

import base64
from collections.abc import Iterator

from kobune.kubelet.runtimes.simulated.addresses import Ranges
from kobune.kubelet.runtimes.simulated.behaviour import behaviour_of, usage_of
from kobune.kubelet.runtimes.simulated.journal import Record
from kobune.kubelet.runtimes.simulated.model import Container, Sandbox
from kobune.vendor.cri import ContainerConfig, PodSandboxConfig


class Inventory:
    """What there is. Keeps no rules but that things are found again."""

    def __init__(self, default_cidr: str) -> None:
        self.sandboxes: dict[str, Sandbox] = {}
        self.containers: dict[str, Container] = {}
        self.images: dict[str, None] = {}
        """The canonical names of those that were pulled."""
        self.names: dict[tuple[str, str, str, int], str] = {}
        """The sandbox that has a name."""
        self._ranges = Ranges()
        self._default_cidr = default_cidr

    def __len__(self) -> int:
        return len(self.sandboxes) + len(self.containers)

    def add_sandbox(self, sandbox: Sandbox) -> None:
        self.sandboxes[sandbox.id] = sandbox
        self.names[sandbox.key] = sandbox.id

    def drop_sandbox(self, sandbox: Sandbox) -> None:
        del self.sandboxes[sandbox.id]
        del self.names[sandbox.key]

    def add_container(self, container: Container) -> None:
        self.containers[container.id] = container
        container.sandbox.containers[container.id] = container

    def drop_container(self, container: Container) -> None:
        del self.containers[container.id]
        del container.sandbox.containers[container.id]

    def allocate(self, sandbox: Sandbox) -> str:
        """Return an address for a sandbox; `ValueError` if its range makes no sense, `Exhausted` if it is full."""
        if sandbox.on_host:
            return sandbox.node_ip
        return self._ranges.of(sandbox.cidr or self._default_cidr).allocate()

    def release(self, sandbox: Sandbox) -> None:
        """Have a sandbox's address back."""
        if not sandbox.on_host:
            self._ranges.of(sandbox.cidr or self._default_cidr).release(sandbox.ip)

    def records(self) -> Iterator[Record]:
        """Return the shortest story that ends where we are."""
        for name in self.images:
            yield {"op": "image", "name": name}
        for sandbox in self.sandboxes.values():
            yield sandbox_record(sandbox)
            for container in sandbox.containers.values():
                yield container_record(container)
                if container.started_at:
                    yield {"op": "start", "id": container.id, "at": container.started_at}
                if container.finished_at:
                    yield {
                        "op": "end",
                        "id": container.id,
                        "at": container.finished_at,
                        "code": container.exit_code,
                        "message": container.message,
                    }
            if not sandbox.ready:
                yield {"op": "stop_sandbox", "id": sandbox.id}

    def replay(self, record: Record) -> None:
        """Have happened what a record tells."""
        id = record.get("id", "")
        match record["op"]:
            case "image":
                self.images[record["name"]] = None
            case "remove_image":
                self.images.pop(record["name"], None)
            case "sandbox":
                config = PodSandboxConfig.FromString(base64.b64decode(record["config"]))
                sandbox = Sandbox(id, config, record["ip"], record["at"], record["handler"])
                if not sandbox.on_host:
                    self._ranges.of(sandbox.cidr or self._default_cidr).take(sandbox.ip)
                self.add_sandbox(sandbox)
            case "stop_sandbox":
                self.sandboxes[id].ready = False
                self.release(self.sandboxes[id])
            case "remove_sandbox":
                self.drop_sandbox(self.sandboxes[id])
            case "container":
                config_of = ContainerConfig.FromString(base64.b64decode(record["config"]))
                sandbox = self.sandboxes[record["sandbox"]]
                behaviour = behaviour_of(config_of, sandbox.config)
                usage = usage_of(config_of, sandbox.config)
                self.add_container(Container(id, sandbox, config_of, behaviour, record["at"], usage=usage))
            case "start":
                self.containers[id].started_at = record["at"]
            case "end":
                container = self.containers[id]
                container.finished_at = record["at"]
                container.exit_code = record["code"]
                container.message = record["message"]
            case "remove":
                self.drop_container(self.containers[id])


def sandbox_record(sandbox: Sandbox) -> Record:
    """Return the record of a new sandbox."""
    return {
        "op": "sandbox",
        "id": sandbox.id,
        "config": base64.b64encode(sandbox.config.SerializeToString()).decode(),
        "ip": sandbox.ip,
        "at": sandbox.created_at,
        "handler": sandbox.handler,
    }


def container_record(container: Container) -> Record:
    """Return the record of a new container."""
    return {
        "op": "container",
        "id": container.id,
        "sandbox": container.sandbox.id,
        "config": base64.b64encode(container.config.SerializeToString()).decode(),
        "at": container.created_at,
    }
