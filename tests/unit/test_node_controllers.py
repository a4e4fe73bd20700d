"""Silent nodes, their taints, the pods that must leave them, and the ranges that nodes get."""

from copy import deepcopy
from ipaddress import IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from kobune.api.coordination.v1 import Lease
from kobune.api.core.v1 import Node, Pod, PodCondition
from kobune.apimachinery.meta import micro_time_of, time_of
from kobune.client import Delete, Patch, RecordEvent, RequeueAfter, Update, UpdateStatus
from kobune.controller_manager.controllers import nodeipam, nodelifecycle, tainteviction

NOW = 1_000_000.0
GRACE = 40.0


def node(ready: str | None = "True", heard=NOW, unschedulable=False) -> Node:
    made = Node()
    made.metadata.name, made.metadata.uid = "node-1", "node"
    made.metadata.creationTimestamp.CopyFrom(time_of(NOW - 1000))
    made.spec.unschedulable = unschedulable
    if ready is not None:
        made.status.conditions.add(type="Ready", status=ready, lastHeartbeatTime=time_of(heard))
    return made


def lease(renewed) -> Lease:
    made = Lease()
    made.spec.renewTime.CopyFrom(micro_time_of(renewed))
    return made


def pod(name="web", **tolerations) -> Pod:
    made = Pod()
    made.metadata.name, made.metadata.namespace, made.metadata.uid = name, "default", name
    made.spec.nodeName = "node-1"
    made.status.conditions.append(PodCondition(type="Ready", status="True"))
    for key, seconds in tolerations.items():
        toleration = made.spec.tolerations.add(key=key, operator="Exists", effect="NoExecute")
        if seconds is not None:
            toleration.tolerationSeconds = seconds
    return made


def taints(item: Node) -> set[tuple[str, str]]:
    return {(taint.key.rpartition("/")[2], taint.effect) for taint in item.spec.taints}


def follow(item: Node, lease_=None, pods=(), now=NOW):
    """Apply what the controller wants of the node until it wants nothing; return the node and the last actions."""
    for _ in range(5):
        actions = nodelifecycle.reconcile(item, lease_, pods, GRACE, now)
        writes = [action for action in actions if isinstance(action, Update | UpdateStatus)]
        mine = [action.object for action in writes if isinstance(action.object, Node)]
        if not mine:
            return item, actions
        (item,) = mine
    raise AssertionError("it never comes to rest")


def test_a_node_is_heard_of_through_its_lease_or_its_status():
    item, actions = follow(node(heard=NOW - 100), lease(NOW - 10))
    assert taints(item) == set()
    assert actions == [RequeueAfter(30.1)]
    item, _ = follow(node(heard=NOW - 10), lease(NOW - 100))
    assert taints(item) == set()


def test_a_silent_node_becomes_unknown_and_its_pods_are_taken_out_of_service():
    silent = node(heard=NOW - 41)
    actions = nodelifecycle.reconcile(silent, lease(NOW - 41), [pod()], GRACE, NOW)
    assert {type(action.object) for action in actions} == {Node, Pod}
    item, _ = follow(silent, lease(NOW - 41))
    assert {condition.status for condition in item.status.conditions} == {"Unknown"}
    assert taints(item) == {("unreachable", "NoSchedule")}  # that it is given up is said by its zone


def test_a_node_that_reports_again_loses_its_taints_and_keeps_those_of_others():
    item, _ = follow(node(heard=NOW - 41))
    item.spec.taints.add(key="example.com/mine", effect="NoSchedule")
    item.spec.taints.add(key=nodelifecycle.UNREACHABLE, effect="NoExecute")
    item = deepcopy(item)
    item.status.conditions[0].status = "True"
    item.status.conditions[0].lastHeartbeatTime.CopyFrom(time_of(NOW))
    item, _ = follow(item)
    assert taints(item) == {("mine", "NoSchedule")}


def test_a_node_that_was_given_up_is_so_for_what_is_wrong_now():
    item, _ = follow(node(heard=NOW - 41))
    item.spec.taints.add(key=nodelifecycle.UNREACHABLE, effect="NoExecute")
    item = deepcopy(item)
    item.status.conditions[0].status = "False"
    item.status.conditions[0].lastHeartbeatTime.CopyFrom(time_of(NOW))
    item, _ = follow(item)
    assert taints(item) == {("not-ready", "NoSchedule"), ("not-ready", "NoExecute")}


def test_nobody_is_silent_for_what_was_said_before_anybody_listened():
    actions = nodelifecycle.reconcile(node(heard=NOW - 3600), lease(NOW - 3600), [pod()], GRACE, NOW, NOW - 10)
    assert actions == [RequeueAfter(30.1)]
    assert len(nodelifecycle.reconcile(node(heard=NOW - 3600), None, [pod()], GRACE, NOW, NOW - 41)) == 2


def test_a_new_node_keeps_its_not_ready_taint_until_it_is_ready():
    new = node(ready=None)
    new.metadata.creationTimestamp.CopyFrom(time_of(NOW))
    new.spec.taints.add(key=nodelifecycle.NOT_READY, effect="NoSchedule")
    item, _ = follow(new)
    assert taints(item) == {("not-ready", "NoSchedule")}
    item = deepcopy(item)
    item.status.conditions.add(type="Ready", status="True", lastHeartbeatTime=time_of(NOW))
    item, _ = follow(item)
    assert taints(item) == set()


def test_a_cordoned_node_is_tainted():
    item, _ = follow(node(unschedulable=True))
    assert taints(item) == {("unschedulable", "NoSchedule")}


def evicted(pods, now, added=NOW):
    item = node("Unknown")
    item.spec.taints.add(key="node.kubernetes.io/unreachable", effect="NoExecute", timeAdded=time_of(added))
    return tainteviction.reconcile(item, pods, now)


def test_pods_leave_when_their_tolerations_end():
    key = "node.kubernetes.io/unreachable"
    pods = [pod("now"), pod("later", **{key: 300}), pod("never", **{key: None}), pod("other", x=None)]
    actions = evicted(pods, NOW)
    assert [action.name for action in actions if isinstance(action, Delete)] == ["now", "other"]
    assert actions[-1] == RequeueAfter(300)
    actions = evicted(pods, NOW + 300)
    assert "later" in [action.name for action in actions if isinstance(action, Delete)]
    assert "never" not in [action.name for action in actions if isinstance(action, Delete)]


def test_a_taint_without_a_time_gets_one_so_that_tolerations_can_end():
    item = node()
    item.spec.taints.add(key="mine", effect="NoExecute")
    (action,) = tainteviction.reconcile(item, [pod(mine=10)], NOW)
    assert isinstance(action, Update)
    assert tainteviction.reconcile(action.object, [pod(mine=10)], NOW) == [RequeueAfter(10)]


@given(st.lists(st.one_of(st.none(), st.integers(0, 3)), unique_by=lambda at: object() if at is None else at))
def test_no_range_is_given_twice(given_ranges):
    nodes = []
    for number, at in enumerate(given_ranges):
        made = node()
        made.metadata.name = f"node-{number}"
        if at is not None:
            made.spec.podCIDR = f"127.10.{at}.0/24"
        nodes.append(made)
    actions = nodeipam.reconcile(nodes, IPv4Network("127.10.0.0/22"), 24)
    given_out = [action.patch["spec"]["podCIDR"] for action in actions if isinstance(action, Patch)]
    held = [item.spec.podCIDR for item in nodes if item.spec.podCIDR]
    assert len({*given_out, *held}) == len(given_out) + len(held) == min(4, len(nodes))
    assert sum(isinstance(action, RecordEvent) for action in actions) == max(len(nodes) - 4, 0)
