"""Slices over random histories: stale caches, writes that fail or are done unheard, restarts, pods and users.

Slices hold three endpoints here, so that few pods fill several. No slice ever holds more; when everything has come to
rest, each endpoint is there exactly once, as the cluster is by then. `KOBUNE_EXAMPLES` multiplies the histories.
"""

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from model.workload_model import Lagging, World, copy_of, settle

from kobune.api.core.v1 import Endpoints, Node, Pod, Service
from kobune.api.discovery.v1 import EndpointSlice
from kobune.apimachinery.meta import is_deleting
from kobune.client import Create, Update
from kobune.controller_manager.controllers.endpointslice import endpointslice
from kobune.controller_manager.controllers.endpointslicemirroring import endpointslicemirroring
from kobune.controller_manager.networking import slices
from kobune.controller_manager.pods import is_finished, is_ready

TIMES = max(int(os.environ.get("KOBUNE_EXAMPLES", "0")) // 100, 1)
BLOCK = 250
KEY = "default/it"
ROOM = 3


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "CAPACITY", ROOM)


def histories(count: int) -> Any:
    return pytest.mark.parametrize("block", range(count * TIMES // BLOCK))


def live_out(world: World, run: Lagging, users: Callable[[], None], steps: int) -> None:
    """Let everybody do something at random, so many times."""
    for _ in range(steps):
        match world.random.choices(["work", "hear", "user", "restart"], [5, 5, 6, 0.3])[0]:
            case "work":
                run.work(KEY)
            case "hear":
                run.hear()
            case "user":
                users()
            case "restart":
                run.restart()
        world.now += world.random.choice([0, 0, 1])


def shown(world: World, manager: str) -> list[EndpointSlice]:
    return [item for item in world.all(EndpointSlice) if item.metadata.labels[slices.MANAGED_BY] == manager]


def life_of_a_service(seed: int) -> None:
    world = World(seed)
    random = world.random
    for number in range(3):
        node = Node()
        node.metadata.name = f"n{number}"
        node.metadata.labels["topology.kubernetes.io/zone"] = f"z{number % 2}"
        node.status.allocatable["cpu"].string = "4"
        node.status.conditions.add(type="Ready", status="True")
        world.create(node)
    item = Service()
    item.metadata.name, item.metadata.namespace = "it", "default"
    item.spec.selector["app"] = "it"
    item.spec.ports.add(name="http", port=80)
    named = random.random() < 0.5
    if named:
        item.spec.ports[0].targetPort.type, item.spec.ports[0].targetPort.strVal = 1, "serve"
    if random.random() < 0.3:
        item.metadata.annotations["service.kubernetes.io/topology-mode"] = "Auto"
    world.create(item)
    run = Lagging(lambda: endpointslice, world, faults=0.05)
    made = 0

    def new_pod() -> None:
        nonlocal made
        made += 1
        pod = Pod()
        pod.metadata.name, pod.metadata.namespace = f"it-{made}", "default"
        pod.metadata.labels["app"] = "it"
        pod.spec.nodeName = f"n{random.randrange(4)}"  # one of them does not exist
        pod.spec.containers.add(name="main").ports.add(name="serve", containerPort=random.choice([80, 81]))
        pod.status.podIP = f"127.10.0.{made}"
        world.create(pod)

    def users() -> None:
        pods = world.all(Pod)
        pod = random.choice(pods) if pods else None
        what = random.choices(["new", "ready", "unready", "end", "delete", "drop", "service"], [6, 4, 2, 1, 1, 2, 1])[0]
        if what == "new" or pod is None:
            new_pod()
        elif what == "ready" or what == "unready":
            world.set_ready(pod, what == "ready")
        elif what == "end":
            world.end(pod, "Succeeded")
        elif what == "delete":
            world.delete(pod)
        elif what == "drop":
            world.drop(pod)
        else:
            change = random.choice(
                [
                    {"trafficDistribution": random.choice(["PreferSameZone", "PreferSameNode", ""])},
                    {"publishNotReadyAddresses": random.random() < 0.5},
                ]
            )
            world.change(world.get(Service, "it"), **change)

    def on_write(action: Any) -> None:
        if isinstance(action, Create | Update):
            assert len(action.object.endpoints) <= ROOM, seed

    world.on_write = on_write
    for _ in range(random.randint(0, 8)):
        new_pod()
    live_out(world, run, users, 60)
    settle(world, [run], KEY, kubelets=False)
    service = world.get(Service, "it")
    held = Counter(each.targetRef.uid for part in shown(world, slices.MANAGER) for each in part.endpoints)
    nodes = {node.metadata.name for node in world.all(Node)}
    wanted = {
        pod.metadata.uid: pod
        for pod in world.all(Pod)
        if not is_finished(pod) and (pod.spec.nodeName in nodes or service.spec.publishNotReadyAddresses)
    }
    assert held == Counter(list(wanted)), seed
    assert shown(world, slices.MANAGER), seed
    for part in shown(world, slices.MANAGER):
        for each in part.endpoints:
            pod = wanted[each.targetRef.uid]
            assert each.conditions.serving == is_ready(pod), seed
            assert each.conditions.terminating == is_deleting(pod.metadata), seed
            port = pod.spec.containers[0].ports[0].containerPort if named else 80
            assert [port.port for port in part.ports] == [port], seed


@histories(2000)
def test_each_endpoint_of_a_service_is_in_one_slice_and_none_holds_too_many(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        life_of_a_service(seed)


def life_of_a_mirror(seed: int) -> None:
    world = World(seed)
    random = world.random
    run = Lagging(lambda: endpointslicemirroring, world, faults=0.05)

    def addresses() -> Endpoints:
        item = Endpoints()
        item.metadata.name, item.metadata.namespace = "it", "default"
        for _ in range(random.randint(0, 2)):
            subset = item.subsets.add()
            subset.ports.add(name="http", port=random.choice([80, 81]))
            for number in random.sample(range(6), random.randint(0, 5)):
                (subset.addresses if random.random() < 0.7 else subset.notReadyAddresses).add(ip=f"192.0.2.{number}")
        if random.random() < 0.1:
            item.metadata.labels["endpointslice.kubernetes.io/skip-mirror"] = "true"
        return item

    def users() -> None:
        service, item = world.get(Service, "it"), world.get(Endpoints, "it")
        what = random.choices(["service", "change", "drop"], [2, 5, 1])[0]
        if what == "service" and service is None:
            made = Service()
            made.metadata.name, made.metadata.namespace = "it", "default"
            world.create(made)
        elif what == "service":
            if random.random() < 0.3:
                world.drop(service)
            else:
                new = copy_of(service)
                if new.spec.selector:
                    new.spec.selector.clear()
                else:
                    new.spec.selector["app"] = "it"
                world.put(new)
        elif item is None:
            world.create(addresses())
        elif what == "drop":
            world.drop(item)
        else:
            new = addresses()
            labels = dict(new.metadata.labels)
            new.metadata.CopyFrom(item.metadata)
            new.metadata.labels.clear()
            new.metadata.labels.update(labels)
            world.put(new)

    live_out(world, run, users, 60)
    settle(world, [run], KEY)
    service, item = world.get(Service, "it"), world.get(Endpoints, "it")
    wanted: set[tuple[int, str]] = set()
    if service is not None and item is not None and not service.spec.selector and not item.metadata.labels:
        wanted = {
            (subset.ports[0].port, each.ip)
            for subset in item.subsets
            for each in (*subset.addresses, *subset.notReadyAddresses)
        }
    held = Counter(
        (part.ports[0].port, each.addresses[0]) for part in world.all(EndpointSlice) for each in part.endpoints
    )
    assert held == Counter(list(wanted)), seed
    assert len(world.all(EndpointSlice)) == len({port for port, _ in wanted}), seed


@histories(2000)
def test_a_mirror_shows_each_address_once_and_goes_when_somebody_else_sees_to_it(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        life_of_a_mirror(seed)
