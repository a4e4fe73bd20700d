"""Gangs in a cluster: none is ever placed in part, and of two that compete one has everything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from scheduler_clusters import HEAD, add_node, add_pod, node_of, told, until

from kobune.api.core.v1 import Namespace, Pod, ServiceAccount
from kobune.api.resource.v1 import DeviceClass, ResourceClaim, ResourceSlice
from kobune.api.scheduling.v1alpha2 import PodGroup
from kobune.apimachinery.errors import Invalid, MethodNotAllowed
from kobune.component_base.failure import CannotStart
from kobune.component_base.runtime_config import asked
from kobune.testing import Cluster

ON = "scheduling.k8s.io/v1alpha2=true"


@asynccontextmanager
async def scheduling(nodes: int, cpu: str = "2", **more: Any) -> AsyncIterator[Cluster]:
    settings = {"components": ("apiserver", "scheduler"), "runtime_config": ON, **more}
    async with Cluster(nodes=0, **settings) as cluster, asyncio.timeout(30):
        if "controller-manager" not in settings["components"]:
            await cluster.client.create(ServiceAccount(metadata={"name": "default", "namespace": "default"}))
        for at in range(nodes):
            await add_node(cluster, f"node-{at}", cpu)
        yield cluster


async def add_group(cluster: Cluster, name: str, count: int, namespace: str = "default") -> None:
    group = PodGroup(metadata={"name": name, "namespace": namespace})
    group.spec.schedulingPolicy.gang.minCount = count
    await cluster.client.create(group)


async def add_member(cluster: Cluster, name: str, group: str, claim: str = "", **spec: Any) -> None:
    pod = Pod(metadata={"name": name, "namespace": "default", "labels": {"gang": group}}, spec=spec)
    pod.spec.containers.add(name="main", image="nginx").resources.requests["cpu"].string = "1"
    pod.spec.schedulingGroup.podGroupName = group
    if claim:
        pod.spec.resourceClaims.add(name="device", resourceClaimName=claim)
    await cluster.client.create(pod)


async def placed(cluster: Cluster, group: str) -> int:
    pods = (await cluster.client.list(Pod, "default", label_selector=f"gang={group}")).items
    return sum(bool(pod.spec.nodeName) for pod in pods)


async def condition(cluster: Cluster, group: str) -> tuple[str, str]:
    found = (await cluster.client.get(PodGroup, group, "default")).status.conditions
    return (found[0].status, found[0].message) if found else ("", "")


async def test_of_two_gangs_that_compete_one_has_everything_and_then_the_other() -> None:
    async with scheduling(nodes=2) as cluster:  # four of the six pods fit
        for name in ("red", "blue"):
            await add_group(cluster, name, 3)
        for at in range(3):  # in turns: pod by pod, each gang would get two
            await add_member(cluster, f"red-{at}", "red")
            await add_member(cluster, f"blue-{at}", "blue")

        async def one_runs() -> bool:
            return 3 in (await placed(cluster, "red"), await placed(cluster, "blue"))

        await until(one_runs)
        winner, loser = ("red", "blue") if await placed(cluster, "red") else ("blue", "red")
        why = "pod group is unschedulable: minCount (3) cannot be satisfied: 1 scheduled, 0 remaining"
        for at in range(3):
            await told(cluster, f"{loser}-{at}", "")
        assert await placed(cluster, loser) == 0

        async def conditions() -> bool:
            return await condition(cluster, winner) == ("True", "") and await condition(cluster, loser) == (
                "False",
                why,
            )

        await until(conditions)
        for at in range(3):
            await cluster.client.delete(Pod, f"{winner}-{at}", "default", grace_seconds=0)
        for at in range(3):
            await node_of(cluster, f"{loser}-{at}")


async def test_a_gang_is_held_until_its_group_and_enough_pods_are_there() -> None:
    async with scheduling(nodes=2) as cluster:
        await add_member(cluster, "a", "late")
        await add_member(cluster, "b", "late")
        await add_group(cluster, "late", 3)
        await add_member(cluster, "alone", "none-such")
        await add_member(cluster, "c", "late", schedulingGates=[{"name": "wait"}])
        pod = Pod(metadata={"name": "other", "namespace": "default"})
        pod.spec.containers.add(name="main", image="nginx")
        await cluster.client.create(pod)
        await node_of(cluster, "other")
        assert await placed(cluster, "late") == 0
        gated = await cluster.client.get(Pod, "c", "default")
        del gated.spec.schedulingGates[:]
        await cluster.client.update(gated)
        assert {await node_of(cluster, name) for name in "abc"} == {"node-0", "node-1"}
        await add_member(cluster, "d", "late")  # there are enough: it comes along by itself
        await cluster.client.delete(Pod, "other", "default", grace_seconds=0)
        await node_of(cluster, "d")
        assert await placed(cluster, "none-such") == 0


async def evicted(cluster: Cluster, name: str) -> None:
    async def look() -> bool:
        return (await cluster.client.get(Pod, name, "default")).metadata.HasField("deletionTimestamp")

    await until(look)


async def test_room_is_made_for_a_whole_gang() -> None:
    async with scheduling(nodes=2, cpu="1") as cluster:
        for name in ("low-0", "low-1"):
            pod = Pod(metadata={"name": name, "namespace": "default"})
            pod.spec.containers.add(name="main", image="nginx").resources.requests["cpu"].string = "1"
            await cluster.client.create(pod)
            await node_of(cluster, name)
        await add_group(cluster, "high", 2)
        for at in range(2):
            await add_member(cluster, f"high-{at}", "high", priorityClassName="system-cluster-critical")
        for at in range(2):
            await evicted(cluster, f"low-{at}")
            assert await placed(cluster, "high") == 0  # as long as there is no room for both
            await cluster.client.delete(Pod, f"low-{at}", "default", grace_seconds=0)  # as a kubelet does in the end
        assert {await node_of(cluster, f"high-{at}") for at in range(2)} == {"node-0", "node-1"}


async def test_a_member_that_somebody_rejects_late_keeps_all_from_being_bound(tmp_path: Path) -> None:
    config = f"""{HEAD}profiles:
- plugins: {{multiPoint: {{enabled: [{{name: 'moody:Moody'}}]}}}}
"""
    (tmp_path / "lab.yaml").write_text(config)
    (tmp_path / "moody.py").write_text("""
class Moody:
    allowed = False

    async def pre_bind(self, pod, node):
        if pod.metadata.name == "c" and not Moody.allowed:
            Moody.allowed = True
            raise ValueError("not today")
""")
    async with scheduling(nodes=2, scheduler_config=tmp_path / "lab.yaml") as cluster:
        seen: set[int] = set()
        await add_group(cluster, "g", 3)
        for name in "abc":
            await add_member(cluster, name, "g")
        assert "not today" in await told(cluster, "c", "not today")
        seen.add(await placed(cluster, "g"))
        assert seen == {0}
        assert {await node_of(cluster, name) for name in "abc"} == {"node-0", "node-1"}


async def test_newer_pods_do_not_take_the_room_that_a_gang_waits_for(tmp_path: Path) -> None:
    config = f"{HEAD}podInitialBackoffSeconds: 60\npodMaxBackoffSeconds: 60\n"
    (tmp_path / "slow.yaml").write_text(config)
    async with scheduling(nodes=1, scheduler_config=tmp_path / "slow.yaml") as cluster:
        await add_pod(cluster, "big", cpu="2")
        await node_of(cluster, "big")
        await add_group(cluster, "g", 2)
        for name in "ab":
            await add_member(cluster, name, "g")
        await told(cluster, "a", "")
        await cluster.client.delete(Pod, "big", "default", grace_seconds=0)
        await add_pod(cluster, "late", cpu="1")
        await told(cluster, "late", "Insufficient cpu")  # the gang, which would have to wait for a minute, was faster
        assert {await node_of(cluster, name) for name in "ab"} == {"node-0"}


async def test_a_gang_says_that_it_is_scheduled_once_enough_are_bound(tmp_path: Path) -> None:
    config = f"""{HEAD}profiles:
- plugins: {{multiPoint: {{enabled: [{{name: 'broken:Broken'}}]}}}}
"""
    (tmp_path / "lab.yaml").write_text(config)
    (tmp_path / "broken.py").write_text("""
class Broken:
    refused = 0

    async def bind(self, pod, node):
        if pod.metadata.name == "c" and Broken.refused < 1:
            Broken.refused += 1
            raise ValueError("not today")
        return False
""")
    async with scheduling(nodes=2, scheduler_config=tmp_path / "lab.yaml") as cluster:
        await add_group(cluster, "g", 3)
        for name in "abc":
            await add_member(cluster, name, "g")
        assert {await node_of(cluster, name) for name in "ab"} <= {"node-0", "node-1"}
        await told(cluster, "c", "not today")

        async def problem() -> bool:
            return "binding of default/c rejected: " in (await condition(cluster, "g"))[1]

        await until(problem)
        await node_of(cluster, "c")  # tried again, by itself

        async def is_scheduled() -> bool:
            return await condition(cluster, "g") == ("True", "")

        await until(is_scheduled)


async def test_a_gang_gets_devices_for_all_or_none() -> None:
    async with scheduling(nodes=2) as cluster:
        await cluster.client.create(DeviceClass(metadata={"name": "gpu"}))
        for at in range(2):
            piece = ResourceSlice(metadata={"name": f"s{at}"})
            piece.spec.driver = "gpu.example.com"
            piece.spec.pool.name, piece.spec.pool.resourceSliceCount = f"node-{at}", 1
            piece.spec.nodeName = f"node-{at}"
            piece.spec.devices.add(name="one")
            await cluster.client.create(piece)
        for name in "abcdef":
            claim = ResourceClaim(metadata={"name": name, "namespace": "default"})
            claim.spec.devices.requests.add(name="gpu").exactly.deviceClassName = "gpu"
            await cluster.client.create(claim)
        await add_group(cluster, "many", 3)
        await add_group(cluster, "few", 2)
        for name in "abc":
            await add_member(cluster, name, "many", claim=name)
        await told(cluster, "a", "")
        for name in "de":
            await add_member(cluster, name, "few", claim=name)
        assert {await node_of(cluster, name) for name in "de"} == {"node-0", "node-1"}
        assert await placed(cluster, "many") == 0
        claims = (await cluster.client.list(ResourceClaim, "default")).items
        assert {claim.metadata.name for claim in claims if claim.status.HasField("allocation")} == {"d", "e"}


async def test_groups_are_served_only_if_somebody_asks() -> None:
    async with Cluster(nodes=0, components=("apiserver",)) as cluster:
        with pytest.raises(MethodNotAllowed):
            await cluster.client.list(PodGroup, "default")
    with pytest.raises(CannotStart, match="cannot be turned on or off"):
        asked("batch/v2alpha1=true")
    assert asked("api/alpha=true,scheduling.k8s.io/v1alpha2=false") == frozenset()


async def test_a_group_is_checked_does_not_change_and_goes_with_its_namespace() -> None:
    async with scheduling(nodes=0, components=("apiserver", "controller-manager")) as cluster:
        with pytest.raises(Invalid, match="must specify one of: `basic`, `gang`"):
            await cluster.client.create(PodGroup(metadata={"name": "g", "namespace": "default"}))
        with pytest.raises(Invalid, match="must be greater than or equal to 1"):
            await add_group(cluster, "g", 0)
        await add_group(cluster, "g", 2)
        group = await cluster.client.get(PodGroup, "g", "default")
        group.spec.schedulingPolicy.gang.minCount = 3
        with pytest.raises(Invalid, match="field is immutable"):
            await cluster.client.update(group)
        await cluster.client.create(Namespace(metadata={"name": "team"}))
        await add_group(cluster, "g", 2, "team")
        await cluster.client.delete(Namespace, "team")

        async def is_gone() -> bool:
            return all(one.metadata.name != "team" for one in (await cluster.client.list(Namespace)).items)

        await until(is_gone)
        assert [one.metadata.namespace for one in (await cluster.client.list(PodGroup)).items] == ["default"]
