"""Claims, volumes and those who make them: what is planned, and that after it is done nothing is left to do."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.api.core.v1 import Node, PersistentVolume, PersistentVolumeClaim, Pod
from kobune.api.storage.v1 import StorageClass, VolumeAttachment
from kobune.apimachinery.volumes import BIND_COMPLETED, BOUND_BY_CONTROLLER, DRIVER, class_of, fits_node, size_of
from kobune.client import Action, Create, Delete, Patch, RecordEvent, Retry, Update, UpdateStatus
from kobune.controller_manager.controllers import attachdetach, ephemeralvolume
from kobune.controller_manager.controllers.persistentvolumeexpander import reconcile as expand
from kobune.controller_manager.volumes import provisioning
from kobune.controller_manager.volumes.claims import Around, reconcile_claim
from kobune.controller_manager.volumes.reclaiming import reconcile_volume


def claim(
    name: str = "c", storage_class: str | None = "slow", size: str = "1Gi", modes: Any = ("ReadWriteOnce",)
) -> Any:
    made = PersistentVolumeClaim(metadata={"name": name, "namespace": "default", "uid": f"uid-{name}"})
    if storage_class is not None:
        made.spec.storageClassName = storage_class
    made.spec.resources.requests["storage"].string = size
    made.spec.accessModes.extend(modes)
    made.status.phase = "Pending"
    return made


def volume(name: str, size: str = "1Gi", storage_class: str = "slow", modes: Any = ("ReadWriteOnce",)) -> Any:
    made = PersistentVolume(metadata={"name": name, "uid": name}, status={"phase": "Available"})
    made.spec.capacity["storage"].string = size
    made.spec.storageClassName = storage_class
    made.spec.accessModes.extend(modes)
    made.spec.persistentVolumeReclaimPolicy = "Retain"
    made.spec.persistentVolumeSource.hostPath.path = "/tmp/x"
    return made


class World:
    """Claims and volumes, where what is planned is done at once."""

    def __init__(self, *items: Any, classes: Any = (), pods: Any = ()) -> None:
        self.claims = {item.metadata.name: item for item in items if isinstance(item, PersistentVolumeClaim)}
        self.volumes = {item.metadata.name: item for item in items if isinstance(item, PersistentVolume)}
        self.classes = {item.metadata.name: item for item in classes}
        self.pods: dict[str, Pod] = {item.metadata.name: item for item in pods}
        self.events: list[tuple[str, str]] = []

    def plans(self) -> list[Action]:
        """Return what is to be done about the first that something is to be done about."""
        for one in self.claims.values():
            default = next((found for found in self.classes.values() if found.metadata.annotations), None)
            around = Around(
                list(self.volumes.values()),
                self.volumes.get(one.spec.volumeName),
                self.classes.get(class_of(one)),
                default,
            )
            if changes := self.told(reconcile_claim(one, around)):
                return changes
        for each in self.volumes.values():
            holder = self.claims.get(each.spec.claimRef.name)
            if holder is not None and holder.metadata.uid != each.spec.claimRef.uid:
                holder = None
            recycler = self.pods.get(f"recycler-for-{each.metadata.name}")
            if changes := self.told(reconcile_volume(each, holder, recycler)):
                return changes
        return []

    def told(self, actions: list[Action]) -> list[Action]:
        for action in actions:
            if isinstance(action, RecordEvent):
                self.events.append((action.reason, action.message))
        return [action for action in actions if not isinstance(action, RecordEvent)]

    def settle(self) -> None:
        """Do what is to be done, until nothing is."""
        for _ in range(100):
            if not (actions := self.plans()):
                return
            for action in actions:
                match action:
                    case Update(PersistentVolumeClaim() as item) | UpdateStatus(PersistentVolumeClaim() as item):
                        self.claims[item.metadata.name] = item
                    case Update(PersistentVolume() as item) | UpdateStatus(PersistentVolume() as item):
                        self.volumes[item.metadata.name] = item
                    case Create(Pod() as item):
                        self.pods[item.metadata.name] = item
                    case Delete(name=name):
                        del self.pods[name]
                    case _:
                        raise AssertionError(action)
        raise AssertionError("never settles")


SIZES = st.sampled_from(["1Gi", "2Gi", "5Gi"])
CLASSES = st.sampled_from(["", "slow", "fast"])
MODES = st.sampled_from([["ReadWriteOnce"], ["ReadWriteOnce", "ReadOnlyMany"], ["ReadWriteMany"]])


@settings(max_examples=300, deadline=None)
@given(
    claims=st.lists(st.tuples(CLASSES, SIZES, MODES, st.sampled_from(["", "", "v0", "v1"])), max_size=4),
    volumes=st.lists(st.tuples(SIZES, CLASSES, MODES, st.sampled_from(["", "", "c0", "c1"])), max_size=5),
    policy=st.sampled_from(["Retain", "Delete", "Recycle"]),
    deleted=st.sampled_from(["", "c0", "c1"]),
)
def test_claims_and_volumes_settle_and_nobody_has_what_is_not_enough(
    claims: Any, volumes: Any, policy: str, deleted: str
) -> None:
    items = []
    for at, (named, size, modes, wanted) in enumerate(claims):
        items.append(claim(f"c{at}", named, size, modes))
        items[-1].spec.volumeName = wanted
    for at, (size, named, modes, kept) in enumerate(volumes):
        items.append(volume(f"v{at}", size, named, modes))
        items[-1].spec.persistentVolumeReclaimPolicy = policy
        if kept:
            items[-1].spec.claimRef.name, items[-1].spec.claimRef.namespace = kept, "default"
    world = World(*items)
    world.settle()
    bound = {one.metadata.name: one for one in world.claims.values() if one.status.phase == "Bound"}
    for one in bound.values():
        got = world.volumes[one.spec.volumeName]
        assert got.status.phase == "Bound"
        assert got.spec.claimRef.uid == one.metadata.uid
        assert set(one.status.accessModes) == set(got.spec.accessModes)
        kept_for = volumes[int(got.metadata.name[1:])][3]
        assert kept_for in ("", one.metadata.name)
        if BOUND_BY_CONTROLLER in one.metadata.annotations:
            assert size_of(one) <= size_of(got)
    assert len({one.spec.volumeName for one in bound.values()}) == len(bound)
    if deleted in bound:
        name = world.claims.pop(deleted).spec.volumeName
        world.settle()
        assert world.volumes[name].status.phase == {"Retain": "Released", "Delete": "Failed"}.get(policy, "Released")
        if policy == "Recycle":
            world.pods[f"recycler-for-{name}"].status.phase = "Succeeded"
            world.settle()
            assert not world.pods
            assert world.volumes[name].status.phase in ("Available", "Bound")


def test_the_smallest_volume_that_fits_is_bound_and_both_say_so() -> None:
    world = World(claim(size="2Gi"), volume("large", "9Gi"), volume("small", "1Gi"), volume("right", "3Gi"))
    world.settle()
    bound = world.claims["c"]
    assert (bound.spec.volumeName, bound.status.phase) == ("right", "Bound")
    assert sorted(bound.metadata.annotations) == [BIND_COMPLETED, BOUND_BY_CONTROLLER]
    assert bound.status.capacity["storage"].string == "3Gi"
    assert world.volumes["right"].metadata.annotations[BOUND_BY_CONTROLLER] == "yes"
    assert world.volumes["large"].status.phase == "Available"


def test_a_volume_that_is_kept_for_a_claim_is_not_marked_as_bound_by_the_controller() -> None:
    kept = volume("kept", "9Gi")
    kept.spec.claimRef.name, kept.spec.claimRef.namespace = "c", "default"
    world = World(claim(), volume("free"), kept)
    world.settle()
    assert world.claims["c"].spec.volumeName == "kept"
    assert not world.volumes["kept"].metadata.annotations
    del world.claims["c"]
    world.settle()
    assert world.volumes["kept"].status.phase == "Released"


def test_a_claim_that_waits_says_for_whom() -> None:
    late = StorageClass(
        metadata={"name": "slow"}, provisioner="x.example.com", volumeBindingMode="WaitForFirstConsumer"
    )
    world = World(claim(), volume("free"), classes=[late])
    world.settle()
    assert world.events[-1] == ("WaitForFirstConsumer", "waiting for first consumer to be created before binding")
    actions = reconcile_claim(claim(), Around(storage_class=late, pods=["b", "a"]))
    assert actions == [RecordEvent(claim(), "Normal", "WaitForPodScheduled", "waiting for pods a,b to be scheduled")]
    chosen = claim()
    chosen.metadata.annotations["volume.kubernetes.io/selected-node"] = "n"
    update, told = reconcile_claim(chosen, Around(storage_class=late))
    assert isinstance(update, Update)
    assert update.object.metadata.annotations["volume.kubernetes.io/storage-provisioner"] == "x.example.com"
    assert isinstance(told, RecordEvent)
    assert told.reason == "ExternalProvisioning"


def test_a_claim_without_a_class_gets_the_default_one_once_there_is_one() -> None:
    world = World(claim(storage_class=None))
    world.settle()
    assert world.events[-1][1] == "no persistent volumes available for this claim and no storage class is set"
    default = StorageClass(
        metadata={"name": "d", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    )
    default.provisioner = "kubernetes.io/no-provisioner"
    world.classes["d"] = default
    world.settle()
    assert world.claims["c"].spec.storageClassName == "d"
    assert world.events[-1] == ("ProvisioningFailed", "no volume plugin matched name: kubernetes.io/no-provisioner")


def test_a_claim_whose_volume_is_gone_is_lost_and_says_so_once() -> None:
    world = World(claim(), volume("v"))
    world.settle()
    del world.volumes["v"]
    world.settle()
    assert world.claims["c"].status.phase == "Lost"
    assert not world.claims["c"].status.capacity
    lost = ("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!")
    assert world.events == [lost]


def test_a_claim_that_asks_for_a_volume_of_others_is_told() -> None:
    first, second = claim("first"), claim("second")
    world = World(first, volume("v"))
    world.settle()
    second.spec.volumeName = "v"
    world.claims["second"] = second
    world.settle()
    assert ("FailedBinding", 'volume "v" already bound to a different claim.') in world.events
    small = claim("third", size="7Gi")
    small.spec.volumeName = "w"
    other = World(small, volume("w"))
    other.settle()
    assert ("VolumeMismatch", 'Cannot bind to requested volume "w": requested PV is too small') in other.events


def node(name: str, **labels: str) -> Node:
    return Node(metadata={"name": name, "uid": name, "labels": {"kubernetes.io/hostname": name, **labels}})


def made_by(provisioner: str, mode: str = "WaitForFirstConsumer", **more: Any) -> StorageClass:
    return StorageClass(metadata={"name": "slow"}, provisioner=provisioner, volumeBindingMode=mode, **more)


def told(provisioner: str, chosen: str = "") -> PersistentVolumeClaim:
    made: PersistentVolumeClaim = claim(size="2048Mi")
    made.metadata.annotations["volume.kubernetes.io/storage-provisioner"] = provisioner
    if chosen:
        made.metadata.annotations["volume.kubernetes.io/selected-node"] = chosen
    return made


def reasons(actions: list[Action]) -> list[str]:
    return [f"{action.reason}: {action.message}" for action in actions if isinstance(action, RecordEvent)]


def test_a_simulated_volume_is_made_for_its_claim_once_a_node_is_chosen() -> None:
    late = made_by(DRIVER, reclaimPolicy="Retain", parameters={"topologyKey": "zone"})
    assert provisioning.reconcile_claim(told(DRIVER), late, None, None, None) == []
    chosen = told(DRIVER, "n")
    begun, create = provisioning.reconcile_claim(chosen, late, node("n", zone="a"), None, None)
    assert begun == RecordEvent(
        chosen, "Normal", "Provisioning", 'External provisioner is provisioning volume for claim "default/c"'
    )
    assert isinstance(create, Create)
    made = create.object
    assert isinstance(made, PersistentVolume)
    assert (made.metadata.name, made.spec.claimRef.uid) == ("pvc-uid-c", "uid-c")
    assert made.spec.capacity["storage"].string == "2Gi"
    assert made.spec.persistentVolumeReclaimPolicy == "Retain"
    assert fits_node(made, "m", {"zone": "a"})
    assert not fits_node(made, "n", {"zone": "b"})
    assert provisioning.reconcile_claim(chosen, late, node("n", zone="a"), made, None) == []
    (again,) = provisioning.reconcile_claim(chosen, late, None, None, None)  # the node is gone
    assert isinstance(again, Update)
    assert "volume.kubernetes.io/selected-node" not in again.object.metadata.annotations


@pytest.mark.parametrize(
    ("storage_class", "why"),
    [
        (made_by(DRIVER, parameters={"speed": "1"}), 'simulated.kobune.dev has no parameter "speed"'),
        (made_by(DRIVER, parameters={"topologyKey": "zone"}), 'node "n" has no label "zone"'),
        (made_by(provisioning.HOST_PATH), "was given no directory"),
    ],
)
def test_a_volume_that_cannot_be_made_is_refused_by_name(storage_class: StorageClass, why: str) -> None:
    wanted = told(storage_class.provisioner, "n")
    (event,) = reasons(provisioning.reconcile_claim(wanted, storage_class, node("n"), None, None))
    assert event.startswith('ProvisioningFailed: failed to provision volume with StorageClass "slow": ')
    assert why in event


def test_only_directories_that_were_made_for_a_volume_are_removed_with_it() -> None:
    directory = Path("/somewhere/volumes")
    wanted = told(provisioning.HOST_PATH, "n")
    late = made_by(provisioning.HOST_PATH)
    _, make, create = provisioning.reconcile_claim(wanted, late, node("n"), None, directory)
    assert make == provisioning.MakeDirectory("/somewhere/volumes/pvc-uid-c")
    assert isinstance(create, Create)
    made = create.object
    assert isinstance(made, PersistentVolume)
    assert made.spec.persistentVolumeSource.hostPath.path == "/somewhere/volumes/pvc-uid-c"
    assert fits_node(made, "n", {"kubernetes.io/hostname": "n"})
    made.status.phase = "Released"
    remove, gone = provisioning.reconcile_volume(made, directory)
    assert remove == provisioning.RemoveDirectory("/somewhere/volumes/pvc-uid-c", made)
    assert isinstance(gone, Delete)
    made.spec.persistentVolumeSource.hostPath.path = "/somewhere/volumes/pvc-uid-c/../../else"
    assert [type(action) for action in provisioning.reconcile_volume(made, directory)] == [Delete]
    made.spec.persistentVolumeReclaimPolicy = "Retain"
    assert provisioning.reconcile_volume(made, directory) == []


def test_a_claim_grows_with_its_volume_step_by_step() -> None:
    world = World(claim(), volume("v"))
    world.settle()
    grown: Any = world.claims["c"]
    has: Any = world.volumes["v"]
    has.metadata.annotations["pv.kubernetes.io/provisioned-by"] = DRIVER
    growing = made_by(DRIVER, allowVolumeExpansion=True)
    assert expand(grown, has, growing, 0) == []
    grown.spec.resources.requests["storage"].string = "5Gi"
    assert expand(grown, has, made_by(DRIVER), 0) == []
    (first,) = expand(grown, has, growing, 7)
    assert isinstance(first, UpdateStatus)
    grown = first.object
    assert [(one.type, one.status) for one in grown.status.conditions] == [("Resizing", "True")]
    resizing, second = expand(grown, has, growing, 7)
    assert isinstance(second, Update)
    has = second.object
    third, done = expand(grown, has, growing, 7)
    assert isinstance(third, UpdateStatus)
    grown = third.object
    assert grown.status.capacity["storage"].string == "5Gi"
    assert not grown.status.conditions
    assert not grown.status.allocatedResourceStatuses
    assert reasons([resizing, done]) == [
        "Resizing: External resizer is resizing volume v",
        "VolumeResizeSuccessful: Resize volume succeeded",
    ]
    assert expand(grown, has, growing, 7) == []
    assert reconcile_claim(grown, Around(named=has)) == []


def test_an_ephemeral_volume_gets_a_claim_that_goes_with_the_pod() -> None:
    pod = Pod(metadata={"name": "p", "namespace": "default", "uid": "u"})
    template = pod.spec.volumes.add(name="v").volumeSource.ephemeral.volumeClaimTemplate
    template.metadata.labels["x"] = "y"
    template.spec.storageClassName = "slow"
    (create,) = ephemeralvolume.reconcile(pod, {})
    assert isinstance(create, Create)
    made = create.object
    assert isinstance(made, PersistentVolumeClaim)
    assert (made.metadata.name, dict(made.metadata.labels), made.spec.storageClassName) == ("p-v", {"x": "y"}, "slow")
    assert [(owner.uid, owner.controller) for owner in made.metadata.ownerReferences] == [("u", True)]
    assert ephemeralvolume.reconcile(pod, {"p-v": made}) == []
    del made.metadata.ownerReferences[:]
    event, again = ephemeralvolume.reconcile(pod, {"p-v": made})
    assert reasons([event]) == [
        "FailedBinding: ephemeral volume v: PVC default/p-v was not created for pod default/p (pod is not owner)"
    ]
    assert isinstance(again, Retry)


def test_a_volume_is_attached_to_one_node_at_a_time() -> None:
    used = volume("v")
    used.spec.persistentVolumeSource.csi.driver, used.spec.persistentVolumeSource.csi.volumeHandle = DRIVER, "h"
    pod, here = Pod(metadata={"name": "p"}), node("n")
    needed = {"v": attachdetach.Needed(used, [pod])}
    (create,) = attachdetach.reconcile(here, "n", needed, [])
    assert isinstance(create, Create)
    attachment = create.object
    assert isinstance(attachment, VolumeAttachment)
    attached, event = attachdetach.reconcile(here, "n", needed, [attachment])
    assert isinstance(attached, UpdateStatus)
    assert isinstance(attached.object, VolumeAttachment)
    assert attached.object.status.attached
    assert reasons([event]) == ['SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "v" ']
    (patch,) = attachdetach.reconcile(here, "n", needed, [attached.object], [attachdetach.unique_name(used)])
    assert isinstance(patch, Patch)
    here.status.volumesAttached.add(name="kubernetes.io/csi/simulated.kobune.dev^h")
    assert attachdetach.reconcile(here, "n", needed, [attached.object], [attachdetach.unique_name(used)]) == []
    busy = {"v": attachdetach.Needed(used, [pod], elsewhere=True)}
    (refusal,) = reasons(attachdetach.reconcile(node("m"), "m", busy, []))
    assert refusal.startswith('FailedAttachVolume: Multi-Attach error for volume "v" Volume is already exclusively')
    used.spec.accessModes[:] = ["ReadWriteMany"]
    assert [type(action) for action in attachdetach.reconcile(node("m"), "m", busy, [])] == [Create]
    left = attachdetach.reconcile(here, "n", {}, [attached.object], [attachdetach.unique_name(used)])
    assert [type(action) for action in left] == [Delete]
    assert [type(action) for action in attachdetach.reconcile(None, "n", busy, [attached.object])] == [Delete]
