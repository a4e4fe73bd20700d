"""Plugins in other processes beyond filter and score: on the way to the binding, and before somebody is evicted."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from scheduler_clusters import add_node, add_pod, node_of, scheduling, told, until

from kobune.api.core.v1 import Pod
from kobune.api.scheduling.v1 import PriorityClass
from kobune.apimachinery.errors import NotFound
from kobune.scheduler.v1 import Answer, FromPlugin, Placement, Question, Refusal, Release, Welcome
from kobune.scheduler.v1.plugin_pb2_grpc import PluginServicer, add_PluginServicer_to_server
from kobune.testing import Cluster

STEPS = ("reserve", "unreserve", "permit", "pre_bind", "post_bind")
Behave = Callable[[str, Question], Answer]


class Steps(PluginServicer):
    """A plugin that is asked at every step, and remembers it; `release` says more whenever it is put there."""

    def __init__(self, behave: Behave, **wishes: bool) -> None:
        self.behave = behave
        self.welcome = Welcome(version=1, **wishes)
        self.asked: list[tuple[str, str]] = []
        self.out: queue.SimpleQueue[FromPlugin | None] = queue.SimpleQueue()

    def Run(self, messages: Iterator[Any], context: Any) -> Iterator[FromPlugin]:  # noqa: N802
        threading.Thread(target=self._read, args=(messages,), daemon=True).start()
        return iter(self.out.get, None)

    def release(self, uid: str, refusal: str = "") -> None:
        self.out.put(FromPlugin(release=Release(uid=uid, refusal=refusal)))

    def _read(self, messages: Iterator[Any]) -> None:
        try:
            for message in messages:
                if message.HasField("hello"):
                    self.out.put(FromPlugin(welcome=self.welcome))
                elif message.HasField("question"):
                    question = message.question
                    point = question.WhichOneof("what")
                    if point in STEPS:
                        self.asked.append((point, placement(question).node))
                    answer = self.behave(point, question)
                    answer.number = question.number
                    self.out.put(FromPlugin(answer=answer))
        except grpc.RpcError:
            pass
        self.out.put(None)


def placement(question: Question) -> Placement:
    found: Placement = getattr(question, question.WhichOneof("what"))
    return found


@contextmanager
def far(steps: Steps) -> Iterator[str]:
    """Serve a plugin, and return the configuration with which a scheduler asks it."""
    server = grpc.server(ThreadPoolExecutor(4))
    add_PluginServicer_to_server(steps, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    enabled = f"{{multiPoint: {{enabled: [{{name: 'Far@127.0.0.1:{port}'}}]}}}}"
    args = json.dumps({"timeoutSeconds": 5})
    try:
        yield f"profiles: [{{schedulerName: far, plugins: {enabled}, pluginConfig: [{{name: Far, args: {args}}}]}}]\n"
    finally:
        steps.out.put(None)
        server.stop(None).wait()


ALL = {"reserves": True, "permits": True, "prepares": True, "follows": True}


async def test_a_plugin_outside_is_asked_at_every_step_to_the_binding_and_may_hold_the_pod(tmp_path: Path) -> None:
    def behave(point: str, question: Question) -> Answer:
        if point == "permit":
            steps.release(placement(question).uid)  # before anybody can wait for it
            return Answer(hold_seconds=20)
        if point == "reserve":
            assert json.loads(placement(question).pod)["metadata"]["name"] == "p"
        return Answer()

    steps = Steps(behave, **ALL)
    with far(steps) as config:
        async with scheduling(tmp_path, config) as cluster:
            await add_pod(cluster, "p", "far")
            node = await node_of(cluster, "p")

            async def followed() -> bool:
                return len(steps.asked) == 4

            await until(followed)
            assert steps.asked == [(point, node) for point in ("reserve", "permit", "pre_bind", "post_bind")]


async def test_who_wants_to_be_asked_nothing_is_asked_nothing_on_the_way_to_the_binding(tmp_path: Path) -> None:
    steps = Steps(lambda point, question: Answer(), filters=True)
    with far(steps) as config:
        async with scheduling(tmp_path, config) as cluster:
            await add_pod(cluster, "p", "far")
            assert await node_of(cluster, "p")
    assert steps.asked == []


@pytest.mark.parametrize("point", ["reserve", "permit", "pre_bind"])
async def test_a_refusal_on_the_way_to_the_binding_gives_everything_back_and_is_told(
    tmp_path: Path, point: str
) -> None:
    refused: list[str] = []

    def behave(at: str, question: Question) -> Answer:
        if at == point and not refused:
            refused.append(at)
            return Answer(refusal="the rack is on fire")
        return Answer()

    steps = Steps(behave, **ALL)
    with far(steps) as config:
        async with scheduling(tmp_path, config) as cluster:
            await add_pod(cluster, "p", "far")
            assert "the rack is on fire" in await told(cluster, "p", "fire")
            assert ("unreserve", steps.asked[0][1]) in steps.asked
            await add_node(cluster, "late")  # something happens, so that it is tried again
            assert await node_of(cluster, "p")


async def test_a_plugin_that_is_lost_lets_go_of_the_pods_that_it_holds(tmp_path: Path) -> None:
    steps = Steps(lambda point, question: Answer(hold_seconds=60 if point == "permit" else 0), permits=True)
    with far(steps) as config:
        async with scheduling(tmp_path, config) as cluster:
            await add_pod(cluster, "p", "far")

            async def held() -> bool:
                return bool(steps.asked)

            await until(held)
            steps.out.put(None)
            assert "plugin Far is lost" in await told(cluster, "p", "lost")


@pytest.mark.parametrize("tries", [True, False])
async def test_pods_are_evicted_for_a_plugin_outside_only_if_it_says_that_this_helps(
    tmp_path: Path, tries: bool
) -> None:
    guarding: set[str] = set()

    def behave(point: str, question: Question) -> Answer:
        if point != "filter" or question.filter.name != "vip":
            return Answer()
        # One of these has to go, and the first will do.
        if not {one.uid for one in question.filter.without} & guarding and guarding:
            return Answer(refused=[Refusal(reason="node(s) were taken", nodes=question.filter.nodes or [1])])
        return Answer()

    with far(Steps(behave, filters=True, tries=tries)) as config:
        async with scheduling(tmp_path, config, nodes=1) as cluster:
            await cluster.client.create(PriorityClass(metadata={"name": "high"}, value=1000))
            for name in ("guard", "bystander"):
                await add_pod(cluster, name, "far", terminationGracePeriodSeconds=0)
                assert await node_of(cluster, name)
            guarding.add((await cluster.client.get(Pod, "guard", "default")).metadata.uid)
            await add_pod(cluster, "vip", "far", priorityClassName="high")
            if not tries:
                assert "No preemption victims found" in await told(cluster, "vip", "taken")
                assert await there(cluster, "guard")
                return

            async def gone() -> bool:
                return not await there(cluster, "guard")

            await until(gone)
            guarding.clear()
            assert await node_of(cluster, "vip")
            assert await there(cluster, "bystander")


async def there(cluster: Cluster, name: str) -> bool:
    try:
        await cluster.client.get(Pod, name, "default")
    except NotFound:
        return False
    return True
