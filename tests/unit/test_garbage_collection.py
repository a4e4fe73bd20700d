"""What garbage collection decides, and that it knows who owns whom."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.api.apps.v1 import Deployment, ReplicaSet
from kobune.api.core.v1 import Pod
from kobune.api.meta.v1 import ObjectMeta, OwnerReference
from kobune.client import Delete, Patch, RequeueAfter
from kobune.controller_manager.controllers.garbagecollector import OwnerState, reconcile
from kobune.controller_manager.ownership import Ownership

SOLID, WAITING, ABSENT, UNKNOWN, ELSEWHERE, IMPOSSIBLE = OwnerState


def meta(name="web", owners=(), finalizers=(), deleting=False, blocks=True) -> ObjectMeta:
    made = ObjectMeta(name=name, namespace="default", uid=f"uid-{name}", resourceVersion="7", finalizers=finalizers)
    for owner in owners:
        made.ownerReferences.add(
            apiVersion="apps/v1", kind="ReplicaSet", name=owner, uid=f"uid-{owner}", blockOwnerDeletion=blocks
        )
    if deleting:
        made.deletionTimestamp.seconds = 1
    return made


def decide(item, owners=None, dependents=(), complete=True):
    states = {f"uid-{name}": state for name, state in (owners or {}).items()}
    return reconcile(Pod, item, states, [(Pod, dependent) for dependent in dependents], complete)


def test_what_has_a_solid_owner_or_none_stays():
    assert decide(meta()) == []
    assert decide(meta(owners=["a"]), {"a": SOLID}) == []


def test_what_has_lost_its_owners_is_deleted_exactly():
    assert decide(meta(owners=["a"]), {"a": ABSENT}) == [
        Delete(Pod, "web", "default", "uid-web", propagation="Background")
    ]


def test_nothing_is_deleted_on_a_guess():
    assert [type(action) for action in decide(meta(owners=["a"]), {"a": UNKNOWN})] == [RequeueAfter]
    assert [type(action) for action in decide(meta(owners=["a", "b"]), {"a": ABSENT, "b": UNKNOWN})] == [RequeueAfter]


def test_owners_of_other_namespaces_are_absent_and_said_to_be_invalid():
    event, action = decide(meta(owners=["a"]), {"a": ELSEWHERE})
    assert (event.reason, event.type) == ("OwnerRefInvalidNamespace", "Warning")
    assert isinstance(action, Delete)
    (event,) = decide(meta(owners=["a", "b"]), {"a": IMPOSSIBLE, "b": SOLID})
    assert event.regarding.name == "web"


def test_an_absent_owner_beside_a_solid_one_is_only_forgotten():
    (action,) = decide(meta(owners=["a", "b"]), {"a": ABSENT, "b": SOLID})
    assert isinstance(action, Patch)
    assert [owner["uid"] for owner in action.patch["metadata"]["ownerReferences"]] == ["uid-b"]
    assert action.patch["metadata"]["resourceVersion"] == "7"


def test_a_dependent_with_dependents_of_an_owner_that_waits_waits_too():
    (action,) = decide(meta(owners=["a"]), {"a": WAITING}, [meta("child", owners=["web"])])
    assert action.propagation == "Foreground"
    (action,) = decide(meta(owners=["a"]), {"a": WAITING})
    assert action.propagation == "Background"


def test_an_owner_waits_for_dependents_that_block_and_for_no_others():
    waiting = meta(finalizers=["foregroundDeletion", "mine"], deleting=True)
    assert decide(waiting, dependents=[meta("child", owners=["web"])]) == []
    (action,) = decide(waiting, dependents=[meta("child", owners=["web"], blocks=False)])
    assert action.patch["metadata"]["finalizers"] == ["mine"]
    assert [type(item) for item in decide(waiting, complete=False)] == [RequeueAfter]


def test_orphans_lose_their_reference_before_their_owner_goes():
    leaving = meta(finalizers=["orphan"], deleting=True)
    (action,) = decide(leaving, dependents=[meta("child", owners=["web"])])
    assert (action.name, action.patch["metadata"]["ownerReferences"]) == ("child", None)
    (action,) = decide(leaving)
    assert (action.name, action.patch["metadata"]["finalizers"]) == ("web", None)


numbers = st.integers(0, 4)
KINDS = {"Pod": Pod, "ReplicaSet": ReplicaSet, "Deployment": Deployment}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 4), st.sets(st.integers(0, 4)), st.booleans()))
)
def test_ownership_knows_all_dependents_and_wakes_them_when_their_owner_goes(changes):
    ownership = Ownership()
    objects = {}
    for kind, number, owners, gone in changes:
        key = (kind, number)
        old, new = objects.pop(key, None), None
        if not gone:
            new = KINDS[kind](metadata=ObjectMeta(name=f"x-{number}", namespace="default", uid=f"{kind}-{number}"))
            for owner in sorted(owners):
                new.metadata.ownerReferences.append(
                    OwnerReference(
                        apiVersion="apps/v1", kind="ReplicaSet", name=f"x-{owner}", uid=f"ReplicaSet-{owner}"
                    )
                )
            objects[key] = new
        woken = set(ownership.changed(KINDS[kind], old, new))
        if old is not None and new is None:
            assert ownership.is_gone(f"{kind}-{number}")
            assert set(ownership.dependents(f"{kind}-{number}")) <= woken
        for owner in range(5):
            wanted = {
                (of, f"x-{at}")
                for (of, at), item in objects.items()
                if any(reference.uid == f"ReplicaSet-{owner}" for reference in item.metadata.ownerReferences)
            }
            known = {ownership.split(name) for name in ownership.dependents(f"ReplicaSet-{owner}")}
            assert {(of.__name__, key.removeprefix("default/")) for of, key in known} == wanted
