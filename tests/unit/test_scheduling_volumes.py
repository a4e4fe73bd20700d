"""Claims of volumes in the scheduler: who is kept where, in Kubernetes' words, and the same in the columnar engine."""

import asyncio
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.api.core.v1 import Node, PersistentVolume, PersistentVolumeClaim, Pod
from kobune.api.storage.v1 import CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment
from kobune.scheduler.defaults import default_profile
from kobune.scheduler.engine.columnar import Columnar
from kobune.scheduler.framework import Decision, Nominated, Placed, Unschedulable, decide
from kobune.scheduler.framework.guard import Unprepared
from kobune.scheduler.plugins.volume_binding import ScoringVolumeBinding, VolumeBinding
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

ZONE = "topology.kubernetes.io/zone"
UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
NO_VOLUME = "node(s) didn't find available persistent volumes to bind"
WAIT = "WaitForFirstConsumer"


def node(name: str, zone: str = "") -> Node:
    made = Node(metadata={"name": name, "labels": {"kubernetes.io/hostname": name}})
    if zone:
        made.metadata.labels[ZONE] = zone
    for resource, amount in (("cpu", "8"), ("memory", "8Gi"), ("pods", "20")):
        made.status.allocatable[resource].string = amount
    return made


def pod(name: str, *claims: str, **spec: Any) -> PodInfo:
    made = Pod(metadata={"name": name, "namespace": "default", "uid": name}, spec=spec)
    made.spec.containers.add(name="main")
    for claim in claims:
        made.spec.volumes.add(name=claim).volumeSource.persistentVolumeClaim.claimName = claim
    return PodInfo(made)


def claim(name: str, storage_class: str = "late", size: str = "1Gi", volume: str = "", **spec: Any) -> Any:
    made = PersistentVolumeClaim(metadata={"name": name, "namespace": "default", "uid": name}, spec=spec)
    made.spec.storageClassName = storage_class
    made.spec.resources.requests["storage"].string = size
    made.spec.accessModes.extend(() if spec.get("accessModes") else ["ReadWriteOnce"])
    if volume:
        made.spec.volumeName = volume
        made.metadata.annotations["pv.kubernetes.io/bind-completed"] = "yes"
    return made


def volume(name: str, size: str = "1Gi", *, on: str = "", storage_class: str = "late", driver: str = "") -> Any:
    made = PersistentVolume(metadata={"name": name, "uid": name}, status={"phase": "Available"})
    made.spec.accessModes.append("ReadWriteOnce")
    made.spec.capacity["storage"].string = size
    made.spec.storageClassName = storage_class
    if on:
        term = made.spec.nodeAffinity.required.nodeSelectorTerms.add()
        term.matchExpressions.add(key="kubernetes.io/hostname", operator="In", values=[on])
    if driver:
        made.spec.persistentVolumeSource.csi.driver = driver
        made.spec.persistentVolumeSource.csi.volumeHandle = name
    return made


def storage_class(name: str, provisioner: str = "kubernetes.io/no-provisioner", mode: str = WAIT, **more: Any) -> Any:
    return StorageClass(metadata={"name": name}, provisioner=provisioner, volumeBindingMode=mode, **more)


PLURALS = {
    PersistentVolume: "persistentvolumes",
    PersistentVolumeClaim: "persistentvolumeclaims",
    StorageClass: "storageclasses",
    CSINode: "csinodes",
    CSIDriver: "csidrivers",
    CSIStorageCapacity: "csistoragecapacities",
    VolumeAttachment: "volumeattachments",
}


def cluster(*items: Any, nodes: int = 2) -> Snapshot:
    made = Snapshot()
    for at in range(nodes):
        made.set_node(node(f"n{at}", zone="ab"[at % 2]))
    for item in (storage_class("late"), *items):
        made.objects.set(PLURALS[type(item)], item)
    return made


def decision(pod: PodInfo, cluster: Snapshot) -> Decision:
    return decide(default_profile(), pod, cluster, Random(1))


def why_not(pod: PodInfo, cluster: Snapshot) -> str:
    found = decision(pod, cluster)
    assert isinstance(found, Unschedulable)
    return found.message.removeprefix(f"0/{cluster.node_count} nodes are available: ").partition(". ")[0].rstrip(".")


def test_a_claim_that_is_not_as_it_should_be_is_named_in_kubernetes_words() -> None:
    assert why_not(pod("p", "c"), cluster()) == 'persistentvolumeclaim "c" not found'
    assert why_not(pod("p", "c"), cluster(claim("c", "soon"), storage_class("soon", mode="Immediate"))) == UNBOUND
    assert why_not(pod("p", "c"), cluster(claim("c", "nowhere"))) == UNBOUND
    leaving = claim("c")
    leaving.metadata.deletionTimestamp.seconds = 1
    assert why_not(pod("p", "c"), cluster(leaving)) == 'persistentvolumeclaim "c" is being deleted'
    lost = claim("c", volume="gone")
    lost.status.phase = "Lost"
    told = 'persistentvolumeclaim "c" bound to non-existent persistentvolume "gone"'
    assert why_not(pod("p", "c"), cluster(lost)) == told


def test_an_ephemeral_volume_waits_for_its_claim_which_must_be_the_pods_own() -> None:
    own = pod("p")
    own.pod.spec.volumes.add(name="v").volumeSource.ephemeral.volumeClaimTemplate.SetInParent()
    waiting = 'waiting for ephemeral volume controller to create the persistentvolumeclaim "p-v"'
    assert why_not(own, cluster()) == waiting
    made = claim("p-v", volume="v")
    foreign = "PVC default/p-v was not created for pod default/p (pod is not owner)"
    assert why_not(own, cluster(made, volume("v"))) == foreign
    made.metadata.ownerReferences.add(apiVersion="v1", kind="Pod", name="p", uid="p", controller=True)
    assert isinstance(decision(own, cluster(made, volume("v"))), Placed)


def test_a_bound_volume_decides_which_nodes_will_do() -> None:
    there = cluster(claim("c", volume="v"), volume("v", on="n1"))
    assert decision(pod("p", "c"), there) == Placed("n1")
    nowhere = cluster(claim("c", volume="v"), volume("v", on="elsewhere"))
    assert why_not(pod("p", "c"), nowhere) == "2 node(s) didn't match PersistentVolume's node affinity"
    zoned = volume("v")
    zoned.metadata.labels[ZONE] = "b__c"
    assert decision(pod("p", "c"), cluster(claim("c", volume="v"), zoned)) == Placed("n1")
    zoned.metadata.labels[ZONE] = "z"
    assert why_not(pod("p", "c"), cluster(claim("c", volume="v"), zoned)) == "2 node(s) had no available volume zone"


def test_a_waiting_claim_gets_the_smallest_volume_that_a_node_can_have() -> None:
    volumes = [volume("large", "5Gi", on="n0"), volume("small", "2Gi", on="n0"), volume("tiny", "1Gi", on="n1")]
    made = cluster(claim("c", size="2Gi"), *volumes)
    assert decision(pod("p", "c"), made) == Placed("n0")
    both = pod("both", "c", "d")
    made.objects.set("persistentvolumeclaims", claim("d", size="2Gi"))
    info = made.node("n0")
    assert info is not None
    plugin = VolumeBinding()
    request = plugin.pre_filter(both, made)
    assert plugin.reserve(both, info, request) is None  # type: ignore[arg-type]
    kept = {v.metadata.name: v.spec.claimRef.name for v in made.objects.list("persistentvolumes")}
    assert kept in ({"small": "c", "large": "d", "tiny": ""}, {"small": "d", "large": "c", "tiny": ""})
    made.objects.set("persistentvolumeclaims", claim("e", size="2Gi"))
    assert why_not(pod("late", "e"), made) == f"2 {NO_VOLUME}"  # what is reserved is not given twice
    plugin.unreserve(both, info, request)  # type: ignore[arg-type]
    assert not any(v.spec.HasField("claimRef") for v in made.objects.list("persistentvolumes"))


def test_a_volume_is_made_where_topology_and_capacity_allow() -> None:
    made = cluster(claim("c", "made"), storage_class("made", "disks.example.com"))
    assert isinstance(decision(pod("p", "c"), made), Placed)
    topology = [{"matchLabelExpressions": [{"key": ZONE, "values": ["b"]}]}]
    made.objects.set("storageclasses", storage_class("made", "disks.example.com", allowedTopologies=topology))
    assert decision(pod("p", "c"), made) == Placed("n1")
    made.objects.set("csidrivers", CSIDriver(metadata={"name": "disks.example.com"}, spec={"storageCapacity": True}))
    assert why_not(pod("p", "c"), made) == (f"1 node(s) did not have enough free storage, 1 {NO_VOLUME}")
    capacity = CSIStorageCapacity(
        metadata={"name": "b", "namespace": "default"},
        storageClassName="made",
        nodeTopology={"matchLabels": {ZONE: "b"}},
    )
    capacity.capacity.string = "1Gi"
    made.objects.set("csistoragecapacities", capacity)
    assert decision(pod("p", "c"), made) == Placed("n1")
    chosen = claim("c", "made")
    chosen.metadata.annotations["volume.kubernetes.io/selected-node"] = "n0"
    made.objects.set("persistentvolumeclaims", chosen)
    assert why_not(pod("p", "c"), made) == f"2 {NO_VOLUME}"


def test_a_claim_for_one_pod_makes_a_weaker_user_leave() -> None:
    made = cluster(claim("c", volume="v", accessModes=["ReadWriteOncePod"]), volume("v"))
    made.place(pod("user", "c"), "n0")
    told = "2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"
    assert why_not(pod("other", "c"), made) == told
    strong = decision(pod("strong", "c", priority=10), made)
    assert isinstance(strong, Unschedulable)
    assert strong.nominated is not None
    assert (strong.nominated.node, [victim.key for victim in strong.nominated.victims]) == ("n0", ["default/user"])


def test_a_disk_is_not_used_by_two_pods_of_a_node_unless_both_only_read() -> None:
    def user(name: str, read_only: bool) -> PodInfo:
        made = pod(name)
        disk = made.pod.spec.volumes.add(name="d").volumeSource.gcePersistentDisk
        disk.pdName, disk.readOnly = "disk", read_only
        return made

    made = cluster(nodes=1)
    made.place(user("first", True), "n0")
    assert decision(user("reader", True), made) == Placed("n0")
    assert why_not(user("writer", False), made) == "1 node(s) had no available disk"


def test_a_node_takes_so_many_volumes_of_a_driver() -> None:
    items = [claim(name, volume=f"v-{name}") for name in "abc"] + [volume(f"v-{name}", driver="d") for name in "abc"]
    limited = [CSINode(metadata={"name": f"n{at}"}) for at in range(2)]
    for one in limited:
        one.spec.drivers.add(name="d", nodeID=one.metadata.name).allocatable.count = 1
    made = cluster(*items, *limited)
    made.place(pod("on-0", "a"), "n0")
    made.place(pod("on-1", "b"), "n1")
    assert isinstance(decision(pod("same", "a"), made), Placed)
    assert why_not(pod("more", "c"), made) == "2 node(s) exceed max volume count"
    made.remove("on-0")
    assert decision(pod("more", "c"), made) == Placed("n0")
    attached = VolumeAttachment(metadata={"name": "x"}, spec={"attacher": "d", "nodeName": "n0"})
    attached.spec.source.persistentVolumeName = "v-a"
    made.objects.set("volumeattachments", attached)
    assert why_not(pod("more", "c"), made) == "2 node(s) exceed max volume count"


def test_a_shape_rates_nodes_by_how_full_the_volumes_would_be() -> None:
    made = cluster(claim("c"), volume("snug", "1Gi", on="n0"), volume("wide", "10Gi", on="n1"))
    wanted = pod("p", "c")
    for shape, expected in (
        (((0, 0), (100, 10)), {"n0": 100.0, "n1": 10.0}),
        (((0, 10), (100, 0)), {"n0": 0.0, "n1": 90.0}),
    ):
        plugin = ScoringVolumeBinding(shape=shape)
        state: Any = plugin.pre_score(wanted, made.nodes, made)
        assert {info.name: plugin.score(wanted, info, state) for info in made.nodes} == expected


class Silent:
    """A client whose writes succeed, and of which nothing is heard again."""

    async def batch(self, writes: Any) -> list[Any]:
        for write in writes:
            write.object.metadata.resourceVersion = "5"
        return [write.object for write in writes]


async def test_claims_that_are_not_bound_in_time_fail_the_binding() -> None:
    made = cluster(claim("c"), volume("v"))
    plugin, wanted, info = VolumeBinding(0.01), pod("p", "c"), made.node("n0")
    assert info is not None
    plugin.connect(Silent())  # type: ignore[arg-type]
    request: Any = plugin.pre_filter(wanted, made)
    assert plugin.reserve(wanted, info, request) is None
    with pytest.raises(Unprepared) as caught:
        await plugin.pre_bind(wanted, info, request)
    assert str(caught.value) == 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded'


async def test_the_binding_goes_on_as_soon_as_the_claims_are_bound() -> None:
    made = cluster(claim("c"), volume("v"))
    plugin, wanted, info = VolumeBinding(), pod("p", "c"), made.node("n0")
    assert info is not None
    plugin.connect(Silent())  # type: ignore[arg-type]
    request: Any = plugin.pre_filter(wanted, made)
    plugin.reserve(wanted, info, request)
    waiting = asyncio.ensure_future(plugin.pre_bind(wanted, info, request))
    await asyncio.sleep(0)
    assert not waiting.done()
    bound = claim("c", volume="v")
    bound.metadata.resourceVersion = "6"
    made.objects.set("persistentvolumeclaims", bound)
    async with asyncio.timeout(1):
        await waiting


NAMES = st.sampled_from(["a", "b", "c"])
HOSTS = st.sampled_from(["", "", "n0", "n1", "n2"])
happenings = st.one_of(
    *[st.tuples(st.just("pod"), st.lists(NAMES, max_size=2, unique=True), st.sampled_from([0, 10]), st.booleans())] * 4,
    st.tuples(
        st.just("claim"),
        NAMES,
        st.sampled_from(["late", "soon", "made"]),
        st.sampled_from(["1Gi", "2Gi"]),
        NAMES,
        st.booleans(),
        st.booleans(),
    ),
    st.tuples(st.just("claim gone"), NAMES),
    st.tuples(st.just("volume"), NAMES, st.sampled_from(["1Gi", "3Gi"]), HOSTS, st.sampled_from(["", "b"])),
    st.tuples(st.just("volume gone"), NAMES),
    st.tuples(st.just("limit"), st.integers(0, 2), st.integers(0, 2)),
    st.tuples(st.just("topology"), st.sampled_from(["", "a", "b"])),
    st.tuples(st.just("gone"), st.integers(0, 9)),
)


@settings(max_examples=300, deadline=None)
@given(what=st.lists(happenings, min_size=1, max_size=25), seed=st.integers(0, 9))
def test_the_engine_decides_as_the_reference_does_about_volumes(what: Any, seed: int) -> None:
    profile, made = default_profile(), cluster(storage_class("soon", mode="Immediate"), nodes=3)
    engine = Columnar(made)
    placed: list[PodInfo] = []
    plugin = profile.plugin("VolumeBinding")
    for number, (kind, *facts) in enumerate(what):
        match kind:
            case "claim":
                name, named, size, target, is_bound, single = facts
                modes = ["ReadWriteOncePod" if single else "ReadWriteOnce"]
                made.objects.set(
                    "persistentvolumeclaims", claim(name, named, size, target if is_bound else "", accessModes=modes)
                )
            case "volume":
                name, size, on, zone = facts
                one = volume(name, size, on=on, driver="d")
                if zone:
                    one.metadata.labels[ZONE] = zone
                made.objects.set("persistentvolumes", one)
            case "claim gone":
                made.objects.remove("persistentvolumeclaims", claim(facts[0]))
            case "volume gone":
                made.objects.remove("persistentvolumes", volume(facts[0]))
            case "limit":
                limit = CSINode(metadata={"name": f"n{facts[0]}"})
                limit.spec.drivers.add(name="d", nodeID="x").allocatable.count = facts[1]
                made.objects.set("csinodes", limit)
            case "topology":
                terms = [{"matchLabelExpressions": [{"key": ZONE, "values": [facts[0]]}]}] if facts[0] else []
                made.objects.set("storageclasses", storage_class("made", "d", allowedTopologies=terms))
            case "gone":
                if placed:
                    made.remove(placed.pop(facts[0] % len(placed)).metadata.uid)
            case _:
                wanted = pod(f"p{number}", *facts[0], priority=facts[1])
                if facts[2]:
                    wanted.pod.spec.volumes.add(name="d").volumeSource.gcePersistentDisk.pdName = "disk"
                expected = decide(profile, wanted, made.fork(), Random(seed))
                found = engine.decide(profile, wanted, Random(seed))
                assert found == expected
                match found:
                    case Placed(name):
                        info = made.node(name)
                        assert info is not None
                        request = plugin.pre_filter(wanted, made)
                        assert plugin.reserve(wanted, info, None if not hasattr(request, "wanted") else request) is None
                        made.place(wanted, name)
                        placed.append(wanted)
                    case Unschedulable(nominated=Nominated(_, victims)):
                        for victim in victims:
                            made.remove(victim.metadata.uid)
                            placed[:] = [other for other in placed if other.metadata.uid != victim.metadata.uid]
    assert not engine.plain


def test_a_pod_is_woken_by_what_happens_to_its_own_claims_and_to_those_who_use_them() -> None:
    waiting, profile = pod("p", "c"), default_profile()
    for name in ("VolumeBinding", "VolumeZone", "VolumeRestrictions", "NodeVolumeLimits"):
        plugin = profile.plugin(name)
        event = "PersistentVolumeClaim/Add"
        assert event in plugin.events
        assert plugin.hint(waiting, event, None, claim("c"))
        assert not plugin.hint(waiting, event, None, claim("d"))
    restrictions = profile.plugin("VolumeRestrictions")
    assert restrictions.hint(waiting, "Pod/Delete", pod("q", "c").pod, None)
    assert not restrictions.hint(waiting, "Pod/Delete", pod("q", "d").pod, None)
    assert not profile.plugin("NodeVolumeLimits").hint(waiting, "Pod/Delete", pod("q").pod, None)
