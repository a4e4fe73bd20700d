"""The scheduler's pure parts: who fits where, who comes next."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from kobune.api.core.v1 import Node, Pod
from kobune.apimachinery.tolerations import tolerates
from kobune.scheduler.defaults import default_profile
from kobune.scheduler.framework import Placed, Unschedulable
from kobune.scheduler.framework import decide as evaluate
from kobune.scheduler.framework.happenings import Happening, interests
from kobune.scheduler.nodeinfo import NodeInfo
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.queue import SchedulingQueue
from kobune.scheduler.snapshot import Snapshot


def node(name: str, cpu: str = "4", memory: str = "8Gi", pods: str = "110", **labels: str) -> Node:
    made = Node(metadata={"name": name, "labels": labels})
    for resource, amount in (("cpu", cpu), ("memory", memory), ("pods", pods)):
        made.status.allocatable[resource].string = amount
    return made


def pod(name: str, cpu: str = "", **spec: object) -> PodInfo:
    made = Pod(metadata={"name": name, "namespace": "default", "uid": f"uid-{name}"}, spec=spec)
    container = made.spec.containers.add(name="main")
    if cpu:
        container.resources.requests["cpu"].string = cpu
    return PodInfo(made)


def decide(wanted: PodInfo, *nodes: NodeInfo) -> Placed | Unschedulable:
    cluster = Snapshot()
    for info in nodes:
        cluster.set_node(info.node)
        for there in info.pods:
            cluster.place(there, info.name)
    return evaluate(default_profile(), wanted, cluster, Random(1))


@given(
    capacities=st.lists(st.integers(0, 8), min_size=1, max_size=5),
    requests=st.lists(st.integers(0, 5), max_size=30),
    seed=st.integers(),
)
def test_no_node_is_ever_given_more_than_it_has(capacities: list[int], requests: list[int], seed: int) -> None:
    snapshot = Snapshot()
    for index, cpu in enumerate(capacities):
        snapshot.set_node(node(f"n{index}", cpu=str(cpu)))
    profile, random = default_profile(), Random(seed)
    for index, cpu in enumerate(requests):
        wanted = pod(f"p{index}", cpu=str(cpu))
        match evaluate(profile, wanted, snapshot, random):
            case Placed(name):
                snapshot.place(wanted, name)
            case Unschedulable() as why:
                assert why.nodes == len(capacities)
                assert sum(why.reasons.values()) >= why.nodes
    for info in snapshot.nodes:
        assert info.requested.get("cpu", 0) <= info.allocatable["cpu"]


def test_every_reason_is_counted_in_the_words_of_kubernetes() -> None:
    full = NodeInfo(node("full", cpu="1"))
    tainted = NodeInfo(node("tainted"))
    tainted.node.spec.taints.add(key="gpu", effect="NoSchedule")
    elsewhere = NodeInfo(node("elsewhere", cpu="1", memory="1"))
    wanted = pod("big", cpu="2")
    wanted.pod.spec.containers[0].resources.requests["memory"].string = "1Gi"
    decision = decide(wanted, full, tainted, elsewhere)
    assert isinstance(decision, Unschedulable)
    assert decision.message.startswith(
        "0/3 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint(s), 2 Insufficient cpu."
    )


def test_the_emptier_node_is_preferred() -> None:
    busy, idle = NodeInfo(node("busy")), NodeInfo(node("idle"))
    busy.add(pod("there", cpu="2"))
    assert decide(pod("new", cpu="1"), busy, idle) == Placed("idle")


def test_selectors_and_affinity_choose_nodes_by_label() -> None:
    east, west = NodeInfo(node("east", zone="east")), NodeInfo(node("west", zone="west"))
    assert decide(pod("a", nodeSelector={"zone": "west"}), east, west) == Placed("west")
    term = {"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["west"]}]}
    required = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}
    assert decide(pod("b", affinity=required), east, west) == Placed("east")


def test_a_host_port_is_given_once_per_node() -> None:
    only = NodeInfo(node("only"))
    first, second = pod("first"), pod("second")
    for info in (first, second):
        info.pod.spec.containers[0].ports.add(containerPort=80, hostPort=8080)
    only.add(first)
    decision = decide(second, only)
    assert isinstance(decision, Unschedulable)
    assert "didn't have free ports" in decision.message


def test_init_containers_and_sidecars_count_as_documented() -> None:
    info = pod("p", cpu="1")
    sidecar = info.pod.spec.initContainers.add(name="sidecar", restartPolicy="Always")
    sidecar.resources.requests["cpu"].string = "500m"
    setup = info.pod.spec.initContainers.add(name="setup")
    setup.resources.requests["cpu"].string = "2"
    assert info.requests["cpu"] == 2500
    assert tolerates([], "a", "", "NoSchedule") is False


def test_the_queue_goes_by_priority_and_then_by_age() -> None:
    queue = SchedulingQueue()
    for at, (name, priority) in enumerate((("old", 0), ("new", 0), ("urgent", 10))):
        queue.set(pod(name, priority=priority), now=at)
    assert [waiting.pod.metadata.name for waiting in queue.pop(10, now=5)] == ["urgent", "old", "new"]


ADDED = Happening("Node", ("Add",))


def test_an_unschedulable_pod_waits_for_a_change_and_its_back_off() -> None:
    queue = SchedulingQueue()
    queue.set(pod("p"), now=0)
    (waiting,) = queue.pop(1, now=0)
    queue.failed(waiting, now=0)
    assert queue.pop(1, now=100) == []
    queue.wake(ADDED, now=100)
    assert queue.pop(1, now=100) == [waiting]
    queue.failed(waiting, now=101)
    queue.wake(ADDED, now=101.5)
    assert queue.pop(1, now=102.5) == []
    assert queue.pop(1, now=103) == [waiting]


def test_a_change_during_the_decision_is_not_missed() -> None:
    queue = SchedulingQueue()
    queue.set(pod("p"), now=0)
    (waiting,) = queue.pop(1, now=0)
    queue.wake(ADDED, now=0.5)
    queue.failed(waiting, now=1)
    assert queue.next_wake() is not None
    assert queue.pop(1, now=3) == [waiting]


def test_only_what_can_help_wakes_a_pod() -> None:
    profile = default_profile()
    queue = SchedulingQueue({profile.name: interests(profile)})
    queue.set(pod("p", schedulerName=profile.name), now=0)
    cases = (
        ("NodeResourcesFit", Happening("Pod", ("Delete",)), True),
        ("NodeResourcesFit", Happening("Node", ("UpdateNodeLabel", "Update")), False),
        ("NodeAffinity", Happening("Pod", ("Delete",)), False),
        ("NodeAffinity", Happening("Node", ("UpdateNodeLabel", "Update")), True),
        ("somebody else", Happening("Pod", ("Delete",)), True),
    )
    for round, (plugin, what, helps) in enumerate(cases):
        now = 100.0 * round
        (waiting,) = queue.pop(1, now)
        queue.failed(waiting, now, refused_by=[plugin])
        assert (queue.happened(what) == [waiting]) is helps
        queue.help([waiting], now)


def test_a_pod_is_given_back_once() -> None:
    queue = SchedulingQueue()
    queue.set(pod("p"), now=0)
    (waiting,) = queue.pop(1, now=0)
    queue.failed(waiting, now=0)
    queue.retry(waiting, now=0)
    queue.put_back(waiting)
    assert queue.pop(2, now=10) == []


def test_a_queue_that_cannot_be_sorted_as_wished_goes_by_priority() -> None:
    queue = SchedulingQueue(sort=lambda waiting: {"b": 1}.get(waiting.pod.metadata.name))
    for at, (name, priority) in enumerate((("a", 0), ("b", 0), ("c", 5))):
        queue.set(pod(name, priority=priority), now=at)
    assert [waiting.pod.metadata.name for waiting in queue.pop(10, now=5)] == ["c", "a", "b"]
