"""The controller-manager: every controller in one process, on one runner, with one copy of what they watch."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from random import Random

from kobune.apimachinery.clock import Clock
from kobune.client import Client, ClientConfig, Controller, Controllers, LeaderElection
from kobune.client.face import Face, measure
from kobune.client.rest import RestClient, RestConfig
from kobune.component_base.failure import CannotStart
from kobune.component_base.runtime_config import asked
from kobune.component_base.serving import Ready, Server, ServingConfig
from kobune.controller_manager.controllers.attachdetach import attachdetach
from kobune.controller_manager.controllers.bootstrapsigner import bootstrapsigner
from kobune.controller_manager.controllers.clusterips import clusterips
from kobune.controller_manager.controllers.clusterroleaggregation import clusterroleaggregation
from kobune.controller_manager.controllers.cronjob import cronjob
from kobune.controller_manager.controllers.csrapproving import csrapproving
from kobune.controller_manager.controllers.csrcleaner import csrcleaner
from kobune.controller_manager.controllers.csrsigning import csrsigning
from kobune.controller_manager.controllers.daemonset import daemonset
from kobune.controller_manager.controllers.deployment import deployment
from kobune.controller_manager.controllers.disruption import disruption
from kobune.controller_manager.controllers.endpoints import endpoints
from kobune.controller_manager.controllers.endpointslice import endpointslice
from kobune.controller_manager.controllers.endpointslicemirroring import endpointslicemirroring
from kobune.controller_manager.controllers.ephemeralvolume import ephemeralvolume
from kobune.controller_manager.controllers.garbagecollector import garbagecollector
from kobune.controller_manager.controllers.horizontalpodautoscaling import horizontalpodautoscaling
from kobune.controller_manager.controllers.job import job
from kobune.controller_manager.controllers.namespace import namespace
from kobune.controller_manager.controllers.nodeeviction import nodeeviction
from kobune.controller_manager.controllers.nodeipam import nodeipam
from kobune.controller_manager.controllers.nodelease import nodelease
from kobune.controller_manager.controllers.nodelifecycle import nodelifecycle
from kobune.controller_manager.controllers.persistentvolumebinder import persistentvolumebinder
from kobune.controller_manager.controllers.persistentvolumeexpander import persistentvolumeexpander
from kobune.controller_manager.controllers.persistentvolumeprovisioner import (
    defaultstorageclass,
    persistentvolumeprovisioner,
)
from kobune.controller_manager.controllers.podgc import podgc
from kobune.controller_manager.controllers.replicaset import replicaset, replicationcontroller
from kobune.controller_manager.controllers.resourceclaim import resourceclaim, resourceclaim_templates
from kobune.controller_manager.controllers.resourcequota import resourcequota
from kobune.controller_manager.controllers.serviceaccount import serviceaccount
from kobune.controller_manager.controllers.serviceaccounttoken import serviceaccounttoken
from kobune.controller_manager.controllers.servicecidrs import servicecidrs
from kobune.controller_manager.controllers.statefulset import statefulset
from kobune.controller_manager.controllers.tainteviction import tainteviction
from kobune.controller_manager.controllers.tokencleaner import tokencleaner
from kobune.controller_manager.controllers.ttlafterfinished import ttlafterfinished
from kobune.controller_manager.controllers.volumeprotection import pvcprotection, pvprotection
from kobune.controller_manager.signing import Authority
from kobune.controller_manager.zones import EvictionRates

log = logging.getLogger(__name__)

NAME = "controller-manager"
COMPONENT = "kube-controller-manager"


@dataclass(frozen=True)
class Config:
    """The settings of the controller-manager."""

    apiserver: ClientConfig
    serving: ServingConfig = field(default_factory=ServingConfig)
    rest: RestConfig = field(default_factory=RestConfig)
    """The apiserver's REST face, where autoscalers read scales and metrics."""
    root_ca: Path | None = None
    """The CA certificate that pods get to know the apiserver by; that of the connection if not given."""
    signing_certificate: Path | None = None
    """The CA that signs requests for certificates; without it and its key, nothing does."""
    signing_key: Path | None = None
    signing_seconds: float = 365 * 24 * 3600.0
    """How long the certificates that are signed live at most."""
    cluster_cidr: str = "127.10.0.0/16"
    """Where nodes' pod ranges are cut from."""
    node_cidr_mask_size: int = 24
    node_monitor_grace_seconds: float = 40.0
    """How long a node may be silent."""
    node_eviction_rate: float = 0.1
    """How many nodes of a zone, that are not ready, are given up in a second."""
    secondary_node_eviction_rate: float = 0.01
    """The same in a large zone of which much is not ready."""
    large_cluster_size_threshold: int = 50
    """How many nodes a zone that is not large has at most; of such a one, none is given up while much is not ready."""
    unhealthy_zone_threshold: float = 0.55
    """Which part of a zone is much."""
    terminated_pod_gc_threshold: int = 12_500
    """How many pods that have ended are kept; 0 for all."""
    volumes: Path | None = None
    """Where the directories of host-path volumes are; without it, there can be none."""
    default_storage_class: bool = True
    """Whether there is to be a default storage class, where there is no class at all."""
    leader_election: LeaderElection = field(default_factory=LeaderElection)
    controllers: tuple[str, ...] = ("*",)
    """Which to run, by name; `*` for all."""
    runtime_config: str = ""
    """Alpha versions that the apiserver serves, as it was told."""


async def run(config: Config, *, clock: Clock, random: Random, ready: Callable[[Ready], None]) -> None:
    """Serve until cancelled; `ready` is called once, when the informers are synced and the port is open."""
    async with Client.connect(config.apiserver, clock=clock) as client, RestClient(config.rest) as rest:
        chosen = choose(controllers_of(config, client, rest), config.controllers)
        controllers = Controllers(
            client, chosen, component=COMPONENT, clock=clock, random=random, election=config.leader_election
        )
        face = Face()
        face.controllers = controllers
        add = [face.service]
        async with Server(NAME, config.serving, clock=clock, add=add) as server, asyncio.TaskGroup() as group:
            measure(controllers, server.registry)

            def serving() -> None:
                server.set_serving(True)
                log.info("%s: %d controllers run", NAME, len(chosen))
                ready(Ready(NAME, server.address))

            group.create_task(controllers.run(serving))


def controllers_of(config: Config, client: Client, rest: RestClient) -> list[Controller]:
    """Return every controller there is. Those that a new cluster waits for come first."""
    ca = read(config.root_ca or config.apiserver.ca)
    try:
        network = IPv4Network(config.cluster_cidr)
    except ValueError as error:
        raise CannotStart(f"{NAME}: cluster_cidr: {error}") from None
    if not network.prefixlen <= config.node_cidr_mask_size <= 30:
        raise CannotStart(f"{NAME}: node_cidr_mask_size: {network} has no ranges of /{config.node_cidr_mask_size}")
    return [
        serviceaccount(ca),
        nodelifecycle(config.node_monitor_grace_seconds),
        nodeeviction(eviction_rates(config)),
        nodeipam(network, config.node_cidr_mask_size),
        deployment,
        replicaset,
        replicationcontroller,
        statefulset,
        daemonset(),
        disruption,
        job,
        cronjob,
        ttlafterfinished,
        horizontalpodautoscaling(rest),
        endpointslice,
        endpointslicemirroring,
        endpoints,
        clusterips,
        servicecidrs,
        namespace(client),
        tainteviction,
        podgc(config.terminated_pod_gc_threshold),
        nodelease,
        serviceaccounttoken(ca),
        clusterroleaggregation,
        resourcequota,
        pvcprotection,
        pvprotection,
        persistentvolumebinder,
        persistentvolumeprovisioner(config.volumes),
        persistentvolumeexpander,
        ephemeralvolume,
        attachdetach,
        *([defaultstorageclass] if config.default_storage_class else []),
        resourceclaim_templates,
        resourceclaim,
        tokencleaner,
        bootstrapsigner,
        csrapproving,
        csrcleaner,
        *_signing(config),
        garbagecollector(asked(config.runtime_config)),
    ]


def eviction_rates(config: Config) -> EvictionRates:
    """Return how fast nodes are given up, or raise `CannotStart` for what is no rate."""
    if min(config.node_eviction_rate, config.secondary_node_eviction_rate, config.large_cluster_size_threshold) < 0:
        raise CannotStart(f"{NAME}: rates of eviction and sizes of zones cannot be negative")
    if not 0 < config.unhealthy_zone_threshold <= 1:
        raise CannotStart(f"{NAME}: unhealthy_zone_threshold: {config.unhealthy_zone_threshold} is no part of a zone")
    return EvictionRates(
        config.node_eviction_rate,
        config.secondary_node_eviction_rate,
        config.large_cluster_size_threshold,
        config.unhealthy_zone_threshold,
    )


def _signing(config: Config) -> list[Controller]:
    if config.signing_certificate is None or config.signing_key is None:
        return []
    try:
        return [csrsigning(Authority.read(config.signing_certificate, config.signing_key, config.signing_seconds))]
    except CannotStart as error:
        raise CannotStart(f"{NAME}: {error}") from None


def choose(controllers: list[Controller], names: tuple[str, ...]) -> list[Controller]:
    """Return the controllers of these names; `CannotStart` if there is none of a name."""
    known = {controller.name for controller in controllers}
    for name in names:
        if name != "*" and name not in known:
            raise CannotStart(f"{NAME}: there is no controller {name}; there are {', '.join(sorted(known))}")
    return [controller for controller in controllers if "*" in names or controller.name in names]


def read(file: Path) -> str:
    """Return a file's text, or raise `CannotStart`."""
    try:
        return file.read_text()
    except OSError as error:
        raise CannotStart(f"{NAME}: cannot read {file}: {error.strerror}") from None
