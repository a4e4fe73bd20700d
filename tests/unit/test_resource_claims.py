"""What the controller of resource claims plans: claims from templates, and devices that come back."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kobune.api.core.v1 import Pod
from kobune.api.resource.v1 import ResourceClaim, ResourceClaimTemplate
from kobune.apimachinery.meta import controller_reference
from kobune.client import Create, Delete, Patch, RecordEvent, Update, UpdateStatus
from kobune.controller_manager.controllers.resourceclaim import FINALIZER, claim_from, reconcile_claim, reconcile_pod


def pod_of(name: str, *templates: str, **more: Any) -> Pod:
    pod = Pod(metadata={"name": name, "namespace": "default", "uid": f"uid-{name}"}, **more)
    for template in templates:
        pod.spec.resourceClaims.add(name=f"by-{template}", resourceClaimTemplateName=template)
    return pod


def template_of(name: str) -> ResourceClaimTemplate:
    template = ResourceClaimTemplate(metadata={"name": name, "namespace": "default"})
    template.spec.metadata.labels["from"] = name
    template.spec.spec.devices.requests.add(name="gpu")
    return template


def test_a_pod_gets_its_claims_and_is_then_left_alone() -> None:
    pod, templates = pod_of("web", "a", "b", "missing"), {name: template_of(name) for name in "ab"}
    actions = reconcile_pod(pod, templates, [], [])
    made = [action.object for action in actions if isinstance(action, Create)]
    assert [claim.metadata.generateName for claim in made] == ["web-by-a-", "web-by-b-"]
    (complaint,) = (action for action in actions if isinstance(action, RecordEvent))
    assert complaint.reason == "FailedResourceClaimCreation"
    for at, claim in enumerate(made):
        claim.metadata.name = f"{claim.metadata.generateName}{at}"
    (patch,) = (action for action in reconcile_pod(pod, templates, made, []) if isinstance(action, Patch))
    for status in patch.patch["status"]["resourceClaimStatuses"]:  # type: ignore[call-overload]
        pod.status.resourceClaimStatuses.add(**status)
    assert [type(action) for action in reconcile_pod(pod, templates, made, [])] == [RecordEvent]
    pod.status.phase = "Succeeded"
    assert reconcile_pod(pod, templates, [], []) == []


def test_a_pod_that_came_with_a_node_reserves_what_has_devices() -> None:
    pod = pod_of("static", spec={"nodeName": "n"})
    pod.spec.resourceClaims.add(name="c", resourceClaimName="c")
    free, allocated = ResourceClaim(metadata={"name": "free"}), ResourceClaim(metadata={"name": "c"})
    allocated.status.allocation.SetInParent()
    (write,) = reconcile_pod(pod, {}, [], [free, allocated])
    assert isinstance(write, UpdateStatus)
    assert [user.uid for user in write.object.status.reservedFor] == ["uid-static"]  # type: ignore[attr-defined]
    assert reconcile_pod(pod, {}, [], [write.object]) == []  # type: ignore[list-item]


@given(pod=st.text("ab", min_size=1, max_size=60), claim=st.text("cd", min_size=1, max_size=60))
def test_generated_names_leave_room_for_what_is_appended(pod: str, claim: str) -> None:
    base = claim_from(template_of("t"), pod_of(pod), claim).metadata.generateName
    assert len(base) <= 58
    assert base.startswith(pod[0])


@given(
    users=st.lists(st.sampled_from("abc"), unique=True),
    alive=st.sets(st.sampled_from("abc")),
    allocated=st.booleans(),
    deleted=st.booleans(),
    owned=st.sampled_from(["", "runs", "done", "replaced"]),
)
def test_after_one_pass_after_another_a_claim_is_settled_and_never_taken_from_its_users(
    users: list[str], alive: set[str], allocated: bool, deleted: bool, owned: str
) -> None:
    claim = ResourceClaim(metadata={"name": "c", "namespace": "default", "uid": "c", "finalizers": [FINALIZER]})
    for user in users:
        claim.status.reservedFor.add(resource="pods", name=user, uid=user)
    if users or allocated:
        claim.status.allocation.SetInParent()
    if deleted:
        claim.metadata.deletionTimestamp.seconds = 1
    owner = None
    if owned:
        owner = pod_of("owner", status={"phase": "Succeeded" if owned == "done" else "Running"})
        claim.metadata.ownerReferences.append(controller_reference(owner))
        if owned == "replaced":
            owner.metadata.uid = "another"
    left = [user for user in users if user in alive]
    for _ in range(4):
        actions = reconcile_claim(claim, frozenset(alive), owner)
        for action in actions:
            assert isinstance(action, Update | UpdateStatus | Delete)
            if isinstance(action, Delete):
                assert not left
                assert owned in ("done", "replaced")
                claim.metadata.deletionTimestamp.seconds = 1
            else:
                claim = action.object  # type: ignore[assignment]
        if left:
            assert claim.status.HasField("allocation")
            assert FINALIZER in claim.metadata.finalizers
    assert [user.uid for user in claim.status.reservedFor] == left
    if claim.metadata.HasField("deletionTimestamp") and not left:
        assert not claim.metadata.finalizers
        assert not claim.status.HasField("allocation")
    assert reconcile_claim(claim, frozenset(alive), owner) == []
