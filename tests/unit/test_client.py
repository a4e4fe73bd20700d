"""The client, informers and the runner, over a transport that is a dict: a few dozen lines, and no network."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest
from google.protobuf.message import Message

from kobune.api.core.v1 import ConfigMap, Event, Pod
from kobune.api.dynamic.v1 import BatchRequest, BatchResponse, Result
from kobune.api.meta.v1 import ListMeta, ObjectMeta, OwnerReference, PartialObjectMetadata, Status
from kobune.api.verbs.v1 import DeleteRequest, GetRequest, ListRequest, ListResponse, WatchEvents, WatchRequest
from kobune.apimachinery import kinds
from kobune.apimachinery.clock import Clock, SystemClock
from kobune.apimachinery.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    Expired,
    InternalError,
    NotFound,
    ServiceUnavailable,
)
from kobune.apimachinery.kinds import kind_of, list_of, messages
from kobune.apimachinery.meta import key_of
from kobune.client import (
    Action,
    Announce,
    Client,
    Controller,
    Controllers,
    Create,
    CreateOf,
    Delete,
    DeleteOf,
    EventRecorder,
    Informer,
    UpdateOf,
)
from kobune.client import (
    Event as Change,
)
from kobune.client.informer import INITIAL_EVENTS_END, metadata_of
from kobune.client.services import methods_of
from kobune.client.transport import api_error


class Memory:
    """A transport to objects in a dict: get, list, watch, create, update, delete and batches of them."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Message]] = {}
        self.version = 0
        self.log: list[tuple[int, str, str, bytes]] = []
        self.compacted = 0
        self.down = False
        self.calls = Counter[str]()
        self.blind: set[str] = set()
        self.changed = asyncio.Event()
        self.kinds = {methods["Get"].path.rpartition("/")[0]: kind for kind, methods in self._known()}
        self.plurals = {kind_of(kind).plural: kind for kind in self.kinds.values()}

    def _known(self):
        return [(kind, methods_of(kind)) for kind in (Pod, ConfigMap, Event)]

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass

    async def unary(self, method: str, request: bytes) -> bytes:
        if self.down:
            raise ServiceUnavailable("connection refused")
        service, _, verb = method.rpartition("/")
        self.calls[verb] += 1
        if verb == "Batch":
            return self.batch(BatchRequest.FromString(request)).SerializeToString()
        kind = self.kinds[service]
        stored = self.objects.setdefault(kind.__name__, {})
        if verb == "List":
            ListRequest.FromString(request)
            items = [item.SerializeToString() for item in stored.values()]
            meta = ListMeta(resourceVersion=str(self.version))
            return ListResponse(metadata=meta, items=items).SerializeToString()
        if verb == "Get":
            wanted = GetRequest.FromString(request)
            return self.find(kind, wanted.namespace, wanted.name).SerializeToString()
        if verb == "Delete":
            wanted = DeleteRequest.FromString(request)
            return self.delete(kind, wanted.namespace, wanted.name).SerializeToString()
        item = methods_of(kind)[verb].request.FromString(request).object
        return self.save(item, create=verb == "Create").SerializeToString()

    async def stream(self, method: str, request: bytes) -> AsyncIterator[bytes]:
        kind = self.kinds[method.rpartition("/")[0]].__name__
        options = WatchRequest.FromString(request).options
        after = int(options.resourceVersion or 0)
        if options.sendInitialEvents and not self.down:
            after = self.version
            items = [item.SerializeToString() for item in self.objects.get(kind, {}).values()]
            end = ConfigMap(metadata=ObjectMeta(resourceVersion=str(after), annotations={INITIAL_EVENTS_END: "true"}))
            yield WatchEvents(events=[{"type": "ADDED", "object": item} for item in items]).SerializeToString()
            yield WatchEvents(events=[{"type": "BOOKMARK", "object": end.SerializeToString()}]).SerializeToString()
        while True:
            if self.down:
                raise ServiceUnavailable("connection reset")
            if after < self.compacted:
                raise Expired("too old resource version")
            news = [] if kind in self.blind else [entry for entry in self.log if entry[0] > after and entry[1] == kind]
            if news:
                after = news[-1][0]
                events = [{"type": type_, "object": data} for _, _, type_, data in news]
                yield WatchEvents(events=events).SerializeToString()
            else:
                self.changed.clear()
                await self.changed.wait()

    def batch(self, request: BatchRequest) -> BatchResponse:
        return BatchResponse(results=[self.one(write) for write in request.writes])

    def one(self, write) -> Result:
        verb = write.WhichOneof("write")
        body = getattr(write, verb)
        kind = self.plurals[body.resource.resource]
        try:
            if verb == "delete":
                self.delete(kind, body.namespace, body.name)
                return Result()
            if verb == "patch":
                raise InternalError("not here")
            stored = self.save(kind.FromString(body.object.body), create=verb == "create")
        except ApiError as error:
            return Result(error=error.status())
        return Result(object={"body": stored.SerializeToString()})

    def find(self, kind, namespace: str, name: str):
        found = self.objects.setdefault(kind.__name__, {}).get(key_of(namespace, name))
        if found is None:
            raise NotFound.named(kind_of(kind).group, kind_of(kind).plural, name)
        return found

    def delete(self, kind, namespace: str, name: str):
        found = self.find(kind, namespace, name)
        del self.objects[kind.__name__][key_of(namespace, name)]
        self.note(found, "DELETED")
        return found

    def save(self, item, *, create: bool):
        made = type(item)()
        made.CopyFrom(item)
        meta = made.metadata
        stored = self.objects.setdefault(type(item).__name__, {})
        if create:
            meta.name = meta.name or f"{meta.generateName}{self.version}"
            if key_of(meta.namespace, meta.name) in stored:
                raise AlreadyExists.named("", kind_of(type(item)).plural, meta.name)
            meta.uid = f"uid-{self.version}"
        elif meta.resourceVersion != self.find(type(item), meta.namespace, meta.name).metadata.resourceVersion:
            raise Conflict.named("", kind_of(type(item)).plural, meta.name, "stale")
        stored[key_of(meta.namespace, meta.name)] = made
        self.note(made, "ADDED" if create else "MODIFIED")
        return made

    def note(self, item, type_: str) -> None:
        self.version += 1
        item.metadata.resourceVersion = str(self.version)
        self.log.append((self.version, type(item).__name__, type_, item.SerializeToString()))
        self.changed.set()


class Fast:
    """The system's time, with naps of a hundredth: what waits for seconds waits for moments."""

    def __init__(self) -> None:
        self.system: Clock = SystemClock()

    def now(self) -> float:
        return self.system.now()

    async def sleep(self, seconds: float) -> None:
        await self.system.sleep(seconds / 100)


def pod(name: str, **labels: str) -> Pod:
    return Pod(metadata=ObjectMeta(name=name, namespace="default", labels=labels))


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def client(memory: Memory) -> Client:
    return Client(memory, clock=Fast())


@asynccontextmanager
async def running(*coroutines) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(coroutine) for coroutine in coroutines]
        yield
        for task in tasks:
            task.cancel()


async def until(condition) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - a state of the world, not an event
            await asyncio.sleep(0.001)


def test_every_kind_has_a_service_and_every_list_has_the_common_form():
    for kind in messages():
        assert methods_of(kind), kind
        if "list" in kind_of(kind).verbs:
            fields = {field.name: field.number for field in list_of(kind).DESCRIPTOR.fields}
            assert fields == {"metadata": 1, "items": 2}, kind
    assert methods_of(next(kind for kind in messages() if kind.__name__ == "Endpoints"))["Get"].path == (
        "/kobune.api.core.v1.Endpointses/Get"
    )


async def test_writes_and_reads_are_typed(client: Client):
    made = await client.create(pod("web"))
    assert (await client.get(Pod, "web", "default")) == made
    with pytest.raises(AlreadyExists, match='pods "web" already exists'):
        await client.create(pod("web"))
    stale = Pod()
    stale.CopyFrom(made)
    made.metadata.labels["app"] = "web"
    await client.update(made)
    with pytest.raises(Conflict):
        await client.update(stale)
    listing = await client.list(Pod)
    assert [item.metadata.labels["app"] for item in listing.items] == ["web"]
    await client.delete(Pod, "web", "default")
    with pytest.raises(NotFound) as caught:
        await client.get(Pod, "web", "default")
    assert caught.value.details is not None


async def test_a_batch_answers_each_write_on_its_own_in_order(client: Client):
    results = await client.batch(
        [CreateOf(pod("a")), CreateOf(pod("a")), DeleteOf(Pod, "a", "default"), UpdateOf(pod("b"))]
    )
    assert isinstance(results[0], Pod)
    assert isinstance(results[1], AlreadyExists)
    assert results[2] is None
    assert isinstance(results[3], NotFound)


async def test_a_watch_yields_lists_of_changes(client: Client):
    start = (await client.list(Pod)).resource_version
    for name in "abc":
        await client.create(pod(name))
    async for changes in client.watch(Pod, resource_version=start):
        assert [(change.type, change.object.metadata.name) for change in changes] == [
            ("ADDED", "a"),
            ("ADDED", "b"),
            ("ADDED", "c"),
        ]
        assert isinstance(changes[0], Change)
        break


def test_metadata_is_all_that_is_kept_of_an_object_that_nobody_looks_into():
    secret = ConfigMap(metadata=ObjectMeta(name="a", managedFields=[{"manager": "kubectl"}]), data={"x": "y" * 1000})
    small = metadata_of(secret.SerializeToString())
    assert small == PartialObjectMetadata(metadata=ObjectMeta(name="a"))
    assert len(small.SerializeToString()) < 20


async def test_an_informer_follows_and_tells_before_and_after(memory: Memory, client: Client):
    seen = []
    informer = Informer.of(client, Pod, random=Random(0))
    informer.subscribe(lambda old, new: seen.append((old and old.metadata.name, new and new.metadata.name)))
    index = informer.index("app", lambda item: [item.metadata.labels["app"]] if "app" in item.metadata.labels else [])
    await client.create(pod("a", app="web"))
    async with running(informer.run()):
        await informer.synced()
        made = await client.create(pod("b", app="web"))
        await until(lambda: len(index.get("web")) == 2)
        made.metadata.labels["app"] = "db"
        await client.update(made)
        await until(lambda: index.get("db"))
        await client.delete(Pod, "a", "default")
        await until(lambda: not index.get("web"))
        await until(lambda: informer.version == memory.version)
    assert seen == [(None, "a"), (None, "b"), ("b", "b"), ("a", None)]
    assert informer.get("default/b") is not None
    assert len(informer) == 1


async def test_an_informer_whose_version_expired_lists_again_and_misses_nothing(memory: Memory, client: Client):
    seen = Counter()
    informer = Informer.of(client, Pod, random=Random(0))
    informer.subscribe(lambda old, new: seen.update([(old is None, new is None)]))
    for name in "ab":
        await client.create(pod(name))
    async with running(informer.run()):
        await informer.synced()
        memory.down = True
        memory.changed.set()
        await until(lambda: client.outage.lost)
        memory.delete(Pod, "default", "a")
        memory.save(pod("c"), create=True)
        memory.delete(Pod, "default", "b")
        memory.save(pod("b"), create=True)  # a namesake
        memory.compacted = memory.version
        memory.down = False
        await until(lambda: informer.get("default/c") is not None)
    assert sorted(item.metadata.name for item in informer) == ["b", "c"]
    assert seen == {(True, False): 4, (False, True): 2}, "two at first, then two gone and two new"


async def test_a_lost_apiserver_is_said_once_and_once_that_it_is_back(memory: Memory, client: Client, caplog):
    informers = [Informer.of(client, kind, random=Random(0)) for kind in (Pod, ConfigMap)]
    with caplog.at_level(logging.INFO):
        async with running(*(informer.run() for informer in informers)):
            for informer in informers:
                await informer.synced()
            memory.down = True
            memory.changed.set()
            await until(lambda: client.outage.lost)
            for _ in range(5):
                with pytest.raises(ServiceUnavailable):
                    await client.get(Pod, "a")
            memory.down = False
            memory.save(pod("a"), create=True)
            await until(lambda: len(informers[0]) == 1)
    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if "lost the apiserver" in line]) == 1
    assert said.count("the apiserver is back") == 1


def reference(owner: ConfigMap) -> OwnerReference:
    meta = owner.metadata
    return OwnerReference(apiVersion="v1", kind="ConfigMap", name=meta.name, uid=meta.uid, controller=True)


def keep(wanted: ConfigMap, pods: list[Pod], now: float) -> list[Action]:
    """As many pods as the ConfigMap says."""
    count = int(wanted.data["pods"])
    if count < 0:
        raise ValueError("a negative number of pods")
    announce = Announce(wanted, "Made", "made {name}", "Failed", "failed: {error}")
    meta = ObjectMeta(generateName="x-", namespace="default", ownerReferences=[reference(wanted)])
    extra = pods[count:]
    missing = count - len(pods)
    return [
        *[Create(Pod(metadata=meta), announce)] * missing,
        *(Delete(Pod, item.metadata.name, "default", item.metadata.uid) for item in extra),
    ]


def controllers(client: Client, *more: Controller) -> Controllers:
    keeper = Controller(name="keeper", root=ConfigMap, owns=[Pod], reconcile=keep)
    return Controllers(client, [keeper, *more], component="test", clock=client.clock, random=Random(0))


def wanted(count: int, name: str = "w") -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="default"), data={"pods": str(count)})


async def test_a_controller_makes_what_is_missing_in_one_call_and_removes_what_is_too_much(memory, client):
    made = await client.create(wanted(50))
    all_pods = memory.objects.setdefault("Pod", {})
    async with running(controllers(client).run()):
        await until(lambda: len(all_pods) == 50)
        assert memory.calls["Batch"] <= 2, "one for the pods, one for events"
        made.data["pods"] = "3"
        await client.update(made)
        await until(lambda: len(all_pods) == 3)
        all_pods_before = set(all_pods)
        memory.delete(Pod, "default", next(iter(all_pods)).removeprefix("default/"))
        await until(lambda: len(all_pods) == 3 and set(all_pods) != all_pods_before)


async def test_keys_that_failed_while_the_apiserver_was_lost_are_retried_at_once(memory, client):
    item = await client.create(wanted(1))
    pods = memory.objects.setdefault("Pod", {})
    async with running(controllers(client).run()):
        await until(lambda: len(pods) == 1)
        item.data["pods"] = "4"
        await client.update(item)
        memory.down = True
        memory.changed.set()
        await until(lambda: client.outage.lost)
        memory.down = False
        await until(lambda: len(pods) == 4)
        await until(lambda: not client.outage.lost)


async def test_a_controller_never_acts_on_a_cache_that_has_not_seen_its_own_writes(memory, client):
    await client.create(wanted(5))
    memory.objects.setdefault("Pod", {})
    async with running(controllers(client).run()):
        memory.blind.add("Pod")
        await until(lambda: len(memory.objects["Pod"]) == 5)
        for _ in range(20):  # it is woken again and again, and its cache says: no pods
            item = memory.objects["ConfigMap"]["default/w"]
            await client.update(item)
            await asyncio.sleep(0.002)
        assert len(memory.objects["Pod"]) == 5
        memory.blind.clear()
        memory.changed.set()
        item = ConfigMap()
        item.CopyFrom(memory.objects["ConfigMap"]["default/w"])
        item.data["pods"] = "6"
        await client.update(item)
        await until(lambda: len(memory.objects["Pod"]) == 6)


async def test_one_odd_object_is_said_once_and_stops_nobody_else(memory, client, caplog):
    await client.create(wanted(-1, "odd"))
    await client.create(wanted(2, "even"))
    memory.objects.setdefault("Pod", {})
    manager = controllers(client)
    async with running(manager.run()):
        await until(lambda: len(memory.objects["Pod"]) == 2 and manager.states()[0].retries > 3)
    (state,) = manager.states()
    assert "default/odd: ValueError: a negative number of pods" in state.last_error
    assert sum("a negative number of pods" in record.getMessage() for record in caplog.records) == 1


async def test_the_same_event_counts_up_and_many_alike_are_combined(memory, client):
    recorder = EventRecorder(client, "test", client.clock, random=Random(0))
    web = await client.create(pod("web"))
    for number in range(30):
        recorder.event(web, "Normal", "Made", f"made {number}")
    events = memory.objects.setdefault("Event", {})
    async with running(recorder.run()):
        await until(lambda: len(events) == 11)
    combined = [item for item in events.values() if item.message.startswith("(combined from similar events): made")]
    assert [item.count for item in combined] == [20]
    assert {item.involvedObject.uid for item in events.values()} == {web.metadata.uid}
    assert {item.source.component for item in events.values()} == {"test"}


async def test_an_object_with_too_many_events_is_written_about_less(memory, client):
    recorder = EventRecorder(client, "test", client.clock, random=Random(0))
    web, other = await client.create(pod("web")), await client.create(pod("other"))
    for number in range(40):
        recorder.event(web, "Normal", f"Reason{number}", "again")
    recorder.event(other, "Normal", "Last", "and another")
    events = memory.objects.setdefault("Event", {})
    async with running(recorder.run()):
        await until(lambda: any(item.reason == "Last" for item in events.values()))
    assert sum(item.involvedObject.name == "web" for item in events.values()) == 25


class Refusal(Exception):
    """What gRPC raises, as far as the client looks at it."""

    def __init__(self, code, details, *trailers):
        self.code = lambda: code
        self.details = lambda: details
        self.trailing_metadata = lambda: trailers


def test_errors_are_what_the_server_described_or_what_the_code_says():
    import grpc

    status = Status(reason="Expired", message="too old")
    said = Refusal(grpc.StatusCode.OUT_OF_RANGE, "x", ("kobune-status-bin", status.SerializeToString()))
    assert isinstance(api_error(said), Expired)
    assert isinstance(api_error(Refusal(grpc.StatusCode.UNAVAILABLE, "gone")), ServiceUnavailable)
    assert isinstance(api_error(Refusal(grpc.StatusCode.CANCELLED, "bye")), ServiceUnavailable)
    assert isinstance(api_error(Refusal(grpc.StatusCode.UNKNOWN, "what")), InternalError)
    assert kinds.kind_of(Pod).plural == "pods"
