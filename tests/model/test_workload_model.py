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
from model.workload_model import Lagging, World, copy_of, live, ready, settle

from kobune.api.apps.v1 import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet
from kobune.api.batch.v1 import Job
from kobune.api.core.v1 import Node, PersistentVolumeClaim, Pod
from kobune.api.runtime.v1 import IntOrString
from kobune.apimachinery.meta import is_deleting, time_of
from kobune.client import Create, UpdateStatus
from kobune.controller_manager.controllers.daemonset import daemonset
from kobune.controller_manager.controllers.deployment import deployment
from kobune.controller_manager.controllers.job import job
from kobune.controller_manager.controllers.replicaset import replicaset
from kobune.controller_manager.controllers.statefulset import statefulset
from kobune.controller_manager.daemon.placing import target_of
from kobune.controller_manager.jobs.indexes import parse, written
from kobune.controller_manager.jobs.work import index_of
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
        what = random.choices(["work", "hear", "kubelet", "user", "restart", "trouble"], [5, 5, 6, 1, 0.3, 2 * rough])[
            0
        ]
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


def life_of_a_replica_set(seed: int) -> None:
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


@histories(2000)
def test_a_replica_set_never_has_more_pods_than_it_wants(block: int) -> None:
    for seed in seeds(block):
        life_of_a_replica_set(seed)


def life_of_a_deployment(seed: int) -> None:
    world = World(seed)
    random = world.random
    item = workload(Deployment, world)
    item.spec.replicas = random.randint(1, 5)
    rolling = item.spec.strategy.rollingUpdate
    item.spec.strategy.type = "RollingUpdate"
    surge, unavailable = random.choice([(1, 0), (0, 1), (2, 1), (0, 2)])
    rolling.maxSurge.CopyFrom(IntOrString(type=0, intVal=surge))
    rolling.maxUnavailable.CopyFrom(IntOrString(type=0, intVal=unavailable))
    item.spec.progressDeadlineSeconds, item.spec.revisionHistoryLimit = 600, 10
    owner = world.create(item)
    above, below = Lagging(lambda: deployment, world, faults=0.05), Lagging(lambda: replicaset, world, faults=0.05)
    settle_all(world, above, below)
    rough, scales = seed % 3 == 0, seed % 3 == 1
    for _ in range(60):
        what = random.choices(
            ["above", "below", "hear", "kubelet", "user", "restart", "trouble"], [4, 5, 6, 6, 1, 0.3, rough]
        )
        match what[0], world.all(Pod):
            case "above", _:
                above.work(KEY)
            case "below", _:
                below.work(random.choice(keys_of(world)))
            case "hear", _:
                random.choice([above, below]).hear()
            case "kubelet", [_, *_] as pods:
                world.kubelet(random.choice(pods))
            case "user", _ if scales:
                world.change(owner, replicas=random.randint(0, 5))
            case "user", _:
                another_image(world, owner)
            case "restart", _:
                random.choice([above, below]).restart()
            case "trouble", [_, *_] as pods:
                world.drop(random.choice(pods))
        if not rough and not scales:
            serving = sum(ready(pod) and not is_deleting(pod.metadata) for pod in world.all(Pod))
            sizes = sum(each.spec.replicas for each in world.all(ReplicaSet))
            assert serving >= owner.spec.replicas - unavailable, seed
            assert sizes <= owner.spec.replicas + surge, seed
    settle_all(world, above, below)
    wanted = world.current(owner)
    image = wanted.spec.template.spec.containers[0].image
    status = wanted.status
    assert status.updatedReplicas == status.availableReplicas == status.replicas == wanted.spec.replicas, seed
    assert {pod.spec.containers[0].image for pod in world.all(Pod)} <= {image}, seed
    templates = [each.spec.template.spec.containers[0].image for each in world.all(ReplicaSet)]
    assert len(set(templates)) == len(templates), seed


def keys_of(world: World) -> list[str]:
    return [f"default/{each.metadata.name}" for each in world.all(ReplicaSet)] or [KEY]


def settle_all(world: World, above: Lagging, below: Lagging) -> None:
    """Let a deployment and its ReplicaSets come to rest."""
    for _ in range(60):
        before = len(world.log)
        settle(world, [above], KEY, kubelets=False)
        for key in keys_of(world):
            settle(world, [below], key)
        if len(world.log) == before:
            return
    raise AssertionError("it never comes to rest")


@histories(1000)
def test_a_deployment_rolls_out_within_its_bounds(block: int) -> None:
    for seed in seeds(block):
        life_of_a_deployment(seed)


def life_of_a_stateful_set(seed: int) -> None:
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


@histories(3000)
def test_a_stateful_set_keeps_its_order_and_its_bounds(block: int) -> None:
    for seed in seeds(block):
        life_of_a_stateful_set(seed)


def node(name: str, world: World) -> Node:
    item = Node()
    item.metadata.name = name
    item.metadata.labels["disk"] = world.random.choice(["ssd", "hdd"])
    if world.random.random() < 0.2:
        item.spec.taints.add(key="mine", effect=world.random.choice(["NoSchedule", "NoExecute"]))
    return item


def life_of_a_daemon_set(seed: int) -> None:
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


@histories(2000)
def test_a_daemon_set_has_one_pod_on_each_node_and_keeps_its_bounds(block: int) -> None:
    for seed in seeds(block):
        life_of_a_daemon_set(seed)


def life_of_a_job(seed: int) -> None:
    world = World(seed)
    random = world.random
    item = workload(Job, world)
    spec = item.spec
    spec.parallelism = random.randint(1, 3)
    is_indexed = random.random() < 0.5
    spec.completionMode = "Indexed" if is_indexed else "NonIndexed"
    spec.completions = random.randint(1, 4)
    spec.backoffLimit = random.choice([0, 2, 6, 100])
    if is_indexed and random.random() < 0.5:
        spec.backoffLimitPerIndex = random.choice([0, 1, 3])
        spec.backoffLimit = 2**31 - 1
    if random.random() < 0.4:
        spec.podReplacementPolicy = "Failed"
    ignores = random.random() < 0.3
    if ignores:
        rule = spec.podFailurePolicy.rules.add(action="Ignore")
        rule.onExitCodes.operator = "In"
        rule.onExitCodes.values.append(7)
    owner = world.create(item)
    run = Lagging(lambda: job, world, faults=0.05)
    rough = seed % 3 == 0

    def counted(phase: str) -> int:
        """How many pods have ended so, those left out that the policy ignores."""
        return sum(each == phase and not (ignores and code == 7) for each, code in world.ended.values())

    def users() -> None:
        if rough:
            pods = list(live(world, owner.metadata.uid))
            if pods:
                world.delete(random.choice(pods))
        elif random.random() < 0.3:
            world.change(owner, suspend=not world.current(owner).spec.suspend)

    def finish(success: float) -> None:
        """Have pods that run come to an end."""
        for pod in list(live(world, owner.metadata.uid)):
            if pod.status.phase == "Running" and random.random() < 0.4:
                is_success = random.random() < success
                world.end(pod, "Succeeded" if is_success else "Failed", random.choice([1, 7]))

    def check() -> None:
        finish(0.5)
        pods = list(live(world, owner.metadata.uid))
        assert len(pods) <= spec.parallelism, seed
        if is_indexed:
            indexes = [index_of(pod) for pod in pods]
            assert len(set(indexes)) == len(indexes), seed
        assert len(pods) + counted("Succeeded") <= spec.completions or is_indexed, seed

    live_out(world, run, users, rough=False, steps=50, check=check)
    world.change(owner, suspend=False)
    for _ in range(400):
        if any(each.type in ("Complete", "Failed") for each in world.current(owner).status.conditions):
            break
        settle(world, [run], KEY)
        check()
        finish(0.9)
    settle(world, [run], KEY)
    check()
    status = world.current(owner).status
    (final,) = [each.type for each in status.conditions if each.type in ("Complete", "Failed")]
    assert not status.active, seed
    assert not status.uncountedTerminatedPods.ListFields(), seed
    assert not any(pod.metadata.finalizers for pod in world.all(Pod)), seed
    if is_indexed:
        assert status.succeeded == len(parse(status.completedIndexes)), seed
    else:
        assert status.succeeded == counted("Succeeded"), seed
    if not is_indexed and spec.podReplacementPolicy == "Failed":
        assert status.failed == counted("Failed"), seed
    if final == "Complete":
        assert status.succeeded == spec.completions, seed
    elif not spec.HasField("backoffLimitPerIndex"):
        assert status.failed > spec.backoffLimit, seed


@histories(3000)
def test_a_job_counts_each_pod_once_and_never_runs_more_than_it_needs(block: int) -> None:
    for seed in seeds(block):
        life_of_a_job(seed)


def test_a_pod_that_succeeds_after_it_was_told_to_go_is_counted_once() -> None:
    world = World(0)
    item = workload(Job, world)
    item.spec.parallelism = item.spec.completions = 1
    item.spec.backoffLimit = 6
    owner = world.create(item)
    run = Lagging(lambda: job, world)
    run.work(KEY)
    (pod,) = world.all(Pod)
    world.delete(pod)
    run.catch_up()
    run.work(KEY)
    uncounted = world.current(owner).status.uncountedTerminatedPods
    assert list(uncounted.failed) == [pod.metadata.uid]
    world.end(pod, "Succeeded")
    written_down: list[tuple[str, ...]] = []

    def on_write(action: Any) -> None:
        if isinstance(action, UpdateStatus):
            noted = action.object.status.uncountedTerminatedPods
            written_down.append((*noted.succeeded, *noted.failed))

    world.on_write = on_write
    settle(world, [run], KEY)
    assert all(len(set(uids)) == len(uids) for uids in written_down)
    assert world.current(owner).status.failed == 1
    assert not world.current(owner).status.succeeded


@pytest.mark.parametrize("kind", [StatefulSet, DaemonSet])
def test_what_is_deleted_and_lets_go_of_its_revisions_makes_no_more(kind: type) -> None:
    world = World(0)
    owner = world.create(workload(kind, world))
    run = Lagging(daemonset if kind is DaemonSet else lambda: statefulset, world)
    settle(world, [run], KEY)
    (revision,) = world.all(ControllerRevision)
    going, free = copy_of(world.current(owner)), copy_of(revision)
    going.metadata.deletionTimestamp.CopyFrom(time_of(world.now))
    del free.metadata.ownerReferences[:]
    world.put(going)
    world.put(free)
    settle(world, [run], KEY)
    assert [each.metadata.name for each in world.all(ControllerRevision)] == [revision.metadata.name]
    assert not world.current(owner).status.collisionCount


@pytest.mark.parametrize(("text", "indexes"), [("", []), ("0,1", [0, 1]), ("0,2-4", [0, 2, 3, 4]), ("7", [7])])
def test_indexes_are_written_as_kubernetes_writes_them(text: str, indexes: list[int]) -> None:
    assert written(indexes) == text
    assert parse(text) == set(indexes)
