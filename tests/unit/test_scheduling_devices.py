"""Devices that pods claim: who gets which, never two the same, and the engine decides as the reference does."""

import json
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kobune.api.core.v1 import Node, Pod
from kobune.api.resource.v1 import DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice
from kobune.apimachinery import codec
from kobune.scheduler.defaults import default_profile
from kobune.scheduler.devices.inventory import Inventory
from kobune.scheduler.engine.columnar import Columnar
from kobune.scheduler.framework import No, Placed, Unschedulable, decide
from kobune.scheduler.framework.evaluation import reserve_in_snapshot
from kobune.scheduler.lab.whatif import capacity, place
from kobune.scheduler.podinfo import PodInfo
from kobune.scheduler.snapshot import Snapshot

DRIVER = "gpu.example.com"


def made(kind: Any, tree: Any) -> Any:
    return codec.from_json(kind, json.dumps(tree).encode())


def slice_of(name: str, pool: str, devices: list[Any], *, generation: int = 1, count: int = 1, **where: Any) -> Any:
    spec = {
        "driver": DRIVER,
        "pool": {"name": pool, "generation": generation, "resourceSliceCount": count},
        "devices": devices,
        **where,
    }
    return made(ResourceSlice, {"metadata": {"name": name}, "spec": spec})


def device(name: str, model: str = "a", memory: str = "1Gi", **more: Any) -> Any:
    return {"name": name, "attributes": {"model": {"string": model}}, "capacity": {"memory": {"value": memory}}, **more}


def claim_of(name: str, *requests: Any, constraints: Any = (), **more: Any) -> Any:
    tree = {
        "metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}", "resourceVersion": "1"},
        "spec": {"devices": {"requests": list(requests), "constraints": list(constraints), **more}},
    }
    return made(ResourceClaim, tree)


def request(name: str = "gpu", count: int = 1, selector: str = "", **more: Any) -> Any:
    exactly = {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": count, **more}
    if exactly["allocationMode"] == "All":
        del exactly["count"]
    if selector:
        exactly["selectors"] = [{"cel": {"expression": selector}}]
    return {"name": name, "exactly": exactly}


def pod_of(name: str, *claims: str) -> PodInfo:
    pod = Pod(metadata={"name": name, "namespace": "default", "uid": f"uid-{name}"})
    pod.spec.containers.add(name="main")
    for claim in claims:
        pod.spec.resourceClaims.add(name=claim, resourceClaimName=claim)
    return PodInfo(pod)


def node_of(name: str, **labels: str) -> Node:
    node = Node(metadata={"name": name, "labels": labels})
    node.status.allocatable["pods"].string = "10"
    return node


def cluster_of(*items: Any, nodes: int = 2) -> Snapshot:
    cluster = Snapshot()
    for number in range(nodes):
        cluster.set_node(node_of(f"n{number}", zone="ab"[number % 2]))
    gpu = {
        "metadata": {"name": "gpu"},
        "spec": {"selectors": [{"cel": {"expression": f"device.driver == '{DRIVER}'"}}]},
    }
    cluster.objects.set("deviceclasses", made(DeviceClass, gpu))
    for item in items:
        put(cluster, item)
    return cluster


def put(cluster: Snapshot, item: Any) -> None:
    cluster.objects.set("resourceslices" if isinstance(item, ResourceSlice) else "resourceclaims", item)


def placed(cluster: Snapshot, pod: PodInfo) -> str:
    """Return where a pod goes, after letting it go there; or why it goes nowhere."""
    profile = default_profile()
    found = decide(profile, pod, cluster, Random(1))
    assert Columnar(cluster).decide(profile, pod, Random(1)) == found
    if isinstance(found, Unschedulable):
        return found.message
    node = cluster.node(found.node)
    assert node is not None
    assert not isinstance(reserve_in_snapshot(profile, pod, node, cluster), No)
    cluster.place(pod, found.node)
    return found.node


def devices_of(cluster: Snapshot, name: str) -> list[tuple[str, str]]:
    claim = cluster.objects.get("resourceclaims", "default", name)
    allocation = cluster.objects.derived(Inventory).allocation_of(claim)
    return [(one.request, one.device) for one in allocation.devices.results] if allocation is not None else []


def test_a_pod_goes_where_its_claim_finds_devices_and_two_never_share_one() -> None:
    cluster = cluster_of(slice_of("s", "n1", [device("one")], nodeName="n1"), claim_of("first", request()))
    put(cluster, claim_of("second", request()))
    assert placed(cluster, pod_of("a", "first")) == "n1"
    assert devices_of(cluster, "first") == [("gpu", "one")]
    assert "2 cannot allocate all claims" in placed(cluster, pod_of("b", "second"))
    assert placed(cluster, pod_of("c", "first")) == "n1"  # a claim can be shared


def test_what_is_missing_is_said_in_the_words_of_kubernetes() -> None:
    cluster = cluster_of(claim_of("odd", request(deviceClassName="none")))
    assert 'resourceclaim "gone" not found' in placed(cluster, pod_of("a", "gone"))
    assert "request gpu: device class none does not exist" in placed(cluster, pod_of("b", "odd"))
    put(cluster, claim_of("broken", request(selector="device.attributes['x.io'].size > 1")))
    put(cluster, slice_of("s", "p", [device("one")], allNodes=True))
    why = "claim default/broken: selector #0: CEL runtime error: no such key: size"
    assert why in placed(cluster, pod_of("c", "broken"))


def test_expressions_see_attributes_and_capacity_by_domain() -> None:
    versioned = device("new", "b", "16Gi")
    versioned["attributes"]["firmware"] = {"version": "2.1.0"}
    cluster = cluster_of(slice_of("s", "p", [device("old"), versioned], allNodes=True))
    expressions = (
        f"device.attributes['{DRIVER}'].model == 'b'",
        f"device.capacity['{DRIVER}'].memory.compareTo(quantity('8Gi')) > 0",
        f"has(device.attributes['{DRIVER}'].firmware)",
        f"[device.attributes['{DRIVER}']].exists(a, 'firmware' in a && a.firmware.isGreaterThan(semver('2.0.0')))",
        f"!('x' in device.attributes['nobody.io']) && 'firmware' in device.attributes['{DRIVER}']",
    )
    for number, expression in enumerate(expressions):
        name = f"c{number}"
        put(cluster, claim_of(name, request(selector=expression)))
        assert placed(cluster, pod_of(name, name)) in ("n0", "n1")
        assert devices_of(cluster, name) == [("gpu", "new")]
        cluster.objects.remove("resourceclaims", claim_of(name))


def test_alternatives_constraints_and_all_are_honoured() -> None:
    devices = [device("a1", "a"), device("b1", "b"), device("b2", "b"), device("a2", "a", "2Gi")]
    match = {"matchAttribute": f"{DRIVER}/model"}
    cluster = cluster_of(slice_of("s", "p", devices, allNodes=True))
    big = f"device.attributes['{DRIVER}'].model == 'b'"
    first = {
        "name": "some",
        "firstAvailable": [
            {"name": "many", "deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 5},
            {"name": "two", "deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 2},
        ],
    }
    put(cluster, claim_of("twins", request(selector=big), first, constraints=[{**match, "requests": ["some"]}]))
    assert placed(cluster, pod_of("twins", "twins")) in ("n0", "n1")
    assert devices_of(cluster, "twins") == [("gpu", "b1"), ("some/two", "a1"), ("some/two", "a2")]
    put(cluster, claim_of("all", request(allocationMode="All")))
    assert "cannot allocate all claims" in placed(cluster, pod_of("all", "all"))
    put(cluster, claim_of("watching", request(allocationMode="All", adminAccess=True)))
    assert placed(cluster, pod_of("watching", "watching")) in ("n0", "n1")
    assert len(devices_of(cluster, "watching")) == 4
    put(cluster, claim_of("last", request()))
    assert placed(cluster, pod_of("last", "last")) in ("n0", "n1")
    assert devices_of(cluster, "last") == [("gpu", "b2")]


def test_distinct_attributes_and_taints_rule_devices_out() -> None:
    tainted = device("t", "c", taints=[{"key": "broken", "effect": "NoSchedule"}])
    cluster = cluster_of(slice_of("s", "p", [device("a1"), device("a2"), device("b1", "b"), tainted], allNodes=True))
    put(cluster, claim_of("mixed", request(count=2), constraints=[{"distinctAttribute": f"{DRIVER}/model"}]))
    assert placed(cluster, pod_of("mixed", "mixed")) in ("n0", "n1")
    assert devices_of(cluster, "mixed") == [("gpu", "a1"), ("gpu", "b1")]
    put(cluster, claim_of("rough", request(count=2, tolerations=[{"key": "broken", "operator": "Exists"}])))
    assert placed(cluster, pod_of("rough", "rough")) in ("n0", "n1")
    assert devices_of(cluster, "rough") == [("gpu", "a2"), ("gpu", "t")]


def test_only_whole_pools_of_the_newest_generation_are_used() -> None:
    cluster = cluster_of(slice_of("old", "p", [device("one")], allNodes=True), claim_of("c", request()))
    put(cluster, slice_of("new-1", "p", [device("two")], generation=2, count=2, allNodes=True))
    assert "cannot allocate all claims" in placed(cluster, pod_of("a", "c"))
    put(cluster, claim_of("every", request(allocationMode="All")))
    why = f"asks for all devices, but resource pool {DRIVER}/p is currently being updated"
    assert why in placed(cluster, pod_of("b", "every"))
    put(cluster, slice_of("new-2", "p", [device("three")], generation=2, count=2, allNodes=True))
    assert placed(cluster, pod_of("a", "c")) in ("n0", "n1")
    assert devices_of(cluster, "c") == [("gpu", "two")]


def test_what_cannot_be_honoured_is_refused_by_name() -> None:
    cluster = cluster_of(claim_of("c", request()), claim_of("share", request(capacity={"requests": {"memory": "1Gi"}})))
    counted = device("one", consumesCounters=[{"counterSet": "set", "counters": {"memory": {"value": "1Gi"}}}])
    put(cluster, slice_of("s", "p", [counted], allNodes=True))
    why = placed(cluster, pod_of("a", "c"))
    assert "cannot allocate all claims" in why
    assert "devices that consume counters are not supported" in why
    assert "request gpu: requests of capacity are not supported" in placed(cluster, pod_of("b", "share"))


def test_a_claim_that_is_allocated_elsewhere_is_given_back_if_nobody_uses_it() -> None:
    cluster = cluster_of(slice_of("s", "n1", [device("one")], nodeName="n1"), claim_of("c", request()))
    assert placed(cluster, pod_of("a", "c")) == "n1"
    claim = cluster.objects.get("resourceclaims", "default", "c")
    inventory = cluster.objects.derived(Inventory)
    allocation = inventory.allocation_of(claim)
    assert allocation is not None
    written = ResourceClaim()
    written.CopyFrom(claim)
    written.status.allocation.CopyFrom(allocation)
    written.metadata.resourceVersion = "2"
    inventory.written(written, "uid-a")
    put(cluster, written)
    bound = pod_of("b", "c")
    bound.pod.spec.nodeSelector["zone"] = "a"
    found = decide(default_profile(), bound, cluster, Random(1))
    assert isinstance(found, Unschedulable)
    assert "1 resourceclaim not available on the node" in found.message
    assert "deallocation of ResourceClaim completed" in found.message
    (write,) = found.writes
    assert not write.object.status.HasField("allocation")


def test_what_if_makes_the_claims_of_pods_from_their_templates() -> None:
    cluster = cluster_of(slice_of("s", "n1", [device("one")], nodeName="n1"))
    template = {
        "metadata": {"name": "t", "namespace": "default"},
        "spec": {"spec": {"devices": {"requests": [request()]}}},
    }
    cluster.objects.set("resourceclaimtemplates", made(ResourceClaimTemplate, template))
    pods = [pod_of(name) for name in "ab"]
    for pod in pods:
        pod.pod.spec.resourceClaims.add(name="device", resourceClaimTemplateName="t")
    fates, _ = place(default_profile(), cluster, pods, seed=1)
    assert [fate.node for fate in fates] == ["n1", ""]
    assert "2 cannot allocate all claims" in fates[1].message
    assert capacity(default_profile(), cluster, pods[0], seed=1) == 1
    assert not list(cluster.objects.list("resourceclaims"))


wanted = st.fixed_dictionaries(
    {
        "count": st.integers(1, 3),
        "mode": st.sampled_from(["ExactCount", "ExactCount", "All"]),
        "model": st.sampled_from(["", "a", "b"]),
        "constraint": st.sampled_from(["", "", "matchAttribute", "distinctAttribute"]),
        "or": st.booleans(),
    }
)
offers = st.fixed_dictionaries(
    {
        "models": st.lists(st.sampled_from(["a", "b", "c"]), max_size=4),
        "where": st.sampled_from(["n0", "n1", "n2", "all", "zone a", "each"]),
        "complete": st.sampled_from([True, True, True, False]),
    }
)


def random_slice(number: int, facts: Any) -> Any:
    where: dict[str, Any] = {"nodeName": facts["where"]}
    devices = [device(f"d{at}", model) for at, model in enumerate(facts["models"])]
    if facts["where"] == "all":
        where = {"allNodes": True}
    elif facts["where"] == "zone a":
        term = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}
        where = {"nodeSelector": {"nodeSelectorTerms": [term]}}
    elif facts["where"] == "each":
        where = {"perDeviceNodeSelection": True}
        devices = [{**one, "nodeName": f"n{at % 3}"} for at, one in enumerate(devices)]
    return slice_of(f"s{number}", f"p{number}", devices, count=1 if facts["complete"] else 2, **where)


def random_claim(name: str, facts: Any) -> Any:
    selector = f"device.attributes['{DRIVER}'].model == '{facts['model']}'" if facts["model"] else ""
    asked = request("r", facts["count"], selector, allocationMode=facts["mode"])
    if facts["or"]:
        other = {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 1}
        asked = {"name": "r", "firstAvailable": [{"name": "x", **asked["exactly"]}, {"name": "y", **other}]}
    constraints = [{facts["constraint"]: f"{DRIVER}/model"}] if facts["constraint"] else []
    return claim_of(name, asked, constraints=constraints)


@settings(max_examples=300, deadline=None)
@given(
    pools=st.lists(offers, min_size=1, max_size=4),
    kinds=st.lists(wanted, min_size=2, max_size=4),
    length=st.integers(1, 25),
    seed=st.integers(0, 2**32),
)
def test_no_device_is_ever_given_away_twice_and_both_ways_of_deciding_agree(
    pools: Any, kinds: Any, length: int, seed: int
) -> None:
    random = Random(seed)
    cluster = cluster_of(*(random_slice(number, facts) for number, facts in enumerate(pools)), nodes=3)
    profile, engine = default_profile(), Columnar(cluster)
    inventory = cluster.objects.derived(Inventory)
    running: list[PodInfo] = []
    for number in range(length):
        what = random.choice(["pod", "pod", "pod", "gone", "slice", "write"])
        if what == "pod":
            names = [f"c{number}-{at}" for at in range(random.randint(0, 2))]
            for name in names:
                put(cluster, random_claim(name, random.choice(kinds)))
            shared = [claim.metadata.name for claim in cluster.objects.list("resourceclaims")]
            if shared and random.random() < 0.3:
                names.append(random.choice(shared))
            pod = pod_of(f"pod{number}", *dict.fromkeys(names))
            if random.random() < 0.3:
                pod.pod.spec.nodeSelector["zone"] = "a"
            expected = decide(profile, pod, cluster.fork(), Random(seed))
            plain = engine.plain
            found = engine.decide(profile, pod, Random(seed))
            assert found == expected
            assert engine.plain == plain
            if isinstance(found, Placed):
                node = cluster.node(found.node)
                assert node is not None
                taken = dict(inventory.taken())
                undo = reserve_in_snapshot(profile, pod, node, cluster)
                assert not isinstance(undo, No)
                if random.random() < 0.2:
                    undo()
                    assert dict(inventory.taken()) == taken
                    continue
                cluster.place(pod, found.node)
                running.append(pod)
        elif what == "gone" and running:
            gone = running.pop(random.randrange(len(running)))
            cluster.remove(gone.metadata.uid)
            for wanted in gone.spec.resourceClaims:
                inventory.give_back(
                    cluster.objects.get("resourceclaims", "default", wanted.resourceClaimName), gone.metadata.uid
                )
        elif what == "slice":
            at = random.randrange(len(pools))
            if random.random() < 0.5:
                put(cluster, random_slice(at, random.choice(pools)))
            else:
                cluster.objects.remove("resourceslices", random_slice(at, pools[at]))
        elif what == "write" and running:
            write_down(cluster, random.choice(running))
        assert all(count == 1 for _, count in inventory.taken())
    assert dict(inventory.taken()) == dict(inventory.copy(cluster.objects).taken())


def write_down(cluster: Snapshot, pod: PodInfo) -> None:
    """Let the claims say what the pod was promised, as they do once it is bound."""
    inventory = cluster.objects.derived(Inventory)
    for wanted in pod.spec.resourceClaims:
        known = cluster.objects.get("resourceclaims", "default", wanted.resourceClaimName)
        allocation = inventory.allocation_of(known)
        assert allocation is not None
        claim = ResourceClaim()
        claim.CopyFrom(known)
        claim.status.allocation.CopyFrom(allocation)
        claim.status.reservedFor.add(resource="pods", name=pod.metadata.name, uid=pod.metadata.uid)
        claim.metadata.resourceVersion = str(int(claim.metadata.resourceVersion) + 1)
        inventory.written(claim, pod.metadata.uid)
        put(cluster, claim)
