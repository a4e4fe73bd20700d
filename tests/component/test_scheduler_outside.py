"""Plugins in other processes and HTTP extenders: what they decide, and what happens when they do not answer."""

import asyncio
import base64
import json
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from aiohttp import web
from scheduler_clusters import add_pod, node_of, scheduling, told, until

from kobune.api.core.v1 import Event, Pod
from kobune.component.v1 import GetMetricsRequest
from kobune.component.v1.component_pb2_grpc import ComponentStub
from kobune.component_base import certificates
from kobune.component_base.serving import channel_credentials
from kobune.scheduler.v1 import Answer, FromPlugin, Question, Refusal, Welcome
from kobune.scheduler.v1.plugin_pb2_grpc import PluginServicer, add_PluginServicer_to_server
from kobune.testing import Cluster

Behaviour = Callable[[Question, dict[int, str]], Answer]


class Fake(PluginServicer):
    """A plugin that answers as a test wishes, and remembers what it is told."""

    def __init__(self, behave: Behaviour, version: int = 1) -> None:
        self.behave = behave
        self.version = version
        self.streams = 0
        self.told: list[str] = []

    def Run(self, messages: Iterator[Any], context: Any) -> Iterator[FromPlugin]:  # noqa: N802
        self.streams += 1
        nodes: dict[int, str] = {}
        for message in messages:
            if message.HasField("hello"):
                yield FromPlugin(welcome=Welcome(version=self.version, filters=True, scores=True))
            elif message.HasField("changes"):
                nodes |= {node.id: node.name for node in message.changes.nodes}
                self.told += [f"node {node.name}" for node in message.changes.nodes]
                self.told += [f"placed {pod.uid} on {nodes[pod.node]}" for pod in message.changes.placed]
                self.told += [f"template {template.id}" for template in message.changes.templates]
            else:
                try:
                    answer = self.behave(message.question, nodes)
                except EOFError:
                    return
                answer.number = message.question.number
                yield FromPlugin(answer=answer)


@contextmanager
def serving(fake: Fake) -> Iterator[int]:
    server = grpc.server(ThreadPoolExecutor(8))
    add_PluginServicer_to_server(fake, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


def remote(port: int, **args: Any) -> str:
    return f"""
profiles:
- schedulerName: default-scheduler
- schedulerName: far
  plugins: {{multiPoint: {{enabled: [{{name: 'Far@127.0.0.1:{port}', weight: 10}}]}}}}
  pluginConfig: [{{name: Far, args: {json.dumps(args)}}}]
"""


def prefer(wanted: str) -> Behaviour:
    def behave(question: Question, nodes: dict[int, str]) -> Answer:
        asked = question.score.nodes or list(nodes)
        if question.HasField("filter"):
            return Answer()
        return Answer(scores=[100.0 if nodes[number] == wanted else 0.0 for number in asked])

    return behave


async def metric(cluster: Cluster, start: str) -> float:
    files = certificates.credentials(cluster.data_dir / "pki", "admin")
    async with grpc.aio.secure_channel(cluster.addresses["scheduler"], channel_credentials(files)) as channel:
        stub: Any = ComponentStub(channel)
        text = (await stub.GetMetrics(GetMetricsRequest())).text
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(start))


async def test_a_remote_plugin_decides_and_is_told_nodes_once_and_pods_by_template(tmp_path: Path) -> None:
    fake = Fake(prefer("node-1"))
    with serving(fake) as port:
        async with scheduling(tmp_path, remote(port, timeoutSeconds=5)) as cluster:
            for at in range(5):
                await add_pod(cluster, f"p{at}", "far", cpu="100m")
                assert await node_of(cluster, f"p{at}") == "node-1"
            assert sorted(one for one in fake.told if one.startswith("node")) == ["node node-0", "node node-1"]
            assert [one for one in fake.told if one.startswith("template")] == ["template 1"]
            placed = [one for one in fake.told if one.startswith("placed")]
            assert len(placed) == len(set(placed)) == 4
            assert fake.streams == 1
            took = 'scheduler_plugin_execution_duration_seconds_count{extension_point="score",plugin="Far"'
            assert await metric(cluster, took) == 5


async def test_a_remote_refusal_is_told_in_its_words_and_only_for_those_nodes(tmp_path: Path) -> None:
    def behave(question: Question, nodes: dict[int, str]) -> Answer:
        if question.HasField("score"):
            return Answer(scores=[0.0] * len(question.score.nodes or nodes))
        refused = [number for number, name in nodes.items() if name != "node-1" or question.filter.name == "none"]
        return Answer(refused=[Refusal(reason="node(s) were far away", nodes=refused)])

    with serving(Fake(behave)) as port:
        async with scheduling(tmp_path, remote(port, timeoutSeconds=5)) as cluster:
            await add_pod(cluster, "some", "far")
            assert await node_of(cluster, "some") == "node-1"
            await add_pod(cluster, "none", "far")
            assert (await told(cluster, "none", "far")).startswith("0/2 nodes are available: 2 node(s) were far away.")


async def test_a_remote_plugin_that_does_not_answer_in_time_fails_the_pod_by_name(tmp_path: Path) -> None:
    is_slow = threading.Event()
    is_slow.set()

    def behave(question: Question, nodes: dict[int, str]) -> Answer:
        if is_slow.is_set():
            threading.Event().wait(0.6)
        return prefer("node-0")(question, nodes)

    with serving(Fake(behave)) as port:
        async with scheduling(tmp_path, remote(port, timeoutSeconds=0.2)) as cluster:
            await add_pod(cluster, "p", "far")
            message = f"plugin Far failed in filter: 127.0.0.1:{port}: no answer within 0.2 s"
            assert await told(cluster, "p", "Far") == message
            await add_pod(cluster, "near")
            assert await node_of(cluster, "near")
            assert await metric(cluster, "kobune_scheduler_plugin_failures_total") >= 1
            is_slow.clear()
            assert await node_of(cluster, "p") == "node-0"


async def test_a_plugin_that_is_away_is_done_without_where_it_may_be_and_found_again(tmp_path: Path) -> None:
    fake = Fake(prefer("node-1"))
    with serving(fake) as port:
        pass  # the port is known, and nobody is there
    async with scheduling(tmp_path, remote(port, failurePolicy="Ignore", timeoutSeconds=0.3)) as cluster:
        await add_pod(cluster, "alone", "far")
        assert await node_of(cluster, "alone")

        async def ignored() -> list[str]:
            events = (await cluster.client.list(Event, "default")).items
            return [one.message for one in events if one.reason == "PluginIgnored"]

        assert (await until(ignored))[0].startswith("decided without plugin Far: ")
        server = grpc.server(ThreadPoolExecutor(8))
        add_PluginServicer_to_server(fake, server)
        server.add_insecure_port(f"127.0.0.1:{port}")
        server.start()
        try:
            at = 0
            while True:
                await add_pod(cluster, f"p{at}", "far")
                await node_of(cluster, f"p{at}")
                if fake.streams:
                    break
                at += 1
            for at in range(3):
                await add_pod(cluster, f"q{at}", "far")
                assert await node_of(cluster, f"q{at}") == "node-1"
        finally:
            server.stop(None).wait()


@pytest.mark.parametrize(
    ("behave", "version", "message"),
    [
        (prefer("node-0"), 2, "it speaks version 2, not 1"),
        (lambda question, nodes: Answer(error="no idea"), 1, "no idea"),
        (
            lambda question, nodes: Answer(scores=[1] if question.HasField("score") else []),
            1,
            "it gives 1 scores for 2 nodes",
        ),
        (lambda question, nodes: Answer(refused=[Refusal(nodes=[77])]), 1, "it refuses node 77, which there is none"),
        (
            lambda question, nodes: Answer(scores=[101, 1] if question.HasField("score") else []),
            1,
            "101, is not in the range 0 to 100",
        ),
    ],
)
async def test_a_remote_plugin_that_talks_nonsense_is_named(
    tmp_path: Path, behave: Behaviour, version: int, message: str
) -> None:
    with serving(Fake(behave, version)) as port:
        async with scheduling(tmp_path, remote(port, timeoutSeconds=5)) as cluster:
            await add_pod(cluster, "p", "far")
            assert (await told(cluster, "p", message)).startswith("plugin Far failed in ")


class Extender:
    """An HTTP extender that answers as a test wishes, and remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Any]] = []

    async def handle(self, request: web.Request) -> web.Response:
        verb, question = request.match_info["verb"], json.loads(await request.text())
        self.asked.append((verb, question))
        answer = self.answers[verb]
        answer = answer(question) if callable(answer) else answer
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            answer = {}
        return web.Response(status=answer) if isinstance(answer, int) else web.json_response(answer)


@asynccontextmanager
async def extending(extender: Extender, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    app = web.Application(client_max_size=2**26)
    app.router.add_post("/sched/{verb}", extender.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{port}/sched"
    finally:
        await runner.cleanup()


def names_in(question: Any) -> list[str]:
    if question["NodeNames"] is not None:
        return list(question["NodeNames"])
    return [node["metadata"]["name"] for node in question["Nodes"]["items"]]


@pytest.mark.parametrize("capable", [True, False])
async def test_an_extender_filters_and_prioritizes(tmp_path: Path, capable: bool) -> None:
    def filtered(question: Any) -> Any:
        left = [name for name in names_in(question) if name != "node-0"]
        answer: dict[str, Any] = {"FailedNodes": {"node-0": "node(s) were too blue"}}
        if capable:
            return answer | {"nodeNames": left}
        return answer | {"Nodes": {"items": [{"metadata": {"name": name}} for name in left]}}

    def prioritized(question: Any) -> Any:
        return [{"Host": name, "Score": 10 if name == "node-2" else 0} for name in names_in(question)]

    extender = Extender(filter=filtered, prioritize=prioritized)
    async with extending(extender) as url:
        config = f"""
extenders:
- urlPrefix: {url}
  filterVerb: filter
  prioritizeVerb: prioritize
  weight: 5
  nodeCacheCapable: {str(capable).lower()}
"""
        async with scheduling(tmp_path, config, nodes=3) as cluster:
            await add_pod(cluster, "p", cpu="1")
            assert await node_of(cluster, "p") == "node-2"
            (verb, question), (second, rated) = extender.asked
            assert (verb, second) == ("filter", "prioritize")
            assert question["Pod"]["metadata"]["name"] == "p"
            assert sorted(names_in(question)) == ["node-0", "node-1", "node-2"]
            assert sorted(names_in(rated)) == ["node-1", "node-2"]
            for at in (1, 2):
                await cluster.client.patch(
                    *_cordon(f"node-{at}"),
                )
            await add_pod(cluster, "blue")
            assert await told(cluster, "blue", "blue") == (
                "0/3 nodes are available: 1 node(s) were too blue, 2 node(s) were unschedulable. "
                "no new claims to deallocate, preemption: 0/3 nodes are available: "
                "1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling."
            )


def _cordon(name: str) -> tuple[Any, ...]:
    from kobune.api.core.v1 import Node

    return Node, name, "", {"spec": {"unschedulable": True}}


async def test_an_extender_binds_the_pods_whose_resources_it_manages(tmp_path: Path) -> None:
    bound: list[Any] = []

    def bind(question: Any) -> Any:
        bound.append(question)
        return {"Error": "the card is loose"} if question["PodName"] == "second" else {}

    async with extending(Extender(bind=bind)) as url:
        config = f"""
extenders:
- urlPrefix: {url}
  bindVerb: bind
  managedResources: [{{name: example.com/card, ignoredByScheduler: true}}]
"""
        async with scheduling(tmp_path, config) as cluster:
            await add_pod(cluster, "plain")
            assert await node_of(cluster, "plain")
            assert not bound
            for name in ("first", "second"):
                pod = Pod(metadata={"name": name, "namespace": "default"})
                resources = pod.spec.containers.add(name="main", image="nginx").resources
                resources.requests["example.com/card"].string = resources.limits["example.com/card"].string = "1"
                await cluster.client.create(pod)

            async def both() -> bool:
                return {"first", "second"} <= {one["PodName"] for one in bound}

            await until(both)
            assert bound[0]["Node"].startswith("node-")
            assert "the card is loose" in await told(cluster, "second", "binding rejected")


@pytest.mark.parametrize("ignorable", [True, False])
async def test_an_extender_that_fails_fails_the_pod_unless_it_is_ignorable(tmp_path: Path, ignorable: bool) -> None:
    async with extending(Extender(slow=5.0)) as url:
        config = f"""
extenders:
- {{urlPrefix: '{url}', filterVerb: slow, httpTimeout: 100ms, ignorable: {str(ignorable).lower()}}}
"""
        async with scheduling(tmp_path, config) as cluster:
            await add_pod(cluster, "p")
            why = f"{url}/slow: no answer within 0.1 s"
            if ignorable:
                assert await node_of(cluster, "p")

                async def ignored() -> list[str]:
                    events = (await cluster.client.list(Event, "default")).items
                    return [one.message for one in events if one.reason == "PluginIgnored"]

                assert await until(ignored) == [f"decided without plugin {url}: {why}"]
            else:
                assert await told(cluster, "p", "plugin") == f"plugin {url} failed in filter: {why}"
                assert not (await cluster.client.get(Pod, "p", "default")).spec.nodeName


async def test_an_extender_is_trusted_by_its_authority(tmp_path: Path) -> None:
    async with Cluster(components=("apiserver",)) as other:
        pki = other.data_dir / "pki"
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(pki / "apiserver.crt", pki / "apiserver.key")
        extender = Extender(filter=lambda question: {"NodeNames": question["NodeNames"]})
        async with extending(extender, tls) as url:
            tls.load_verify_locations(pki / "ca.crt")
            tls.verify_mode = ssl.CERT_REQUIRED  # it wants to know who we are, too
            ca, certificate, key = (pki / name for name in ("ca.crt", "admin.crt", "admin.key"))
            files = f"certFile: {certificate}, keyFile: {key}"
            data = f"certData: {in_base64(certificate)}, keyData: {in_base64(key)}"
            for trust, works in (
                (f"caFile: {ca}, {files}", True),
                (f"caData: {in_base64(ca)}, {data}", True),
                (f"insecure: true, {data}", True),
                (data, False),
            ):
                config = f"""
extenders:
- {{urlPrefix: '{url}', filterVerb: filter, nodeCacheCapable: true, enableHTTPS: true, tlsConfig: {{{trust}}}}}
"""
                async with scheduling(tmp_path, config, nodes=1) as cluster:
                    await add_pod(cluster, "p")
                    if works:
                        assert await node_of(cluster, "p")
                    else:
                        assert "CERTIFICATE_VERIFY_FAILED" in await told(cluster, "p", "plugin")


def in_base64(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


async def test_an_extender_says_which_pods_may_be_evicted(tmp_path: Path) -> None:
    def preempt(question: Any) -> Any:
        victims = question["NodeNameToMetaVictims"]
        return {"NodeNameToMetaVictims": {"node-1": victims["node-1"]}}

    extender = Extender(preempt=preempt)
    async with extending(extender) as url:
        config = f"extenders: [{{urlPrefix: '{url}', preemptVerb: preempt, nodeCacheCapable: true}}]\n"
        async with scheduling(tmp_path, config) as cluster:
            for at in range(2):
                await add_pod(cluster, f"low-{at}", cpu="3")
                await node_of(cluster, f"low-{at}")
            await add_pod(cluster, "high", cpu="3", priorityClassName="system-cluster-critical")

            async def nominated() -> str:
                return str((await cluster.client.get(Pod, "high", "default")).status.nominatedNodeName)

            assert await until(nominated) == "node-1"
            (verb, question), *_ = extender.asked
            assert (verb, sorted(question["NodeNameToMetaVictims"])) == ("preempt", ["node-0", "node-1"])
