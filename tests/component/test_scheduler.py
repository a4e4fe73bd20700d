"""The scheduler beside an apiserver: configurations, plugins of others, good ones and bad ones."""

import sys
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from scheduler_clusters import add_node, add_pod, node_of, scheduling, told, until, with_plugins

from kobune.api.core.v1 import Node, Pod
from kobune.component_base.certificates import credentials
from kobune.component_base.failure import CannotStart
from kobune.component_base.serving import channel_credentials
from kobune.scheduler.v1 import ExplainRequest
from kobune.scheduler.v1.explain_pb2_grpc import DecisionsStub


async def test_profiles_of_one_scheduler_place_pods_each_in_its_way(tmp_path: Path) -> None:
    config = """
podInitialBackoffSeconds: 1
profiles:
- schedulerName: spreading
- schedulerName: packing
  pluginConfig:
  - name: NodeResourcesFit
    args: {scoringStrategy: {type: MostAllocated}}
  plugins: {score: {enabled: [{name: NodeResourcesFit, weight: 100}]}}
- schedulerName: mine
  plugins: {multiPoint: {enabled: [{name: 'placing:Last', weight: 100}]}}
  pluginConfig: [{name: Last, args: {last: node-2}}]
"""
    plugins = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Last:
    last: str

    def score(self, pod, node):
        return 100 if node.name == self.last else 0
"""
    async with scheduling(tmp_path, config, plugins, "placing", nodes=3) as cluster:
        for at in range(3):
            await add_pod(cluster, f"packed-{at}", "packing", cpu="1")
            await add_pod(cluster, f"mine-{at}", "mine", cpu="100m")
        packed = {await node_of(cluster, f"packed-{at}") for at in range(3)}
        assert len(packed) == 1
        assert {await node_of(cluster, f"mine-{at}") for at in range(3)} == {"node-2"}
        await add_pod(cluster, "spread", "spreading", cpu="1")
        assert await node_of(cluster, "spread") not in packed
        await add_pod(cluster, "nobodys", "default-scheduler")
        await add_pod(cluster, "another", "spreading", cpu="1")
        await node_of(cluster, "another")
        assert not (await cluster.client.get(Pod, "nobodys", "default")).spec.nodeName


async def test_a_wrong_configuration_starts_nothing(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"lab.yaml: profiles\[0\].plugins.multiPoint.enabled\[0\].name: there is"):
        async with scheduling(tmp_path, with_plugins("nowhere:Thing")):
            pass


async def test_a_plugin_that_raises_fails_the_pod_and_not_the_scheduler(tmp_path: Path) -> None:
    plugins = """
class Moody:
    def __init__(self):
        self.asked = 0

    def filter(self, pod, node):
        if pod.metadata.name == "unlucky":
            self.asked += 1
            if self.asked == 1:
                raise ValueError("not today")
        return None
"""
    async with scheduling(tmp_path, with_plugins("moody:Moody"), plugins, "moody") as cluster:
        await add_pod(cluster, "unlucky")
        await add_pod(cluster, "lucky")
        assert await node_of(cluster, "lucky")
        message = "plugin Moody failed in filter: ValueError: not today"
        assert await told(cluster, "unlucky", "Moody") == message
        assert await node_of(cluster, "unlucky")  # tried again after its back-off


async def test_a_plugin_that_stalls_is_named_and_left_alone_until_it_comes_back(tmp_path: Path) -> None:
    plugins = """
import threading

RELEASE = threading.Event()
ASKED = []

class Sleepy:
    def filter(self, pod, node):
        if pod.metadata.name == "sleepy":
            ASKED.append(pod.key)
            RELEASE.wait(20)
        return None
"""
    config = """
profiles:
- schedulerName: default-scheduler
- schedulerName: slow
  plugins: {multiPoint: {enabled: [{name: 'sleepy:Sleepy'}]}}
"""
    async with scheduling(tmp_path, config, plugins, "sleepy") as cluster:
        module = sys.modules["sleepy"]
        await add_pod(cluster, "sleepy", "slow")
        assert await told(cluster, "sleepy", "failed") == "plugin Sleepy failed in filter: no decision within 0.3 s"
        await add_pod(cluster, "other", "slow")
        await told(cluster, "other", "plugin Sleepy failed in filter: it has not come back yet")
        await add_pod(cluster, "quick")
        assert await node_of(cluster, "quick")
        assert len(module.ASKED) == 1
        module.RELEASE.set()
        assert await node_of(cluster, "other")
        assert await node_of(cluster, "sleepy")


async def test_every_late_point_is_asked_in_its_turn(tmp_path: Path) -> None:
    plugins = """
from kobune.scheduler.framework import Wait

SEEN = []

class Late:
    def pre_filter(self, pod, cluster):
        return "remembered"

    def filter(self, pod, node):
        return None

    def reserve(self, pod, node, state):
        SEEN.append(("reserve", pod.metadata.name, state))

    def unreserve(self, pod, node):
        SEEN.append(("unreserve", pod.metadata.name))

    def permit(self, pod, node):
        SEEN.append(("permit", pod.metadata.name))
        return "not you" if pod.metadata.name == "denied" else None

    async def pre_bind(self, pod, node, state):
        SEEN.append(("pre_bind", pod.metadata.name, state))

    def post_bind(self, pod, node):
        SEEN.append(("post_bind", pod.metadata.name))
"""
    async with scheduling(tmp_path, with_plugins("late:Late"), plugins, "late") as cluster:
        seen = sys.modules["late"].SEEN
        await add_pod(cluster, "good")
        assert await node_of(cluster, "good")

        async def is_told() -> bool:
            return ("post_bind", "good") in seen

        await until(is_told)
        assert seen == [
            ("reserve", "good", "remembered"),
            ("permit", "good"),
            ("pre_bind", "good", "remembered"),
            ("post_bind", "good"),
        ]
        seen.clear()
        await add_pod(cluster, "denied")
        assert await told(cluster, "denied", "not you") == "0/2 nodes are available: not you."
        assert seen[:3] == [("reserve", "denied", "remembered"), ("permit", "denied"), ("unreserve", "denied")]


async def test_a_permit_holds_pods_until_all_of_them_are_there(tmp_path: Path) -> None:
    plugins = """
from dataclasses import dataclass, field
from kobune.scheduler.framework import Wait

@dataclass(frozen=True)
class Quorum:
    size: int
    seconds: float = 30
    held: dict = field(default_factory=dict, init=False)

    def permit(self, pod, node):
        if pod.metadata.labels["app"] == "alone":
            return Wait(0.2)
        wait = self.held[pod.key] = Wait(self.seconds)
        if len(self.held) >= self.size:
            for one in self.held.values():
                one.allow()
        return wait

    def unreserve(self, pod, node):
        self.held.pop(pod.key, None)
"""
    config = """
profiles:
- plugins: {multiPoint: {enabled: [{name: 'quorum:Quorum'}]}}
  pluginConfig: [{name: Quorum, args: {size: 3}}]
"""
    async with scheduling(tmp_path, config, plugins, "quorum") as cluster:

        async def add(name: str, app: str) -> None:
            pod = Pod(metadata={"name": name, "namespace": "default", "labels": {"app": app}})
            pod.spec.containers.add(name="main", image="nginx").resources.requests["cpu"].string = "3"
            await cluster.client.create(pod)

        await add("first", "gang")
        await add("alone", "alone")
        assert await told(cluster, "alone", "rejected") == (
            "0/2 nodes are available: rejected due to timeout after waiting 0.2s at plugin Quorum."
        )
        # Each holds a node; there are two.
        await add("second", "gang")
        await add("third", "gang")
        await told(cluster, "third", "Insufficient cpu")
        assert not (await cluster.client.get(Pod, "first", "default")).spec.nodeName
        await cluster.client.delete(Pod, "alone", "default", grace_seconds=0)
        await add_node(cluster, "node-2")
        names = {await node_of(cluster, name) for name in ("first", "second", "third")}
        assert len(names) == 3


async def test_a_binder_takes_the_place_of_ours_and_its_failure_is_told(tmp_path: Path) -> None:
    plugins = """
BOUND = []

class Binder:
    async def bind(self, pod, node):
        if pod.metadata.name == "broken":
            raise OSError("no route")
        BOUND.append(pod.metadata.name)
        return pod.metadata.name == "mine"
"""
    async with scheduling(tmp_path, with_plugins("binder:Binder"), plugins, "binder") as cluster:
        await add_pod(cluster, "yours")
        assert await node_of(cluster, "yours")
        await add_pod(cluster, "mine")

        async def is_bound() -> bool:
            return "mine" in sys.modules["binder"].BOUND

        await until(is_bound)
        await add_pod(cluster, "broken")
        message = "binding rejected: plugin Binder failed in bind: OSError: no route"
        assert await told(cluster, "broken", "Binder") == message


async def test_a_gate_holds_a_pod_until_what_it_waits_for_happens(tmp_path: Path) -> None:
    plugins = """
class Gate:
    events = ("Node/UpdateNodeLabel",)
    is_open = False

    def pre_enqueue(self, pod):
        return None if Gate.is_open else "the gate is closed"

    def hint(self, pod, event, old, new):
        return new.metadata.labels.get("open") == "yes"
"""
    async with scheduling(tmp_path, with_plugins("gate:Gate"), plugins, "gate") as cluster:
        await add_pod(cluster, "p")
        assert await told(cluster, "p", "gate") == "plugin Gate holds the pod back: the gate is closed"
        sys.modules["gate"].Gate.is_open = True
        await cluster.client.patch(Node, "node-0", "", {"metadata": {"labels": {"open": "no"}}})
        await add_node(cluster, "node-9")
        assert not (await cluster.client.get(Pod, "p", "default")).spec.nodeName
        await cluster.client.patch(Node, "node-0", "", {"metadata": {"labels": {"open": "yes"}}})
        assert await node_of(cluster, "p")


async def test_the_queue_is_sorted_as_a_plugin_says(tmp_path: Path) -> None:
    plugins = """
SEEN = []

class ByName:
    is_open = False
    events = ("Node/Add",)

    def pre_enqueue(self, pod):
        return None if ByName.is_open else "not yet"

    def queue_sort(self, waiting):
        return waiting.pod.metadata.name

    def filter(self, pod, node):
        SEEN.append(pod.metadata.name)
"""
    config = """
profiles:
- plugins:
    multiPoint: {enabled: [{name: 'sorting:ByName'}]}
    queueSort: {disabled: [{name: PrioritySort}]}
"""
    async with scheduling(tmp_path, config, plugins, "sorting", nodes=0) as cluster:
        for name in ("c", "a", "b"):
            await add_pod(cluster, name)
            await told(cluster, name, "not yet")
        sys.modules["sorting"].ByName.is_open = True
        await add_node(cluster, "only")
        for name in ("c", "a", "b"):
            assert await node_of(cluster, name) == "only"
        assert list(dict.fromkeys(sys.modules["sorting"].SEEN)) == ["a", "b", "c"]


async def test_gated_pods_wait_for_their_gates(tmp_path: Path) -> None:
    async with scheduling(tmp_path, "") as cluster:
        await add_pod(cluster, "gated", schedulingGates=[{"name": "example.com/wait"}])
        await add_pod(cluster, "free")
        assert await node_of(cluster, "free")
        pod = await cluster.client.get(Pod, "gated", "default")
        assert not pod.spec.nodeName
        del pod.spec.schedulingGates[:]
        await cluster.client.update(pod)
        assert await node_of(cluster, "gated")


async def test_the_scheduler_tells_why(tmp_path: Path) -> None:
    async with scheduling(tmp_path, "profiles: [{}]\n") as cluster:
        await add_pod(cluster, "first", cpu="3")
        await add_pod(cluster, "second", cpu="3")
        where = {await node_of(cluster, "first"), await node_of(cluster, "second")}
        assert where == {"node-0", "node-1"}
        await add_pod(cluster, "third", cpu="1200m")
        message = await told(cluster, "third", "Insufficient cpu")
        files = credentials(cluster.data_dir / "pki", "admin")
        async with grpc.aio.secure_channel(cluster.addresses["scheduler"], channel_credentials(files)) as channel:
            decisions = DecisionsStub(channel)
            [head, *verdicts] = await explained(decisions, "first")
            # It is told as it was then: both nodes were empty.
            assert (head.summary.fitting, head.summary.node in where) == (2, True)
            assert [part.verdict.rank for part in verdicts] == [1, 1]
            assert {score.plugin for score in verdicts[0].verdict.scores} >= {"NodeResourcesFit", "TaintToleration"}
            [head, *verdicts] = await explained(decisions, "third")
            assert (head.summary.message, head.summary.node) == (message, "")
            assert list(head.summary.otherwise) == ["fits node-0 if it asked 200m less cpu"]
            assert [list(part.verdict.objection.reasons) for part in verdicts] == [["Insufficient cpu"]] * 2
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await explained(decisions, "nobody")
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def explained(decisions: DecisionsStub, pod: str) -> list[Any]:
    return [part async for part in decisions.Explain(ExplainRequest(namespace="default", pod=pod))]
