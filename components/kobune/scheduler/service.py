"""The scheduler: informers feed a queue and a snapshot, one loop decides and binds."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

from prometheus_client import CollectorRegistry

from kobune.api.apps.v1 import ReplicaSet, StatefulSet
from kobune.api.core.v1 import (
    Namespace,
    Node,
    PersistentVolume,
    PersistentVolumeClaim,
    Pod,
    ReplicationController,
    Service,
)
from kobune.api.policy.v1 import PodDisruptionBudget
from kobune.api.resource.v1 import DeviceClass, ResourceClaim, ResourceSlice
from kobune.api.scheduling.v1alpha2 import PodGroup
from kobune.api.storage.v1 import CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment
from kobune.apimachinery.clock import Clock
from kobune.client import Client, ClientConfig, EventRecorder, Informer
from kobune.component_base.failure import CannotStart
from kobune.component_base.runtime_config import asked
from kobune.component_base.serving import Ready, Server, ServingConfig
from kobune.scheduler import configuration
from kobune.scheduler.api import Decisions
from kobune.scheduler.asking import DECISION_SECONDS
from kobune.scheduler.configuration import Composed
from kobune.scheduler.defaults import NAME as DEFAULT_NAME
from kobune.scheduler.defaults import default_profile
from kobune.scheduler.metrics import Metrics
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.queue import Backoff
from kobune.scheduler.scheduler import Scheduler
from kobune.scheduler.v1.explain_pb2_grpc import add_DecisionsServicer_to_server

log = logging.getLogger(__name__)

NAME = "scheduler"
API = "kobune.scheduler.v1.Decisions"
LOOKED_AT: Final[Mapping[str, type[Any]]] = {
    "poddisruptionbudgets": PodDisruptionBudget,
    "namespaces": Namespace,
    "services": Service,
    "replicationcontrollers": ReplicationController,
    "replicasets": ReplicaSet,
    "statefulsets": StatefulSet,
    "persistentvolumeclaims": PersistentVolumeClaim,
    "persistentvolumes": PersistentVolume,
    "storageclasses": StorageClass,
    "csinodes": CSINode,
    "csidrivers": CSIDriver,
    "csistoragecapacities": CSIStorageCapacity,
    "volumeattachments": VolumeAttachment,
    "resourceclaims": ResourceClaim,
    "resourceslices": ResourceSlice,
    "deviceclasses": DeviceClass,
}
"""What decisions look at besides pods and nodes, by plural name."""
GROUP_VERSION: Final = "scheduling.k8s.io/v1alpha2"
POD_GROUPS: Final[Mapping[str, type[Any]]] = {"podgroups": PodGroup}
"""The same, of what is served only if somebody asks for it."""


@dataclass(frozen=True)
class Config:
    """The settings of the scheduler."""

    apiserver: ClientConfig
    serving: ServingConfig = field(default_factory=ServingConfig)
    scheduler_name: str = DEFAULT_NAME
    """Which pods it schedules: those with this `spec.schedulerName`, if no configuration says otherwise."""
    scheduler_config: Path | None = None
    """A file with a KubeSchedulerConfiguration."""
    runtime_config: str = ""
    """Alpha versions that the apiserver serves, as it was told."""
    decision_seconds: float = DECISION_SECONDS
    """How long a decision may take where plugins of others have a part in it."""


def composed(config: Config) -> Composed:
    """Return the profiles; `CannotStart` says what is wrong with the file."""
    if config.scheduler_config is None:
        return Composed([default_profile(config.scheduler_name)], Backoff())
    if config.scheduler_name != DEFAULT_NAME:
        raise CannotStart("--scheduler-name is for schedulers without --scheduler-config, whose profiles have names")
    said = configuration.read(config.scheduler_config)
    for message in configuration.ignored(said):
        log.warning("%s: no effect: %s", config.scheduler_config, message)
    return configuration.compose(said, config.scheduler_config)


def looked_at(config: Config) -> Mapping[str, type[Any]]:
    """Return what decisions look at besides pods and nodes, of what is served."""
    return {**LOOKED_AT, **(POD_GROUPS if GROUP_VERSION in asked(config.runtime_config) else {})}


async def run(config: Config, *, clock: Clock, random: Random, ready: Callable[[Ready], None]) -> None:
    """Serve until cancelled; `ready` is called once, when the pods and nodes are known."""
    what = composed(config)
    names = [profile.name for profile in what.profiles]
    async with Client.connect(config.apiserver, clock=clock) as client:
        recorders = {name: EventRecorder(client, name, clock, random=random) for name in names}
        registry = CollectorRegistry()
        scheduler = Scheduler(
            what.profiles,
            client,
            recorders,
            clock,
            random,
            backoff=what.backoff,
            decision_seconds=config.decision_seconds,
            metrics=Metrics(registry),
        )
        decisions = Decisions(scheduler.state.journal, scheduler.state.profiles)
        api = (API, lambda server: add_DecisionsServicer_to_server(decisions, server))
        async with (
            Server(NAME, config.serving, clock=clock, add=[api], registry=registry) as server,
            asyncio.TaskGroup() as group,
        ):
            nodes = Informer.of(client, Node, random=random)
            pods = Informer(client, Pod, PodInfo.parse, random=random)
            others = {plural: Informer.of(client, kind, random=random) for plural, kind in looked_at(config).items()}
            for plural, informer in others.items():
                scheduler.state.snapshot.objects.expect(plural)
                informer.subscribe(partial(scheduler.handlers.object_changed, plural))
            nodes.subscribe(scheduler.handlers.node_changed)
            pods.subscribe(scheduler.handlers.pod_changed)
            for task in (nodes.run(), pods.run(), *(informer.run() for informer in others.values())):
                group.create_task(task)
            for recorder in recorders.values():
                group.create_task(recorder.run())
            for informer in others.values():
                await informer.synced()
            await nodes.synced()
            await pods.synced()
            group.create_task(scheduler.run())
            server.set_serving(True)
            log.info("scheduling the pods of %s", ", ".join(names))
            ready(Ready(NAME, server.address))
