"""A world for controllers: objects with versions, caches that lag behind, writes that fail, kubelets, and restarts.

A `Lagging` runs one controller as its runner does, with a cache of each kind that is as old as the test lets it be.
Whatever it writes is checked against the preconditions of the real thing. Nothing here waits; time is `now`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from random import Random
from typing import Any

from kobune.api.core.v1 import Pod, PodCondition
from kobune.apimachinery.clock import ManualClock
from kobune.apimachinery.errors import AlreadyExists, ApiError, Conflict, NotFound, ServerTimeout
from kobune.apimachinery.meta import controller_of, is_deleting, key_of, time_of
from kobune.client import (
    Action,
    Controller,
    Create,
    Delete,
    Patch,
    RecordEvent,
    RequeueAfter,
    Retry,
    Update,
    UpdateStatus,
    View,
)
from kobune.client.expectations import Expectations
from kobune.controller_manager.pods import is_active

WRITES = (Create, Update, UpdateStatus, Patch, Delete)


def copy_of(item: Any) -> Any:
    copy = type(item)()
    copy.CopyFrom(item)
    return copy


class World:
    """Objects by kind and key, every version of them, and the time."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.objects: dict[tuple[type, str], Any] = {}
        self.log: list[tuple[type, str, Any]] = []
        """What happened: kind, key, and the object or None. The position is the version."""
        self.now = 1_000_000.0
        self.events: list[str] = []
        self.ended: dict[str, tuple[str, int]] = {}
        """By the uid of a pod that has ended: its phase and exit code."""
        self.on_write: Callable[[Action], None] = lambda action: None
        """Told every write before it is done."""

    def all(self, kind: type) -> list[Any]:
        return [item for (of, _), item in self.objects.items() if of is kind]

    def get(self, kind: type, name: str, namespace: str = "default") -> Any:
        return self.objects.get((kind, key_of(namespace, name)))

    def put(self, item: Any) -> Any:
        """Store an object as it is now."""
        stored = copy_of(item)
        kind, key = type(item), key_of(item.metadata.namespace, item.metadata.name)
        stored.metadata.resourceVersion = str(len(self.log) + 1)
        self.objects[kind, key] = stored
        self.log.append((kind, key, stored))
        return stored

    def drop(self, item: Any) -> None:
        kind, key = type(item), key_of(item.metadata.namespace, item.metadata.name)
        if self.objects.pop((kind, key), None) is not None:
            self.log.append((kind, key, None))

    def change(self, item: Any, **spec: Any) -> Any:
        """Change a spec as users do."""
        new = copy_of(self.current(item))
        for name, value in spec.items():
            setattr(new.spec, name, value)
        new.metadata.generation += 1
        return self.put(new)

    def current(self, item: Any) -> Any:
        return self.objects[type(item), key_of(item.metadata.namespace, item.metadata.name)]

    def create(self, item: Any) -> Any:
        made = copy_of(item)
        meta = made.metadata
        version = len(self.log) + 1
        if not meta.name:
            meta.name = f"{meta.generateName}{version}"
        if (type(item), key_of(meta.namespace, meta.name)) in self.objects:
            raise AlreadyExists(f"{meta.name} exists")
        meta.uid = f"uid-{version}"
        meta.generation = 1
        meta.creationTimestamp.CopyFrom(time_of(self.now))
        if isinstance(made, Pod):
            made.status.phase = made.status.phase or "Pending"
        return self.put(made)

    def delete(self, item: Any) -> None:
        """Ask for an object to go: pods and what has finalizers stay for a while."""
        current = self.current(item)
        if not isinstance(current, Pod) and not current.metadata.finalizers:
            self.drop(current)
        elif not is_deleting(current.metadata):
            new = copy_of(current)
            new.metadata.deletionTimestamp.CopyFrom(time_of(self.now))
            self.put(new)

    def perform(self, action: Action) -> Any:
        """Do what an action says, under the conditions of the real thing."""
        match action:
            case Create(item):
                return self.create(item)
            case Update(item) | UpdateStatus(item):
                old = self.objects.get((type(item), key_of(item.metadata.namespace, item.metadata.name)))
                if old is None or old.metadata.uid != item.metadata.uid:
                    raise NotFound(item.metadata.name)
                if old.metadata.resourceVersion != item.metadata.resourceVersion:
                    raise Conflict(item.metadata.name)
                assert old != item, "a write that changes nothing"
                new = copy_of(old if isinstance(action, UpdateStatus) else item)
                if isinstance(action, UpdateStatus):
                    new.status.CopyFrom(item.status)
                else:
                    if hasattr(new, "status"):
                        new.status.CopyFrom(old.status)
                    new.metadata.generation = old.metadata.generation + (hasattr(new, "spec") and old.spec != new.spec)
                if is_deleting(new.metadata) and not new.metadata.finalizers and not isinstance(new, Pod):
                    return self.drop(new)
                return self.put(new)
            case Patch(kind, name, namespace, patch):
                old = self.objects.get((kind, key_of(namespace, name)))
                if old is None:
                    raise NotFound(name)
                if patch["metadata"].get("uid", old.metadata.uid) != old.metadata.uid:
                    raise Conflict(name)
                new = copy_of(old)
                new.metadata.annotations.update(patch["metadata"].get("annotations", {}))
                return self.put(new)
            case Delete(kind, name, namespace, uid):
                old = self.objects.get((kind, key_of(namespace, name)))
                if old is None:
                    raise NotFound(name)
                if old.metadata.uid != uid:
                    raise Conflict(name)
                return self.delete(old)
        raise AssertionError(f"no write: {action}")

    def collect(self) -> bool:
        """Drop one object whose owner is gone, as the garbage collector does; return whether there was one."""
        uids = {item.metadata.uid for item in self.objects.values()}
        for item in list(self.objects.values()):
            owners = item.metadata.ownerReferences
            if owners and all(owner.uid not in uids for owner in owners):
                self.drop(item) if not isinstance(item, Pod) else self.delete(item)
                return True
        return False

    # what kubelets do

    def kubelet(self, pod: Any) -> None:
        """Take a pod one step further: it starts, gets ready, or is gone if it must go."""
        pod = self.current(pod)
        if is_deleting(pod.metadata):
            if not pod.metadata.finalizers:
                self.drop(pod)
            elif pod.status.phase not in ("Succeeded", "Failed"):
                self.end(pod, "Failed")
        elif pod.status.phase == "Pending":
            new = copy_of(pod)
            new.status.phase = "Running"
            self.put(new)
        elif pod.status.phase == "Running":
            self.set_ready(pod, True)

    def set_ready(self, pod: Any, ready: bool) -> None:
        new = copy_of(self.current(pod))
        new.status.phase = "Running"
        others = [each for each in new.status.conditions if each.type != "Ready"]
        del new.status.conditions[:]
        new.status.conditions.extend(others)
        new.status.conditions.append(
            PodCondition(type="Ready", status=str(ready), lastTransitionTime=time_of(self.now))
        )
        self.put(new)

    def end(self, pod: Any, phase: str, code: int = 0) -> None:
        """Have a pod end, as Succeeded or Failed."""
        new = copy_of(self.current(pod))
        new.status.phase = phase
        del new.status.conditions[:]
        del new.status.containerStatuses[:]
        self.ended[pod.metadata.uid] = phase, code if phase == "Failed" else 0
        ended = new.status.containerStatuses.add(name="main")
        ended.state.terminated.exitCode = code if phase == "Failed" else 0
        ended.state.terminated.finishedAt.CopyFrom(time_of(self.now))
        self.put(new)


class Cache:
    """What an informer knows of one kind: the world as it was at `version`."""

    def __init__(self, world: World, kind: type) -> None:
        self._world, self._kind = world, kind
        self._items: dict[str, Any] = {}
        self.version = 0

    def deliver(self, upto: int) -> None:
        """Hear of what happened up to a version."""
        for kind, key, item in self._world.log[self.version : upto]:
            if kind is self._kind:
                if item is None:
                    self._items.pop(key, None)
                else:
                    self._items[key] = item
        self.version = max(self.version, upto)

    def get(self, key: str) -> Any:
        return self._items.get(key)

    def items(self) -> Iterable[Any]:
        return self._items.values()

    def index(self, name: str, values: Callable[[Any], Iterable[str]]) -> "Index":
        return Index(self, values)


class Index:
    def __init__(self, cache: Cache, values: Callable[[Any], Iterable[str]]) -> None:
        self._cache, self._values = cache, values

    def get(self, value: str) -> list[Any]:
        return [item for item in self._cache.items() if value in self._values(item)]


class Lagging:
    """One controller with its own view of a world."""

    def __init__(self, make: Callable[[], Controller], world: World, *, faults: float = 0.0) -> None:
        self._make, self._world, self._faults = make, world, faults
        self.wakes_in: float | None = None
        """Seconds after which it wants to look again at what it worked on last."""
        self.restart()

    def restart(self) -> None:
        """Forget everything, and list the world as it is."""
        self.controller = self._make()
        kinds = dict.fromkeys(watch.kind for watch, _ in self.controller.sources())
        self.caches: dict[type, Cache] = {kind: Cache(self._world, kind) for kind in kinds}
        self._expectations = Expectations(self.caches)  # type: ignore[arg-type]
        self.catch_up()

    def catch_up(self) -> None:
        """See everything that has happened."""
        for cache in self.caches.values():
            cache.deliver(len(self._world.log))

    def hear(self) -> None:
        """See some of what has happened to one kind."""
        cache = self._world.random.choice(list(self.caches.values()))
        cache.deliver(self._world.random.randint(cache.version, len(self._world.log)))

    def work(self, key: str) -> int:
        """Reconcile a key; return how many writes there were. Fails as writes do; that is the runner's to repeat."""
        world = self._world
        if self._expectations.blocks(key, 0.0):
            return 0
        clock = ManualClock(world.now)
        view = View(self.caches, None, clock, world.random)  # type: ignore[arg-type]
        facts = finished(self.controller.facts(view, key))
        actions = self.controller.reconcile(*facts) if facts is not None else []
        writes = 0
        self.wakes_in = min((each.seconds for each in actions if isinstance(each, RequeueAfter)), default=None)
        for action in actions:
            match action:
                case RecordEvent(reason=reason, message=message):
                    world.events.append(f"{reason}: {message}")
                case RequeueAfter() | Retry():
                    pass
                case _:
                    writes += 1
                    with suppress(ApiError):
                        self._write(key, action)
        return writes

    def _write(self, key: str, action: Any) -> None:
        world = self._world
        luck = world.random.random()
        if luck < self._faults:
            raise ServerTimeout("not done")
        world.on_write(action)
        done = world.perform(action)
        has_name = not isinstance(action, Create) or bool(action.object.metadata.name)
        if luck < 2 * self._faults and has_name:
            raise ServerTimeout("done, but nobody will know")
        if isinstance(action, Delete):
            self._expectations.deleted(key, action.kind, action.namespace, action.name, action.uid, 0.0)
        elif done is not None:
            self._expectations.wrote(key, done, 0.0)
        if action.announce is not None and action.announce.success:
            world.events.append(f"{action.announce.success}: {action.announce.success_message}")


def finished(coroutine: Any) -> Any:
    """Return what a coroutine returns that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


def settle(world: World, controllers: Iterable[Lagging], key: str, *, kubelets: bool = True, rounds: int = 300) -> None:
    """Let everybody do their work until nobody has any."""
    controllers = list(controllers)
    for _ in range(rounds):
        busy = 0
        for each in controllers:
            each.catch_up()
            busy += each.work(key)
        while world.collect():
            busy += 1
        for pod in world.all(Pod) if kubelets else ():
            before = len(world.log)
            if is_deleting(pod.metadata) or (pod.status.phase in ("Pending", "Running") and not ready(pod)):
                world.kubelet(pod)
            busy += len(world.log) - before
        world.now += 1
        if not busy:
            waits = [each.wakes_in for each in controllers if each.wakes_in is not None]
            if not waits:
                return
            world.now += min(waits)
    raise AssertionError("it never comes to rest")


def ready(pod: Any) -> bool:
    return any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions)


def live(world: World, uid: str) -> Iterator[Any]:
    """Yield the pods that an owner controls and that neither ended nor are about to go."""
    for pod in world.all(Pod):
        owner = controller_of(pod.metadata)
        if owner is not None and owner.uid == uid and is_active(pod):
            yield pod
