"""The kubelet with its simulated runtime, against a real apiserver."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import grpc.aio
import pytest

from kobune.api.coordination.v1 import Lease
from kobune.api.core.v1 import (
    Container,
    ContainerPort,
    Event,
    Node,
    Pod,
    PodSpec,
    ServiceAccount,
)
from kobune.api.meta.v1 import ObjectMeta
from kobune.apimachinery.errors import NotFound
from kobune.client import ClientConfig
from kobune.component_base import certificates
from kobune.component_base.serving import Ready, ServingConfig, channel_credentials
from kobune.kubelet.service import Config, run
from kobune.launcher.addresses import noted
from kobune.node.v1 import ListNodesRequest, ListPodsRequest
from kobune.node.v1.nodes_pb2_grpc import NodesStub
from kobune.testing import Cluster

DEADLINE = 15.0


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(components=("apiserver",), nodes=0) as cluster:
        await cluster.client.create(ServiceAccount(metadata=ObjectMeta(name="default", namespace="default")))
        yield cluster


@asynccontextmanager
async def kubelet(cluster: Cluster, **settings: Any) -> AsyncIterator[str]:
    """Run a kubelet while inside; gives its address."""
    files = certificates.credentials(cluster.data_dir / "pki", "kubelet")
    ranges = noted(cluster.data_dir / "addresses")
    given: dict[str, Any] = {
        "apiserver": ClientConfig(cluster.address, files.ca, files.certificate, files.key),
        "serving": ServingConfig(credentials=files),
        "data_dir": cluster.data_dir / "kubelet",
        "pod_network": ranges.pods,
        "node_network": ranges.nodes,
    }
    ready: asyncio.Future[Ready] = asyncio.get_running_loop().create_future()
    work = run(Config(**given | settings), clock=cluster.clock, random=Random(1), ready=ready.set_result)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        async with asyncio.timeout(DEADLINE):
            yield (await ready).address
        task.cancel()


def pod(name: str = "web", *, node: str = "node-1", ports: tuple[int, ...] = (), **spec: Any) -> Pod:
    container = Container(name="main", image="nginx", ports=[ContainerPort(containerPort=port) for port in ports])
    spec.setdefault("containers", [container])
    annotations = spec.pop("annotations", {})
    meta = ObjectMeta(name=name, namespace="default", annotations=annotations)
    return Pod(metadata=meta, spec=PodSpec(nodeName=node, **spec))


async def until(cluster: Cluster, name: str, holds: Callable[[Pod], bool]) -> Pod:
    """Return a pod as soon as something holds of it."""
    async with asyncio.timeout(DEADLINE):
        while True:
            found = await cluster.client.get(Pod, name, "default")
            if holds(found):
                return found
            await asyncio.sleep(0.02)


async def gone(cluster: Cluster, name: str) -> None:
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                await cluster.client.get(Pod, name, "default")
            except NotFound:
                return
            await asyncio.sleep(0.02)


async def events(cluster: Cluster, name: str, *reasons: str) -> dict[str, Event]:
    """Return a pod's events by their reason, as soon as there are these."""
    async with asyncio.timeout(DEADLINE):
        while True:
            found = {
                event.reason: event
                for event in (await cluster.client.list(Event, "default")).items
                if event.involvedObject.name == name
            }
            if found.keys() >= set(reasons):
                return found
            await asyncio.sleep(0.02)


def is_ready(found: Pod) -> bool:
    return any(condition.type == "Ready" and condition.status == "True" for condition in found.status.conditions)


def waits_for(reason: str) -> Callable[[Pod], bool]:
    return lambda found: any(one.state.waiting.reason == reason for one in found.status.containerStatuses)


async def ask(address: str, port: int) -> dict[str, str]:
    reader, writer = await asyncio.open_connection(address, port)
    writer.write(b"GET /hello HTTP/1.1\r\nHost: web\r\n\r\n")
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    assert head.startswith("HTTP/1.1 200 OK")
    return dict(line.split(": ", 1) for line in body.splitlines())


async def test_a_bound_pod_runs_answers_and_goes(cluster: Cluster) -> None:
    async with kubelet(cluster):
        await cluster.client.create(pod(ports=(8080,)))
        found = await until(cluster, "web", is_ready)
        assert found.status.phase == "Running"
        assert found.status.containerStatuses[0].containerID.startswith("simulated://")
        node = await cluster.client.get(Node, "node-1")
        address = next(one.address for one in node.status.addresses if one.type == "InternalIP")
        assert found.status.hostIP == address
        page = await ask(found.status.podIP, 8080)
        assert (page["pod"], page["node"], page["podIP"]) == ("web", "node-1", found.status.podIP)
        assert (page["image"], page["request"]) == ("nginx", "GET /hello HTTP/1.1")
        told = await events(cluster, "web", "Pulling", "Pulled", "Created", "Started")
        assert told["Pulling"].message == 'Pulling image "nginx"'
        assert told["Started"].involvedObject.fieldPath == "spec.containers{main}"
        assert told["Started"].source.host == "node-1"
        await cluster.client.delete(Pod, "web", "default")
        await gone(cluster, "web")
        with pytest.raises(ConnectionRefusedError):
            await ask(found.status.podIP, 8080)
        assert (await events(cluster, "web", "Killing"))["Killing"].message == "Stopping container main"


async def test_nodes_are_registered_well_and_alive(cluster: Cluster) -> None:
    async with kubelet(cluster, nodes=2):
        nodes = {node.metadata.name: node for node in (await cluster.client.list(Node)).items}
        assert set(nodes) == {"node-1", "node-2"}
        node = nodes["node-2"]
        assert {one.type: one.status for one in node.status.conditions} == {
            "MemoryPressure": "False",
            "DiskPressure": "False",
            "PIDPressure": "False",
            "Ready": "True",
        }
        assert node.status.capacity["pods"].string == "110"
        assert node.metadata.labels["kubernetes.io/hostname"] == "node-2"
        assert node.spec.providerID == "kobune://node-2"
        assert node.spec.podCIDR
        async with asyncio.timeout(DEADLINE):
            while True:
                leases = {lease.metadata.name: lease for lease in (await cluster.client.list(Lease)).items}
                if (lease := leases.get("node-1")) is not None:
                    break
                await asyncio.sleep(0.02)
        assert lease.metadata.namespace == "kube-node-lease"
        assert lease.spec.holderIdentity == "node-1"
        assert lease.metadata.ownerReferences[0].uid == nodes["node-1"].metadata.uid


async def test_a_node_that_is_called_lost_says_that_it_is_not(cluster: Cluster) -> None:
    async with kubelet(cluster, nodes=1):
        node = await cluster.client.get(Node, "node-1")
        for condition in node.status.conditions:
            condition.status = "Unknown"
        await cluster.client.update_status(node)
        async with asyncio.timeout(DEADLINE):
            while True:
                node = await cluster.client.get(Node, "node-1")
                if {one.type: one.status for one in node.status.conditions}["Ready"] == "True":
                    break
                await asyncio.sleep(0.02)


async def test_an_image_that_does_not_exist_is_backed_off_from(cluster: Cluster) -> None:
    async with kubelet(cluster):
        await cluster.client.create(pod(containers=[Container(name="main", image="does-not-exist")]))
        found = await until(cluster, "web", waits_for("ImagePullBackOff"))
        assert found.status.phase == "Pending"
        told = await events(cluster, "web", "Failed", "BackOff")
        assert told["BackOff"].message == 'Back-off pulling image "does-not-exist"'


async def test_a_container_that_ends_is_restarted_or_has_succeeded(cluster: Cluster) -> None:
    crash = Container(name="main", image="busybox", command=["sh", "-c", "echo oh no; exit 3"])
    async with kubelet(cluster):
        await cluster.client.create(pod("crash", containers=[crash]))
        await cluster.client.create(pod("done", restartPolicy="Never", annotations={"kobune.dev/exit-after": "0.05s"}))
        found = await until(cluster, "crash", waits_for("CrashLoopBackOff"))
        assert found.status.containerStatuses[0].lastState.terminated.exitCode == 3
        assert found.status.containerStatuses[0].restartCount == 1
        found = await until(cluster, "done", lambda one: one.status.phase == "Succeeded")
        assert found.status.containerStatuses[0].state.terminated.reason == "Completed"
        logs = list((cluster.data_dir / "kubelet" / "logs").glob("default_crash_*/main/1.log"))
        assert "stdout F oh no" in logs[0].read_text()


async def test_an_annotation_that_makes_no_sense_is_said(cluster: Cluster) -> None:
    async with kubelet(cluster):
        await cluster.client.create(pod(annotations={"kobune.dev/exit-after": "soon"}))
        found = await until(cluster, "web", waits_for("CreateContainerError"))
        assert "'soon' is no duration" in found.status.containerStatuses[0].state.waiting.message


async def test_probes_really_look(cluster: Cluster) -> None:
    good, bad = Container(name="good", image="nginx"), Container(name="bad", image="nginx")
    good.ports.add(name="http", containerPort=8080)
    good.readinessProbe.handler.httpGet.port.type = 1
    good.readinessProbe.handler.httpGet.port.strVal = "http"
    good.livenessProbe.handler.exec.command.append("true")
    bad.readinessProbe.handler.tcpSocket.port.intVal = 8081
    async with kubelet(cluster):
        await cluster.client.create(pod("good", containers=[good]))
        await cluster.client.create(pod("bad", containers=[bad]))
        await until(cluster, "good", is_ready)
        told = await events(cluster, "bad", "Unhealthy")
        assert told["Unhealthy"].message.endswith(":8081: connect: connection refused")
        found = await cluster.client.get(Pod, "bad", "default")
        assert found.status.phase == "Running"
        assert not is_ready(found)


async def test_a_pod_that_does_not_fit_is_turned_away(cluster: Cluster) -> None:
    def with_port() -> Container:
        return Container(name="main", image="nginx", ports=[ContainerPort(containerPort=8080, hostPort=18080)])

    async with kubelet(cluster):
        await cluster.client.create(pod("first", containers=[with_port()]))
        found = await until(cluster, "first", is_ready)
        assert (await ask(found.status.hostIP, 18080))["pod"] == "first"
        await cluster.client.create(pod("second", containers=[with_port()]))
        found = await until(cluster, "second", lambda one: one.status.phase == "Failed")
        assert found.status.reason == "NodePorts"
        await cluster.client.create(pod("elsewhere", node="node-2", containers=[with_port()]))
        await until(cluster, "elsewhere", is_ready)


async def test_a_port_that_cannot_be_opened_is_elsewhere_and_that_is_said(cluster: Cluster) -> None:
    async with kubelet(cluster, first_port=1024):
        await cluster.client.create(pod(ports=(80,)))
        found = await until(cluster, "web", is_ready)
        assert found.metadata.annotations["kobune.dev/port-map"] == "80=34080"
        assert (await ask(found.status.podIP, 34080))["port"] == "80"
        assert "80=34080" in (await events(cluster, "web", "PortsMapped"))["PortsMapped"].message


async def test_two_containers_of_a_pod_cannot_share_a_port(cluster: Cluster) -> None:
    containers = [
        Container(name=name, image="nginx", ports=[ContainerPort(containerPort=8080)]) for name in ("one", "two")
    ]
    async with kubelet(cluster):
        await cluster.client.create(pod(restartPolicy="Never", containers=containers))
        found = await until(
            cluster, "web", lambda one: any(s.state.HasField("terminated") for s in one.status.containerStatuses)
        )
        ended = [one.state.terminated for one in found.status.containerStatuses if one.state.HasField("terminated")]
        assert [one.exitCode for one in ended] == [1]
        assert "Address already in use" in ended[0].message


async def test_a_pod_gets_its_grace_and_no_more(cluster: Cluster) -> None:
    async with kubelet(cluster):
        await cluster.client.create(pod(annotations={"kobune.dev/stop-after": "1h"}))
        await until(cluster, "web", is_ready)
        before = await cluster.client.delete(Pod, "web", "default", grace_seconds=1)
        assert before.metadata.deletionGracePeriodSeconds == 1
        await gone(cluster, "web")


async def test_a_kubelet_that_comes_back_finds_its_pods_running(cluster: Cluster) -> None:
    async with kubelet(cluster):
        await cluster.client.create(pod("stays", ports=(8080,)))
        await cluster.client.create(pod("goes"))
        before = await until(cluster, "stays", is_ready)
        await until(cluster, "goes", is_ready)
    await cluster.client.delete(Pod, "goes", "default")
    async with kubelet(cluster) as address:
        await gone(cluster, "goes")
        assert (await ask(before.status.podIP, 8080))["pod"] == "stays"
        async with nodes_api(cluster, address) as api:
            listed = (await api.ListPods(ListPodsRequest())).pods
            assert [(one.name, one.state, one.ip) for one in listed] == [("stays", "Active", before.status.podIP)]
        after = await cluster.client.get(Pod, "stays", "default")
        assert after.metadata.resourceVersion == before.metadata.resourceVersion


async def test_a_kubelet_whose_runtime_lost_everything_starts_its_pods_again(cluster: Cluster) -> None:
    async with kubelet(cluster):
        await cluster.client.create(pod())
        await until(cluster, "web", is_ready)
    shutil.rmtree(cluster.data_dir / "kubelet")
    async with kubelet(cluster):
        found = await until(cluster, "web", lambda one: one.status.containerStatuses[0].restartCount == 1)
        assert found.status.containerStatuses[0].lastState.terminated.reason == "ContainerStatusUnknown"
        await until(cluster, "web", is_ready)


async def test_what_is_left_of_a_pod_that_went_meanwhile_is_removed(cluster: Cluster) -> None:
    async with kubelet(cluster):
        await cluster.client.create(pod(ports=(8080,)))
        found = await until(cluster, "web", is_ready)
    await cluster.client.delete(Pod, "web", "default", grace_seconds=0)
    async with kubelet(cluster), asyncio.timeout(DEADLINE):
        while True:
            try:
                await ask(found.status.podIP, 8080)
            except OSError:
                break


async def test_it_says_what_its_nodes_are_doing(cluster: Cluster) -> None:
    async with kubelet(cluster, nodes=2) as address:
        await cluster.client.create(pod(node="node-2"))
        await until(cluster, "web", is_ready)
        async with nodes_api(cluster, address) as api:
            nodes = (await api.ListNodes(ListNodesRequest())).nodes
            assert [(one.name, one.pods) for one in nodes] == [("node-1", 0), ("node-2", 1)]
            pods = (await api.ListPods(ListPodsRequest(node="node-2"))).pods
            assert [(one.name, one.containers[0].state) for one in pods] == [("web", "Running")]
            assert not (await api.ListPods(ListPodsRequest(node="node-1"))).pods


async def test_a_socket_path_that_is_too_long_is_shortened(cluster: Cluster, tmp_path: Path) -> None:
    async with kubelet(cluster, data_dir=tmp_path / ("x" * 100)):
        await cluster.client.create(pod())
        await until(cluster, "web", is_ready)


@asynccontextmanager
async def nodes_api(cluster: Cluster, address: str) -> AsyncIterator[Any]:
    files = certificates.credentials(cluster.data_dir / "pki", "admin")
    async with grpc.aio.secure_channel(address, channel_credentials(files)) as channel:
        yield NodesStub(channel)
