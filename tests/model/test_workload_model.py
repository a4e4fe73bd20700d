"""Controllers over random histories: stale caches, writes that fail or are done unheard, restarts, and users.

A calm history has kubelets that only make progress: there the bounds hold in the world, whatever a controller sees of
it. In a rough one pods end, get unready and vanish: there everything comes to rest in the end, as it was asked for.
`KOBUNE_EXAMPLES` multiplies how many there are.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from model.workload_model import Lagging, World, live, ready, settle

from kobune.api.apps.v1 import ControllerRevision, DaemonSet, ReplicaSet, StatefulSet
from kobune.api.core.v1 import Node, PersistentVolumeClaim, Pod
from kobune.api.runtime.v1 import IntOrString
from kobune.apimachinery.meta import is_deleting
from kobune.client import Create
from kobune.controller_manager.controllers.daemonset import daemonset
from kobune.controller_manager.controllers.replicaset import replicaset
from kobune.controller_manager.controllers.statefulset import statefulset
from kobune.controller_manager.daemon.placing import target_of
from kobune.controller_manager.stateful.identity import ordinal_of, ordinals

TIMES = max(int(os.environ.get("KOBUNE_EXAMPLES", "0")) // 100, 1)
BLOCK = 250
KEY = "default/it"


def histories(count: int) -> Any:
    """Return blocks of seeds: so many histories, a block in each test, for several workers."""
    return pytest.mark.parametrize("block", range(count * TIMES // BLOCK))


def seeds(block: int) -> Iterator[int]:
    yield from range(block * BLOCK, (block + 1) * BLOCK)


def workload(kind: type, world: World) -> Any:
    item = kind()
    item.metadata.name, item.metadata.namespace = "it", "default"
    item.spec.selector.matchLabels["app"] = "it"
    item.spec.template.metadata.labels["app"] = "it"
    item.spec.template.spec.containers.add(name="main", image="v1")
    return item


def live_out(
    world: World, run: Lagging, users: Callable[[], None], *, rough: bool, steps: int, check: Callable[[], None]
) -> None:
    """Let everybody do something at random, so many times."""
    random = world.random
    for _ in range(steps):
        what = random.choices(["work", "hear", "kubelet", "user", "restart", "trouble"], [5, 5, 6, 1, 0.3, 2 * rough])[0]
        pods = world.all(Pod)
        if what == "work":
            run.work(KEY)
        elif what == "hear":
            run.hear()
        elif what == "kubelet" and pods:
            world.kubelet(random.choice(pods))
        elif what == "user":
            users()
        elif what == "restart":
            run.restart()
        elif what == "trouble" and pods:
            pod = random.choice(pods)
            random.choice(
                [
                    lambda pod=pod: world.set_ready(pod, False),
                    lambda pod=pod: world.end(pod, random.choice(["Failed", "Succeeded"])),
                    lambda pod=pod: world.delete(pod),
                    lambda pod=pod: world.drop(pod),
                ]
            )()
        world.now += random.choice([0, 0, 1])
        check()


def another_image(world: World, item: Any) -> None:
    new = world.change(item)
    new.spec.template.spec.containers[0].image = world.random.choice(["v1", "v2", "v3"])
    world.put(new)


@histories(2000)
def test_a_replica_set_never_has_more_pods_than_it_wants(block: int) -> None:
    for seed in seeds(block):
        world = World(seed)
        item = workload(ReplicaSet, world)
        item.spec.replicas = world.random.randint(0, 5)
        owner = world.create(item)
        run = Lagging(lambda: replicaset, world, faults=0.05)
        rough = seed % 2 == 1
        most = owner.spec.replicas

        def users() -> None:
            nonlocal most
            most = max(most, world.change(owner, replicas=world.random.randint(0, 5)).spec.replicas)

        def check() -> None:
            assert rough or sum(1 for _ in live(world, owner.metadata.uid)) <= most, seed

        live_out(world, run, users, rough=rough, steps=40, check=check)
        settle(world, [run], KEY)
        wanted = world.current(owner)
        pods = list(live(world, owner.metadata.uid))
        assert len(pods) == wanted.spec.replicas == wanted.status.readyReplicas, seed


@histories(3000)
def test_a_stateful_set_keeps_its_order_and_its_bounds(block: int) -> None:
    for seed in seeds(block):
        world = World(seed)
        random = world.random
        item = workload(StatefulSet, world)
        item.spec.replicas = random.randint(0, 4)
        item.spec.podManagementPolicy = random.choice(["OrderedReady", "OrderedReady", "Parallel"])
        item.spec.updateStrategy.type = "RollingUpdate"
        rolling = item.spec.updateStrategy.rollingUpdate
        rolling.partition = random.choice([0, 0, 0, 1])
        most = random.choice([1, 1, 2])
        rolling.maxUnavailable.CopyFrom(IntOrString(type=0, intVal=most))
        claims = random.random() < 0.3
        if claims:
            item.spec.volumeClaimTemplates.add().metadata.name = "data"
            item.spec.persistentVolumeClaimRetentionPolicy.whenScaled = random.choice(["Retain", "Delete"])
        owner = world.create(item)
        run = Lagging(lambda: statefulset, world, faults=0.05)
        settle(world, [run], KEY)
        rough, scales = seed % 3 == 0, seed % 3 == 1
        podless: set[str] = set()
        """The claims of pods that were given up before they were made: nothing says that these go."""

        def users() -> None:
            if scales:
                world.change(owner, replicas=random.randint(0, 4))
            else:
                another_image(world, owner)

        def on_write(action: Any) -> None:
            """A pod is made only when those before it are ready."""
            if isinstance(action, Create) and isinstance(action.object, PersistentVolumeClaim):
                podless.add(action.object.metadata.name)
            if isinstance(action, Create) and isinstance(action.object, Pod):
                podless.discard(f"data-{action.object.metadata.name}")
            if isinstance(action, Create) and isinstance(action.object, Pod) and not rough:
                number = ordinal_of(action.object, owner)
                before = [world.get(Pod, f"it-{each}") for each in range(number or 0)]
                assert owner.spec.podManagementPolicy == "Parallel" or all(
                    pod is not None and ready(pod) for pod in before
                ), seed

        def check() -> None:
            """An update takes no more pods away than it may."""
            if not rough and not scales:
                serving = sum(ready(pod) and not is_deleting(pod.metadata) for pod in world.all(Pod))
                assert serving >= owner.spec.replicas - most, seed

        world.on_write = on_write
        live_out(world, run, users, rough=rough, steps=40, check=check)
        settle(world, [run], KEY)
        wanted = world.current(owner)
        pods = {ordinal_of(pod, wanted): pod for pod in world.all(Pod)}
        assert sorted(pods) == list(ordinals(wanted)), seed
        assert wanted.status.readyReplicas == wanted.status.replicas == len(pods), seed
        image = wanted.spec.template.spec.containers[0].image
        partition = rolling.partition
        assert all(pod.spec.containers[0].image == image for number, pod in pods.items() if number >= partition), seed
        if not partition:
            assert wanted.status.currentRevision == wanted.status.updateRevision, seed
        kept = {claim.metadata.name for claim in world.all(PersistentVolumeClaim)}
        needed = {f"data-it-{number}" for number in pods} if claims else set()
        is_exact = item.spec.persistentVolumeClaimRetentionPolicy.whenScaled == "Delete" and not rough
        assert kept - podless == needed if is_exact else kept >= needed, seed
        revisions = [each.revision for each in world.all(ControllerRevision)]
        assert len(set(revisions)) == len(revisions), seed


def node(name: str, world: World) -> Node:
    item = Node()
    item.metadata.name = name
    item.metadata.labels["disk"] = world.random.choice(["ssd", "hdd"])
    if world.random.random() < 0.2:
        item.spec.taints.add(key="mine", effect=world.random.choice(["NoSchedule", "NoExecute"]))
    return item


@histories(2000)
def test_a_daemon_set_has_one_pod_on_each_node_and_keeps_its_bounds(block: int) -> None:
    for seed in seeds(block):
        world = World(seed)
        random = world.random
        for number in range(random.randint(1, 5)):
            world.create(node(f"n{number}", world))
        item = workload(DaemonSet, world)
        item.spec.updateStrategy.type = "RollingUpdate"
        rolling = item.spec.updateStrategy.rollingUpdate
        surge = random.choice([0, 0, 1, 2])
        unavailable = 0 if surge else random.choice([1, 2])
        rolling.maxSurge.CopyFrom(IntOrString(type=0, intVal=surge))
        rolling.maxUnavailable.CopyFrom(IntOrString(type=0, intVal=unavailable))
        if random.random() < 0.3:
            item.spec.template.spec.nodeSelector["disk"] = "ssd"
        owner = world.create(item)
        run = Lagging(daemonset, world, faults=0.05)
        settle(world, [run], KEY)
        rough = seed % 2 == 1
        places = {target_of(pod) for pod in live(world, owner.metadata.uid)}

        def users() -> None:
            if rough and random.random() < 0.5:
                old = random.choice(world.all(Node))
                new = node(old.metadata.name, world)
                new.metadata.uid = old.metadata.uid
                world.put(new)
            else:
                another_image(world, owner)

        def check() -> None:
            if rough:
                return
            pods = list(live(world, owner.metadata.uid))
            crowded = [place for place, count in Counter(map(target_of, pods)).items() if count > 1]
            assert len(crowded) <= surge, seed
            served = {target_of(pod) for pod in pods if ready(pod)}
            assert len(served) >= len(places) - unavailable, seed

        live_out(world, run, users, rough=rough, steps=40, check=check)
        settle(world, [run], KEY)
        wanted = world.current(owner)
        image = wanted.spec.template.spec.containers[0].image
        pods = list(live(world, owner.metadata.uid))
        status = wanted.status
        assert len({target_of(pod) for pod in pods}) == len(pods), seed
        assert status.numberAvailable == status.updatedNumberScheduled == status.desiredNumberScheduled, seed
        assert status.desiredNumberScheduled + status.numberMisscheduled == len(pods), seed
        assert not status.numberMisscheduled or rough, seed
        assert all(pod.spec.containers[0].image == image for pod in pods), seed


