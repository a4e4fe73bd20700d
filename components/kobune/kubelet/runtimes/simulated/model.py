"""Sandboxes and containers as the runtime keeps them, and as CRI tells of them."""

from dataclasses import dataclass, field

from kobune.kubelet.annotations import NODE, NODE_IP, POD_CIDR, PORTS
from kobune.kubelet.runtimes.simulated.behaviour import Behaviour
from kobune.kubelet.runtimes.simulated.images import parse
from kobune.kubelet.runtimes.simulated.output import Output
from kobune.kubelet.runtimes.simulated.usage import USUAL, Meter, Usage, stats_of
from kobune.kubelet.runtimes.simulated.web import Listener
from kobune.kubelet.timers import Timer
from kobune.vendor.cri import (
    Container as ContainerItem,
)
from kobune.vendor.cri import (
    ContainerAttributes,
    ContainerConfig,
    ContainerStats,
    ContainerStatus,
    ImageSpec,
    LinuxPodSandboxStatus,
    Namespace,
    PodSandboxConfig,
    PodSandboxNetworkStatus,
    PodSandboxStatus,
)
from kobune.vendor.cri import PodSandbox as SandboxItem
from kobune.vendor.cri.runtime_pb2 import (
    CONTAINER_CREATED,
    CONTAINER_EXITED,
    CONTAINER_RUNNING,
    SANDBOX_NOTREADY,
    SANDBOX_READY,
    TCP,
)
from kobune.vendor.cri.runtime_pb2 import (
    NODE as HOST_NAMESPACE,
)


@dataclass
class Container:
    """One run of a container. Times are nanoseconds, 0 for not yet."""

    id: str
    sandbox: "Sandbox"
    config: ContainerConfig
    behaviour: Behaviour
    created_at: int
    started_at: int = 0
    finished_at: int = 0
    exit_code: int = 0
    message: str = ""
    listeners: list[Listener] = field(default_factory=list)
    timer: Timer | None = None
    output: Output = field(default_factory=Output)
    """For those who are attached."""
    usage: Usage = USUAL
    meter: Meter | None = None
    """Once a request was answered."""

    @property
    def state(self) -> int:
        if self.finished_at:
            return CONTAINER_EXITED
        return CONTAINER_RUNNING if self.started_at else CONTAINER_CREATED

    @property
    def reason(self) -> str:
        if not self.finished_at:
            return ""
        return "Completed" if self.exit_code == 0 else "Error"

    @property
    def is_running(self) -> bool:
        return self.started_at > 0 and not self.finished_at

    def ports(self) -> list[int]:
        """Return the TCP ports that it declares."""
        return [int(port) for port in self.config.annotations.get(PORTS, "").split(",") if port]

    def status(self) -> ContainerStatus:
        """Return what CRI tells of it."""
        image = parse(self.config.image.image)
        return ContainerStatus(
            id=self.id,
            metadata=self.config.metadata,
            state=self.state,  # type: ignore[arg-type]
            created_at=self.created_at,
            started_at=self.started_at,
            finished_at=self.finished_at,
            exit_code=self.exit_code,
            image=ImageSpec(image=self.config.image.user_specified_image or self.config.image.image),
            image_ref=f"{image.repository}@{image.id}",
            image_id=image.id,
            reason=self.reason,
            message=self.message,
            labels=self.config.labels,
            annotations=self.config.annotations,
            log_path=self.log_path(),
        )

    def item(self) -> ContainerItem:
        """Return what a list tells of it."""
        image = parse(self.config.image.image)
        return ContainerItem(
            id=self.id,
            pod_sandbox_id=self.sandbox.id,
            metadata=self.config.metadata,
            image=self.config.image,
            image_ref=f"{image.repository}@{image.id}",
            image_id=image.id,
            state=self.state,  # type: ignore[arg-type]
            created_at=self.created_at,
            labels=self.config.labels,
            annotations=self.config.annotations,
        )

    def count_request(self, now: float) -> None:
        """Take note of a request that it answers."""
        if self.meter is None:
            self.meter = Meter()
        self.meter.count(now)

    def stats(self, now: float) -> ContainerStats:
        """Return what CRI tells of what it uses."""
        attributes = ContainerAttributes(
            id=self.id, metadata=self.config.metadata, labels=self.config.labels, annotations=self.config.annotations
        )
        return stats_of(attributes, self.usage, self.meter, self.started_at, now)

    def log_path(self) -> str:
        """Return where its log is written; empty for nowhere."""
        folder, name = self.sandbox.config.log_directory, self.config.log_path
        return f"{folder}/{name}" if folder and name else ""


@dataclass
class Sandbox:
    """A pod's place to be: an address, and the containers that share it."""

    id: str
    config: PodSandboxConfig
    ip: str
    created_at: int
    handler: str = ""
    ready: bool = True
    containers: dict[str, Container] = field(default_factory=dict)

    @property
    def on_host(self) -> bool:
        """Whether it uses the node's own address."""
        return self.config.linux.security_context.namespace_options.network == HOST_NAMESPACE

    @property
    def node(self) -> str:
        return self.config.annotations.get(NODE, "")

    @property
    def node_ip(self) -> str:
        return self.config.annotations.get(NODE_IP, "127.0.0.1")

    @property
    def cidr(self) -> str:
        """The range that its address is from; empty for the runtime's own."""
        return self.config.annotations.get(POD_CIDR, "")

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What only one sandbox may have."""
        meta = self.config.metadata
        return meta.namespace, meta.name, meta.uid, meta.attempt

    def host_ports(self, port: int) -> list[tuple[str, int]]:
        """Return where else a container's port is to be reached: address and port of the node."""
        return [
            (mapping.host_ip or self.node_ip, mapping.host_port)
            for mapping in self.config.port_mappings
            if mapping.container_port == port and mapping.host_port and mapping.protocol == TCP
        ]

    def status(self) -> PodSandboxStatus:
        """Return what CRI tells of it."""
        return PodSandboxStatus(
            id=self.id,
            metadata=self.config.metadata,
            state=SANDBOX_READY if self.ready else SANDBOX_NOTREADY,
            created_at=self.created_at,
            # One on the host's network has no address of its own to tell.
            network=PodSandboxNetworkStatus(ip=self.ip if self.ready and not self.on_host else ""),
            linux=LinuxPodSandboxStatus(
                namespaces=Namespace(options=self.config.linux.security_context.namespace_options)
            ),
            labels=self.config.labels,
            annotations=self.config.annotations,
            runtime_handler=self.handler,
        )

    def item(self) -> SandboxItem:
        """Return what a list tells of it."""
        return SandboxItem(
            id=self.id,
            metadata=self.config.metadata,
            state=SANDBOX_READY if self.ready else SANDBOX_NOTREADY,
            created_at=self.created_at,
            labels=self.config.labels,
            annotations=self.config.annotations,
            runtime_handler=self.handler,
        )
