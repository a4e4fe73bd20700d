"""The kubelet: any number of nodes in one process, on one container runtime."""

import asyncio
import logging
import resource
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from kobune.api.core.v1 import Pod
from kobune.apimachinery.clock import Clock
from kobune.client import Client, ClientConfig, EventRecorder, Informer
from kobune.component_base.failure import CannotStart
from kobune.component_base.serving import Ready, Server, ServingConfig
from kobune.kubelet.api import Api
from kobune.kubelet.cri.direct import Direct
from kobune.kubelet.cri.follow import follow
from kobune.kubelet.cri.runtime import Runtime
from kobune.kubelet.machines import Machines, Power
from kobune.kubelet.members import members
from kobune.kubelet.node_objects import Capacity
from kobune.kubelet.nodes import Nodes
from kobune.kubelet.pods import Pods
from kobune.kubelet.runtimes.simulated.service import SimulatedConfig, serve
from kobune.kubelet.streams.service import Streams
from kobune.kubelet.timers import Timers
from kobune.node.v1.nodes_pb2_grpc import add_NodesServicer_to_server
from kobune.node.v1.streams_pb2_grpc import add_StreamsServicer_to_server

log = logging.getLogger(__name__)

NAME = "kubelet"
API = "kobune.node.v1.Nodes"
STREAMS = "kobune.node.v1.Streams"
SOCKET = "cri.sock"
MACHINES = "machines.json"
SOCKET_PATH_LIMIT = 107
"""Bytes that the kernel takes for the path of a unix socket."""
ASSIGNED = "spec.nodeName!="


@dataclass(frozen=True)
class Config:
    """The settings of the kubelet."""

    apiserver: ClientConfig
    data_dir: Path
    """For the runtime's socket, its memory of containers, and their logs."""
    serving: ServingConfig = field(default_factory=ServingConfig)
    nodes: int = 3
    node_prefix: str = "node-"
    node_network: str = "127.20.0.0/16"
    """The i-th node has its i-th address."""
    pod_network: str = "127.10.0.0/16"
    """Cut into ranges, of which the i-th node has the i-th."""
    pods_of_a_node: int = 24
    """The length of the prefix of each node's range."""
    cpu: str = "8"
    """What each node has, here and below."""
    memory: str = "32Gi"
    storage: str = "100Gi"
    runtime: str = ""
    """The endpoint of a CRI runtime, `unix:///…`; the simulated one if empty."""
    pull_seconds: float = 0.0
    """How long simulated images take to be pulled."""
    external_cloud: bool = False
    """Whether nodes take no pods before a cloud-controller-manager has said what it knows of them."""
    cloud: Callable[[], str] | None = None
    """Where a simulated cloud says how the machines of our nodes are; it is asked again whenever that is lost."""
    first_port: int | None = None
    """The lowest port that simulated containers may open; what this process may do if not given."""


async def run(config: Config, *, clock: Clock, random: Random, ready: Callable[[Ready], None]) -> None:
    """Serve until cancelled; `ready` is called once, when the nodes are registered and their pods are known."""
    raise_file_limit()
    ours = members(
        config.nodes,
        prefix=config.node_prefix,
        node_network=config.node_network,
        pod_network=config.pod_network,
        pod_prefix=config.pods_of_a_node,
    )
    capacity = Capacity(config.cpu, config.memory, config.storage)
    timers = Timers(clock)
    async with (
        container_runtime(config, clock=clock, random=random) as runtime,
        Client.connect(config.apiserver, clock=clock) as client,
        asyncio.TaskGroup() as group,
    ):

        def spawn(work: Coroutine[Any, Any, None]) -> None:
            group.create_task(work)

        info = await runtime.info()
        described = f"{info.name}://{info.version}"
        nodes = Nodes(
            client,
            ours,
            capacity=capacity,
            runtime=described,
            waits_for_cloud=config.external_cloud,
            clock=clock,
            random=random,
        )
        recorder = EventRecorder(client, NAME, clock, random=random)
        informer = Informer.of(client, Pod, field_selector=ASSIGNED, random=random)
        pods = Pods(
            nodes.members,
            runtime,
            info,
            client,
            recorder,
            capacity=capacity,
            logs=config.data_dir / "logs",
            timers=timers,
            clock=clock,
            random=random,
            spawn=spawn,
        )
        nodes.volumes_in_use, pods.volumes_changed = pods.volumes_in_use, nodes.changed
        machines = Machines(nodes.members, config.data_dir / MACHINES)
        if config.cloud is not None:
            nodes.silence(machines.troubled())
            for name, power in machines.troubled().items():
                pods.set_power(name, power)

        def power_changed(name: str, power: Power) -> None:
            pods.set_power(name, power, [pod for pod in informer.items() if pod.spec.nodeName == name])
            if power is Power.ON:
                spawn(nodes.speak(name))
            else:
                nodes.silence([name])

        api = (API, lambda server: add_NodesServicer_to_server(Api(nodes.members, pods, runtime, described), server))
        open_streams = Streams(pods, runtime, info.actual_port, clock)
        streams = (STREAMS, lambda server: add_StreamsServicer_to_server(open_streams, server))
        async with (
            Server(NAME, config.serving, clock=clock, add=[api, streams]) as server,
            asyncio.TaskGroup() as serving,
        ):
            nodes.address = server.address
            for work in (
                timers.run(),
                recorder.run(),
                nodes.informer.run(),
                informer.run(),
                pods.writer.queue.run(),
                pods.writer.run(),
            ):
                serving.create_task(work)
            await nodes.register()
            serving.create_task(nodes.run())
            await informer.synced()
            followed = asyncio.Event()

            def begin() -> None:
                informer.subscribe(pods.pod_changed)
                followed.set()

            serving.create_task(follow(runtime, pods, clock, random, begin))
            await followed.wait()
            if config.cloud is not None:
                credentials = config.serving.credentials
                serving.create_task(
                    machines.follow(config.cloud, credentials, power_changed, clock=clock, random=random)
                )
            server.set_serving(True)
            ready(Ready(NAME, server.address))


@asynccontextmanager
async def container_runtime(config: Config, *, clock: Clock, random: Random) -> AsyncIterator[Runtime]:
    """Give the runtime to use: the one at the configured endpoint, or a simulated one that runs while inside."""
    if config.runtime:
        async with Runtime.at(config.runtime) as runtime:
            yield runtime
        return
    with ExitStack() as stack:
        socket = config.data_dir.absolute() / SOCKET
        if len(bytes(socket)) > SOCKET_PATH_LIMIT:
            socket = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kobune-"))) / SOCKET
        try:
            config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise CannotStart(f"{NAME}: cannot use {config.data_dir}: {error.strerror}") from None
        simulated = SimulatedConfig(
            socket=socket,
            data_dir=config.data_dir,
            pull_seconds=config.pull_seconds,
            pod_cidr=config.pod_network,
            first_port=config.first_port,
        )
        own = Random(random.getrandbits(64))
        async with serve(simulated, clock=clock, random=own) as ours:
            yield Runtime(Direct(ours.runtime, ours.spawn), Direct(ours.images, ours.spawn))


def raise_file_limit() -> None:
    """Allow this process all files that it may have: each port of a simulated container is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
