"""Pods that are scheduled all together, or not at all."""

from collections import Counter
from functools import partial
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.api.core.v1 import Node, Pod
from kobune.api.scheduling.v1alpha2 import PodGroup
from kobune.scheduler.defaults import default_profile
from kobune.scheduler.engine.columnar import Columnar
from kobune.scheduler.framework import Placed, Unschedulable, decide
from kobune.scheduler.framework.happenings import Happening
from kobune.scheduler.lab.whatif import place
from kobune.scheduler.plugins.gang_scheduling import NOT_SERVED, GangScheduling, min_count
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.queue import SchedulingQueue
from kobune.scheduler.snapshot import Snapshot
from kobune.scheduler.together import MAKING_ROOM, UNSCHEDULABLE, decide_together


def node_of(name: str, cpu: int) -> Node:
    node = Node(metadata={"name": name})
    for resource, amount in (("cpu", cpu), ("memory", "8Gi"), ("pods", 100)):
        node.status.allocatable[resource].string = str(amount)
    return node


def pod_of(name: str, group: str = "", cpu: int = 1, priority: int = 0) -> PodInfo:
    pod = Pod(metadata={"name": name, "namespace": "default", "uid": name}, spec={"priority": priority})
    pod.spec.containers.add(name="main").resources.requests["cpu"].string = str(cpu)
    if group:
        pod.spec.schedulingGroup.podGroupName = group
    return PodInfo(pod)


def gang_of(name: str, count: int) -> PodGroup:
    group = PodGroup(metadata={"name": name, "namespace": "default"})
    group.spec.schedulingPolicy.gang.minCount = count
    return group


def cluster_of(*cpus: int, gangs: dict[str, int]) -> Snapshot:
    cluster = Snapshot()
    for number, cpu in enumerate(cpus):
        cluster.set_node(node_of(f"n{number}", cpu))
    for name, count in gangs.items():
        cluster.objects.set("podgroups", gang_of(name, count))
    return cluster


def test_a_gang_waits_for_its_group_and_for_enough_pods() -> None:
    cluster, plugin, pod = cluster_of(4, gangs={}), GangScheduling(), pod_of("a", "g")
    cluster.objects.expect("podgroups")
    cluster.gangs.wait(pod)
    assert plugin.pre_enqueue(pod, cluster) == 'waiting for pod\'s pod group "g" to appear in scheduling queue'
    cluster.objects.set("podgroups", gang_of("g", 2))
    too_few = "waiting for minCount pods from a gang to appear in scheduling queue"
    assert plugin.pre_enqueue(pod, cluster) == too_few
    cluster.place(pod_of("b", "g"), "n0")
    assert plugin.pre_enqueue(pod, cluster) is None
    cluster.remove("b")
    assert plugin.pre_enqueue(pod, cluster) == too_few
    assert plugin.pre_enqueue(pod_of("alone"), cluster) is None


def test_without_the_api_of_groups_a_pod_that_names_one_is_refused_by_name() -> None:
    decision = decide(default_profile(), pod_of("a", "g"), cluster_of(4, gangs={}), Random(1))
    assert isinstance(decision, Unschedulable)
    assert NOT_SERVED in decision.message


def test_a_gang_that_does_not_fit_says_so_to_all_and_keeps_nothing() -> None:
    cluster = cluster_of(1, 1, gangs={"g": 3})
    pods = [pod_of(name, "g") for name in "abc"]
    profile = default_profile()
    outcome = decide_together(profile, pods, 3, cluster, lambda pod: decide(profile, pod, cluster, Random(1)))
    assert not outcome.is_placed
    found: Any = outcome.decisions
    why = f"{UNSCHEDULABLE}: minCount (3) cannot be satisfied: 2 scheduled, 0 remaining"
    assert [found[name].message for name in "ab"] == [why, why]
    assert "2 Insufficient cpu" in found["c"].message
    assert all("NodeResourcesFit" in found[name].plugins for name in "abc")  # what helps one helps all
    assert not list(cluster.pods)


def test_nobody_is_evicted_for_a_gang_that_would_not_fit_anyway() -> None:
    profile = default_profile()
    for gang, expected in ((2, MAKING_ROOM), (3, UNSCHEDULABLE)):
        cluster = cluster_of(1, 1, gangs={"g": gang})
        for at in range(2):
            cluster.place(pod_of(f"old-{at}"), f"n{at}")
        pods = [pod_of(name, "g", priority=10) for name in "abc"[:gang]]
        one_by_one = partial(decide, profile, cluster=cluster, random=Random(1))
        outcome = decide_together(profile, pods, gang, cluster, one_by_one)
        assert outcome.message.startswith(expected)
        victims = [
            victim.metadata.uid
            for one in outcome.decisions.values()
            if isinstance(one, Unschedulable) and one.nominated is not None
            for victim in one.nominated.victims
        ]
        assert sorted(victims) == (["old-0", "old-1"] if gang == 2 else [])
        assert {pod.metadata.uid for pod in cluster.pods} == {"old-0", "old-1"}


def test_of_the_gangs_that_something_may_help_the_first_in_line_does_not_wait_for_its_back_off() -> None:
    queue = SchedulingQueue()
    for name in ("old-0", "old-1", "young-0", "young-1", "alone"):
        group = name.partition("-")[0] if "-" in name else ""
        queue.set(pod_of(name, group), now=0 if group == "old" else 1)
    for waiting in queue.pop(5, now=1):
        queue.failed(waiting, now=1, saw_all=True)
    room = Happening("Pod", ("Delete",))
    queue.help(queue.happened(room), now=1.1, hurry=True)
    queue.set(pod_of("new"), now=1.1)
    assert [waiting.pod.metadata.name for waiting in queue.pop(9, now=1.2)] == ["old-0", "old-1", "new"]
    assert {waiting.pod.metadata.name for waiting in queue.pop(9, now=2)} == {"young-0", "young-1", "alone"}


def test_a_pod_that_was_taken_before_its_turn_is_not_taken_again() -> None:
    queue = SchedulingQueue()
    for name in "ab":
        queue.set(pod_of(name, "g"), now=0)
    (first,) = queue.pop(1, now=0)
    second = queue.take("b")
    assert second is not None
    assert queue.pop(2, now=0) == []
    for waiting in (first, second):
        queue.failed(waiting, now=0)
    assert queue.pop(2, now=100) == []
    assert queue.take("b") is second


gangs = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 2), st.integers(1, 2)), min_size=1, max_size=4)


@settings(max_examples=200, deadline=None)
@given(cpus=st.lists(st.integers(1, 4), min_size=1, max_size=5), wanted=gangs, seed=st.integers(0, 2**32))
def test_no_gang_is_ever_placed_in_part_and_both_ways_of_deciding_agree(
    cpus: list[int], wanted: list[tuple[int, int, int]], seed: int
) -> None:
    """Gangs compete, finish, and come again, beside pods of their own mind."""
    random, profile = Random(seed), default_profile()
    cluster = cluster_of(*cpus, gangs={f"g{at}": count for at, (count, _, _) in enumerate(wanted)})
    engine = Columnar(cluster)
    waiting: dict[str, list[PodInfo]] = {
        f"g{at}": [pod_of(f"g{at}-{number}", f"g{at}", cpu) for number in range(count + more)]
        for at, (count, more, cpu) in enumerate(wanted)
    }
    for pods in waiting.values():
        for pod in pods:
            cluster.gangs.wait(pod)
    for step in range(30):
        name = random.choice(list(waiting))
        group = ("default", name)
        needed = min_count(cluster, group)
        assert needed is not None
        pods = list(cluster.gangs.waiting(group))
        if random.random() < 0.3:
            running = [pod for pod in cluster.pods if pod.group in (group, None)]
            for pod in running:  # a gang finishes as a whole, and is there again
                cluster.remove(pod.metadata.uid)
        elif random.random() < 0.2:
            alone = pod_of(f"alone-{step}")
            found = engine.decide(profile, alone, Random(step))
            if isinstance(found, Placed):
                cluster.place(alone, found.node)
        elif (missing := needed - cluster.gangs.placed(group)) > 0:
            before = {pod.metadata.uid: cluster.place_of(pod.metadata.uid) for pod in cluster.pods}
            reads = partial(decide_together, profile, pods, missing, cluster)
            seeds, same = Random(step), Random(step)
            plain = reads(lambda pod: decide(profile, pod, cluster, seeds))  # noqa: B023 - called at once
            outcome = reads(lambda pod: engine.decide(profile, pod, same))  # noqa: B023
            assert outcome == plain
            assert {pod.metadata.uid: cluster.place_of(pod.metadata.uid) for pod in cluster.pods} == before
            for pod in pods:
                decision = outcome.decisions[pod.metadata.uid]
                if isinstance(decision, Placed):
                    cluster.place(pod, decision.node)
        placed = Counter(pod.group[1] for pod in cluster.pods if pod.group is not None)
        for at, (count, _, _) in enumerate(wanted):
            assert placed[f"g{at}"] == 0 or placed[f"g{at}"] >= count
            assert placed[f"g{at}"] == cluster.gangs.placed(("default", f"g{at}"))
        for info in cluster.nodes:
            assert info.requested.get("cpu", 0) <= info.allocatable["cpu"]


def test_what_if_says_what_becomes_of_a_gang_as_a_whole() -> None:
    profile, cluster = default_profile(), cluster_of(1, 1, gangs={"g": 3})
    pods = [pod_of(name, "g") for name in "abc"]
    fates, after = place(profile, cluster, pods, seed=1)
    assert {fate.node for fate in fates} == {""}
    assert sum(fate.message.startswith(UNSCHEDULABLE) for fate in fates) == 2
    assert not list(after.pods)
    cluster.set_node(node_of("more", 1))
    fates, after = place(profile, cluster, pods, seed=1)
    assert {fate.node for fate in fates} == {"n0", "n1", "more"}
    (alone,), _ = place(profile, cluster, [pod_of("d", "other")], seed=1)
    assert alone.message == 'waiting for pod\'s pod group "other" to appear in scheduling queue'
