"""One cluster, two apiservers, three members of a real etcd: losing any one of them loses nothing."""

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kobune.api.core.v1 import ConfigMap, ResourceQuota, Service
from kobune.apimachinery.clock import SystemClock
from kobune.apimachinery.errors import ApiError, Forbidden, Invalid
from kobune.client import Client, ClientConfig
from kobune.testing.etcd_servers import EtcdServers, etcd_binary

pytestmark = pytest.mark.skipif(etcd_binary() is None, reason="there is no etcd: apt-get install etcd-server")

LIMIT = 30.0
WRITERS = 4
OBJECTS = 40
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: lamps, singular: lamp, kind: Lamp}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {color: {type: string}}}}
"""
LAMP = """
apiVersion: example.com/v1
kind: Lamp
metadata: {name: red, namespace: default}
color: red
"""


class Cluster:
    """The first apiserver is kept running by `kobune up`; the second is on its own."""

    def __init__(self, kobune: Any, etcd: EtcdServers) -> None:
        self.kobune = kobune
        self.etcd = etcd
        self.second: subprocess.Popen[str] | None = None
        self.addresses = ["", ""]
        self.servers = ["", ""]

    def start(self) -> None:
        self.kobune.up("--components", "apiserver", "--store", self.etcd.url)
        noted = self.kobune.noted("apiserver")
        self.addresses[0], self.servers[0] = noted["address"], f"https://{noted['others']['rest']}"
        self.start_second()

    def start_second(self) -> None:
        self.second = self.kobune.component("apiserver")
        assert self.second.stderr is not None
        while told := self.second.stderr.readline():
            if found := re.match(r"apiserver is ready: (https://\S+), gRPC (\S+)", told):
                self.servers[1], self.addresses[1] = found.groups()
                return
        pytest.fail("the second apiserver has not started")

    def kill_second(self) -> None:
        if self.second is not None:
            self.second.kill()
            self.second.communicate()
            self.second = None

    def client(self, number: int) -> Client:
        pki = self.kobune.data_dir / "pki"
        files = (pki / "ca.crt", pki / "admin.crt", pki / "admin.key")
        return Client.connect(ClientConfig(self.addresses[number], *files), clock=SystemClock())


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, make_kobune: Any) -> Iterator[Cluster]:
    folder: Path = tmp_path_factory.mktemp("etcd")
    etcd = EtcdServers(folder, members=3)
    cluster = Cluster(make_kobune(folder / "cluster"), etcd)
    try:
        asyncio.run(etcd.__aenter__())
        cluster.start()
        yield cluster
    finally:
        cluster.kill_second()
        cluster.kobune("down")
        asyncio.run(etcd.__aexit__())


@asynccontextmanager
async def clients(cluster: Cluster) -> AsyncIterator[tuple[Client, Client]]:
    async with cluster.client(0) as first, cluster.client(1) as second:
        yield first, second


class Watcher:
    """Remembers what it sees of the config maps of a namespace, in order, from now on."""

    def __init__(self, client: Client, namespace: str) -> None:
        self.seen: list[tuple[int, str]] = []
        self._client = client
        self._namespace = namespace

    async def run(self, begun: asyncio.Event) -> None:
        listing = await self._client.list(ConfigMap, self._namespace)
        begun.set()
        watching = self._client.watch(ConfigMap, self._namespace, resource_version=listing.resource_version)
        async for events in watching:
            for event in events:
                if event.type != "BOOKMARK":
                    meta = event.object.metadata
                    self.seen.append((int(meta.resourceVersion), f"{event.type} {meta.name}"))


async def write(client: Client, namespace: str, prefix: str, count: int, kept: set[str]) -> None:
    """Create objects until so many are acknowledged; what is not, may be there or not."""
    number = 0
    while count:
        number += 1
        name = f"{prefix}-{number}"
        try:
            await client.create(ConfigMap(metadata={"name": name, "namespace": namespace}))
        except ApiError:
            await SystemClock().sleep(0.05)
            continue
        kept.add(name)
        count -= 1


async def names(client: Client, namespace: str) -> list[str]:
    return [item.metadata.name for item in (await client.list(ConfigMap, namespace)).items]


def test_kubectl_works_through_either(cluster: Cluster) -> None:
    kubectl = cluster.kobune.kubectl
    for number, server in enumerate(cluster.servers):
        kubectl("--server", server, "create", "configmap", f"by-{number}", f"--from-literal=by={number}")
        # At once, and through the other one.
        other = cluster.servers[1 - number]
        assert kubectl("--server", other, "get", "configmap", f"by-{number}", "-o", "jsonpath={.data.by}") == str(
            number
        )
        kubectl("--server", other, "delete", "configmap", f"by-{number}")
        assert cluster.kobune.try_kubectl("--server", server, "get", "configmap", f"by-{number}").returncode == 1


async def test_no_address_is_given_twice(cluster: Cluster) -> None:
    def service(name: str, **spec: Any) -> Service:
        port = {"port": 80, "targetPort": {"intVal": 80}}
        return Service(metadata={"name": name, "namespace": "default"}, spec={"ports": [port], **spec})

    async def create(client: Client, name: str, **spec: Any) -> str:
        try:
            await client.create(service(name, **spec))
        except Invalid as error:
            return error.message
        return ""

    async with clients(cluster) as both, asyncio.timeout(LIMIT):
        network = (await both[0].get(Service, "kubernetes", "default")).spec.clusterIP.rsplit(".", 2)[0]
        contested = [f"{network}.200.{number}" for number in range(1, 31)]
        answers = await asyncio.gather(
            *(
                create(client, f"contested-{ip.rsplit('.')[-1]}-{number}", clusterIP=ip)
                for ip in contested
                for number, client in enumerate(both)
            )
        )
        assert len([answer for answer in answers if not answer]) == len(contested)
        assert all(not answer or "provided IP is already allocated" in answer for answer in answers)
        await asyncio.gather(
            *(create(client, f"any-{n}-{i}", type="NodePort") for n, client in enumerate(both) for i in range(30))
        )
        found = (await both[1].list(Service)).items
        ips = [item.spec.clusterIP for item in found]
        ports = [port.nodePort for item in found for port in item.spec.ports if port.nodePort]
        assert len(ips) == len(set(ips)) == 1 + 30 + 60
        assert len(ports) == len(set(ports)) == 60


def test_what_is_defined_through_one_is_served_by_the_other(cluster: Cluster) -> None:
    kubectl, (first, second) = cluster.kobune.kubectl, cluster.servers
    kubectl("--server", first, "apply", "-f", "-", given=DEFINITION)
    kubectl("--server", first, "wait", "--for=condition=Established", "crd/lamps.example.com", "--timeout=20s")
    kubectl("--server", second, "apply", "-f", "-", given=LAMP)
    assert kubectl("--server", first, "get", "lamps", "-o", "name") == "lamp.example.com/red\n"


async def test_a_quota_is_not_exceeded_by_two_at_once(cluster: Cluster) -> None:
    namespace, most = "kube-node-lease", 10
    resources = {"count/configmaps": {"string": str(most)}}
    quota = ResourceQuota(metadata={"name": "few", "namespace": namespace}, spec={"hard": resources})
    async with clients(cluster) as both, asyncio.timeout(LIMIT):
        quota = await both[0].create(quota)
        # What a controller does, which does not run here.
        quota.status.hard["count/configmaps"].string = str(most)
        quota.status.used["count/configmaps"].string = "0"
        await both[0].update_status(quota)

        async def create(client: Client, name: str) -> bool:
            try:
                await client.create(ConfigMap(metadata={"name": name, "namespace": namespace}))
            except Forbidden:
                return False
            return True

        made = await asyncio.gather(
            *(create(client, f"counted-{n}-{i}") for n, client in enumerate(both) for i in range(most))
        )
        assert sum(made) == most
        assert len(await names(both[1], namespace)) == most


async def test_losing_the_leader_of_etcd_loses_nothing(cluster: Cluster) -> None:
    namespace = "default"
    kept: set[str] = set()
    async with clients(cluster) as both, asyncio.timeout(2 * LIMIT), asyncio.TaskGroup() as group:
        before = set(await names(both[0], namespace))
        watchers = [Watcher(client, namespace) for client in both]
        watching = []
        for watcher in watchers:
            begun = asyncio.Event()
            watching.append(group.create_task(watcher.run(begun)))
            await begun.wait()
        writing = [
            group.create_task(write(client, namespace, f"leader-{n}-{i}", OBJECTS, kept))
            for n, client in enumerate(both)
            for i in range(WRITERS)
        ]
        leader = await cluster.etcd.leader()
        while len(kept) < 2 * WRITERS * OBJECTS / 4:
            await SystemClock().sleep(0.01)
        cluster.etcd.kill(leader)
        await asyncio.wait(writing)
        there = await names(both[0], namespace)
        assert there == await names(both[1], namespace)
        assert kept <= set(there)
        for watcher in watchers:
            while len(watcher.seen) < len(set(there) - before):
                await SystemClock().sleep(0.01)
            revisions = [revision for revision, _ in watcher.seen]
            assert revisions == sorted(set(revisions))
            assert sorted(change for _, change in watcher.seen) == sorted(
                f"ADDED {name}" for name in set(there) - before
            )
        for task in watching:
            task.cancel()
    cluster.etcd.start(leader)


async def test_losing_an_apiserver_loses_nothing(cluster: Cluster) -> None:
    namespace = "kube-public"
    kept: tuple[set[str], set[str]] = (set(), set())
    async with clients(cluster) as (first, second), asyncio.timeout(LIMIT):
        writing = [
            asyncio.ensure_future(write(client, namespace, f"killed-{n}", OBJECTS, kept[n]))
            for n, client in enumerate((first, second))
        ]
        while len(kept[1]) < OBJECTS / 2:
            await SystemClock().sleep(0.01)
        cluster.kill_second()
        await writing[0]
        writing[1].cancel()
        there = await names(first, namespace)
        assert len(kept[0]) == OBJECTS
        assert kept[0] | kept[1] <= set(there)
    cluster.start_second()
    async with cluster.client(1) as second:
        assert await names(second, namespace) == there
    assert cluster.second is not None
    os.kill(cluster.second.pid, signal.SIGTERM)
    assert cluster.second.wait(LIMIT) == 0
    cluster.kill_second()
    cluster.start_second()
