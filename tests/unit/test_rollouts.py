"""Deployments and ReplicaSets, on a world that does what the actions say: no apiserver, no time but the test's."""

from collections.abc import Sequence
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.api.apps.v1 import Deployment, ReplicaSet
from kobune.api.core.v1 import Pod, PodCondition
from kobune.api.runtime.v1 import IntOrString
from kobune.apimachinery.meta import controller_of, is_deleting, key_of, time_of
from kobune.client import Action, Create, Delete, Patch, RecordEvent, RequeueAfter, Update, UpdateStatus
from kobune.controller_manager.controllers import deployment as deployments
from kobune.controller_manager.controllers import replicaset as replicasets
from kobune.controller_manager.pods import is_active, is_ready
from kobune.controller_manager.rollout import revisions, templates
from kobune.controller_manager.rollout.limits import limits_of

WRITES = (Create, Update, UpdateStatus, Patch, Delete)


class World:
    """Objects by kind and key, with the preconditions of the real thing."""

    def __init__(self) -> None:
        self.objects = {}
        self.version = 0
        self.now = 1_000_000.0
        self.events: list[str] = []

    def all(self, kind):
        return [item for (of, _), item in self.objects.items() if of is kind]

    def owned(self, kind, uid):
        found = []
        for item in self.all(kind):
            owner = controller_of(item.metadata)
            if owner is not None and owner.uid == uid:
                found.append(item)
        return found

    def put(self, item):
        self.version += 1
        stored = deepcopy(item)
        stored.metadata.resourceVersion = str(self.version)
        self.objects[type(item), key_of(item.metadata.namespace, item.metadata.name)] = stored
        return stored

    def create(self, item):
        made = deepcopy(item)
        self.version += 1
        meta = made.metadata
        meta.name = meta.name or f"{meta.generateName}{self.version}"
        meta.uid = f"uid-{self.version}"
        meta.generation = 1
        meta.creationTimestamp.CopyFrom(time_of(self.now + self.version))
        key = type(item), key_of(meta.namespace, meta.name)
        assert key not in self.objects, f"{key} exists"
        return self.put(made)

    def current(self, item):
        return self.objects[type(item), key_of(item.metadata.namespace, item.metadata.name)]

    def perform(self, actions: Sequence[Action]) -> int:
        """Do what the actions say; return how many writes there were."""
        for action in actions:
            match action:
                case Create(item):
                    self.announce(action, self.create(item).metadata.name)
                case Update(item):
                    old = self.current(item)
                    assert old.metadata.resourceVersion == item.metadata.resourceVersion, "a stale update"
                    assert old != item, "an update that changes nothing"
                    new = deepcopy(item)
                    new.metadata.generation = old.metadata.generation + (old.spec != new.spec)
                    new.status.CopyFrom(old.status)
                    self.announce(action, self.put(new).metadata.name)
                case UpdateStatus(item):
                    new = deepcopy(self.current(item))
                    assert new.metadata.resourceVersion == item.metadata.resourceVersion, "a stale status"
                    assert new.status != item.status, "a status that changes nothing"
                    new.status.CopyFrom(item.status)
                    self.put(new)
                case Patch(kind, name, namespace, patch):
                    new = deepcopy(self.objects[kind, key_of(namespace, name)])
                    assert patch["metadata"]["uid"] == new.metadata.uid
                    new.metadata.annotations.update(patch["metadata"]["annotations"])
                    self.put(new)
                case Delete(kind, name, namespace, uid):
                    old = self.objects[kind, key_of(namespace, name)]
                    assert old.metadata.uid == uid
                    if kind is Pod:
                        new = deepcopy(old)
                        new.metadata.deletionTimestamp.CopyFrom(time_of(self.now))
                        self.put(new)
                    else:
                        del self.objects[kind, key_of(namespace, name)]
                    self.announce(action, name)
                case RecordEvent(reason=reason, message=message):
                    self.events.append(f"{reason}: {message}")
                case RequeueAfter():
                    pass
        return sum(isinstance(action, WRITES) for action in actions)

    def announce(self, action, name):
        if action.announce is not None and action.announce.success:
            message = action.announce.success_message.replace("{name}", name)
            self.events.append(f"{action.announce.success}: {message}")

    # what the components do

    def plan_deployment(self) -> list[Action]:
        (wanted,) = self.all(Deployment)
        owned = self.owned(ReplicaSet, wanted.metadata.uid)
        orphans = [item for item in self.all(ReplicaSet) if controller_of(item.metadata) is None]
        namesake = self.objects.get((ReplicaSet, f"default/{revisions.new_name(wanted)}"))
        return deployments.reconcile(wanted, owned, orphans, namesake, self.all(Pod), self.now)

    def plan_replica_set(self, wanted: ReplicaSet) -> list[Action]:
        owned = self.owned(Pod, wanted.metadata.uid)
        orphans = [pod for pod in self.all(Pod) if controller_of(pod.metadata) is None]
        return replicasets.reconcile(wanted, owned, orphans, owned, None, self.now)

    def set_ready(self, pod: Pod, ready: bool = True) -> None:
        copy = deepcopy(pod)
        copy.status.phase = "Running"
        copy.spec.nodeName = "node"
        del copy.status.conditions[:]
        copy.status.conditions.append(
            PodCondition(type="Ready", status=str(ready), lastTransitionTime=time_of(self.now))
        )
        self.put(copy)

    def bury(self) -> None:
        for pod in self.all(Pod):
            if is_deleting(pod.metadata):
                del self.objects[Pod, key_of(pod.metadata.namespace, pod.metadata.name)]

    def settle(self, ready: bool = True) -> None:
        """Let everybody work until nobody has anything left to do."""
        for _ in range(200):
            writes = self.perform(self.plan_deployment())
            for item in self.all(ReplicaSet):
                writes += self.perform(self.plan_replica_set(item))
            self.bury()
            for pod in self.all(Pod):
                if ready and not is_ready(pod):
                    self.set_ready(pod)
                    writes += 1
            if not writes:
                return
        raise AssertionError("it never comes to rest")

    @property
    def deployment(self) -> Deployment:
        return self.all(Deployment)[0]

    def change(self, **spec) -> None:
        copy = deepcopy(self.deployment)
        for name, value in spec.items():
            if name == "image":
                copy.spec.template.spec.containers[0].image = value
            else:
                setattr(copy.spec, name, value)
        copy.metadata.generation += 1
        self.put(copy)

    def sizes(self) -> dict[str, int]:
        return {
            item.spec.template.spec.containers[0].image: item.spec.replicas
            for item in sorted(self.all(ReplicaSet), key=revisions.revision_of)
        }


def web(replicas: int, surge="25%", unavailable="25%", strategy="RollingUpdate") -> Deployment:
    wanted = Deployment()
    wanted.metadata.name, wanted.metadata.namespace = "web", "default"
    wanted.spec.replicas = replicas
    wanted.spec.selector.matchLabels["app"] = "web"
    wanted.spec.template.metadata.labels["app"] = "web"
    wanted.spec.template.spec.containers.add(name="web", image="v1")
    wanted.spec.strategy.type = strategy
    wanted.spec.progressDeadlineSeconds = 600
    wanted.spec.revisionHistoryLimit = 10
    if strategy == "RollingUpdate":
        wanted.spec.strategy.rollingUpdate.maxSurge.CopyFrom(amount(surge))
        wanted.spec.strategy.rollingUpdate.maxUnavailable.CopyFrom(amount(unavailable))
    return wanted


def amount(value) -> IntOrString:
    return IntOrString(type=1, strVal=value) if isinstance(value, str) else IntOrString(type=0, intVal=value)


def world_of(wanted: Deployment) -> World:
    world = World()
    world.create(wanted)
    return world


def condition(world: World, type_: str):
    return next(item for item in world.deployment.status.conditions if item.type == type_)


amounts = st.one_of(st.integers(0, 5), st.integers(0, 100).map(lambda percent: f"{percent}%"))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 7), amounts, amounts, st.sampled_from(["RollingUpdate", "Recreate"]))
def test_a_deployment_comes_to_rest_complete(replicas, surge, unavailable, strategy):
    world = world_of(web(replicas, surge, unavailable, strategy))
    world.settle()
    world.change(image="v2")
    world.settle()
    assert world.sizes() == {"v1": 0, "v2": replicas}
    assert sum(is_ready(pod) for pod in world.all(Pod)) == replicas
    assert world.deployment.status.updatedReplicas == replicas
    assert world.deployment.status.observedGeneration == world.deployment.metadata.generation
    assert world.deployment.metadata.annotations[revisions.REVISION] == "2"
    assert condition(world, "Progressing").reason == "NewReplicaSetAvailable"
    assert condition(world, "Available").status == "True"


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 7), amounts, amounts, st.data())
def test_a_rollout_never_has_too_few_available_nor_too_many_pods(replicas, surge, unavailable, data):
    world = world_of(web(replicas, surge, unavailable))
    world.settle()
    world.change(image="v2")
    limits = limits_of(world.deployment)
    for _ in range(60):
        who = data.draw(st.sampled_from(["deployment", "replicaset", "replicaset", "kubelet", "bury"]))
        if who == "deployment":
            world.perform(world.plan_deployment())
        elif who == "replicaset":
            world.perform(world.plan_replica_set(data.draw(st.sampled_from(world.all(ReplicaSet)))))
        elif who == "kubelet" and (waiting := [pod for pod in world.all(Pod) if is_active(pod) and not is_ready(pod)]):
            world.set_ready(data.draw(st.sampled_from(waiting)))
        elif who == "bury":
            world.bury()
        live = [pod for pod in world.all(Pod) if is_active(pod)]
        assert sum(is_ready(pod) for pod in live) >= limits.minimum_available
        assert sum(world.sizes().values()) <= limits.maximum_total
    world.settle()
    assert world.sizes() == {"v1": 0, "v2": replicas}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_users_and_pods_do_a_deployment_settles_in_the_end(data):
    world = world_of(web(3))
    for _ in range(40):
        what = data.draw(st.sampled_from(["scale", "image", "pause", "resume", "ready", "unready", "work", "kill"]))
        pods = world.all(Pod)
        if what == "scale":
            world.change(replicas=data.draw(st.integers(0, 7)))
        elif what == "image":
            world.change(image=data.draw(st.sampled_from(["v1", "v2", "v3"])))
        elif what in ("pause", "resume"):
            world.change(paused=what == "pause")
        elif what in ("ready", "unready") and pods:
            world.set_ready(data.draw(st.sampled_from(pods)), what == "ready")
        elif what == "kill" and pods:
            pod = data.draw(st.sampled_from(pods))
            del world.objects[Pod, key_of(pod.metadata.namespace, pod.metadata.name)]
        else:
            world.perform(world.plan_deployment())
            for item in world.all(ReplicaSet):
                world.perform(world.plan_replica_set(item))
    world.change(paused=False)
    world.settle()
    image = world.deployment.spec.template.spec.containers[0].image
    assert {name: size for name, size in world.sizes().items() if size} == (
        {image: world.deployment.spec.replicas} if world.deployment.spec.replicas else {}
    )
    numbers = [revisions.revision_of(item) for item in world.all(ReplicaSet)]
    assert len(set(numbers)) == len(numbers)
    assert world.deployment.metadata.annotations[revisions.REVISION] == str(max(numbers))


def test_a_rollback_takes_the_old_replica_set_again_with_the_next_revision():
    world = world_of(web(3))
    world.settle()
    world.change(image="v2")
    world.settle()
    world.change(image="v1")
    world.settle()
    assert world.sizes() == {"v2": 0, "v1": 3}
    new = max(world.all(ReplicaSet), key=revisions.revision_of)
    assert new.metadata.annotations[revisions.REVISION] == "3"
    assert new.metadata.annotations[revisions.HISTORY] == "1"
    assert world.deployment.metadata.annotations[revisions.REVISION] == "3"


def test_a_deployment_says_what_it_scaled_in_kubernetes_words():
    world = world_of(web(3))
    world.settle()
    name = world.all(ReplicaSet)[0].metadata.name
    assert f"ScalingReplicaSet: Scaled up replica set {name} from 0 to 3" in world.events
    world.change(replicas=5)
    world.settle()
    assert f"ScalingReplicaSet: Scaled up replica set {name} from 3 to 5" in world.events
    assert condition(world, "Progressing").message == f'ReplicaSet "{name}" has successfully progressed.'
    assert condition(world, "Available").message == "Deployment has minimum availability."


def test_a_resized_deployment_in_a_rollout_gives_each_replica_set_its_share():
    world = world_of(web(10, 3, 2))
    world.settle()
    world.change(image="v2")
    for _ in range(3):
        world.perform(world.plan_deployment())
    assert world.sizes() == {"v1": 8, "v2": 5}
    world.change(replicas=15)
    world.perform(world.plan_deployment())
    # The example on the reference page of Deployment, *Proportional scaling*.
    assert world.sizes() == {"v1": 11, "v2": 7}


def test_a_paused_deployment_scales_but_does_not_roll_out():
    world = world_of(web(2))
    world.settle()
    world.change(image="v2", paused=True, replicas=4)
    world.settle()
    assert world.sizes() == {"v1": 4}
    assert condition(world, "Progressing").reason == "DeploymentPaused"
    world.change(paused=False)
    world.settle()
    assert world.sizes() == {"v1": 0, "v2": 4}


def test_recreate_has_no_pod_of_both_templates():
    world = world_of(web(3, strategy="Recreate"))
    world.settle()
    world.change(image="v2")
    for _ in range(30):
        world.perform(world.plan_deployment())
        for item in world.all(ReplicaSet):
            world.perform(world.plan_replica_set(item))
        assert len({pod.spec.containers[0].image for pod in world.all(Pod)}) <= 1
        world.bury()
    assert world.sizes() == {"v1": 0, "v2": 3}


def test_a_rollout_that_stands_still_is_late_and_says_so():
    world = world_of(web(3, 1, 0))
    world.settle()
    world.change(image="broken")
    world.settle(ready=False)
    assert condition(world, "Progressing").status == "True"
    waits = [action.seconds for action in world.plan_deployment() if isinstance(action, RequeueAfter)]
    assert len(waits) == 1
    world.now += waits[0]
    world.settle(ready=False)
    assert condition(world, "Progressing").reason == "ProgressDeadlineExceeded"
    assert condition(world, "Progressing").status == "False"


def test_old_revisions_beyond_the_limit_of_the_history_go():
    world = world_of(web(1))
    world.change(revisionHistoryLimit=2)
    for image in ("v1", "v2", "v3", "v4", "v5"):
        world.change(image=image)
        world.settle()
    assert list(world.sizes()) == ["v3", "v4", "v5"]


def test_a_hash_that_another_replica_set_has_is_not_used():
    world = world_of(web(1))
    squatter = ReplicaSet()
    squatter.metadata.name, squatter.metadata.namespace = revisions.new_name(world.deployment), "default"
    squatter.spec.replicas = 0
    squatter.spec.selector.matchLabels["app"] = "other"
    squatter.spec.template.metadata.labels["app"] = "other"
    world.create(squatter)
    world.settle()
    assert world.deployment.status.collisionCount == 1
    (mine,) = world.owned(ReplicaSet, world.deployment.metadata.uid)
    assert mine.metadata.name != squatter.metadata.name


def test_a_replica_set_adopts_what_it_selects_and_releases_what_it_no_longer_does():
    world = world_of(web(2))
    world.settle()
    (mine,) = world.all(ReplicaSet)
    stray = Pod()
    stray.metadata.name, stray.metadata.namespace = "stray", "default"
    stray.metadata.labels.update(mine.spec.selector.matchLabels)
    world.create(stray)
    world.settle()
    assert len(world.all(Pod)) == 2, "one too many was adopted, so one had to go"
    relabelled = deepcopy(world.owned(Pod, mine.metadata.uid)[0])
    relabelled.metadata.labels["app"] = "debug"
    world.put(relabelled)
    world.settle()
    assert controller_of(world.current(relabelled).metadata) is None
    assert len(world.owned(Pod, mine.metadata.uid)) == 2


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({"node": ""}, {}),
        ({"phase": "Pending"}, {}),
        ({"ready": False}, {}),
        ({"cost": "-5"}, {}),
        ({"restarts": 3}, {"restarts": 1}),
        ({"age": 10}, {"age": 1000}),
        ({"node": "crowded"}, {}),
    ],
)
def test_the_least_valuable_pod_goes_first(worse, better):
    now = 100_000.0

    def pod(uid, node="lonely", phase="Running", ready=True, cost="0", restarts=0, age=500):
        made = Pod()
        made.metadata.uid = uid
        made.metadata.creationTimestamp.CopyFrom(time_of(now - age))
        made.metadata.annotations[replicasets.DELETION_COST] = cost
        made.spec.nodeName = node
        made.status.phase = phase
        made.status.containerStatuses.add(name="web", restartCount=restarts)
        made.status.conditions.add(type="Ready", status=str(ready), lastTransitionTime=time_of(now - 5))
        return made

    pods = [pod("a", **better), pod("b", **worse)]
    related = [*pods, pod("c", node="crowded"), pod("d", node="crowded")]
    order = sorted(pods, key=replicasets.least_valuable_first(related, now))
    assert [item.metadata.uid for item in order] == ["b", "a"]


def test_an_absent_part_and_an_empty_one_are_the_same_template_unless_presence_means_something():
    def template(**container):
        made = web(1).spec.template
        for name in container:
            getattr(made.spec.containers[0], name).SetInParent()
        return made

    assert templates.same_template(template(), template(resources=True))
    assert templates.hash_of(template(), None) == templates.hash_of(template(resources=True), None)
    assert not templates.same_template(template(), template(securityContext=True))
    assert templates.hash_of(template(), None) != templates.hash_of(template(), 0)
