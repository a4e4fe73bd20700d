"""Pods that no kubelet will remove, and the oldest of those that have ended."""

from hypothesis import given
from hypothesis import strategies as st

from kobune.api.core.v1 import Node, Pod
from kobune.client import Delete, UpdateStatus
from kobune.controller_manager.controllers import podgc

NOW = 1_000_000.0


def pod(name="web", phase="Running", node="node-1", created=0, reason="") -> Pod:
    made = Pod()
    made.metadata.name, made.metadata.namespace, made.metadata.uid = name, "default", name
    made.metadata.creationTimestamp.seconds = created
    made.spec.nodeName = node
    made.status.phase, made.status.reason = phase, reason
    return made


def test_the_pod_of_a_node_that_is_gone_is_failed_and_then_removed():
    (update,) = podgc.reconcile([pod()], NOW, True)
    assert isinstance(update, UpdateStatus)
    assert update.object.status.phase == "Failed"
    (condition,) = update.object.status.conditions
    assert (condition.type, condition.status, condition.reason, condition.message) == (
        "DisruptionTarget",
        "True",
        "DeletionByPodGC",
        "PodGC: node no longer exists",
    )
    (deletion,) = podgc.reconcile([update.object], NOW, True)
    assert isinstance(deletion, Delete)
    assert (deletion.uid, deletion.grace_seconds) == ("web", 0)


def test_a_pod_that_was_deleted_before_it_got_a_node_is_let_go_without_a_disruption():
    waiting = pod(phase="Pending", node="")
    assert not podgc.is_unscheduled(waiting)
    waiting.metadata.deletionTimestamp.seconds = 1
    assert podgc.is_unscheduled(waiting)
    (update,) = podgc.reconcile([waiting], NOW)
    assert (update.object.status.phase, len(update.object.status.conditions)) == ("Failed", 0)


def test_a_pod_that_has_ended_stays_as_it_ended():
    (deletion,) = podgc.reconcile([pod(phase="Succeeded")], NOW, True)
    assert isinstance(deletion, Delete)


def test_only_a_node_that_is_not_ready_is_out_of_service():
    node = Node()
    node.spec.taints.add(key=podgc.OUT_OF_SERVICE, effect="NoExecute")
    assert podgc.is_out_of_service(node)
    node.status.conditions.add(type="Ready", status="True")
    assert not podgc.is_out_of_service(node)


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans())), st.integers(0, 10))
def test_of_pods_that_have_ended_the_evicted_go_first_and_then_the_oldest(ended, threshold):
    pods = [
        pod(f"p{number}", "Failed", created=created, reason="Evicted" if evicted else "Error")
        for number, (created, evicted) in enumerate(ended)
    ]
    going = podgc.surplus(pods, threshold)
    assert len(going) == (max(len(pods) - threshold, 0) if threshold else 0)
    ranks = [(each.status.reason != "Evicted", each.metadata.creationTimestamp.seconds) for each in going]
    names = {each.metadata.name for each in going}
    stays = [
        (each.status.reason != "Evicted", each.metadata.creationTimestamp.seconds)
        for each in pods
        if each.metadata.name not in names
    ]
    assert not ranks or not stays or max(ranks) <= min(stays)
