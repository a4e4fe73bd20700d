"""The loop of a proxy: see what changes, work out the rules of the Services concerned, apply all of them at once."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Network
from itertools import groupby
from random import Random

from kobune.api.core.v1 import Node, Pod, Service
from kobune.api.discovery.v1 import EndpointSlice
from kobune.apimachinery.clock import Clock
from kobune.apimachinery.meta import is_deleting, key_of
from kobune.client import Backoff, Client, EventRecorder, Informer
from kobune.client.informer import HasMetadata
from kobune.kube_proxy.backends import Backend
from kobune.kube_proxy.clients import Clients
from kobune.kube_proxy.endpoints import pod_of
from kobune.kube_proxy.health import HealthPorts
from kobune.kube_proxy.ruleset import Frontend, Problem, ServiceRules, World, combine, program
from kobune.kube_proxy.unsupported import is_network
from kobune.kube_proxy.watched import NodeAddresses, PodPorts, node_addresses, pod_ports

log = logging.getLogger(__name__)

SERVICE_NAME = "kubernetes.io/service-name"
PAUSE = 0.005
"""Seconds between two rounds: what happens at once is applied together."""


class Proxier:
    """Keeps a backend up to date with the Services of a cluster."""

    def __init__(
        self,
        client: Client,
        backend: Backend,
        health: HealthPorts,
        recorder: EventRecorder,
        world: World,
        *,
        clock: Clock,
        random: Random,
    ) -> None:
        """Describe it; `world` says what the cluster does not: its nodes and port maps come from there."""
        self._backend = backend
        self._health = health
        self._recorder = recorder
        self._clock = clock
        self._backoff = Backoff(random, first=1.0, longest=30.0)
        self._world = world
        self._services = Informer.of(client, Service, random=random)
        self._slices = Informer.of(client, EndpointSlice, random=random)
        self._pods: Informer[PodPorts] = Informer(client, Pod, pod_ports, random=random)
        self._nodes: Informer[NodeAddresses] = Informer(client, Node, node_addresses, random=random)
        self._slices_of_service = self._slices.index("service", service_of)
        self._slices_of_pod = self._slices.index("pod", pods_of)
        self._port_maps: dict[str, dict[int, int]] = {}
        self._rules: dict[str, ServiceRules] = {}
        self._stale: dict[str, None] = {}
        """Keys of the Services whose rules must be worked out again."""
        self._all_stale = True
        self._changed = asyncio.Event()
        self._said: set[tuple[str, str, str]] = set()
        """Service uid, reason, message of what people have been told."""

    async def run(self) -> None:
        """Watch, until cancelled. Beside `serve`."""
        async with asyncio.TaskGroup() as group:
            for informer in (self._services, self._slices, self._pods, self._nodes):
                group.create_task(informer.run())

    async def synced(self) -> None:
        """Return as soon as all that is watched is there."""
        for informer in (self._services, self._slices, self._pods, self._nodes):
            await informer.synced()

    async def serve(self, ready: Callable[[], None]) -> None:
        """Apply each change, until cancelled; `ready` is called when what is there now has been applied."""
        self._subscribe()
        await self.sync()
        ready()
        async with asyncio.TaskGroup() as group:
            retry: asyncio.Task[None] | None = None
            while True:
                passing = await self.sync()
                if retry is not None:
                    retry.cancel()
                if passing:
                    retry = group.create_task(self._again(self._backoff.next()))
                else:
                    self._backoff.reset()
                    retry = None
                await self._clock.sleep(PAUSE)
                await self._changed.wait()

    async def sync(self) -> bool:
        """Apply what has changed; returns whether something could not be had that may be had later."""
        self._changed.clear()
        changed = self._work_out()
        # In the order of their age, so that the Service that had an address first keeps it.
        ages = {key: age for key in self._rules if (age := self._age(key))}
        ruleset, problems = combine(self._rules[key] for key in sorted(ages, key=lambda key: ages[key]))
        problems += await self._backend.apply(ruleset)
        problems += await self._health.apply(ruleset.health)
        for key in changed:
            self._log(key)
        self._say(problems)
        return any(problem.passing for problem in problems)

    def _subscribe(self) -> None:
        self._services.subscribe(lambda old, new: self._touch([key_of_either(old, new)]))
        self._slices.subscribe(lambda old, new: self._touch({*services_of(old), *services_of(new)}))
        self._pods.subscribe(self._on_pod)
        self._nodes.subscribe(self._on_node)

    def _touch(self, services: Iterable[str]) -> None:
        for key in services:
            self._stale[key] = None
            self._changed.set()

    def _on_pod(self, old: PodPorts | None, new: PodPorts | None) -> None:
        before, after = old.ports if old else None, new.ports if new else None
        if before == after:
            return
        key = key_of_either(old, new)
        if after:
            self._port_maps[key] = after
        else:
            self._port_maps.pop(key, None)
        self._touch(name for item in self._slices_of_pod.get(key) for name in service_of(item))

    def _on_node(self, old: NodeAddresses | None, new: NodeAddresses | None) -> None:
        if (place_of(old) if old else None) != (place_of(new) if new else None):
            self._all_stale = True
            self._changed.set()

    def _work_out(self) -> list[str]:
        """Bring the rules of stale Services up to date; returns the keys of those whose rules are different now."""
        stale: Iterable[str] = self._stale
        if self._all_stale:
            nodes = {node.metadata.name: node.addresses for node in self._nodes}
            zones = {node.metadata.name: node.zone for node in self._nodes if node.zone}
            clients = clients_of(self._nodes, self._world.extra_node_addresses)
            self._world = replace(self._world, nodes=nodes, zones=zones, clients=clients, port_maps=self._port_maps)
            stale = {**dict.fromkeys(key_of_either(service) for service in self._services), **self._stale}
        changed = []
        for key in stale:
            service = self._services.get(key)
            before = self._rules.pop(key, None)
            if service is not None and not is_deleting(service.metadata):
                after = program(service, self._slices_of_service.get(key), self._world)
                self._rules[key] = after
            else:
                after = None
            if frontends_of(before) != frontends_of(after):
                changed.append(key)
        self._stale = {}
        self._all_stale = False
        return changed

    def _age(self, key: str) -> tuple[int, str] | None:
        service = self._services.get(key)
        return (service.metadata.creationTimestamp.seconds, key) if service is not None else None

    def _log(self, key: str) -> None:
        frontends = frontends_of(self._rules.get(key))
        if not frontends:
            log.info("kube-proxy: removed %s", key)
            return
        endpoints = {endpoint for frontend in frontends for endpoint in frontend.endpoints}
        log.info("kube-proxy: programmed %s: %s to %d endpoints", key, summary(frontends), len(endpoints))

    def _say(self, problems: Sequence[Problem]) -> None:
        """Tell people each problem once, and again only when it has been gone."""
        said: set[tuple[str, str, str]] = set()
        for problem in problems:
            service = self._services.get(problem.service)
            if service is None:
                continue
            words = (service.metadata.uid, problem.reason, problem.message)
            if words not in self._said and words not in said:
                self._recorder.event(service, "Warning", problem.reason, problem.message)
                log.warning("kube-proxy: %s: %s", problem.service, problem.message)
            said.add(words)
        self._said = said

    async def _again(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._changed.set()


def place_of(node: NodeAddresses) -> tuple[object, ...]:
    """Return what rules are made of that a node says."""
    return node.addresses, node.zone, node.pod_networks


def clients_of(nodes: Iterable[NodeAddresses], shared: Collection[str]) -> Clients:
    """Return which addresses belong to which node; `shared` ones belong to none."""

    def networks() -> Iterator[tuple[IPv4Network, str]]:
        for node in nodes:
            for text in (*node.pod_networks, *(each for each in node.addresses if each not in shared)):
                if is_network(text):
                    yield IPv4Network(text, strict=False), node.metadata.name

    return Clients(networks())


def frontends_of(rules: ServiceRules | None) -> tuple[Frontend, ...]:
    return rules.frontends if rules is not None else ()


def summary(frontends: Sequence[Frontend]) -> str:
    """Return the addresses of a Service in few words: node ports once, not for every node."""
    words = []
    for (kind, port, protocol), group in groupby(
        frontends, lambda frontend: (frontend.kind, frontend.address.port, frontend.address.protocol)
    ):
        if kind == "NodePort":
            words.append(f"node port {port}" + ("" if protocol == "TCP" else f"/{protocol}"))
        else:
            words += [str(frontend.address) for frontend in group]
    return ", ".join(words)


def service_of(item: EndpointSlice) -> Iterable[str]:
    """Return the key of the Service that a slice belongs to."""
    name = item.metadata.labels.get(SERVICE_NAME)
    return (key_of(item.metadata.namespace, name),) if name else ()


def services_of(item: EndpointSlice | None) -> Iterable[str]:
    return service_of(item) if item is not None else ()


def pods_of(item: EndpointSlice) -> Iterable[str]:
    """Return the keys of the pods that a slice names."""
    return {pod for endpoint in item.endpoints if (pod := pod_of(endpoint))}


def key_of_either(*items: HasMetadata | None) -> str:
    """Return the key of the first of some versions of an object."""
    meta = next(item.metadata for item in items if item is not None)
    return key_of(meta.namespace, meta.name)
