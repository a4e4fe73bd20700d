"""The cloud-controller-manager: the controllers that need a cloud, and a simulated cloud if there is no other."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from random import Random
from typing import Any

from kobune.apimachinery.clock import Clock
from kobune.client import Backoff, Client, ClientConfig, Controller, Controllers, LeaderElection
from kobune.client.face import Face, measure
from kobune.cloud.v1 import GetProviderResponse
from kobune.cloud_controller_manager.cloud import Cloud, CloudConfig, CloudError
from kobune.cloud_controller_manager.controllers.node import node_controller
from kobune.cloud_controller_manager.controllers.route import route_controller
from kobune.cloud_controller_manager.controllers.service import service_controller
from kobune.cloud_controller_manager.providers.simulated import SimulatedCloud, services
from kobune.cloud_controller_manager.providers.simulated.commits import Commits
from kobune.cloud_controller_manager.providers.simulated.state import StateFile
from kobune.cloud_controller_manager.providers.simulated.troubles import Troubles
from kobune.component_base.failure import CannotStart
from kobune.component_base.serving import Ready, Server, ServingConfig

log = logging.getLogger(__name__)

NAME = "cloud-controller-manager"


@dataclass(frozen=True)
class SimulatedConfig:
    """The settings of the simulated cloud."""

    data_dir: Path | None = None
    """Where its state is kept; nowhere if not given."""
    load_balancers: str = "127.30.0.0/16"
    """Where load balancers' addresses come from."""
    latency_seconds: float = 0.005
    """How long it takes to answer, on average."""
    load_balancer_seconds: float = 0.05
    """How long it takes to make or remove a load balancer, on average."""
    region: str = "local"
    zones: tuple[str, ...] = ("local-a", "local-b", "local-c")


@dataclass(frozen=True)
class Config:
    """The settings of the cloud-controller-manager."""

    apiserver: ClientConfig
    serving: ServingConfig = field(default_factory=ServingConfig)
    cloud: CloudConfig = field(default_factory=CloudConfig)
    leader_election: LeaderElection = field(default_factory=LeaderElection)
    simulated: SimulatedConfig = field(default_factory=SimulatedConfig)


async def run(config: Config, *, clock: Clock, random: Random, ready: Callable[[Ready], None]) -> None:
    """Serve until cancelled; `ready` is called once, when the cloud has answered and the informers are synced."""
    face = Face()
    add = [] if config.cloud.address else simulated(config.simulated, clock=clock, random=random)
    async with Server(NAME, config.serving, clock=clock, add=[face.service, *add]) as server:
        # The simulated cloud is spoken with like any other: it could as well be a program of its own.
        cloud = Cloud(config.cloud.address or server.address, credentials_of(config))
        async with cloud, Client.connect(config.apiserver, clock=clock) as client, asyncio.TaskGroup() as group:
            provider = await greeted(cloud, clock, Backoff(random))
            chosen = controllers_of(cloud, provider, clock)
            controllers = face.controllers = Controllers(
                client, chosen, component=NAME, clock=clock, random=random, election=config.leader_election
            )
            measure(controllers, server.registry)

            def serving() -> None:
                server.set_serving(True)
                names = " and ".join(controller.name for controller in chosen) or "nothing"
                log.info("%s: the cloud is %s; controlling %s", NAME, provider.name, names)
                ready(Ready(NAME, server.address))

            group.create_task(controllers.run(serving))


def controllers_of(cloud: Cloud, provider: GetProviderResponse, clock: Clock) -> list[Controller]:
    """Return the controllers of what a cloud has."""
    controllers = []
    if provider.instances:
        controllers.append(node_controller(cloud, clock))
    if provider.load_balancers:
        controllers.append(service_controller(cloud))
    if provider.routes:
        controllers.append(route_controller(cloud, clock))
    return controllers


async def greeted(cloud: Cloud, clock: Clock, backoff: Backoff) -> GetProviderResponse:
    """Return what the cloud says of itself, as soon as it can be reached; that it cannot is said once."""
    complaint = ""
    while True:
        try:
            return await cloud.provider()
        except CloudError as error:
            if str(error) != complaint:
                complaint = str(error)
                log.error("%s: %s; will try again", NAME, complaint)
            await clock.sleep(backoff.next())


def simulated(config: SimulatedConfig, *, clock: Clock, random: Random) -> Sequence[tuple[str, Callable[..., Any]]]:
    """Return the services of a simulated cloud."""
    try:
        network = IPv4Network(config.load_balancers)
    except ValueError as error:
        raise CannotStart(f"{NAME}: load_balancers: {error}") from None
    if not config.zones:
        raise CannotStart(f"{NAME}: zones: there must be at least one")
    if min(config.latency_seconds, config.load_balancer_seconds) < 0:
        raise CannotStart(f"{NAME}: the simulated cloud cannot answer before it is asked")
    file = StateFile(config.data_dir / "state.json" if config.data_dir else None)
    cloud = SimulatedCloud(network, file.load(), region=config.region, zones=config.zones)
    troubles = Troubles(config.latency_seconds, clock=clock, random=random)
    commits = Commits(cloud, file)
    return services(cloud, troubles, commits, load_balancer_seconds=config.load_balancer_seconds)


def credentials_of(config: Config) -> Any:
    """Return with which certificate to speak with the cloud; None for plain text."""
    if config.cloud.address and config.cloud.plaintext:
        return None
    return config.cloud.credentials or config.serving.credentials
