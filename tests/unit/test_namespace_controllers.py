"""What a namespace is given, and how it goes."""

from kobune.api.core.v1 import ConfigMap, Namespace, Pod, ServiceAccount
from kobune.api.meta.v1 import ObjectMeta, PartialObjectMetadata
from kobune.client import Delete, Finalize, RequeueAfter, Update, UpdateStatus
from kobune.controller_manager.controllers import namespace as deletion
from kobune.controller_manager.controllers import serviceaccount


def namespace(deleting=False) -> Namespace:
    made = Namespace(metadata=ObjectMeta(name="team", uid="team"))
    made.spec.finalizers.append("kubernetes")
    if deleting:
        made.metadata.deletionTimestamp.seconds = 1
        made.status.phase = "Terminating"
    return made


def content(*items: ObjectMeta):
    return {Pod: [PartialObjectMetadata(metadata=item) for item in items], ConfigMap: []}


def test_a_namespace_gets_its_account_and_the_ca_and_then_nothing_more():
    account, published = (action.object for action in serviceaccount.reconcile(namespace(), None, None, "PEM"))
    assert isinstance(account, ServiceAccount)
    assert (account.metadata.namespace, account.metadata.name) == ("team", "default")
    assert dict(published.data) == {"ca.crt": "PEM"}
    assert serviceaccount.reconcile(namespace(), account, published, "PEM") == []
    (action,) = serviceaccount.reconcile(namespace(), account, published, "NEW")
    assert isinstance(action, Update)
    assert serviceaccount.reconcile(namespace(deleting=True), None, None, "PEM") == []


def test_a_namespace_goes_when_everything_in_it_has_gone():
    full = content(ObjectMeta(name="web", uid="a"), ObjectMeta(name="db", uid="b", finalizers=["mine"]))
    actions = deletion.reconcile(namespace(deleting=True), full, 5.0)
    assert [(each.kind, each.namespace) for each in actions if isinstance(each, deletion.Empty)] == [(Pod, "team")]
    (status,) = [action.object.status for action in actions if isinstance(action, UpdateStatus)]
    said = {condition.type: (condition.status, condition.message) for condition in status.conditions}
    assert said["NamespaceContentRemaining"] == (
        "True",
        "Some resources are remaining: pods. has 2 resource instances",
    )
    assert said["NamespaceFinalizersRemaining"][1].endswith("mine in 1 resource instances")
    assert isinstance(actions[-1], RequeueAfter)
    (action,) = deletion.reconcile(namespace(deleting=True), content(), 6.0)
    assert isinstance(action, Finalize)
    assert list(action.object.spec.finalizers) == []


def test_what_is_being_deleted_already_is_waited_for():
    going = ObjectMeta(name="web", uid="a")
    going.deletionTimestamp.seconds = 1
    actions = deletion.reconcile(namespace(deleting=True), content(going), 5.0)
    assert not [action for action in actions if isinstance(action, Delete | deletion.Empty)]


def test_every_namespaced_kind_is_emptied_once():
    kinds = deletion.contained_kinds()
    names = [deletion.resource_name(kind) for kind in kinds]
    assert len(set(names)) == len(names)
    assert {"pods.", "deployments.apps", "events.", "leases.coordination.k8s.io"} <= set(names)
    assert "events.events.k8s.io" not in names
    assert "nodes." not in names
