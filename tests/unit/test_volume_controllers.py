"""Claims, volumes and those who make them: what is planned, and that after it is done nothing is left to do."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.api.core.v1 import PersistentVolume, PersistentVolumeClaim, Pod
from kobune.api.storage.v1 import StorageClass
from kobune.apimachinery.volumes import BIND_COMPLETED, BOUND_BY_CONTROLLER, class_of, size_of
from kobune.client import Action, Create, Delete, RecordEvent, Update, UpdateStatus
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
    assert update.object.metadata.annotations["volume.kubernetes.io/storage-provisioner"] == "x.example.com"  # type: ignore[attr-defined]
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
